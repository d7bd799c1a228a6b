"""The app as a planner uses it, in a browser without internet."""

from collections.abc import Callable
from pathlib import Path

import pytest
from e2e.helpers import (
    BUILD,
    board,
    click_community,
    colours,
    expect_parameter,
    latin_words,
    ready,
    settled,
)
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.e2e

Visit = Callable[..., Page]


@pytest.mark.parametrize(("width", "height"), [(1440, 900), (1024, 768)])
def test_first_page_shows_the_district(
    visit: Visit, server: str, width: int, height: int
) -> None:
    page = visit(server, width=width, height=height)
    ready(page)
    assert colours(page) > 8
    assert board(page, "board.layers.communities.ids.length") >= 100
    expect(page.locator(".pq-numbers .pq-number")).to_have_count(5)
    wide = page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    assert wide, "the page is wider than the window"
    page.screenshot(path=BUILD / f"overview-{width}.png", full_page=True)


def test_click_selects_and_second_click_lets_go(visit: Visit, server: str) -> None:
    page = visit(f"{server}/lifecircle?c=pharmacy")
    ready(page)
    community, name = board(
        page, "[board.layers.communities.ids[20], board.layers.communities.names[20]]"
    )
    board(page, "board.mark = 1")
    view = board(page, "[board.map.getCenter(), board.map.getZoom()]")
    click_community(page, community)
    expect(page.locator(".pq-panel h3").first).to_have_text(name)
    expect(page.locator(".pq-verdict")).to_be_visible()
    assert page.locator(".pq-bars .pq-bar").count() > 15
    expect_parameter(page, "at", community)
    page.screenshot(path=BUILD / "lifecircle-community.png")
    assert board(page, "[board.map.getCenter(), board.map.getZoom()]") == view
    assert board(page, "board.mark") == 1, "the map was built anew"
    click_community(page, community)
    expect(page.locator(".pq-panel h3").first).not_to_have_text(name)
    settled(page)
    expect_parameter(page, "at", None)


def test_category_from_the_panel_and_back_by_the_address(
    visit: Visit, server: str
) -> None:
    page = visit(f"{server}/lifecircle")
    ready(page)
    page.locator('.pq-stacks .pq-bar[data-id="kindergarten"]').click()
    expect(page.locator(".pq-legend-title")).to_contain_text("幼儿园")
    settled(page)
    expect_parameter(page, "c", "kindergarten")
    page.go_back()
    expect(page.locator(".pq-legend-title")).not_to_contain_text("幼儿园")


def test_link_restores_the_view(visit: Visit, server: str) -> None:
    address = (
        f"{server}/lifecircle?c=market&t=10&pace=elder&test=distance&at=C030&lang=en"
    )
    page = visit(address)
    ready(page)
    assert board(page, "board.selected") == "C030"
    expect(page.locator(".pq-legend-title")).to_contain_text("Food market")
    expect(page.locator(".pq-legend-title")).to_contain_text("373 m")
    for name, value in (
        ("c", "market"),
        ("t", "10"),
        ("pace", "elder"),
        ("at", "C030"),
    ):
        expect_parameter(page, name, value)


def test_state_survives_a_change_of_page(visit: Visit, server: str) -> None:
    page = visit(f"{server}/lifecircle?c=market")
    ready(page)
    board(page, "board.map.setZoom(16, {animate: false})")
    board(page, "board.map.panBy([80, 60], {animate: false})")
    page.wait_for_timeout(300)
    view = board(page, "[board.map.getCenter().lat.toFixed(3), board.map.getZoom()]")
    page.get_by_role("link", name="数据").click()
    page.wait_for_url("**/data*")
    ready(page)
    page.get_by_role("link", name="生活圈").click()
    page.wait_for_url("**/lifecircle*")
    ready(page)
    expect(page.locator(".pq-legend-title")).to_contain_text("菜市场")
    again = board(page, "[board.map.getCenter().lat.toFixed(3), board.map.getZoom()]")
    assert again == view


def test_row_of_the_table_takes_the_map_there(visit: Visit, server: str) -> None:
    page = visit(f"{server}/lifecircle?c=childcare")
    ready(page)
    row = page.locator(".pq-tr").nth(2)
    chosen = row.get_attribute("data-id") or ""
    community = chosen.split("|")[0]
    row.click()
    page.wait_for_function(
        "(id) => [...window.__pianqu.maps.values()].at(-1).data.selected === id",
        arg=community,
    )
    settled(page)
    x, y = board(page, "board.pixel(argument)", community)
    width, height = board(page, "[board.map.getSize().x, board.map.getSize().y]")
    assert abs(x - width / 2) < 4
    assert abs(y - height / 2) < 4
    expect(page.locator(".pq-tr.pq-chosen")).to_have_attribute("data-id", chosen)


def test_map_selection_is_chosen_in_the_table(visit: Visit, server: str) -> None:
    page = visit(f"{server}/lifecircle?c=childcare")
    ready(page)
    community = board(page, "board.layers.communities.ids[11]")
    click_community(page, community)
    expect(page.locator(".pq-tr.pq-chosen")).to_have_attribute(
        "data-id", f"{community}|childcare"
    )


@pytest.mark.parametrize(
    "where", ["", "data", "lifecircle", "lifecircle?c=childcare&at=C001"]
)
def test_chinese_pages_speak_chinese(visit: Visit, server: str, where: str) -> None:
    page = visit(f"{server}/{where}")
    ready(page)
    page.locator(".pq-layers summary").click()
    names = set(board(page, "Object.keys(board.layers)"))
    assert "communities" in names
    assert latin_words(page) == [], page.locator("body").inner_text()[-3000:]


@pytest.mark.parametrize("where", ["", "data", "lifecircle"])
def test_english_pages(visit: Visit, server: str, where: str) -> None:
    page = visit(f"{server}/{where}?lang=en")
    ready(page)
    expect(page.get_by_role("link", name="Life circle")).to_be_visible()
    page.screenshot(path=BUILD / f"english-{where or 'overview'}.png", full_page=True)


def test_language_switch(visit: Visit, server: str) -> None:
    page = visit(f"{server}/lifecircle?c=market")
    ready(page)
    page.get_by_role("radio", name="English").or_(
        page.get_by_role("button", name="English")
    ).first.click()
    expect(page.locator(".pq-legend-title")).to_contain_text("Food market")
    settled(page)
    expect_parameter(page, "lang", "en")


def test_every_number_leads_to_its_rows(visit: Visit, server: str) -> None:
    page = visit(server)
    ready(page)
    page.locator(".pq-numbers .pq-number").nth(4).click()
    page.wait_for_url("**/data*")
    ready(page)
    expect(page.locator(".pq-table-title")).to_contain_text("发现清单")
    page.screenshot(path=BUILD / "data.png", full_page=True)


def test_profile_switch_keeps_the_last_result(visit: Visit, server: str) -> None:
    page = visit(server)
    ready(page)
    board(page, "board.mark = 1")
    page.get_by_text("甘肃", exact=True).click()
    page.wait_for_function(
        "new URL(location.href).searchParams.get('profile') === 'gansu'"
    )
    assert page.locator(".pq-numbers .pq-number").count() == 5
    page.wait_for_selector(".st-key-pq-progress", state="detached", timeout=120_000)
    ready(page)
    expect(page.locator(".pq-boxed .pq-note").first).to_contain_text("甘肃")
    assert board(page, "board.mark") == 1, "the map was built anew"


def test_downloads(visit: Visit, server: str, tmp_path: Path) -> None:
    page = visit(f"{server}/lifecircle?c=childcare")
    ready(page)
    for kind, least in (
        ("csv", 10_000),
        ("xlsx", 5_000),
        ("gpkg", 50_000),
        ("html", 150_000),
    ):
        with page.expect_download(timeout=60_000) as found:
            page.locator(f".st-key-pq-download-{kind} button").click()
        path = tmp_path / f"shown.{kind}"
        found.value.save_as(path)
        assert path.stat().st_size > least
    assert (tmp_path / "shown.csv").read_bytes().startswith(b"\xef\xbb\xbfcommunity_id")
    page.goto((tmp_path / "shown.html").as_uri())
    page.wait_for_selector("path.leaflet-interactive", state="attached")
    assert page.locator("path.leaflet-interactive").count() >= 100
    page.wait_for_timeout(500)
    page.screenshot(path=BUILD / "standalone.png")
