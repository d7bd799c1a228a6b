"""The self-evaluation table: what stands in it, and that it opens."""

import re
from pathlib import Path

import openpyxl
import pandas as pd
import pytest
from docx import Document
from test_indicators import FACTS, measure

from geo.errors import InputError, OutputError
from geo.evaluation_files import COLUMNS, make_evaluation_table, write_evaluation
from geo.indicator_merge import merge_indicators
from geo.indicator_rules import list_indicators
from geo.indicator_tables import make_indicators_table, make_parts_table, read_parts

DOCUMENTS = Path(__file__).parents[2] / "shared" / "policy"
LAST = pd.DataFrame(
    {
        "indicator_id": ["IND-2-01"],
        "part": ["party"],
        "numerator": [1.0],
        "denominator": [4.0],
        "value": [0.25],
        "state": ["short"],
        "year": [2025.0],
    }
)
PAPERS = [
    {"id": "D1", "level": "county", "doc_type": "工作规则", "title": "=某县工作规则"}
]


@pytest.fixture(scope="module")
def county():
    return measure(profile="yunnan", last=LAST, documents=PAPERS)


def test_there_are_20_rows_with_their_figures(county):
    table = make_evaluation_table(county, "zh").set_index("name")
    assert len(table) == 20
    row = table.loc["二(一) 结合改造完善党建引领城市基层治理机制"]
    assert (row["last"], row["value"], row["change"]) == ("25.0 %", "66.7 %", "+41.7 %")
    assert row["state"] == "● 满足" or row["state"] == "? 无法判断"
    assert "2 / 3 个小区" in row["basis"]
    assert "不低于 60.0 %" in row["basis"]
    # what is not known is no number
    assert table.loc["一(六) 健全动员居民参与机制", "last"] == "—"
    # no points are invented
    assert "分值" not in " ".join(table["basis"])


def test_evidence_names_what_is_on_record(county):
    table = make_evaluation_table(county, "zh")
    assert "=某县工作规则（D1）" in table.loc[0, "evidence"]
    assert "县级的工作规则" in table.loc[0, "evidence"]


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_workbook_opens_without_a_formula(county, tmp_path, lang):
    path = tmp_path / "evaluation.xlsx"
    write_evaluation(county, path, lang=lang)
    book = openpyxl.load_workbook(path)
    assert len(book.sheetnames) == 3
    cells = [c for sheet in book for row in sheet.iter_rows() for c in row if c.value]
    assert not any(cell.data_type == "f" for cell in cells)
    head = next(
        row
        for row in book.worksheets[0].iter_rows(values_only=True)
        if row[1] and row[9]
    )
    assert len([one for one in head if one]) == len(COLUMNS)
    assert "2026" in str(book.worksheets[0]["A1"].value)


def test_the_workbook_is_read_again_by_other_levels(county, tmp_path):
    path = tmp_path / "evaluation.xlsx"
    write_evaluation(county, path)
    rows = read_parts(path.read_bytes(), path.name)
    written = make_parts_table(county, "zh")
    for name in ("numerator", "denominator", "value", "undecided"):
        pd.testing.assert_series_equal(
            rows[name].reset_index(drop=True),
            written[name].astype("float64").reset_index(drop=True),
        )
    assert merge_indicators({path.name: rows}, "city").members == ("某县",)


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_paper_has_the_same_table(county, tmp_path, lang):
    path = tmp_path / "evaluation.docx"
    write_evaluation(county, path, lang=lang)
    paper = Document(str(path))
    drawn = paper.tables[0]
    assert (len(drawn.rows), len(drawn.columns)) == (21, len(COLUMNS))
    table = make_evaluation_table(county, lang)
    said = [row.cells[3].text for row in drawn.rows][1:]
    assert said == list(table["basis"])
    assert "2026" in paper.paragraphs[0].text


def test_other_kinds_of_file_are_refused(county, tmp_path):
    with pytest.raises(InputError):
        write_evaluation(county, tmp_path / "evaluation.pdf")
    assert not list(tmp_path.iterdir())


def test_what_cannot_be_written_leaves_the_old_file(county, tmp_path):
    folder = tmp_path / "evaluation.xlsx"
    folder.mkdir()
    (folder / "kept").write_text("x")
    with pytest.raises(OutputError):
        write_evaluation(county, folder)
    assert (folder / "kept").read_text() == "x"


def test_a_city_names_its_counties_and_those_absent(county, tmp_path):
    rows = make_parts_table(county, "zh")
    data = read_parts(rows.to_csv(index=False).encode(), "a.csv")
    city = merge_indicators({"a.csv": data}, "city", name="某市", expected=["乙县"])
    path = tmp_path / "city.docx"
    write_evaluation(city, path)
    text = "\n".join(one.text for one in Document(str(path)).paragraphs)
    assert "某市" in text
    assert "某县" in text
    assert "乙县" in text


def test_the_table_of_indicators_has_20_rows_and_bounds():
    facts = FACTS | {"C": FACTS["C"] | {"has_party_org": None}}
    table = make_indicators_table(measure(facts, profile="yunnan"), "zh")
    assert list(table.columns[:5]) == [
        "indicator_id",
        "name",
        "value",
        "state",
        "evidence",
    ]
    assert len(table) == 20
    row = table.set_index("indicator_id").loc["IND-2-01"]
    assert pd.isna(row["value"])
    assert row["value_text"] == "66.7–100.0 %"
    assert (row["value_least"], row["value_most"]) == (2 / 3, 1.0)
    assert "有无党组织" in row["missing"]


@pytest.mark.skipif(not DOCUMENTS.is_dir(), reason="the documents are not here")
@pytest.mark.parametrize("copy", ["gansu", "yunnan"])
def test_the_wording_is_that_of_the_documents(copy):
    (path,) = DOCUMENTS.glob(f"{copy}*.txt")
    text = re.sub(r"<[^>]*>|\s", "", path.read_text(encoding="utf-8"))
    annex = text[text.rindex("一级指标") :]
    for one in list_indicators():
        assert one.names["zh"] in annex
        for item in one.meaning[copy]:
            assert re.sub(r"\s", "", item) in annex, one.indicator_id
        # nothing of an indicator is left out: what stands between them are numbers
    joined = "".join("".join(one.meaning[copy]) for one in list_indicators())
    assert len(annex) - len(joined) < 700


def test_the_copies_differ_in_two_places_only():
    differing = {
        one.indicator_id
        for one in list_indicators()
        if one.meaning["gansu"] != one.meaning["yunnan"]
    }
    assert differing == {"IND-1-09", "IND-2-04"}
    gansu, national = (
        next(i for i in list_indicators() if i.indicator_id == "IND-2-04").worded(chain)
        for chain in (("gansu", "national"), ("national",))
    )
    assert list(gansu) == ["甘建城〔2022〕15号"]
    assert list(national) == ["甘建城〔2022〕15号", "云建更〔2022〕19号"]
