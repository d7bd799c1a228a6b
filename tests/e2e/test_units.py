"""The page of units in the browser: draw, edit, undo, keep, compare, take away."""

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from e2e.helpers import (
    BUILD,
    FIRST_MS,
    board,
    click_community,
    latin_words,
    ready,
    settled,
)
from playwright.sync_api import Locator, Page, expect

from geo.decisions import parse_decisions

pytestmark = pytest.mark.e2e

Visit = Callable[..., Page]


def number(page: Page, at: int) -> Locator:
    """Return one of the headline numbers."""
    return page.locator(".pq-numbers .pq-number").nth(at).locator("b")


def act(page: Page, label: str) -> None:
    """Press a button of the bar on the map."""
    page.locator(".pq-tools button", has_text=label).first.click()
    settled(page)


def units_of(page: Page, ids: Sequence[str]) -> list[str]:
    """Return the units that the map shows some communities in."""
    found = board(
        page,
        """argument.map((id) => {
          const own = [...window.__pianqu.maps.values()].find((one) => one.data.keys);
          const at = own.layers.communities.position.get(id);
          return own.style.units.ids[own.style.unit[at]];
        })""",
        list(ids),
    )
    return [str(one) for one in found]


def neighbours_apart(page: Page) -> list[str]:
    """Return two communities near each other that are in different units."""
    found = board(
        page,
        """(() => {
          const { layers, style } = board;
          const { ids, anchors } = layers.communities;
          let best = [Infinity];
          const spot = (at) => board.pixel(ids[at]);
          for (let i = 0; i < ids.length; i += 1) {
            for (let j = i + 1; j < ids.length; j += 1) {
              if (style.unit[i] === style.unit[j]) continue;
              const [[x, y], [u, v]] = [spot(i), spot(j)];
              const far = Math.hypot(x - u, y - v);
              // far enough that a click on one is not one on the other
              if (far > 14 && far < best[0]) best = [far, ids[i], ids[j]];
            }
          }
          return best.slice(1);
        })()""",
    )
    return [str(one) for one in found]


def drag_box(page: Page, ids: Sequence[str]) -> None:
    """Draw a box around communities, with Shift and the mouse."""
    box = page.locator(".pq-map").first.bounding_box()
    assert box is not None
    spots = [board(page, "board.pixel(argument)", one) for one in ids]
    left, top = (min(spot[axis] for spot in spots) - 6 for axis in (0, 1))
    right, low = (max(spot[axis] for spot in spots) + 6 for axis in (0, 1))
    page.keyboard.down("Shift")
    page.mouse.move(box["x"] + left, box["y"] + top)
    page.mouse.down()
    page.mouse.move(box["x"] + right, box["y"] + low, steps=4)
    page.mouse.up()
    page.keyboard.up("Shift")
    settled(page)


def drawn(page: Page) -> None:
    """Wait until the solver is done."""
    page.wait_for_timeout(300)
    page.wait_for_selector(".st-key-pq-progress", state="detached", timeout=FIRST_MS)
    settled(page)


def keep(page: Page, name: str) -> None:
    """Keep the units as a scheme."""
    menu = page.get_by_role("button", name="方案", exact=True)
    menu.click()
    field = page.locator(".st-key-pq-unit-scheme-name input")
    field.fill(name)
    field.press("Tab")
    settled(page)
    page.locator(".st-key-pq-unit-save button").click()
    expect(page.get_by_text(f"已保存方案“{name}”。")).to_be_visible()
    menu.click()
    settled(page)


def see_why_together(page: Page) -> None:
    """Look at the unit that was worked out on paper for the sample."""
    click_community(page, "C106")
    panel = page.locator(".pq-panel.pq-boxed")
    expect(panel).to_contain_text("托育")
    expect(panel.locator(".pq-terms")).to_contain_text("合计")
    assert len(set(units_of(page, ["C106", "C107"]))) == 1
    page.screenshot(path=BUILD / "units-sample-unit.png")
    page.keyboard.press("Escape")
    expect(panel).to_contain_text("全区片区")


def merge_and_take_back(page: Page) -> list[str]:
    """Merge two picked by clicks; undo by button, do again and undo by keys."""
    first = number(page, 0).inner_text()
    undo = page.locator(".st-key-pq-unit-undo")
    redo = page.locator(".st-key-pq-unit-redo")
    pair = neighbours_apart(page)
    for one in pair:
        click_community(page, one)
        settled(page)
    expect(page.locator(".pq-panel.pq-boxed")).to_contain_text("为什么不在一起")
    page.screenshot(path=BUILD / "units-sample-pair.png")
    act(page, "合并")
    expect(undo).to_contain_text("合并片区")
    assert len(set(units_of(page, pair))) == 1
    undo.locator("button").click()
    expect(redo).to_contain_text("合并片区")
    settled(page)
    assert len(set(units_of(page, pair))) == 2
    expect(number(page, 0)).to_have_text(first)
    page.keyboard.press("Control+y")
    expect(undo).to_contain_text("合并片区")
    page.keyboard.press("Control+z")
    expect(redo).to_contain_text("合并片区")
    expect(number(page, 0)).to_have_text(first)
    return pair


def lock_and_finish(page: Page, pair: Sequence[str]) -> list[str]:
    """Pick by a box, make it a unit, lock it, and have the rest drawn around it."""
    page.keyboard.press("Escape")
    settled(page)
    drag_box(page, pair)
    picked = [str(one) for one in board(page, "[...board.chooser.picked]")]
    assert set(pair) <= set(picked)
    act(page, "另成一片")
    act(page, "锁定")
    undo = page.locator(".st-key-pq-unit-undo")
    expect(undo).to_contain_text("锁定")
    page.get_by_role("button", name="其余自动划分").click()
    drawn(page)
    expect(undo).to_contain_text("自动划分")
    assert len(set(units_of(page, picked))) == 1
    return picked


def leave_and_come_back(page: Page) -> None:
    """Turn to another page and back."""
    page.get_by_role("link", name="数据").click()
    page.wait_for_url("**/data*")
    ready(page)
    page.get_by_role("link", name="片区", exact=True).click()
    page.wait_for_url("**/units*")
    ready(page)
    expect(page.locator(".st-key-pq-unit-undo")).to_contain_text("自动划分")


def compare(page: Page, name: str) -> None:
    """Show another scheme beside the units."""
    page.locator(".st-key-pq-unit-against input").click()
    page.get_by_role("option", name=name).click()
    expect(page.locator(".pq-map")).to_have_count(2)
    expect(page.locator(".st-key-pq-compare")).to_contain_text("两个方案有什么不同")
    page.wait_for_selector(".st-key-pq-compare .pq-table[data-ready=yes]")
    settled(page)
    page.wait_for_timeout(400)
    page.screenshot(path=BUILD / "units-compare.png")
    assert latin_words(page) == []
    page.set_viewport_size({"width": 1024, "height": 800})
    page.wait_for_timeout(600)
    page.screenshot(path=BUILD / "units-compare-1024.png")
    assert page.evaluate("document.documentElement.scrollWidth") <= 1024


def test_draw_edit_keep_and_compare(visit: Visit, server: str, tmp_path: Path) -> None:
    page = visit(f"{server}/units")
    ready(page)
    drawn(page)
    expect(page.locator(".pq-numbers")).to_contain_text("已证明最优")
    page.screenshot(path=BUILD / "units-sample.png")
    see_why_together(page)
    pair = merge_and_take_back(page)
    keep(page, "方案一")
    picked = lock_and_finish(page, pair)
    keep(page, "方案二")
    leave_and_come_back(page)
    assert len(set(units_of(page, picked))) == 1
    compare(page, "方案一")
    with page.expect_download() as waiting:
        page.locator(".st-key-pq-download-json button").click()
    path = tmp_path / "scheme.json"
    waiting.value.save_as(path)
    scheme = parse_decisions(path.read_text(encoding="utf-8"), path.name)
    assert tuple(sorted(picked)) in scheme.units
    assert scheme.name == "方案二"
    page.get_by_role("button", name="方案", exact=True).click()
    page.locator("input[type=file]").set_input_files(path)
    expect(page.locator(".st-key-pq-unit-undo")).to_contain_text("打开方案“方案二”")
    drawn(page)
    assert len(set(units_of(page, picked))) == 1


@pytest.mark.real
def test_units_of_zhuhai(visit: Visit, zhuhai: str) -> None:
    page = visit(f"{zhuhai}/units")
    ready(page)
    drawn(page)
    panel = page.locator(".pq-panel.pq-boxed")
    expect(panel).to_contain_text("23 个小区缺少户数")
    page.screenshot(path=BUILD / "units-zhuhai.png")
    row = page.locator(".pq-table .pq-tr").first
    row.click()
    expect(panel.locator(".pq-terms")).to_contain_text("合计")
    expect(panel).to_contain_text("户数不详")
    act(page, "拆开")
    expect(page.locator(".st-key-pq-unit-undo")).to_contain_text("拆散片区")
    page.keyboard.press("Control+z")
    expect(page.locator(".st-key-pq-unit-redo")).to_contain_text("拆散片区")
    settled(page)
    page.screenshot(path=BUILD / "units-zhuhai-unit.png")
    page.set_viewport_size({"width": 1024, "height": 800})
    page.wait_for_timeout(600)
    page.screenshot(path=BUILD / "units-zhuhai-1024.png")
    assert page.evaluate("document.documentElement.scrollWidth") <= 1024
    assert latin_words(page) == []
