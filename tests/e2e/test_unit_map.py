"""The map of units under the mouse and the keys, in a browser without internet."""

from collections.abc import Callable
from typing import Any

import pytest
from e2e.helpers import BUILD, FIRST_MS, board, settled
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.e2e

Visit = Callable[..., Page]
#: What is picked in the browser, whatever Python says.
PICKED = "[...board.chooser.picked]"
MIDDLE = "[board.map.getCenter().lat, board.map.getCenter().lng, board.map.getZoom()]"


@pytest.fixture
def page(visit: Visit, server: str) -> Page:
    found = visit(f"{server}/units")
    found.wait_for_selector(".pq-tools .pq-picked", timeout=FIRST_MS)
    found.wait_for_selector(".pq-table[data-ready=yes]", timeout=FIRST_MS)
    settled(found)
    return found


def place(page: Page, community: str) -> tuple[float, float]:
    """Return where a community is in the window."""
    box = page.locator(".pq-map").last.bounding_box()
    assert box is not None
    x, y = board(page, "board.pixel(argument)", community)
    return box["x"] + x, box["y"] + y


def members(page: Page, least: int = 2) -> list[list[str]]:
    """Return the communities of each unit with so many."""
    found: dict[int, list[str]] = {}
    ids, units = board(page, "[board.layers.communities.ids, board.style.unit]")
    for community, unit in zip(ids, units, strict=True):
        found.setdefault(unit, []).append(community)
    return [group for group in found.values() if len(group) >= least]


def drag(page: Page, box: list[float], **keys: Any) -> None:
    """Draw a box on the map, given in pixels of the map."""
    outer = page.locator(".pq-map").last.bounding_box()
    assert outer is not None
    left, top, right, bottom = box
    for key in keys.get("held", []):
        page.keyboard.down(key)
    page.mouse.move(outer["x"] + left, outer["y"] + top)
    page.mouse.down()
    page.mouse.move(outer["x"] + right, outer["y"] + bottom, steps=4)
    page.mouse.up()
    for key in keys.get("held", []):
        page.keyboard.up(key)


def test_a_click_picks_at_once_and_a_second_one_lets_go(page: Page) -> None:
    one, other = (group[0] for group in members(page)[:2])
    page.mouse.click(*place(page, one))
    assert board(page, PICKED) == [one], "the browser does not wait for Python"
    page.mouse.click(*place(page, other))
    assert board(page, PICKED) == [one, other]
    expect(page.locator(".pq-picked")).to_contain_text("已选 2 个小区")
    settled(page)
    assert board(page, "board.data.selection") == [one, other]
    page.mouse.click(*place(page, one))
    settled(page)
    assert board(page, PICKED) == [other]
    page.keyboard.press("Escape")
    settled(page)
    assert board(page, "board.data.selection") == []
    expect(page.locator(".pq-do").first).to_be_hidden()


@pytest.mark.parametrize("way", ["shift", "button"])
def test_a_box_picks_what_has_its_point_inside(page: Page, way: str) -> None:
    before = board(page, MIDDLE)
    box = [180.0, 140.0, 420.0, 330.0]
    inside = board(page, "board.within(argument)", box)
    assert len(inside) > 5
    if way == "button":
        page.locator(".pq-tools button").first.click()
    drag(page, box, held=["Shift"] if way == "shift" else [])
    settled(page)
    assert board(page, PICKED) == inside
    assert board(page, "board.data.selection") == inside
    assert board(page, MIDDLE) == before, "the map moved"
    half = [180.0, 140.0, 300.0, 330.0]
    gone = set(board(page, "board.within(argument)", half))
    drag(page, half, held=["Shift", "Alt"])
    settled(page)
    assert board(page, PICKED) == [one for one in inside if one not in gone]


def test_keys_take_back_and_again_but_not_while_typing(page: Page) -> None:
    def units() -> int:
        return int(board(page, "board.style.units.ids.length"))

    first = units()
    groups = members(page)
    for at in (0, 2):
        for group in groups[at : at + 2]:
            page.mouse.click(*place(page, group[0]))
        page.locator(".pq-do").first.click()
        settled(page)
        page.keyboard.press("Escape")
        settled(page)
    assert units() == first - 2
    page.locator(".pq-table .pq-search").click()
    page.keyboard.press("Control+z")
    settled(page)
    assert units() == first - 2
    page.locator(".pq-table-title").click()
    for _ in range(3):  # faster than Python answers; one more than there is to undo
        page.keyboard.press("Control+z")
    page.keyboard.press("Control+y")
    wanted = "[...window.__pianqu.maps.values()].at(-1).style.units.ids.length === {}"
    page.wait_for_function(wanted.format(first - 1))
    page.keyboard.press("Control+Shift+Z")
    page.wait_for_function(wanted.format(first - 2))


def test_pointing_names_unit_and_community(page: Page) -> None:
    group = members(page, least=3)[0]
    name, number = board(
        page,
        """(() => {
          const at = board.layers.communities.position.get(argument);
          return [board.layers.communities.names[at],
                  board.style.units.numbers[board.style.unit[at]]];
        })()""",
        group[1],
    )
    page.mouse.move(*place(page, group[1]))
    hint = page.locator(".pq-hint")
    expect(hint).to_contain_text(f"片区 {number}")
    expect(hint).to_contain_text(name)
    expect(hint).to_contain_text("个小区")
    page.screenshot(path=BUILD / "units-pointing.png")


def test_units_side_by_side_differ_in_colour(page: Page) -> None:
    """Two communities whose outlines nearly touch never look alike by accident."""
    alike = board(
        page,
        """(() => {
          const { boxes, ids } = board.layers.communities;
          const { unit, codes } = board.style;
          let found = 0;
          for (let a = 0; a < ids.length; a += 1) for (let b = 0; b < a; b += 1) {
            if (unit[a] === unit[b] || codes[a] !== codes[b]) continue;
            const [p, q] = [boxes.subarray(4 * a, 4 * a + 4), boxes.subarray(4 * b)];
            const near = p[0] < q[2] && q[0] < p[2] && p[1] < q[3] && q[1] < p[3];
            found += near;
          }
          return found;
        })()""",
    )
    assert alike == 0


def test_two_schemes_side_by_side_move_together(page: Page) -> None:
    page.locator(".st-key-pq-unit-bar").get_by_text("方案", exact=True).click()
    name = page.locator("[data-testid=stPopoverBody] input[type=text]").first
    name.fill("甲")
    name.press("Enter")
    page.get_by_text("保存当前方案").click()
    settled(page)
    groups = members(page)
    page.keyboard.press("Escape")
    for group in groups[:2]:
        page.mouse.click(*place(page, group[0]))
    page.locator(".pq-do").first.click()
    settled(page)
    page.locator(".st-key-pq-unit-against input").click()
    page.locator("[role=option]").filter(has_text="甲").click()
    expect(page.locator(".pq-map[data-ready=yes]")).to_have_count(2)
    settled(page)
    changed = sorted(one for group in groups[:2] for one in group)
    assert board(page, "board.data.differ") == changed
    everywhere = """() => [...window.__pianqu.maps.values()].map((board) => [
      board.map.getCenter().lat, board.map.getCenter().lng, board.map.getZoom()])"""
    first = page.evaluate(everywhere)
    drag(page, [300.0, 300.0, 360.0, 250.0])
    page.wait_for_timeout(400)
    page.mouse.wheel(0, -300)
    page.wait_for_timeout(1200)
    left, right = page.evaluate(everywhere)
    assert left == pytest.approx(right, abs=1e-6)
    assert left != pytest.approx(first[0], abs=1e-4)
    page.locator(".pq-zooms").last.locator("button").last.click()
    page.wait_for_timeout(400)
    left, right = page.evaluate(everywhere)
    assert left == pytest.approx(right, abs=1e-6)
    page.mouse.move(*place(page, changed[0]))
    over = "() => [...window.__pianqu.maps.values()].map((board) => board.over)"
    assert page.evaluate(over) == [changed[0]] * 2
    page.screenshot(path=BUILD / "units-two-schemes.png")
