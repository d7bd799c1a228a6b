"""Tables of evidence as offices keep them: found, read, and what is wrong with them."""

import zipfile
from datetime import datetime

import numpy as np
import openpyxl
import pandas as pd
import pytest
from hamlet import make_communities
from papers import RULES, write_csv, write_xlsx

from geo.errors import InputError
from geo.evidence import empty_table
from geo.evidence_read import find_tables, headers_of, read_evidence, read_table_file
from geo.evidence_schema import EVIDENCE
from geo.findings import render_findings
from geo.manifest import Manifest, read_manifest

COMMUNITIES = make_communities().set_index("id")


def read(folder, **options):
    return read_evidence(folder, read_manifest(folder), RULES.headers, **options)


def codes(evidence):
    found = evidence.findings
    return found.loc[found["code"] != "columns_mapped", "code"].tolist()


# --- which file is which table ---------------------------------------------------


@pytest.mark.parametrize(
    "name", ["consent.csv", "Consent.CSV", "居民意愿.csv", "consent.txt"]
)
def test_a_file_is_known_by_its_name(tmp_path, name):
    write_csv(tmp_path / name, "小区编码,同意户数\nc1,169\n")
    evidence = read(tmp_path)
    assert evidence.files == {"consent": name}
    assert evidence.tables["consent"]["households_agreed"].tolist() == [169]


def test_a_folder_without_tables_has_none(tmp_path):
    write_csv(tmp_path / "notes.csv", "a,b\n1,2\n")
    write_csv(tmp_path / "~consent.csv", "小区编码\nc1\n")
    evidence = read(tmp_path)
    assert evidence.files == {}
    assert evidence.findings.empty
    for name in EVIDENCE:
        pd.testing.assert_frame_equal(evidence.tables[name], empty_table(name))
    assert find_tables(tmp_path / "city.osm.pbf", Manifest()) == {}


def test_the_manifest_names_files_and_columns(tmp_path):
    (tmp_path / "district.toml").write_text(
        '[layers]\nconsent = "2026征询.csv"\n[columns.consent]\nvote_yes = "赞成"\n',
        encoding="utf-8",
    )
    write_csv(tmp_path / "2026征询.csv", "小区编码,赞成\nc1,210\n")
    write_csv(tmp_path / "consent.csv", "小区编码,表决同意户数\nc1,1\n")
    evidence = read(tmp_path)
    assert evidence.files == {"consent": "2026征询.csv"}
    assert evidence.tables["consent"]["vote_yes"].tolist() == [210]


def test_a_named_file_that_is_gone_is_told_unless_its_table_is_there(tmp_path):
    (tmp_path / "district.toml").write_text(
        '[layers]\nconsent = "征询.xlsx"\n', encoding="utf-8"
    )
    evidence = read(tmp_path)
    assert codes(evidence) == ["table_unusable"]
    assert "征询.xlsx" in render_findings(evidence.findings, "zh")["message"].iloc[0]
    write_csv(tmp_path / "consent.csv", "小区编码,同意户数\nc1,169\n")
    assert codes(read(tmp_path)) == []


def test_two_files_of_one_table_are_told_and_one_is_used(tmp_path):
    write_csv(tmp_path / "consent.csv", "小区编码,同意户数\nc1,169\n")
    write_csv(tmp_path / "居民意愿.csv", "小区编码,同意户数\nc1,170\n")
    evidence = read(tmp_path)
    assert codes(evidence) == ["table_twice"]
    assert evidence.tables["consent"]["households_agreed"].tolist() == [169]
    said = render_findings(evidence.findings, "en")["message"].iloc[0]
    assert "居民意愿.csv" in said


def test_an_old_workbook_is_told_and_not_passed_over(tmp_path):
    (tmp_path / "consent.xls").write_bytes(b"\xd0\xcf\x11\xe0")
    evidence = read(tmp_path)
    assert codes(evidence) == ["table_unusable"]
    said = render_findings(evidence.findings, "zh")["message"].iloc[0]
    assert "consent.xls" in said
    write_csv(tmp_path / "consent.csv", "小区编码,同意户数\nc1,169\n")
    evidence = read(tmp_path)
    assert codes(evidence) == ["table_twice"]
    assert evidence.tables["consent"]["households_agreed"].tolist() == [169]


@pytest.mark.parametrize("title", ["consent", "居民意愿", " Consent "])
def test_a_sheet_is_known_by_its_name(tmp_path, title):
    book = openpyxl.Workbook()
    book.active.append(["填表说明", "见附件"])
    sheet = book.create_sheet(title)
    sheet.append(["小区编码", "同意户数"])
    sheet.append(["c1", 169])
    book.save(tmp_path / "consent.xlsx")
    evidence = read(tmp_path)
    assert evidence.tables["consent"]["households_agreed"].tolist() == [169]
    assert codes(evidence) == ["other_sheets"]


# --- what offices write ----------------------------------------------------------


def test_a_workbook_with_title_merged_headers_and_totals(tmp_path):
    rows = [
        ["某区2026年居民意愿征询汇总表"],
        ["小区编码", "小区名称", "意愿征询", None, None, "方案表决", None, "备注"],
        [None, None, "应参与户数", "参与户数", "参与率(%)", "总户数", "同意户数"],
        ["c1", "东苑", 300, 225, 75, 300, 210, "好"],
        ["c2", "西苑", 300, "约200", 66.7, None, None, None],
        ["合计", None, 600, 425, None, 300, 210, None],
    ]
    merged = ["A1:H1", "A2:A3", "B2:B3", "C2:E2", "F2:G2", "H2:H3"]
    write_xlsx(tmp_path / "consent.xlsx", rows, merged)
    evidence = read(tmp_path)
    table = evidence.tables["consent"]
    assert table["community_id"].tolist() == ["c1", "c2"]
    assert table["households_participated"].tolist() == [225, 200]
    assert table["participation_rate"].tolist() == [0.75, 0.667]
    assert table["vote_total"].iloc[0] == 300
    assert table["vote_yes"].iloc[0] == 210
    assert table["households_agreed"].isna().all()
    assert table["备注"].iloc[0] == "好"
    assert codes(evidence) == ["totals_row", "value_rough"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gbk", "utf-16"])
def test_money_with_its_unit_in_any_encoding(tmp_path, encoding):
    text = "小区编码,总投资（万元）,中央,产权单位(元),已到位\nc1,718.1,3000元,5,0.5\n"
    write_csv(tmp_path / "资金.csv", text, encoding)
    table = read(tmp_path).tables["funds"]
    assert table["project_cost_cny"].tolist() == [7_181_000]
    assert table["fund_central_cny"].tolist() == [3_000]
    assert table["fund_owner_unit_cny"].tolist() == [5]
    assert table["fund_secured_cny"].tolist() == [5_000]
    assert table["fund_loan_cny"].isna().all()


def test_days_flags_and_words(tmp_path):
    rows = [
        ["小区编码", "表决日期", "表决方式", "长效管理共识", "确认日期", "确认方式"],
        ["c1", datetime(2026, 3, 1), "线上", "有", "2026.3.9", "书面"],  # noqa: DTZ001
        ["c2", "2026年4月", "书面", "否", 46082, None],
    ]
    write_xlsx(tmp_path / "consent.xlsx", rows)
    evidence = read(tmp_path)
    table = evidence.tables["consent"]
    assert [f"{one:%F}" for one in table["vote_date"]] == ["2026-03-01", "2026-04-30"]
    assert [f"{one:%F}" for one in table["confirm_date"]] == [
        "2026-03-09",
        "2026-03-01",
    ]
    assert table["vote_channel"].tolist() == ["online", "paper"]
    assert table["longterm_mgmt_consensus"].tolist() == [True, False]
    assert codes(evidence) == ["value_rough"]


def test_totals_of_funds_are_of_all_sources(tmp_path):
    text = "年度,资金来源,可用资金(万元),可实施项目数\n2027,合计,5000,12\n"
    write_csv(tmp_path / "budgets.csv", text + "2027,中央,2000,\n2028,,4000,8\n")
    evidence = read(tmp_path)
    table = evidence.tables["budgets"]
    assert table["source"].tolist() == ["all", "central", "all"]
    assert table["available_cny"].tolist() == [5e7, 2e7, 4e7]
    assert codes(evidence) == []


def test_the_ledger_has_the_headers_of_the_layer(tmp_path):
    text = "小区编码,户数,建筑面积(万㎡),供水,统筹施工方案(有/日期),参与率(%)\n"
    write_csv(tmp_path / "台账.csv", text + "c1,311,1.2,破损,有/2026-03-01,75\n")
    (row,) = read(tmp_path).tables["ledger"].to_dict("records")
    assert row == {
        "id": "c1",
        "households": 311,
        "floor_area_m2": 12_000,
        "condition_water": "破损",
        "coordinated_plan_doc": "有/2026-03-01",
        "participation_rate": 0.75,
    }


def test_names_of_the_fields_of_the_rules_are_headers_too(tmp_path):
    text = "id,build_year,households_total,fund_central,vote_area_total,fund_total\n"
    write_csv(tmp_path / "ledger.csv", text + "c1,1998,300,5000,18000.5,9000\n")
    write_csv(tmp_path / "funds.csv", "id,fund_loan,project_cost\nc1,7,9000\n")
    write_csv(
        tmp_path / "budgets.csv", "year,funding_capacity,delivery_capacity\n2027,5,3\n"
    )
    tables = read(tmp_path).tables
    assert tables["ledger"].to_dict("records") == [
        {
            "id": "c1",
            "built_year": 1998,
            "households_eligible": 300,
            "fund_central_cny": 5000,
            "vote_area_total_m2": 18000.5,
            "project_cost_cny": 9000,
        }
    ]
    assert tables["funds"]["fund_loan_cny"].tolist() == [7]
    assert tables["budgets"][
        ["available_cny", "projects_most"]
    ].to_numpy().tolist() == [[5, 3]]


def test_rectification_in_the_words_of_its_ledger(tmp_path):
    text = "编号,问题来源,问题类型,涉及小区,问题描述,责任人,整改期限,销号日期\n"
    text += "R1,审计,资金使用,c1,挪用,张三,2026-06-30,\n"
    text += "R2,国务院大督查,质量安全,c2,渗水,李四,2026年3月,2026.4.2\n"
    write_csv(tmp_path / "整改台账.csv", text)
    table = read(tmp_path).tables["rectification"]
    assert table["source"].tolist() == ["audit", "inspection"]
    assert table["kind"].tolist() == ["funds", "quality"]
    assert table["closed_date"].isna().tolist() == [True, False]


@pytest.mark.parametrize("name", list(EVIDENCE))
def test_every_column_has_a_header_of_its_own_in_chinese(name):
    own = headers_of(name, RULES.headers)
    missing = {column.name for column in EVIDENCE[name].columns} - set(own["column"])
    assert missing == set()
    kinds = own.drop_duplicates("column").set_index("column")["kind"]
    for column in EVIDENCE[name].columns:
        assert kinds[column.name] == column.kind


# --- bad input: a sentence each, the rest used -----------------------------------


def test_rows_without_key_and_second_rows_are_kept_aside(tmp_path):
    text = "小区编码,同意户数,备注\nc1,169,\n,134,无编码\nc1,170,再来\n"
    write_csv(tmp_path / "consent.csv", text)
    evidence = read(tmp_path)
    assert evidence.tables["consent"]["households_agreed"].tolist() == [169]
    assert codes(evidence) == ["key_missing", "key_twice"]
    aside = evidence.findings[evidence.findings["content"].notna()]
    assert aside["row"].tolist() == [1, 2]
    assert "无编码" in aside["content"].iloc[0]
    assert "170" in aside["content"].iloc[1]
    said = render_findings(aside, "zh")
    assert "c1" in said["message"].iloc[1]
    assert (said["severity"] == "error").all()


def test_cells_that_cannot_be_are_unknown_and_the_row_is_used(tmp_path):
    text = "小区编码,同意户数,参与户数,表决方式,表决日期,参与率,计划年度\n"
    text += "c1,一百,-5,微信群,2026-13-01,1.5,廿六年\nc2,1.5,60,书面,不详,0.5,2027\n"
    write_csv(tmp_path / "consent.csv", text)
    evidence = read(tmp_path)
    first, second = evidence.tables["consent"].to_dict("records")
    for name in ("households_agreed", "households_participated", "vote_channel"):
        assert pd.isna(first[name])
    assert first["vote_date"] is pd.NaT
    assert pd.isna(second["households_agreed"])
    assert second["households_participated"] == 60
    assert second["plan_year"] == 2027
    assert sorted(codes(evidence)) == [
        *["evidence_unreadable"] * 4,
        "rates_in_percent",
        *["value_impossible"] * 2,
    ]
    said = "\n".join(render_findings(evidence.findings, "zh")["message"])
    for words in ("一百", "微信群", "2026-13-01", "廿六年", "-5"):
        assert words in said


def test_a_column_above_one_is_in_percent(tmp_path):
    text = "小区编码,参与率,同意率,调查率\nc1,75,0.5,80%\nc2,1,1,90\nc3,66.7,,\n"
    write_csv(tmp_path / "consent.csv", text)
    evidence = read(tmp_path)
    table = evidence.tables["consent"]
    assert table["participation_rate"].tolist() == [0.75, 0.01, 0.667]
    assert table["agree_rate"].tolist()[:2] == [0.5, 1]
    assert table["survey_rate"].tolist()[:2] == [0.8, 0.9]
    assert codes(evidence) == ["rates_in_percent"] * 2


def test_more_than_a_hundred_is_no_percentage(tmp_path):
    write_csv(tmp_path / "consent.csv", "小区编码,参与率\nc1,75\nc2,150\n")
    evidence = read(tmp_path)
    assert codes(evidence) == ["value_impossible"] * 2
    assert evidence.tables["consent"]["participation_rate"].isna().all()


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("county.xlsx", b"no workbook", "county.xlsx"),
        ("consent.csv", "户数,同意户数\n120,100\n".encode(), "community_id"),
        ("works.csv", b"", "works.csv"),
        ("funds.csv", b"\xff\x00\x81\xff", "funds.csv"),
    ],
)
def test_a_file_that_cannot_be_used_is_told_and_the_rest_is_read(
    tmp_path, name, content, words
):
    (tmp_path / name).write_bytes(content)
    write_csv(tmp_path / "surveys.csv", "小区编码,满意户数\nc1,120\n")
    evidence = read(tmp_path)
    assert codes(evidence) == ["table_unusable"]
    for lang in ("zh", "en"):
        said = render_findings(evidence.findings, lang).set_index("code")["message"]
        assert words in said["table_unusable"]
    assert evidence.tables["surveys"]["survey_satisfied"].tolist() == [120]
    assert set(evidence.files.values()) == {name, "surveys.csv"}


def test_names_find_their_community_where_they_are_clear(tmp_path):
    text = "小区名称,同意户数\n东苑,100\n北苑,50\n"
    write_csv(tmp_path / "consent.csv", text)
    evidence = read(tmp_path, communities=COMMUNITIES)
    assert evidence.tables["consent"]["community_id"].tolist() == ["c1"]
    assert codes(evidence) == ["found_by_name", "key_missing"]
    twins = COMMUNITIES.assign(name="东苑")
    evidence = read(tmp_path, communities=twins)
    assert evidence.tables["consent"].empty
    assert codes(evidence) == ["key_missing"] * 2


def test_a_name_in_the_column_of_ids_is_understood(tmp_path):
    write_csv(tmp_path / "consent.csv", "所属小区,同意户数\n西苑,60\nc1,100\nxx,1\n")
    evidence = read(tmp_path, communities=COMMUNITIES)
    ids = evidence.tables["consent"]["community_id"]
    assert ids.tolist() == ["c2", "c1", "xx"]


def test_a_declared_column_that_is_not_there_is_told(tmp_path):
    path = write_csv(tmp_path / "consent.csv", "小区编码,同意户数\nc1,1\n")
    with pytest.raises(InputError) as caught:
        read_table_file(path, "consent", RULES.headers, declared={"vote_yes": "赞成"})
    assert caught.value.code == "column_declared_missing"


def test_two_columns_of_one_meaning_are_told_and_both_kept(tmp_path):
    write_csv(tmp_path / "documents.csv", "编号,对象编码,小区编码\nD1,c1,c2\n")
    evidence = read(tmp_path)
    table = evidence.tables["documents"]
    assert codes(evidence) == ["column_twice"]
    assert table["subject_id"].tolist() == ["c1"]
    assert table["小区编码_2"].tolist() == ["c2"]


def test_only_a_row_about_nobody_is_one_of_totals(tmp_path):
    text = "小区编码,物业管理模式,同意户数\nc1,合计,1\n,合计,2\n合计,,3\n总计,x,4\n"
    write_csv(tmp_path / "consent.csv", text)
    evidence = read(tmp_path)
    assert evidence.tables["consent"]["households_agreed"].tolist() == [1]
    assert codes(evidence) == ["totals_row"] * 3
    assert evidence.findings["content"].notna().sum() == 3


@pytest.mark.parametrize("cell", ["inf", "nan", "1e400", "-inf"])
def test_no_number_is_endless(tmp_path, cell):
    write_csv(tmp_path / "ledger.csv", f"小区编码,占地面积\nc1,{cell}\n")
    assert read(tmp_path).tables["ledger"]["land_area_m2"].isna().all()


@pytest.mark.parametrize("part", ["", "garbage", "<x/>"])
def test_a_workbook_that_is_none_inside_is_a_finding(tmp_path, part):
    with zipfile.ZipFile(tmp_path / "consent.xlsx", "w") as archive:
        archive.writestr("[Content_Types].xml", part)
        archive.writestr("xl/workbook.xml", "<a")
    assert codes(read(tmp_path)) == ["table_unusable"]


def test_the_order_of_columns_changes_nothing(tmp_path):
    one, other = tmp_path / "a", tmp_path / "b"
    for folder in (one, other):
        folder.mkdir()
    write_csv(one / "consent.csv", "小区编码,同意户数,参与户数\nc1,1,2\n")
    write_csv(other / "consent.csv", "参与户数,小区编码,同意户数\n2,c1,1\n")
    assert read(one).fingerprint == read(other).fingerprint


def test_numbers_as_ids_are_texts(tmp_path):
    write_xlsx(tmp_path / "consent.xlsx", [["小区编码", "同意户数"], [1001, 3]])
    assert read(tmp_path).tables["consent"]["community_id"].tolist() == ["1001"]
    assert np.isnan(read(tmp_path).tables["consent"]["vote_yes"].iloc[0])
