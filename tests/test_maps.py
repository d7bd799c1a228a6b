"""Maps that stand alone: offline, and safe whatever the names are."""

import re
from pathlib import Path

import folium
import geopandas as gpd
import pytest
import shapely
from branca.element import Element
from folium.plugins import MarkerCluster

from geo.assets import FOLIUM_ASSETS
from geo.maps import (
    JUDGED_LOOKS,
    MOST_SIGNS,
    SHARE_LIMITS,
    SHARE_LOOKS,
    STATE_LOOKS,
    entities,
    make_offline,
    make_state_map,
    render_map,
    save_map,
    share_class,
)
from geo.schema import Certainty, State

HOSTILE = "</script><img src=x onerror=alert(1)>${1}`'\"\\{{2}}"
STATES = (State.MET, State.SHORT, State.UNKNOWN, State.NO_DATA, State.NOT_REQUIRED)


@pytest.fixture
def communities() -> gpd.GeoDataFrame:
    boxes = [
        shapely.box(500_000 + 200 * i, 0, 500_150 + 200 * i, 150) for i in range(5)
    ]
    return gpd.GeoDataFrame(
        {
            "name": [HOSTILE, "二", "三", None, "五"],
            "state": [str(state) for state in STATES],
            "certainty": [Certainty.CERTAIN, Certainty.EDGE, "", None, ""],
            "note": [HOSTILE, "近", "", "", ""],
        },
        geometry=boxes,
        index=list("abcde"),
        crs=4544,
    )


def links(page: str) -> list[str]:
    tags = r"""<(?:script|link|img|iframe)\b[^>]*(?:src|href)=["']?(?:https?:)?//"""
    return re.findall(tags, page)


def test_colours_and_signs_are_those_of_the_design() -> None:
    fills = {state: look.fill for state, look in STATE_LOOKS.items()}
    assert fills == {
        State.MET: "#009E73",
        State.SHORT: "#D55E00",
        State.UNKNOWN: "#8C8C8C",
        State.NO_DATA: "#D9D9D9",
        State.NOT_REQUIRED: None,
    }
    assert [STATE_LOOKS[state].sign for state in STATES[:4]] == ["●", "▲", "?", "∅"]
    assert STATE_LOOKS[State.NO_DATA].hatch


def test_what_could_not_be_judged_is_grey_and_not_least() -> None:
    assert JUDGED_LOOKS[share_class(float("nan"))] == STATE_LOOKS[State.UNKNOWN]


def test_share_classes_meet_at_their_limits() -> None:
    assert share_class(0.0) == 0
    assert share_class(1.0) == len(SHARE_LOOKS) - 1
    for at, limit in enumerate(SHARE_LIMITS):
        assert (share_class(limit - 1e-9), share_class(limit)) == (at, at + 1)


def test_entities_leave_nothing_that_acts() -> None:
    assert not set(entities(HOSTILE)) & set("<>\"'\\${}`")
    assert entities(None) == ""
    assert entities(float("nan")) == ""
    assert entities("和平里 3 号") == "和平里 3 号"


def test_a_map_asks_for_nothing_outside(communities: gpd.GeoDataFrame) -> None:
    streets = gpd.GeoDataFrame(
        geometry=[shapely.LineString([(500_000, 3_000_000), (501_000, 3_000_000)])],
        crs=4544,
    )
    river = gpd.GeoDataFrame(
        {"kind": ["river"]}, geometry=[streets.geometry[0].buffer(9)], crs=4544
    )
    dots = gpd.GeoDataFrame(
        {"name": [HOSTILE]}, geometry=[shapely.Point(500_050, 3_000_050)], crs=4544
    )
    board = make_state_map(
        communities,
        title=HOSTILE,
        backdrop={"streets": streets, "barriers": river, "empty": streets.iloc[:0]},
        facilities=dots,
    )
    page = render_map(board)
    assert links(page) == []
    assert "L.map(" in page
    assert "Leaflet" in page
    for state in STATES[:4]:
        assert STATE_LOOKS[state].sign in page
    assert "<img src=x" not in page
    assert "onerror=alert" not in re.sub(r"&#\d+;", "", page).replace(
        "onerror=alert(1)", ""
    )


def test_hostile_names_stay_words(communities: gpd.GeoDataFrame) -> None:
    page = render_map(make_state_map(communities, title=HOSTILE, lang="en"))
    assert HOSTILE not in page
    assert "</script><img" not in page
    assert "${1}" not in page
    assert entities("<img src=x onerror=alert(1)>") in page


def test_every_asset_of_the_classes_in_use_is_known() -> None:
    used = [
        folium.Map,
        folium.GeoJson,
        folium.LayerControl,
        folium.Marker,
        MarkerCluster,
    ]
    for kind in used:
        for links_of in (
            getattr(kind, "default_js", []),
            getattr(kind, "default_css", []),
        ):
            for name, _ in links_of:
                assert name in FOLIUM_ASSETS, f"{kind.__name__} asks for {name}"
    board = folium.Map(tiles=None)
    MarkerCluster().add_to(board)
    assert links(render_map(board)) == []


def test_an_unknown_asset_is_refused() -> None:
    class Curious(folium.Map):
        default_js = [("curious", "https://elsewhere.example/curious.js")]  # noqa: RUF012 - as folium has it

    with pytest.raises(KeyError, match="curious"):
        make_offline(Curious(tiles=None))


def test_a_map_that_is_part_of_another_page_is_refused() -> None:
    board = folium.Map(tiles=None)
    board._parent = Element()
    with pytest.raises(TypeError, match="page of its own"):
        make_offline(board)


def test_many_communities_carry_no_signs(communities: gpd.GeoDataFrame) -> None:
    many = communities.iloc[[1] * (MOST_SIGNS + 1)].reset_index(drop=True)
    assert "L.divIcon" not in render_map(make_state_map(many, title="多"))
    assert "L.divIcon" in render_map(make_state_map(communities, title="少"))


def test_save_map(communities: gpd.GeoDataFrame, tmp_path: Path) -> None:
    path = tmp_path / "map.html"
    save_map(make_state_map(communities, title="托育机构"), path)
    assert path.read_text(encoding="utf-8").startswith("<!DOCTYPE html>")
