"""Every row of every built-in table."""

import csv
import re
from fractions import Fraction
from pathlib import Path

import pytest

from geo.errors import RuleError
from geo.rules import CAPACITY_KINDS, TESTS, load_rules, plain_header
from geo.schema import LAYERS, RULE_CERTAINTY
from geo.settings import Settings
from geo.tables import NUMBERS, TABLES, read_table, read_toml
from geo.text import data_dir

SHARED = Path(__file__).parents[2] / "shared"
STANDARDS = SHARED / "standards"
POLICY = SHARED / "policy"
needs_shared = pytest.mark.skipif(
    not STANDARDS.is_dir(), reason="the folder ../shared/standards is not here"
)
needs_policy = pytest.mark.skipif(
    not POLICY.is_dir(), reason="the folder ../shared/policy is not here"
)

#: The least that METHODS, §1, asks for.
REQUIRED = [
    "kindergarten",
    "childcare",
    "elderly_daycare",
    "health_station",
    "health_center",
    "pharmacy",
    "market",
    "supermarket",
    "convenience",
    "community_station",
    "canteen",
    "culture_station",
    "fitness_ground",
    "pocket_park",
    "parking",
    "parcel",
    "public_toilet",
    "bus_stop",
    "primary_school",
    "middle_school",
]


@pytest.fixture(scope="module")
def rules():
    return load_rules()


def read_shared(name):
    with (STANDARDS / name).open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize("name", TABLES)
def test_every_row_has_a_source_and_a_known_certainty(name):
    with (data_dir() / "rules" / f"{name}.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert rows
    for row in rows:
        if "source" in row:
            assert row["source"].strip(), row
        words = [row[key] for key in row if key.startswith("certainty") and row[key]]
        assert set(words) <= set(RULE_CERTAINTY), row
        assert all(value == value.strip() for value in row.values()), row


@needs_shared
def test_all_rows_of_the_standards_are_kept_with_their_numbers(rules):
    shared = read_shared("facility_standards.csv")
    assert len(shared) == len(rules.standards) == 75
    plain = ("max_distance_m", *NUMBERS["size"])
    for row in shared:
        kept = rules.standards.loc[row["row_id"]]
        assert kept["category"] == row["facility_key"]
        assert kept["name_zh"] == row["facility_zh"]
        assert kept["clause"] == (row["clause"] or "—")
        assert kept["applies_to"] == row["applies_to"]
        assert kept["obligation"] == row["obligation"]
        assert (kept["is_default"] == "yes") == (row["default_rule"] == "Y")
        assert kept["certainty_distance"] == row["certainty_distance"] or (
            row["row_id"] == "F005"  # minutes without a certainty of their own
        )
        if row["capacity_basis"].startswith("per 1000 persons (area"):
            columns = {
                name: f"{name[4:]}_per_1000_persons_{name[:3]}" for name in plain[1:]
            }
        else:
            columns = {name: name for name in plain}
            assert kept["certainty_size"] == row["certainty_size"]
        for name, column in columns.items():
            assert row[name] == "" or kept[column] == float(row[name]), (row, name)
            assert row[name] != "" or kept[column] != kept[column], (row, name)


@needs_shared
def test_capacities_of_the_standards_are_kept(rules):
    for row in read_shared("facility_standards.csv"):
        if not row["capacity_value"]:
            continue
        wanted = [float(part) for part in row["capacity_value"].split("-")]
        kept = rules.standards.loc[row["row_id"], list(NUMBERS["capacity"])].dropna()
        assert set(wanted) <= set(kept), row
        assert (
            rules.standards.loc[row["row_id"], "certainty_capacity"]
            == (row["certainty_capacity"])
        )


@pytest.mark.parametrize(
    ("rule_id", "column", "value"),
    [
        ("F011", "floor_area_m2_per_100_households", 20),
        ("F016", "land_area_m2_per_person", 0.1),
        ("F022", "places_per_1000_persons", 4.5),
        ("F035", "resident_floor_share_min", 0.6),
        ("F047", "green_area_m2_per_person", 2),
        ("F059", "spaces_per_household", 0.5),
        ("F061", "floor_area_m2_per_garage_space_max", 40),
        ("F063", "charging_share_min", 1),
        ("F071", "floor_area_share_min", 0.002),
        ("F072", "land_area_m2_per_1000_persons_max", 2910),
    ],
)
def test_capacities_stand_in_the_column_of_their_unit(rules, rule_id, column, value):
    assert rules.standards.loc[rule_id, column] == value


def test_every_number_has_a_certainty_and_no_certainty_lacks_a_number(rules):
    for rule_id, row in rules.standards.iterrows():
        for test in TESTS:
            given = row[list(NUMBERS[test])].notna().any()
            assert bool(row[f"certainty_{test}"]) == given, (rule_id, test)
            assert row[f"origin_{test}"] == ("built-in" if given else "")


def test_required_holds_the_categories_of_the_method(rules):
    assert list(rules.requirements) == REQUIRED


def test_a_tier_holds_what_lies_within_its_metres(rules):
    metres = {5: 300, 10: 500, 15: 1000}
    for need in rules.requirements.values():
        assert need.required
        assert need.threshold_m is not None
        assert need.threshold_m <= metres[need.tier_min], need.category
        assert need.tier_min == 5 or need.threshold_m > metres[5]


def test_no_requirement_asks_existing_communities_for_new_build_figures(rules):
    for need in rules.requirements.values():
        for test in TESTS:
            rule = need.rule(test)
            if rule is not None:
                assert rules.standards.loc[rule.rule_id, "applies_to"] != "new"


@pytest.mark.parametrize(
    ("category", "metres", "floor", "land", "kind", "value", "unit"),
    [
        ("childcare", 300, 200, None, "per_1000_persons", 4.5, "places"),
        ("elderly_daycare", 300, 350, None, "per_100_households", 20, "m2"),
        ("parking", 150, None, None, "per_household", 0.5, "spaces"),
        ("fitness_ground", 300, None, 150, None, None, None),
        ("kindergarten", 300, 2200, 3500, None, None, None),
        ("supermarket", 500, None, None, None, None, None),
        ("health_center", 1000, None, None, None, None, None),
    ],
)
def test_requirements(rules, category, metres, floor, land, kind, value, unit):
    need = rules.requirements[category]
    assert need.threshold_m == metres
    assert (need.min_floor_area_m2, need.min_land_area_m2) == (floor, land)
    assert (need.capacity_kind, need.capacity_value) == (kind, value)
    assert need.capacity_unit == unit
    assert need.reach_m(Settings()) == metres


def test_capacity_kinds_are_columns_of_the_standards():
    assert set(CAPACITY_KINDS) <= set(NUMBERS["capacity"])


def test_categories_are_named_in_both_languages_without_double(rules):
    for lang in ("zh", "en"):
        names = rules.categories[f"name_{lang}"]
        assert names.is_unique
        assert names.str.len().gt(0).all()
    assert rules.category_name("childcare") == "托育机构"
    assert rules.category_name("childcare", "en") == "Childcare (0–3)"
    assert re.search(r"[一-鿿]", "".join(rules.categories["name_en"])) is None


def test_categories_lead_somewhere(rules):
    kinds = rules.categories["kind"]
    given = rules.categories["rules_for"]
    assert set(given[given != ""]) <= set(rules.facility_categories)
    assert (given[kinds == "quota"] != "").all()
    assert (rules.categories.loc[kinds == "facility", "layer"] == "facilities").all()
    assert set(REQUIRED) <= set(rules.facility_categories)
    assert "community" not in rules.facility_categories


@needs_shared
def test_all_rows_of_the_poi_mapping_are_kept(rules):
    kept = rules.poi_mapping.set_index("category")
    shared = read_shared("poi_mapping.csv")
    assert {row["facility_key"] for row in shared} == set(kept.index)
    for row in shared:
        own = kept.loc[row["facility_key"]]
        codes = set(own["amap_codes"].split("|")) | set(
            own["amap_codes_excluded"].split("|")
        )
        assert set(row["amap_typecodes"].split("|")) - {"(none)"} <= codes
        assert own["name_include"] == row["name_include_regex"]
        assert own["name_exclude"] == row["name_exclude_regex"]
        assert own["name_required"] == row["amap_filter_required"]


def test_poi_mapping_holds_six_digit_codes_and_patterns(rules):
    for row in rules.poi_mapping.itertuples():
        codes = f"{row.amap_codes}|{row.amap_codes_excluded}".split("|")
        assert all(re.fullmatch(r"\d{6}|", code) for code in codes), row
        assert not set(row.amap_codes.split("|")) & set(
            row.amap_codes_excluded.split("|")
        ) - {""}
        assert re.compile(row.name_include)
        assert row.layer in ("facilities", "communities", "idle")


def test_every_required_category_can_be_recognised(rules):
    assert set(REQUIRED) <= set(rules.poi_mapping["category"])
    certain = rules.osm_tags[rules.osm_tags["ambiguous"] == "no"]
    # a community station is never certain from tags: they do not tell its level
    never = {"community_station", "culture_station"}
    assert set(REQUIRED) - never <= set(certain["category"])


@pytest.mark.parametrize(
    "tag",
    [
        "amenity=hospital",
        "amenity=library",
        "leisure=pitch",
        "amenity=townhall",
        "office=government",
    ],
)
def test_tags_that_could_mean_several_things_are_ambiguous(rules, tag):
    rows = rules.osm_tags[rules.osm_tags["conditions"] == tag]
    assert len(rows)
    assert set(rows["ambiguous"]) == {"yes"}


def test_grass_and_construction_are_never_idle(rules):
    idle = rules.osm_tags[rules.osm_tags["layer"] == "idle"]
    assert len(idle)
    assert not idle["conditions"].str.contains("grass|construction").any()


def test_communities_come_from_residential_land_only(rules):
    rows = rules.osm_tags[rules.osm_tags["layer"] == "communities"]
    assert list(rows["conditions"]) == ["landuse=residential"]


@pytest.mark.parametrize(
    ("key", "value", "walkable", "allowed"),
    [
        ("highway", "motorway", "no", "no"),
        ("highway", "motorway_link", "no", "no"),
        ("highway", "construction", "no", "no"),
        ("highway", "proposed", "no", "no"),
        ("highway", "raceway", "no", "no"),
        ("highway", "trunk", "yes", "yes"),
        ("highway", "steps", "yes", "yes"),
        ("highway", "corridor", "yes", "yes"),
        ("highway", "platform", "yes", "yes"),
        ("highway", "*", "yes", "yes"),
        ("access", "private", "no", "yes"),
        ("access", "no", "no", "yes"),
        ("foot", "no", "no", ""),
        ("foot", "designated", "yes", ""),
    ],
)
def test_street_classes(rules, key, value, walkable, allowed):
    row = rules.street_classes.set_index(["key", "value"]).loc[(key, value)]
    assert row["walkable"] == walkable
    assert row["foot_may_allow"] == allowed


def test_every_street_class_says_whether_it_is_a_main_road(rules):
    classes = rules.street_classes[rules.street_classes["key"] == "highway"]
    assert set(classes["is_main_road"]) == {"yes", "no"}
    main = set(classes.loc[classes["is_main_road"] == "yes", "value"])
    assert {"trunk", "primary", "secondary", "主干路"} <= main
    assert not {"residential", "footway", "*"} & main


# --- ledger headers --------------------------------------------------------------


def test_headers_reach_every_column_of_every_layer(rules):
    reached = set(zip(rules.headers["layer"], rules.headers["column"], strict=True))
    needed = {
        (layer.name, column.name)
        for layer in LAYERS.values()
        for column in layer.columns
    }
    assert needed <= reached


def test_headers_agree_with_the_schema_and_among_themselves(rules):
    kinds = {
        (layer.name, c.name): c.kind for layer in LAYERS.values() for c in layer.columns
    }
    seen = {}
    for row in rules.headers.itertuples():
        place = (row.layer, row.column)
        assert row.kind == kinds.get(place, row.kind), row
        assert seen.setdefault(place, row.kind) == row.kind, row
        assert row.header == plain_header(row.header)
        assert row.factor > 0


LEDGER = """
序号, 市州, 县区, 街道(乡镇), 社区, 小区名称, 小区编码, 详细地址, 建成年份(竣工验收),
房屋性质(房改房/商品房/单位自管/军队), 原产权单位, 楼栋数, 单元数, 户数, 常住人口,
60岁以上人口,
0-3岁人口, 建筑面积(万m2), 占地面积, 结构类型, 最高层数, 现有电梯, 停车位数,
机动车数, 物业管理模式,
有无业委会, 有无党组织, 维修资金(有无/余额), 是否已改造/年度, 是否危房/拟征收,
应参与户数, 参与户数, 同意户数, 参与率, 同意率, 征询起止日期, 表决总户数/面积,
表决同意户数/面积,
表决方式(书面/线上), 长效管理共识, 物业费确认, 确认日期, 居民出资额,
供水, 排水, 供电, 供气, 供热, 通信, 消防, 道路, 屋面外墙楼梯, 节能, 无障碍, 适老,
适儿, 停车缺口,
加梯需求, 充电, 安防, 照明, 快件箱, 养老, 托育, 助餐, 体育健身, 便民,
改造类别, 改造内容, 工程量, 片区编号, 统筹施工方案(有/日期), 专营计划衔接,
总投资, 中央, 省级, 市县, 专项债, 一般债, 专营单位, 社会力量, 银行贷款, 居民,
已到位, 已执行, 执行率,
计划年度, 开工/完工日期, 形象进度, 验收结果, 调查户数, 满意户数, 满意率, 调查率,
移交专营, 照片(前/后),
审计问题(个/已整改)
"""


@pytest.mark.parametrize("header", [word.strip() for word in LEDGER.split(",")])
def test_every_column_of_the_ledger_is_known(rules, header):
    own = rules.headers[rules.headers["layer"] == "communities"]
    assert plain_header(header) in set(own["header"])


IDLE = """
name kind land_area_m2 floor_area_m2 storeys owner_type current_use vacancy_from
structure_safety fire_access ground_floor sunlight_hours legal_constraints
landuse_code code_system available_mode contact id owner allowed_uses cost_cny
"""


@pytest.mark.parametrize("column", IDLE.split())
def test_every_column_of_idle_resources_has_a_chinese_header(rules, column):
    own = rules.headers[rules.headers["layer"] == "idle"]
    names = own.loc[own["column"] == column, "header"]
    assert names.str.contains("[一-鿿]").any()


@pytest.mark.parametrize(
    ("written", "column", "factor"),
    [
        ("建筑面积（万㎡）", "floor_area_m2", 10000),
        ("建筑面积(万平方米)", "floor_area_m2", 10000),
        ("建筑 面积\n（平方米）", "floor_area_m2", 1),
        ("60岁以上人", "elderly_60", 1),
        ("竣工验收年", "built_year", 1),
        ("参与率(%)", "participation_rate", 0.01),
        ("总投资（万元）", "project_cost_cny", 10000),
    ],
)
def test_headers_carry_their_unit(rules, written, column, factor):
    own = rules.headers[rules.headers["layer"] == "communities"].set_index("header")
    row = own.loc[plain_header(written)]
    assert (row["column"], row["factor"]) == (column, factor)


def test_a_header_whose_unit_is_cut_off_is_not_known(rules):
    assert not {"建筑面积(", "建筑面积_", "建筑面"} & set(rules.headers["header"])


# --- policy ----------------------------------------------------------------------


@needs_shared
def test_all_policy_rules_are_kept_word_for_word(rules):
    kept = rules.policy.set_index("rule_id")
    shared = read_shared("policy_rules.csv")
    assert [row["rule_id"] for row in shared] == list(kept.index)
    for row in shared:
        own = kept.loc[row["rule_id"]]
        assert own["quote"] == row["quote"]
        for name in ("metric", "operator", "fields", "formula", "scope", "severity"):
            assert own[name] == row[name]
        if own["threshold"] != row["threshold"]:
            assert own["threshold"] == "open"
            assert row["threshold"] in ("local", "statutory/local", "unspecified")


@needs_policy
def test_every_quote_stands_in_the_documents_it_names(rules):
    texts = {
        path.name: squeeze(path.read_text("utf-8")) for path in POLICY.glob("*.txt")
    }
    quoted = rules.policy[rules.policy["quoted_from"] != ""]
    assert len(quoted) > 60
    for row in quoted.itertuples():
        for name in row.quoted_from.split("|"):
            assert squeeze(row.quote) in texts[name], (row.rule_id, name)


def squeeze(text):
    return re.sub(r"[\s*#]+", "", text)


def test_policy_text_is_what_is_quoted_from_a_document(rules):
    firm = rules.policy["certainty"] == "policy_text"
    assert ((rules.policy["quoted_from"] != "") == firm).all()


def test_two_thirds_is_a_fraction_and_open_is_open(rules):
    kept = rules.policy.set_index("rule_id")["threshold"]
    assert Fraction(kept["YN-1-7a"]) == Fraction(2, 3)
    assert set(kept[["N-1-7a", "YN-1-4a", "YN-1-8", "YN-2-2a", "YN-2-4"]]) == {"open"}


# --- reading ---------------------------------------------------------------------

REQUIRED_HEADER = "category,tier_min,distance_rule,size_rule,capacity_rule,source,note"


def write(folder, data):
    path = folder / "required.csv"
    path.write_bytes(data if isinstance(data, bytes) else data.encode())
    return path


def test_a_table_as_excel_saves_it(tmp_path):
    text = f"{REQUIRED_HEADER},,\r\nparking, ５ ,F059,,F059,本工具,,,\r\n,,,,,,,,\r\n"
    frame, sha256 = read_table(
        "required", write(tmp_path, b"\xef\xbb\xbf" + text.encode())
    )
    assert frame.to_dict("records") == [
        {
            "category": "parking",
            "tier_min": 5.0,
            "distance_rule": "F059",
            "size_rule": "",
            "capacity_rule": "F059",
            "source": "本工具",
            "note": "",
            "line": 2,
        }
    ]
    assert re.fullmatch("[0-9a-f]{64}", sha256)


def test_columns_may_stand_in_any_order(tmp_path):
    names = REQUIRED_HEADER.split(",")
    text = ",".join(reversed(names)) + "\n,本工具,F059,,F059,5,parking\n"
    frame, _ = read_table("required", write(tmp_path, text))
    assert list(frame.columns) == [*names, "line"]
    assert frame.loc[0, "category"] == "parking"


def test_a_table_may_hold_no_row(tmp_path):
    frame, _ = read_table("required", write(tmp_path, REQUIRED_HEADER + "\n"))
    assert frame.empty
    assert frame["tier_min"].dtype == float


@pytest.mark.parametrize(
    ("data", "code"),
    [
        ("", "rule_table_empty"),
        ("\n", "rule_table_empty"),
        (b"\xff\xff\xff", "rule_encoding"),
        (f'{REQUIRED_HEADER}\n"parking,5\n', "rule_file"),
        (f"{REQUIRED_HEADER}\nparking,5,F059,,,本工具,,further\n", "rule_row_length"),
        (f"{REQUIRED_HEADER}\nparking,inf,F059,,,本工具,\n", "rule_cell_negative"),
        (f"{REQUIRED_HEADER}\nparking,,F059,,,本工具,\n", "rule_cell_empty"),
    ],
)
def test_unreadable_tables_are_refused(tmp_path, data, code):
    with pytest.raises(RuleError) as caught:
        read_table("required", write(tmp_path, data))
    assert caught.value.code == code
    assert "required.csv" in str(caught.value)


def test_a_file_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(RuleError, match=r"required\.csv") as caught:
        read_table("required", tmp_path / "required.csv")
    assert caught.value.code == "rule_file"


def test_toml_may_be_gbk(tmp_path):
    path = tmp_path / "x.toml"
    path.write_bytes('a = "片区"'.encode("gbk"))
    assert read_toml(path)[0] == {"a": "片区"}
