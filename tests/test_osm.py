import time
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import shapely

from geo.errors import CancelledError, InputError
from geo.findings import render_findings
from geo.osm import OsmExtract, read_osm
from geo.rules import load_rules
from geo.schema import LAYERS

RULES = load_rules()
REAL = Path(__file__).parents[2] / "shared" / "real"
Tags = dict[str, str]


class Map:
    """A small map, written as OSM XML; one step of the grid is 0.001 degrees."""

    def __init__(self) -> None:
        self.nodes: dict[int, tuple[float, float, Tags]] = {}
        self.ways: dict[int, tuple[list[int], Tags]] = {}
        self.relations: dict[int, tuple[list[tuple[int, str]], Tags]] = {}
        self.bounds: tuple[float, float, float, float] | None = None

    def node(self, x: float, y: float, **tags: str) -> int:
        number = len(self.nodes) + 1
        self.nodes[number] = (x, y, tags)
        return number

    def way(self, nodes: Iterable[int], **tags: str) -> int:
        number = len(self.ways) + 1
        self.ways[number] = (list(nodes), tags)
        return number

    def square(self, x: float, y: float, size: float, **tags: str) -> int:
        corners = [(x, y), (x + size, y), (x + size, y + size), (x, y + size)]
        ring = [self.node(*corner) for corner in corners]
        return self.way([*ring, ring[0]], **tags)

    def relation(self, members: list[tuple[int, str]], **tags: str) -> int:
        number = len(self.relations) + 1
        self.relations[number] = (members, {"type": "multipolygon", **tags})
        return number

    def xml(self, *, hidden: Iterable[int] = ()) -> str:
        def said(tags: Tags) -> str:
            return "".join(
                f'<tag k="{k.replace("__", ":")}" v="{v}"/>' for k, v in tags.items()
            )

        parts = ['<osm version="0.6" generator="test">']
        if self.bounds:
            low_x, low_y, high_x, high_y = (step(v) for v in self.bounds)
            parts.append(
                f'<bounds minlat="{low_y}" minlon="{low_x}" '
                f'maxlat="{high_y}" maxlon="{high_x}"/>'
            )
        parts += [
            f'<node id="{n}" lat="{step(y)}" lon="{step(x)}">{said(t)}</node>'
            for n, (x, y, t) in self.nodes.items()
            if n not in set(hidden)
        ]
        parts += [
            f'<way id="{w}" version="1">'
            + "".join(f'<nd ref="{n}"/>' for n in nodes)
            + f"{said(t)}</way>"
            for w, (nodes, t) in self.ways.items()
        ]
        parts += [
            f'<relation id="{r}" version="1">'
            + "".join(f'<member type="way" ref="{w}" role="{e}"/>' for w, e in members)
            + f"{said(t)}</relation>"
            for r, (members, t) in self.relations.items()
        ]
        return "\n".join([*parts, "</osm>"])

    def street(self) -> int:
        ends = [self.node(-1, -1), self.node(20, -1)]
        return self.way(ends, highway="residential")


def step(value: float) -> float:
    return round(value / 1000, 7)


@pytest.fixture
def town() -> Map:
    made = Map()
    made.street()
    return made


def read(made: Map, folder: Path, *, hidden: Iterable[int] = ()) -> OsmExtract:
    path = folder / "town.osm"
    path.write_text(made.xml(hidden=hidden), encoding="utf-8")
    extract = read_osm(path, rules=RULES)
    check_counts(extract)
    return extract


def check_counts(extract: OsmExtract) -> None:
    """In = used + set aside, and what is set aside stands in the findings."""
    findings = extract.findings
    assert set(extract.counts["layer"]) == set(extract.layers)
    for layer, rows_in, used, aside in extract.counts.itertuples(index=False):
        frame = extract.layers[layer]
        assert frame["osm_id"].nunique() == used
        kept = findings[(findings["layer"] == layer) & findings["content"].notna()]
        assert len(kept) == aside == rows_in - used
        assert frame["derived"].all()
        assert frame.crs.to_epsg() == 4326
        assert {column.name for column in LAYERS[layer].columns} <= set(frame.columns)
        assert list(frame.index) == list(range(len(frame)))
    for lang in ("zh", "en"):
        said = render_findings(findings, lang)
        assert not said["message"].str.contains(r"\{", regex=True).any()


def codes(extract: OsmExtract, layer: str) -> list[str]:
    found = extract.findings
    return found.loc[found["layer"] == layer, "code"].tolist()


def test_a_footbridge_shares_no_node_with_the_road_under_it(tmp_path: Path) -> None:
    made = Map()
    road = [made.node(0, 1), made.node(2, 1)]
    made.way(road, highway="primary", name="大路")
    over = [made.node(1, 0), made.node(1, 2)]
    made.way(over, highway="footway", bridge="yes", layer="1")
    under = [made.node(1.5, 0), made.node(1.5, 2)]
    made.way(under, highway="footway", tunnel="yes", layer="-1", foot="designated")
    streets = read(made, tmp_path).layers["streets"].set_index("id")
    assert streets.loc["way/1", "node_ids"].tolist() == road
    assert streets.loc["way/2", "node_ids"].tolist() == over
    assert not np.intersect1d(road, over).size
    assert streets["level"].tolist() == [0, 1, -1]
    assert streets["bridge"].tolist() == [False, True, False]
    assert streets["tunnel"].tolist() == [False, False, True]
    assert streets["foot"].tolist()[2] == "designated"
    assert streets["name"].tolist()[0] == "大路"


def test_streets_know_crossings_fords_and_squares(tmp_path: Path) -> None:
    made = Map()
    rail = made.node(5, 0, railway="level_crossing")
    made.way([made.node(0, 0), rail, made.node(9, 0)], highway="residential")
    made.way([made.node(0, 1), made.node(1, 1)], highway="footway", footway="crossing")
    made.way([made.node(0, 2), made.node(1, 2)], highway="path", ford="yes")
    made.way([made.node(0, 3), made.node(1, 3)], highway="path", layer="?")
    square = made.square(3, 3, 1, highway="pedestrian", area="yes")
    made.ways[1][0].append(made.ways[square][0][0])
    streets = read(made, tmp_path).layers["streets"]
    assert streets["crossing"].tolist() == [True, True, True, False, False]
    assert streets["area"].tolist() == [False, False, False, False, True]
    assert streets["level"].tolist() == [0] * 5
    assert len(streets["node_ids"].iloc[4]) == 5


def test_a_square_that_is_a_relation_gives_its_outlines(
    town: Map, tmp_path: Path
) -> None:
    outer, inner = town.square(0, 0, 4), town.square(1, 1, 1)
    town.relation([(outer, "outer"), (inner, "inner")], highway="pedestrian")
    town.ways[1][0].append(town.ways[outer][0][0])
    streets = read(town, tmp_path).layers["streets"]
    assert streets["id"].tolist() == ["way/1", "relation/1", "relation/1/2"]
    assert streets["area"].tolist() == [False, True, True]
    assert set(streets["node_ids"].iloc[1]) == set(town.ways[outer][0])


def test_a_square_that_no_way_joins_is_no_street(tmp_path: Path) -> None:
    made = Map()
    street = made.way([made.node(-2, 0), made.node(0, 0)], highway="residential")
    near = made.square(0, 0, 2, highway="pedestrian", area="yes")
    far = made.square(2, 0, 2, highway="pedestrian", area="yes")
    lone = made.square(9, 9, 2, highway="pedestrian", area="yes", name="Plaza")
    made.ways[street][0].append(made.ways[near][0][0])
    made.ways[far][0].append(made.ways[near][0][1])
    extract = read(made, tmp_path)
    streets = extract.layers["streets"]
    assert streets["id"].tolist() == [f"way/{way}" for way in (street, near, far)]
    told = extract.findings.query("code == 'osm_square_alone'")
    assert told["id"].tolist() == [f"way/{lone}"]
    assert "Plaza" in told["content"].iloc[0]


def test_a_way_is_cut_where_its_nodes_are_missing(tmp_path: Path) -> None:
    made = Map()
    nodes = [made.node(x, 0) for x in range(7)]
    made.way(nodes, highway="residential")
    made.way([made.node(0, 5), made.node(1, 5)], highway="service")
    gone = [nodes[3], made.ways[2][0][1]]
    extract = read(made, tmp_path, hidden=gone)
    streets = extract.layers["streets"]
    assert streets["id"].tolist() == ["way/1", "way/1/2"]
    assert [ids.tolist() for ids in streets["node_ids"]] == [nodes[:3], nodes[4:]]
    assert codes(extract, "streets") == ["osm_street_empty", "osm_ways_cut"]


def test_communities_are_residential_areas_that_touch_the_extent(
    town: Map, tmp_path: Path
) -> None:
    town.bounds = (-2, -2, 20, 20)
    town.square(0, 0, 2, landuse="residential", name="甲小区", start_date="1998-05")
    town.square(19, 0, 5, landuse="residential")
    town.square(30, 0, 2, landuse="residential", name="远处")
    town.square(5, 0, 2, landuse="commercial")
    town.square(8, 0, 2, building="residential")
    extract = read(town, tmp_path)
    found = extract.layers["communities"].set_index("id")
    assert found.index.tolist() == ["way/2", "way/3"]
    assert found.loc["way/2", "name"] == "甲小区"
    assert found.loc["way/2", "built_year"] == 1998
    assert pd.isna(found.loc["way/3", "name"])
    assert found["households"].isna().all()
    assert codes(extract, "communities") == ["osm_outside"]
    assert extract.extent is not None
    assert extract.extent.bounds == (-0.002, -0.002, 0.02, 0.02)


def test_a_relation_with_a_hole_is_one_community(town: Map, tmp_path: Path) -> None:
    outer, inner = town.square(0, 0, 4), town.square(1, 1, 1)
    town.relation([(outer, "outer"), (inner, "inner")], landuse="residential")
    found = read(town, tmp_path).layers["communities"]
    assert found["id"].tolist() == ["relation/1"]
    shape = found.geometry.iloc[0]
    assert shape.geom_type == "Polygon"
    assert len(shape.interiors) == 1
    assert shape.area == pytest.approx(15e-6)


def test_broken_areas_are_findings_with_their_tags(town: Map, tmp_path: Path) -> None:
    corners = [town.node(0, 0), town.node(1, 0), town.node(0, 1), town.node(1, 1)]
    town.way([*corners, corners[0]], landuse="residential", name="领结")
    half = town.way([town.node(5, 5), town.node(6, 5)])
    town.relation([(half, "outer")], amenity="school")
    town.relation([(99, "outer")], natural="water", water="river")
    town.relation([(98, "outer")], natural="water", water="lake")
    extract = read(town, tmp_path)
    assert extract.layers["communities"].empty
    assert codes(extract, "communities") == ["osm_broken_area"]
    assert codes(extract, "facilities") == ["osm_broken_area"]
    assert codes(extract, "barriers") == ["osm_broken_area"]
    broken = extract.findings[extract.findings["code"] == "osm_broken_area"]
    assert set(broken["severity"]) == {"warning"}
    assert "领结" in broken["content"].iloc[0]


@pytest.mark.parametrize(
    ("tags", "layer"),
    [
        ({"building": "yes"}, "buildings"),
        ({"landuse": "brownfield"}, "idle"),
        ({"historic": "castle"}, "protected"),
        ({"landuse": "residential"}, "communities"),
        ({"natural": "tree"}, None),
    ],
)
def test_a_broken_area_counts_in_its_layer(
    tags: Tags, layer: str | None, town: Map, tmp_path: Path
) -> None:
    town.relation([(99, "outer")], **tags)
    found = read(town, tmp_path).findings
    assert found["layer"].tolist() == ([layer] if layer else [])


def test_one_object_is_one_facility_at_most(town: Map, tmp_path: Path) -> None:
    town.node(1, 1, amenity="pharmacy", name="药店")
    town.node(2, 1, amenity="hospital")
    town.node(3, 1, shop="convenience", amenity="pharmacy")
    town.square(4, 4, 1, amenity="kindergarten", capacity="120")
    town.square(6, 4, 1, leisure="park", capacity="many")
    town.square(8, 4, 1, amenity="school", building="school")
    town.node(9, 1, amenity="parking", access="private")
    town.node(9, 2, amenity="bench")
    found = read(town, tmp_path).layers["facilities"]
    assert found["category"].tolist() == [
        "pharmacy", None, None, "parking", "kindergarten", "pocket_park", None,
    ]  # fmt: skip
    assert found["ambiguous"].tolist() == [
        None,
        "health_center",
        "pharmacy|convenience",
        None,
        None,
        None,
        "primary_school|middle_school",
    ]
    assert found["serves"].tolist() == ["all"] * 3 + ["residents"] + ["all"] * 3
    assert found["capacity"].iloc[4] == 120
    assert found["capacity"].notna().sum() == 1
    land = found["land_area_m2"]
    assert land.notna().tolist() == [False] * 4 + [True, True, False]
    assert land.iloc[5] == pytest.approx(111.32 * 110.57, rel=0.01)
    assert found["floor_area_m2"].isna().all()
    assert (found["reason"].str.startswith("osm:")).all()


def test_a_place_mapped_twice_counts_once(town: Map, tmp_path: Path) -> None:
    town.square(0, 0, 1, amenity="parking")
    town.node(0.5, 0.5, amenity="parking", capacity="40", name="停车场")
    town.square(4, 0, 1, amenity="pharmacy", name="甲")
    town.node(4.5, 0.5, amenity="pharmacy", name="乙")
    town.node(4.6, 0.5, amenity="toilets")
    extract = read(town, tmp_path)
    found = extract.layers["facilities"].set_index("osm_id")
    assert sorted(found["category"]) == [
        "parking",
        "pharmacy",
        "pharmacy",
        "public_toilet",
    ]
    assert found.loc["way/2", "capacity"] == 40
    assert found.loc["way/2", "name"] == "停车场"
    assert codes(extract, "facilities") == ["osm_mapped_twice"]


def test_a_stop_and_its_platform_are_one_the_other_side_is_another(
    town: Map, tmp_path: Path
) -> None:
    town.node(1, 1, highway="bus_stop", name="吉大")
    town.node(1.05, 1, public_transport="platform", name="吉大")
    town.node(1, 1.4, highway="bus_stop", name="吉大")
    town.node(1.06, 1, highway="bus_stop", name="别处")
    line = [town.node(3, 1), town.node(3.1, 1)]
    town.way(line, public_transport="platform")
    found = read(town, tmp_path).layers["facilities"]
    assert found["osm_id"].tolist() == [
        f"node/{town_node}" for town_node in (3, 5, 6)
    ] + ["way/2"]
    assert set(found.geometry.geom_type) == {"Point"}


def test_what_is_closed_or_not_built_is_no_facility(town: Map, tmp_path: Path) -> None:
    town.node(1, 1, amenity="pharmacy", disused="yes")
    town.node(2, 1, disused__amenity="pharmacy")
    town.square(3, 3, 1, amenity="school", building="construction")
    town.square(5, 3, 1, amenity="pharmacy", landuse="construction")
    extract = read(town, tmp_path)
    assert extract.layers["facilities"].empty
    assert codes(extract, "facilities") == ["osm_not_in_use"] * 3


@pytest.mark.parametrize(
    ("tags", "kind"),
    [
        ({"landuse": "brownfield"}, "空闲用地"),
        ({"landuse": "greenfield"}, "空闲用地"),
        ({"place": "plot"}, "空闲用地"),
        ({"building": "yes", "abandoned": "yes"}, "闲置房屋"),
        ({"building": "yes", "disused__amenity": "school"}, "闲置房屋"),
        ({"building": "yes", "disused__shop": "yes", "shop": "bakery"}, None),
        ({"disused__amenity": "school"}, "unclear"),
        ({"landuse": "grass"}, None),
        ({"landuse": "grass", "disused": "yes"}, None),
        ({"landuse": "construction"}, None),
        ({"landuse": "construction", "abandoned": "yes"}, None),
        ({"landuse": "brownfield", "construction": "yes"}, None),
        ({"landuse": "brownfield", "amenity": "parking"}, None),
        ({"building": "construction", "abandoned": "yes"}, None),
        ({"building": "yes"}, None),
    ],
)
def test_idle_land_and_rooms(
    town: Map, tmp_path: Path, tags: Tags, kind: str | None
) -> None:
    town.square(0, 0, 1, **tags)
    found = read(town, tmp_path).layers["idle"]
    if kind is None:
        assert found.empty
        return
    assert found["osm_id"].tolist() == ["way/2"]
    assert found["kind"].tolist() == [None if kind == "unclear" else kind]
    assert found["land_area_m2"].notna().tolist() == [kind == "空闲用地"]


def test_a_vacant_shop_is_a_room_a_closed_telephone_is_not(
    town: Map, tmp_path: Path
) -> None:
    town.node(0, 0, shop="vacant")
    town.node(1, 0, disused__amenity="telephone")
    found = read(town, tmp_path).layers["idle"]
    assert found["kind"].tolist() == ["闲置房屋"]


def test_barriers_stand_on_the_ground(town: Map, tmp_path: Path) -> None:
    def line(y: float, **tags: str) -> None:
        town.way([town.node(0, y), town.node(5, y)], **tags)

    line(1, waterway="river")
    line(2, waterway="canal", tunnel="culvert")
    line(3, waterway="stream")
    line(4, railway="rail")
    line(5, railway="rail", bridge="viaduct", layer="1")
    line(6, railway="subway", layer="-1")
    line(7, highway="motorway")
    line(8, highway="trunk", foot="no")
    line(9, highway="trunk")
    line(10, barrier="wall")
    line(11, barrier="fence")
    line(12, railway="disused")
    town.square(8, 8, 1, natural="water", water="river")
    town.square(10, 8, 1, natural="water", water="lake")
    town.square(12, 8, 1, barrier="city_wall")
    found = read(town, tmp_path).layers["barriers"]
    assert found["kind"].value_counts().to_dict() == {
        "wall": 2, "river": 2, "railway": 1, "expressway": 2,
    }  # fmt: skip
    ring = found[found["osm_id"] == "way/16"].geometry.iloc[0]
    assert ring.geom_type == "LineString"
    assert ring.is_closed


def test_a_wall_is_open_where_a_street_passes_it(tmp_path: Path) -> None:
    made = Map()
    shared = made.node(2, 0)
    wall = [made.node(0, 0), shared, made.node(9, 0)]
    made.way(wall, barrier="wall")
    made.way([made.node(2, -1), shared, made.node(2, 1)], highway="footway")
    over = [made.node(4, -1), made.node(4, 1)]
    made.way(over, highway="footway", bridge="yes", layer="1")
    made.way([made.node(6, -1), made.node(6, 1)], highway="footway")
    short = made.node(20, 20)
    made.way([short, made.node(20.005, 20)], barrier="wall")
    made.way([short, made.node(20, 21)], highway="footway")
    extract = read(made, tmp_path)
    streets = extract.layers["streets"].set_index("osm_id").geometry
    found = extract.layers["barriers"].geometry.iloc[0]
    assert found.geom_type == "MultiLineString"
    assert len(found.geoms) == 3
    passes = {name: not line.intersects(found) for name, line in streets.items()}
    assert passes == {"way/2": True, "way/3": True, "way/4": False, "way/6": True}
    gap = shapely.LineString([(0, 0), (0.009, 0)]).length - found.length
    assert gap * 111_320 == pytest.approx(4.0, abs=0.2)
    assert codes(extract, "barriers") == ["osm_wall_open", "osm_walls_opened"]


def test_gates_belong_to_the_communities_whose_boundary_is_near(
    town: Map, tmp_path: Path
) -> None:
    town.square(0, 0, 2, landuse="residential")
    town.square(2.1, 0, 2, landuse="residential")
    town.node(0, 1, barrier="gate")
    town.node(2.05, 1, barrier="lift_gate", access="private")
    town.node(1, 0.05, barrier="swing_gate", access="private", foot="yes")
    town.node(1, 1, barrier="gate")
    town.node(0, 1.5, entrance="main")
    town.node(0.05, 1.5, entrance="main")
    town.node(1, 0.5, barrier="bollard")
    extract = read(town, tmp_path)
    found = extract.layers["gates"]
    rows = found[["osm_id", "community_id", "open_to"]].to_numpy().tolist()
    assert rows == [
        ["node/11", "way/2", "all"],
        ["node/12", "way/2", "residents"],
        ["node/12", "way/3", "residents"],
        ["node/13", "way/2", "all"],
        ["node/15", "way/2", "all"],
    ]
    assert codes(extract, "gates") == ["osm_gates_elsewhere"]
    assert extract.layers["communities"]["walled"].isna().all()


def test_buildings_know_storeys_and_flats(town: Map, tmp_path: Path) -> None:
    levels = {"building__levels": "6", "building__flats": "24"}
    town.square(0, 0, 1, building="apartments", **levels)
    town.square(2, 0, 1, building="yes", building__levels="6-7")
    town.square(4, 0, 1, building="construction")
    town.square(6, 0, 1, building="no")
    extract = read(town, tmp_path)
    found = extract.layers["buildings"]
    assert found["storeys"].iloc[0] == 6
    assert found["households"].iloc[0] == 24
    assert found[["storeys", "households"]].iloc[1].isna().all()
    assert codes(extract, "buildings") == ["osm_building_gone"]


def test_heritage_and_old_trees_are_protected(town: Map, tmp_path: Path) -> None:
    town.node(0, 0, natural="tree", denotation="natural_monument")
    town.node(1, 0, natural="tree")
    town.square(2, 0, 1, historic="temple", building="yes", name="庙")
    town.square(4, 0, 1, building="yes", heritage="2")
    found = read(town, tmp_path).layers["protected"]
    assert found["kind"].tolist() == ["old_tree", "heritage", "heritage"]


def test_a_file_without_streets_is_refused(tmp_path: Path) -> None:
    made = Map()
    made.square(0, 0, 1, landuse="residential")
    with pytest.raises(InputError) as caught:
        read(made, tmp_path)
    assert caught.value.code == "osm_no_streets"


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.osm", b'<osm version="0.6"><node id="1" lat="0"'),
        ("a.osm.pbf", b"hello" * 1000),
        ("a.osm.pbf", b""),
        ("a.txt", b"hello"),
    ],
)
def test_unreadable_files_are_refused(
    name: str, content: bytes, tmp_path: Path
) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(InputError) as caught:
        read_osm(path, rules=RULES)
    assert caught.value.code == "osm_unreadable"
    assert name in caught.value.message("en")


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        read_osm(tmp_path / "none.osm.pbf", rules=RULES)
    assert caught.value.code == "osm_missing"


def test_reading_can_be_cancelled(town: Map, tmp_path: Path) -> None:
    path = tmp_path / "town.osm"
    path.write_text(town.xml(), encoding="utf-8")

    def stop(stage: str, share: float) -> None:
        assert 0 <= share <= 1
        raise CancelledError("cancelled", stage=stage)

    with pytest.raises(CancelledError):
        read_osm(path, rules=RULES, progress=stop)


def test_without_a_header_box_there_is_no_extent(town: Map, tmp_path: Path) -> None:
    assert read(town, tmp_path).extent is None
    town.bounds = (0, 0, 0, 0)
    assert read(town, tmp_path).extent is None


def real(name: str) -> OsmExtract:
    path = REAL / f"{name}.osm.pbf"
    if not path.is_file():
        pytest.skip(f"{path} is not on this machine")
    extract = read_osm(path, rules=RULES)
    check_counts(extract)
    return extract


@pytest.mark.real
def test_zhuhai_holds_what_its_readme_says() -> None:
    extract = real("zhuhai_jida")
    counts = extract.counts.set_index("layer")
    found = extract.layers["facilities"]
    assert counts.loc["communities", "rows_used"] == 23
    assert extract.layers["communities"]["name"].notna().sum() == 22
    assert counts.loc["buildings", "rows_used"] == 358
    assert extract.layers["idle"]["kind"].tolist() == ["空闲用地"] * 2
    category = found["category"].value_counts()
    twice = (extract.findings["code"] == "osm_mapped_twice").sum()
    assert 100 <= category["bus_stop"] <= 108 <= category["bus_stop"] + twice
    assert category["parking"] in {20, 21}
    assert category["kindergarten"] == 2
    could_be = set("|".join(found["ambiguous"].dropna()).split("|")) | set(
        category.index
    )
    assert "health_center" in could_be
    assert not {"health_station", "elderly_daycare", "elderly_home"} & could_be
    assert extract.extent is not None
    assert extract.extent.bounds == pytest.approx((113.517, 22.2664, 113.5571, 22.2881))


@pytest.mark.real
def test_monaco_has_few_gates_and_many_levels() -> None:
    extract = real("monaco")
    assert len(extract.layers["communities"]) == 7
    assert (extract.layers["streets"]["level"] != 0).sum() > 100
    assert set(extract.layers["gates"]["open_to"]) <= {"all", "residents"}


@pytest.mark.real
def test_las_palmas_is_read_in_time() -> None:
    start = time.process_time()
    extract = real("las_palmas")
    assert time.process_time() - start < 60  # about 7 s alone; coverage slows it
    counts = extract.counts.set_index("layer")
    assert counts.loc["communities", "rows_in"] == 46
    assert counts.loc["buildings", "rows_used"] == 22_595
    category = extract.layers["facilities"]["category"].value_counts()
    assert category["health_station"] == 116
    assert category["pharmacy"] == 83
    assert category["kindergarten"] == 23
    assert (extract.layers["idle"]["kind"] == "空闲用地").sum() > 140
    assert extract.layers["buildings"]["households"].notna().sum() == 0
    assert extract.layers["buildings"]["storeys"].notna().sum() > 800
