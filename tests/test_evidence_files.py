"""Tables of evidence written back: nothing lost, nothing written without need."""

import csv
import io
import random

import numpy as np
import pandas as pd
import pytest
from hamlet import make_communities
from papers import RULES, fill, make_evidence, write_csv, write_xlsx

from geo.cells import parse_cells
from geo.evidence import Evidence
from geo.evidence_checks import check_evidence
from geo.evidence_files import (
    find_headers,
    keep_aside,
    load_headers,
    spell_cell,
    write_evidence,
)
from geo.evidence_read import headers_of, read_evidence
from geo.evidence_schema import EVIDENCE
from geo.findings import concat_findings, render_findings
from geo.manifest import Manifest, read_manifest
from geo.schema import Column
from geo.text import tr

NAMES = list(EVIDENCE)


def read(folder):
    return read_evidence(folder, read_manifest(folder), RULES.headers)


def make_table(name, rng, rows=7):
    """Return a checked table of random cells, many of them blank."""
    words = ["东苑", "=1+1", "a,b", '"x"', "第一行\n第二行", "-5", "@c", "有；无"]
    table = {}
    for column in EVIDENCE[name].columns:
        if column.kind == "flag":
            cells = [True, False, None]
        elif column.kind == "date":
            cells = [pd.Timestamp("2026-03-01"), pd.Timestamp("1999-12-31"), None]
        elif column.choices:
            cells = [*column.choices, column.default]
        elif column.kind == "text":
            cells = [*words, None]
        else:
            top = 1e6 if column.most is None else min(column.most, 1e6)
            least = column.least or 0.0
            drawn = least + (top - least) * rng.random(4)
            whole = column.kind in {"count", "year"}
            cells = [*(np.floor(drawn) if whole else drawn), np.nan]
        picked = [cells[at] for at in rng.integers(0, len(cells), rows)]
        if column.name in EVIDENCE[name].keys and not column.choices:
            picked = list(range(2000, 2000 + rows))
            picked = picked if column.kind == "year" else [f"k{one}" for one in picked]
        table[column.name] = picked
    return fill(name, **table)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("seed", range(3))
def test_a_table_comes_back_as_it_was(tmp_path, name, seed):
    evidence = make_evidence(**{name: make_table(name, np.random.default_rng(seed))})
    (path,) = write_evidence(evidence, tmp_path)
    assert path.name == f"{name}.csv"
    assert path.read_bytes().startswith(b"\xef\xbb\xbf")
    back = read(tmp_path)
    pd.testing.assert_frame_equal(back.tables[name], evidence.tables[name])
    assert back.fingerprint == evidence.fingerprint
    assert set(back.findings["code"]) <= {"columns_mapped"}


def test_headers_are_chinese_and_cells_in_words(tmp_path):
    table = fill(
        "consent",
        community_id=["c1"],
        households_agreed=[169],
        agree_rate=[0.751],
        vote_channel=["online"],
        vote_date=["2026-03-01"],
        confirm_doc=[True],
    ).assign(备注=["好"])
    (path,) = write_evidence(make_evidence(consent=table), tmp_path)
    cells = pd.read_csv(path, dtype=str).iloc[0]
    told = ["小区编码", "同意户数", "同意率", "表决方式", "表决日期"]
    assert cells[told].tolist() == ["c1", "169", "0.751", "线上", "2026-03-01"]
    assert cells[["物业管理确认书", "备注"]].tolist() == ["是", "好"]
    assert cells.isna().sum() == 20


@pytest.mark.parametrize("name", NAMES)
def test_every_column_has_a_header_without_factor(name):
    words = find_headers(name, RULES.headers)
    columns = [column.name for column in EVIDENCE[name].columns]
    assert set(columns) <= set(words)
    assert len({words[one] for one in columns}) == len(columns)


def test_the_ledger_is_written_with_the_headers_of_the_layer(tmp_path):
    table = fill("ledger", id=["c1"]).assign(
        households=[311.0], condition_water=["破损"], 风貌=["好"]
    )
    (path,) = write_evidence(make_evidence(ledger=table), tmp_path)
    cells = pd.read_csv(path, dtype=str)
    assert list(cells.columns) == ["小区编码", "户数", "供水", "风貌"]
    pd.testing.assert_frame_equal(read(tmp_path).tables["ledger"], table)


def test_every_word_of_a_choice_is_read_back():
    for table in EVIDENCE.values():
        for column in (one for one in table.columns if one.choices):
            for lang in ("zh", "en"):
                assert tr(f"choice.{column.choices[0]}", lang)
            cells = pd.Series([spell_cell(one, column) for one in column.choices])
            assert parse_cells(cells, column).result.tolist() == list(column.choices)


@pytest.mark.parametrize(
    ("cell", "said"),
    [
        (None, ""),
        (np.nan, ""),
        (pd.NaT, ""),
        (pd.NA, ""),
        (True, "是"),
        (np.False_, "否"),
        (7_181_000.0, "7181000"),
        (0.1 + 0.2, "0.30000000000000004"),
        ("东苑", "东苑"),
    ],
)
def test_cells(cell, said):
    assert spell_cell(cell, Column("x")) == said


# --- what is there already -------------------------------------------------------


def test_nothing_changed_nothing_written(tmp_path):
    write_csv(tmp_path / "居民意愿.csv", "小区编码,同意户数\nc1,169\n", "gbk")
    write_xlsx(tmp_path / "funds.xlsx", [["小区编码", "总投资"], ["c1", 12]])
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    assert write_evidence(read(tmp_path), tmp_path) == []
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before
    assert write_evidence(Evidence(), tmp_path / "new") == []


def test_only_what_changed_is_written_and_the_old_file_is_kept(tmp_path):
    text = "小区编码,同意户数\nc1,169\n,134\n"
    write_csv(tmp_path / "居民意愿.csv", text, "gbk")
    write_csv(tmp_path / "surveys.csv", "小区编码,满意户数\nc1,120\n")
    evidence = read(tmp_path)
    changed = evidence.tables["consent"].assign(households_agreed=[170.0])
    (path,) = write_evidence(evidence.with_table("consent", changed), tmp_path)
    assert path.name == "居民意愿.csv"
    assert read(tmp_path).tables["consent"]["households_agreed"].tolist() == [170]
    kept = tmp_path / "居民意愿.csv.bak"
    assert kept.read_bytes() == text.encode("gbk")
    # what the tool itself wrote need not be kept
    again = evidence.with_table("consent", changed.assign(households_agreed=[171.0]))
    write_evidence(again, tmp_path)
    assert sorted(one.name for one in tmp_path.glob("*.bak")) == [kept.name]


def test_what_somebody_else_changed_meanwhile_is_left_alone(tmp_path):
    path = write_csv(tmp_path / "consent.csv", "小区编码,同意户数\nc1,169\n")
    before = read(tmp_path)
    write_csv(path, "小区编码,同意户数\nc1,200\n")
    budget = fill("budgets", year=[2027], source=["all"])
    evidence = before.with_table("budgets", budget)
    (written,) = write_evidence(evidence, tmp_path, before=before)
    assert written.name == "budgets.csv"
    assert read(tmp_path).tables["consent"]["households_agreed"].tolist() == [200]


def test_a_workbook_becomes_a_csv_and_is_kept(tmp_path):
    rows = [["表"], ["小区编码", "同意户数"], ["c1", 169], ["合计", 169]]
    write_xlsx(tmp_path / "consent.xlsx", rows, sheets=["别的"])
    content = (tmp_path / "consent.xlsx").read_bytes()
    evidence = read(tmp_path)
    changed = evidence.tables["consent"].assign(vote_yes=[210.0])
    write_evidence(evidence.with_table("consent", changed), tmp_path)
    names = sorted(path.name for path in tmp_path.iterdir())
    assert names == ["consent.csv", "consent.xlsx.bak"]
    assert (tmp_path / "consent.xlsx.bak").read_bytes() == content
    assert read(tmp_path).tables["consent"]["vote_yes"].tolist() == [210]
    write_xlsx(tmp_path / "consent.xlsx", rows)
    (tmp_path / "consent.csv").unlink()
    write_evidence(evidence.with_table("consent", changed), tmp_path)
    assert (tmp_path / "consent.xlsx.2.bak").is_file()


def test_a_named_workbook_is_found_as_csv_afterwards(tmp_path):
    (tmp_path / "district.toml").write_text(
        '[layers]\nconsent = "征询.xlsx"\n', encoding="utf-8"
    )
    write_xlsx(tmp_path / "征询.xlsx", [["小区编码", "同意户数"], ["c1", 169]])
    evidence = read(tmp_path)
    changed = evidence.tables["consent"].assign(vote_yes=[210.0])
    write_evidence(evidence.with_table("consent", changed), tmp_path)
    back = read(tmp_path)
    assert back.files == {"consent": "consent.csv"}
    pd.testing.assert_frame_equal(back.tables["consent"], changed)


def test_a_table_that_lost_all_rows_keeps_its_headers(tmp_path):
    write_csv(tmp_path / "consent.csv", "小区编码,同意户数\nc1,169\n")
    write_evidence(Evidence(), tmp_path)
    evidence = read(tmp_path)
    assert evidence.tables["consent"].empty
    assert set(evidence.findings["severity"]) == {"info"}
    assert (tmp_path / "consent.csv.bak").is_file()


def test_a_file_that_cannot_be_read_is_not_touched_without_need(tmp_path):
    write_csv(tmp_path / "consent.csv", "户数,同意户数\n120,100\n")
    assert write_evidence(Evidence(), tmp_path) == []
    table = fill("consent", community_id=["c1"])
    write_evidence(make_evidence(consent=table), tmp_path)
    assert (tmp_path / "consent.csv.bak").read_text(encoding="utf-8")[:2] == "户数"


def test_two_files_of_one_table_become_one(tmp_path):
    write_csv(tmp_path / "consent.csv", "小区编码,同意户数\nc1,169\n")
    write_xlsx(tmp_path / "居民意愿.xlsx", [["小区编码", "同意户数"], ["c1", 170]])
    evidence = read(tmp_path)
    write_evidence(evidence, tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "consent.csv",
        "consent.csv.bak",
        "居民意愿.xlsx.bak",
    ]
    assert "table_twice" not in set(read(tmp_path).findings["code"])


def test_copies_get_names_of_their_own(tmp_path):
    path = write_csv(tmp_path / "a.csv", "x")
    names = [keep_aside(path).name for _ in range(3)]
    assert names == ["a.csv.bak", "a.csv.2.bak", "a.csv.3.bak"]


def test_the_built_in_headers_are_those_of_the_rule_book():
    assert len(load_headers()) == len(RULES.headers)


WILD = [
    *(
        "c1",
        "c2",
        "",
        "不详",
        "有",
        "无",
        "2026-03-01",
        "2026年",
        "75%",
        "1e400",
        "nan",
    ),
    *("-1", "1e9", "a\nb", '"', "=1", "合计", "约200户", "２０２６", "U1", "x" * 300),
    *("1/0", "1,2", "\ufeff", "2026-02-30", "-", "审计", "线上", "all", "None", "东苑"),
]


@pytest.mark.parametrize("seed", range(6))
def test_whatever_stands_in_the_files_is_read_checked_and_kept(tmp_path, seed):
    rng = random.Random(seed)  # noqa: S311 - no secret
    for name in rng.sample(NAMES, 4):
        own = headers_of(name, RULES.headers)
        key = own.loc[own["column"].isin(EVIDENCE[name].keys), "header"]
        heads = [key.iloc[0], *rng.choices(own["header"].tolist(), k=6), "其他"]
        rows = [[rng.choice(WILD) for _ in heads] for _ in range(5)]
        sink = io.StringIO()
        csv.writer(sink).writerows([heads, *rows])
        (tmp_path / f"{name}.csv").write_text(sink.getvalue(), encoding="utf-8")
    layer = make_communities().set_index("id")
    evidence = read_evidence(tmp_path, Manifest(), RULES.headers, communities=layer)
    found = concat_findings(evidence.findings, check_evidence(layer, evidence))
    for lang in ("zh", "en"):
        assert render_findings(found, lang)["message"].str.len().min() > 5
    write_evidence(evidence, tmp_path / "copy")
    assert read(tmp_path / "copy").fingerprint == evidence.fingerprint
