import json

import openpyxl
import pandas as pd
import pytest
from hamlet import RULES

from geo.columns import known_headers
from geo.errors import InputError
from geo.ledger import decode_text, read_ledger

KNOWN = known_headers("communities", RULES.headers)


def write_csv(tmp_path, text, encoding="utf-8"):
    path = tmp_path / "communities.csv"
    path.write_bytes(text.encode(encoding))
    return path


def write_xlsx(tmp_path, rows, merged=(), title="Sheet"):
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = title
    for row in rows:
        sheet.append(row)
    for box in merged:
        sheet.merge_cells(box)
    path = tmp_path / "communities.xlsx"
    book.save(path)
    return path


def read(path):
    return read_ledger(path, "communities", KNOWN)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "gbk", "utf-16"])
def test_every_usual_encoding(tmp_path, encoding):
    table = read(write_csv(tmp_path, "小区编码,小区名称\nc1,东苑\n", encoding))
    assert table.frame.to_dict("list") == {"小区编码": ["c1"], "小区名称": ["东苑"]}
    assert table.encoding == {"utf-8-sig": "utf-8", "gbk": "gb18030"}.get(
        encoding, encoding
    )


def test_bytes_in_no_encoding_are_refused():
    with pytest.raises(InputError, match="UTF-8"):
        decode_text(b"\xff\x00\x81", "a.csv", "gates")


@pytest.mark.parametrize("delimiter", [",", "\t", ";"])
def test_every_usual_delimiter(tmp_path, delimiter):
    lines = [["id", "name"], ["c1", "东苑"], ["c2", "西苑"]]
    text = "\n".join(delimiter.join(line) for line in lines)
    assert read(write_csv(tmp_path, text)).frame["name"].tolist() == ["东苑", "西苑"]


def test_title_blank_lines_totals_and_notes(tmp_path):
    text = (
        "示例区小区台账,,\n填表单位：城建局,日期：2024年,\n\n小区编码,小区名称,户数\n"
        "c1,东苑,120\n,,\nc2,西苑,80\n 合 计,,200\n"
    )
    table = read(write_csv(tmp_path, text))
    assert table.frame["小区名称"].tolist() == ["东苑", "西苑"]
    assert table.rows_in == 3
    aside = table.findings
    assert aside["code"].tolist() == ["totals_row"]
    assert aside["row"].tolist() == [2]
    assert json.loads(aside["content"].iloc[0])["户数"] == "200"


def test_a_community_called_like_a_total_is_no_total(tmp_path):
    table = read(write_csv(tmp_path, "小区编码,小区名称\nc1,合计里小区\n"))
    assert len(table.frame) == 1


def test_merged_headers_of_two_levels(tmp_path):
    rows = [
        ["小区台账", None, None, None, None, None],
        ["小区编码", "小区名称", "基本情况", None, "居民意愿", None],
        [None, None, "户数", "建筑面积", "户数", "同意率"],
        ["c1", "东苑", 120, 1.5, 90, 0.9],
    ]
    merged = ["A1:F1", "A2:A3", "B2:B3", "C2:D2", "E2:F2"]
    frame = read(write_xlsx(tmp_path, rows, merged)).frame
    assert list(frame.columns) == [
        "小区编码",
        "小区名称",
        "户数",
        "建筑面积",
        "居民意愿_户数",
        "居民意愿_同意率",
    ]
    assert frame.iloc[0].tolist() == ["c1", "东苑", 120, 1.5, 90, 0.9]


def test_merged_headers_saved_as_csv(tmp_path):
    text = "小区编码,小区名称,基本情况,,资金\n,,户数,建筑面积,\nc1,东苑,120,1.5,3\n"
    frame = read(write_csv(tmp_path, text)).frame
    assert list(frame.columns) == ["小区编码", "小区名称", "户数", "建筑面积", "资金"]
    assert len(frame) == 1


def test_a_row_of_units_below_the_header(tmp_path):
    text = "小区编码,建筑面积,户数\n,万平方米,户\nc1,1.5,120\n"
    frame = read(write_csv(tmp_path, text)).frame
    assert list(frame.columns) == ["小区编码", "建筑面积(万平方米)", "户数(户)"]


def test_a_text_row_is_not_taken_for_a_header(tmp_path):
    frame = read(write_csv(tmp_path, "小区编码,小区名称\nc一,东苑\nc二,西苑\n")).frame
    assert len(frame) == 2


def test_words_in_merged_cells_stand_in_every_row_and_numbers_once(tmp_path):
    rows = [
        ["小区编码", "街道(乡镇)", "户数"],
        ["c1", "东街", 120],
        ["c2", None, None],
        ["c3", None, 70],
    ]
    frame = read(write_xlsx(tmp_path, rows, ["B2:B4", "C2:C3"])).frame
    assert frame["街道(乡镇)"].tolist() == ["东街"] * 3
    assert frame["户数"].isna().tolist() == [False, True, False]


def test_the_sheet_named_after_the_layer_is_read(tmp_path):
    path = write_xlsx(tmp_path, [["说明"], ["此表勿改"]], title="说明")
    book = openpyxl.load_workbook(path)
    sheet = book.create_sheet("communities")
    sheet.append(["小区编码", "户数"])
    sheet.append(["c1", 120])
    book.save(path)
    table = read(path)
    assert table.frame["户数"].tolist() == [120]
    assert table.findings["code"].tolist() == ["other_sheets"]


def test_duplicate_and_nameless_columns(tmp_path):
    frame = read(write_csv(tmp_path, "id,户数,,户数\nc1,1,x,2\n")).frame
    assert list(frame.columns) == ["id", "户数", "户数_2"]


def test_a_long_field_of_wkt(tmp_path):
    wkt = "POLYGON ((" + ", ".join(f"{i} {i}" for i in range(30_000)) + "))"
    table = read(write_csv(tmp_path, f'id,WKT\nc1,"{wkt}"\n'))
    assert table.frame["WKT"].iloc[0] == wkt


@pytest.mark.parametrize("text", ["", "\n\n", "小区台账\n"])
def test_nothing_but_a_title_is_empty(tmp_path, text):
    path = write_csv(tmp_path, text)
    with pytest.raises(InputError, match="没有任何一行"):
        read(path)


def test_a_damaged_workbook_is_refused(tmp_path):
    path = tmp_path / "communities.xlsx"
    path.write_bytes(b"PK\x03\x04 no workbook")
    with pytest.raises(InputError, match="无法读取"):
        read(path)


def test_an_empty_workbook_is_refused(tmp_path):
    with pytest.raises(InputError, match="没有任何一行"):
        read(write_xlsx(tmp_path, []))


def test_a_header_that_nobody_knows_is_the_first_row_of_two_cells(tmp_path):
    frame = read(write_csv(tmp_path, "标题,\n甲,乙\n1,2\n")).frame
    assert list(frame.columns) == ["甲", "乙"]
    assert isinstance(frame, pd.DataFrame)


def test_totals_stay_where_they_say_something(tmp_path):
    path = write_csv(tmp_path, "小区编码,户数\nc1,120\n合计,120\n")
    assert len(read_ledger(path, "communities", KNOWN).frame) == 1
    table = read_ledger(path, "communities", KNOWN, totals=True)
    assert table.frame["小区编码"].tolist() == ["c1", "合计"]
    assert table.findings.empty
