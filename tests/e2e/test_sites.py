"""The page of sites in the browser: decide, drag, change the budget, take away."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from e2e.helpers import BUILD, FIRST_MS, click_community, latin_words, settled
from playwright.sync_api import Locator, Page, expect

pytestmark = pytest.mark.e2e

Visit = Callable[..., Page]


def proposed(page: Page) -> None:
    """Wait until the solver is done and the map has what it proposed."""
    page.wait_for_selector(".st-key-pq-site-bar", timeout=FIRST_MS)
    page.wait_for_timeout(300)
    page.wait_for_selector(".st-key-pq-progress", state="detached", timeout=FIRST_MS)
    settled(page, FIRST_MS)
    page.wait_for_function(
        """!document.querySelector(".pq-stale")
          && window.__pianqu?.maps.get("sites")?.extra?.pills.length > 0"""
    )


def on_map(page: Page, script: str, argument: Any = None) -> Any:
    """Evaluate a script on the map of sites."""
    return page.evaluate(
        f"""(argument) => {{
          const board = window.__pianqu.maps.get("sites");
          return {script};
        }}""",
        argument,
    )


def sites_on(page: Page) -> list[str]:
    """Return the proposals that the map shows."""
    return list(on_map(page, "board.extra.pills.map((pill) => pill.site.id)"))


def spot_of(page: Page, site: str) -> tuple[float, float]:
    """Return where a proposal is on the screen."""
    box = page.locator(".pq-map").bounding_box()
    assert box is not None
    x, y = on_map(page, "board.extra.pixel(argument)", site)
    return box["x"] + x, box["y"] + y


def bare_community(page: Page, deep: float) -> str:
    """Return a community in sight with no proposal or resource at its point."""
    found = on_map(
        page,
        """board.layers.communities.ids.find((id) => {
          const [x, y] = board.pixel(id);
          const spot = board.L.point(x, y);
          if (board.extra.hover(spot)) return false;
          return x > 40 && x < 700 && y > 60 && y < argument - 40;
        })""",
        deep,
    )
    return str(found)


def panel(page: Page) -> Locator:
    """Return the panel beside the map."""
    return page.locator(".pq-panel.pq-boxed").first


def press(page: Page, label: str) -> None:
    """Press a button of the panel."""
    panel(page).get_by_role("button", name=label, exact=True).first.click()


def decided(page: Page, words: str) -> None:
    """Wait until a decision is taken and solved around."""
    expect(page.locator(".st-key-pq-site-undo button")).to_contain_text(words)
    expect(page.locator(".st-key-pq-site-undo button")).to_be_enabled(timeout=FIRST_MS)
    proposed(page)


def see_whom_it_serves(page: Page, site: str) -> None:
    """Choose a proposal: lines lead to whom it serves."""
    page.mouse.click(*spot_of(page, site))
    expect(panel(page)).to_contain_text("服务人数")
    settled(page)
    assert on_map(page, "board.extra.data.lines.length") > 0
    page.screenshot(path=BUILD / "sites-sample-one.png")


def drag_it_away_and_back(page: Page, site: str) -> None:
    """Drag a proposal far off: the loss is told; then it is put back."""
    x, y = spot_of(page, site)
    before = on_map(page, "[board.map.getCenter(), board.map.getZoom()]")
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 40, y + 30, steps=4)
    page.mouse.move(x + 90, y + 60, steps=4)
    page.mouse.up()
    expect(panel(page)).to_contain_text("挪到新位置")
    assert on_map(page, "[board.map.getCenter(), board.map.getZoom()]") == before
    assert on_map(page, "Boolean(board.extra.data.ghost)")
    page.screenshot(path=BUILD / "sites-sample-moved.png")
    press(page, "放回原处")
    expect(panel(page)).not_to_contain_text("挪到新位置")


def refuse_and_take_back(page: Page, site: str) -> None:
    """Refuse a proposal: another plan; undo brings it back."""
    press(page, "不要")
    decided(page, "撤销：不在")
    assert site not in sites_on(page)
    page.locator(".st-key-pq-site-undo button").click()
    redo = page.locator(".st-key-pq-site-redo button")
    expect(redo).to_contain_text("重做：不在")
    expect(redo).to_be_enabled(timeout=FIRST_MS)
    proposed(page)
    assert site in sites_on(page)
    page.mouse.click(*spot_of(page, site))
    expect(panel(page)).to_contain_text("服务人数")
    press(page, "采纳")
    decided(page, "撤销：采纳")
    assert site in sites_on(page)
    expect(panel(page)).to_contain_text("已采纳")
    press(page, "取消选择")
    expect(panel(page)).to_contain_text("已有的决定")


def choose_a_budget(page: Page) -> None:
    """Click a point of the curve: that is the budget from now on."""
    page.wait_for_selector(".pq-curve-dot", timeout=FIRST_MS)
    page.locator(".pq-curve-dot").nth(2).click()
    decided(page, "预算改为")
    assert int(page.locator(".pq-number b").first.inner_text()) <= 2
    page.screenshot(path=BUILD / "sites-sample-budget.png")


def read_tables_and_files(page: Page) -> None:
    """Read who stays unserved, go there from the table, and take the files away."""
    page.locator(".st-key-pq-site-list").get_by_text("仍未满足").click()
    expect(page.locator(".pq-table-title")).to_contain_text("仍未满足的需求")
    settled(page)
    page.locator(".pq-tr").first.click()
    expect(panel(page)).to_contain_text("关闭")
    settled(page)
    with page.expect_download() as found:
        page.get_by_role("button", name="选址 CSV").click()
    text = Path(found.value.path()).read_text(encoding="utf-8-sig")
    assert text.startswith("idle_id,category,floor_area_m2")


def test_sites_on_the_sample(server: str, visit: Visit) -> None:
    """The whole path, as someone would walk it."""
    page = visit(f"{server}/sites")
    proposed(page)
    page.screenshot(path=BUILD / "sites-sample.png")
    expect(panel(page)).to_contain_text("任何")
    site = next(one for one in sites_on(page) if one.endswith("elderly_daycare"))
    see_whom_it_serves(page, site)
    drag_it_away_and_back(page, site)
    refuse_and_take_back(page, site)
    choose_a_budget(page)
    read_tables_and_files(page)
    assert latin_words(page) == []


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_sites_fit_a_small_window(server: str, visit: Visit, lang: str) -> None:
    """At 1024 px the panel goes under the map and nothing is cut."""
    page = visit(f"{server}/sites?lang={lang}", width=1024, height=768)
    proposed(page)
    wide = page.evaluate("document.documentElement.scrollWidth")
    assert wide <= 1024
    shown, beside = page.locator(".pq-map").bounding_box(), panel(page).bounding_box()
    assert shown is not None
    assert beside is not None
    assert beside["y"] >= shown["y"] + shown["height"] - 1
    page.screenshot(path=BUILD / f"sites-sample-1024-{lang}.png")
    community = bare_community(page, 768 - shown["y"])
    click_community(page, community)
    page.wait_for_function(
        "(id) => window.__pianqu.maps.get('sites').data.selected === id", arg=community
    )
