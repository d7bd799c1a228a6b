"""Every quote of the checks stands in its document, white space taken out of both."""

import re
from functools import cache
from pathlib import Path

import pytest

from geo.clauses import choose_clauses
from geo.rules import load_rules

POLICY = Path(__file__).parents[2] / "shared" / "policy"
GANSU, YUNNAN = "gansu_2022_15.txt", "yunnan_2022_19.txt"
#: Documents by the number that a check names; both forward the national notice.
FILES = {
    "建办城〔2021〕50号": (GANSU, YUNNAN),
    "甘建城〔2022〕15号": (GANSU,),
    "云建更〔2022〕19号": (YUNNAN,),
}
PROFILES = ("national", "gansu", "yunnan")
needs_documents = pytest.mark.skipif(
    not POLICY.is_dir(), reason="the policy documents are not beside the checkout"
)


def plain(text):
    return re.sub(r"\s+", "", text)


@cache
def read_document(name):
    return plain((POLICY / name).read_text(encoding="utf-8"))


def list_rows(profile):
    rules = load_rules(profile)
    return choose_clauses(rules.policy, rules.profile)[0]


@needs_documents
@pytest.mark.parametrize("profile", PROFILES)
def test_every_quote_stands_in_its_document(profile):
    rows = list_rows(profile)
    assert rows
    missing = [
        (row.rule_id, name)
        for row in rows
        for name in FILES[row.document]
        if plain(row.quote) not in read_document(name)
    ]
    assert missing == []


@needs_documents
@pytest.mark.parametrize("profile", PROFILES)
def test_every_quote_stands_under_its_clause(profile):
    """The last heading before the quote is the clause that the row names."""
    wrong = [
        (row.rule_id, row.clause, find_clause(row))
        for row in list_rows(profile)
        if row.clause != find_clause(row)
    ]
    assert wrong == []


def find_clause(row):
    """Name the clause in which a quote stands, from the headings before it."""
    name = FILES[row.document][0]
    text = read_document(name)
    begins = text.find("一、把牢底线要求") if row.document.startswith("建办城") else 0
    before = text[: text.index(plain(row.quote), max(begins, 0))]
    before += plain(row.quote)[:4]
    chapter = re.findall(
        r"(?<![一二三四五六七八九十])([一二三四])、(?=[\u4e00-\u9fff])", before
    )[-1]
    if row.document.startswith("甘建城"):
        return chapter
    if row.document.startswith("云建更"):
        marks = list(
            re.finditer(r"([一二三四])、|(?:\*\*|。)([一二三四五六七八九十])是", before)
        )
        last = [mark for mark in marks if mark[2]]
        if not last or last[-1].start() < [m for m in marks if m[1]][-1].start():
            return chapter
        return f"{chapter}·{last[-1][2]}是"
    item = re.findall(r"[(（]([一二三四五六七八九十])[)）]", before)[-1]
    return f"{chapter}({item})"


def test_a_quote_that_is_not_there_would_be_seen():
    assert plain("“15 分钟”\n便民") == "“15分钟”便民"
    assert plain("参与率、同意率不低于76%") not in plain("参与率、同意率不低于 75%")
