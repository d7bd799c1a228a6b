"""The page of the plan in the browser: rank, decide, drag, weigh, take away."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from e2e.helpers import BUILD, FIRST_MS, expect_parameter, latin_words, settled
from playwright.sync_api import Locator, Page, expect

pytestmark = pytest.mark.e2e

Visit = Callable[..., Page]


def planned(page: Page) -> None:
    """Wait until the plan is worked out and shown."""
    page.wait_for_selector(".st-key-pq-schedule-bar", timeout=FIRST_MS)
    page.wait_for_timeout(400)
    page.wait_for_selector(".st-key-pq-progress", state="detached", timeout=FIRST_MS)
    settled(page, FIRST_MS)
    page.wait_for_selector(".pq-map[data-ready=yes]")
    page.wait_for_function("!document.querySelector('.pq-stale')")


def panel(page: Page) -> Locator:
    """Return the panel beside the map."""
    return page.locator(".pq-panel.pq-boxed").first


def shown(page: Page, name: str) -> None:
    """Show one of the lists below the map."""
    page.locator(".st-key-pq-schedule-list").get_by_text(name, exact=True).click()
    settled(page)


def chart(page: Page) -> list[dict[str, Any]]:
    """Return the rows of the Gantt chart."""
    page.wait_for_selector(".pq-gantt[data-ready=yes]")
    script = "document.querySelector('.pq-gantt').gantt.value.rows"
    return list(page.evaluate(script))


def year_of(page: Page, unit: str) -> int:
    """Return the position of a unit's year, -1: none."""
    return next(int(row["year"]) for row in chart(page) if row["id"] == unit)


def undo(page: Page) -> Locator:
    """Return the button that takes back the last change."""
    return page.locator(".st-key-pq-review-undo button")


def changed(page: Page, words: str) -> None:
    """Wait until a change is taken and worked out."""
    expect(undo(page)).to_contain_text(words)
    planned(page)


def select_and_pin(page: Page) -> str:
    """Select the first unit in the chart and pin it to the last year."""
    unit = str(chart(page)[0]["id"])
    page.locator(f'.pq-gantt-row[data-id="{unit}"] .pq-gantt-name').click()
    expect(panel(page)).to_contain_text("成员（按位次）")
    settled(page)
    page.screenshot(path=BUILD / "schedule-sample-unit.png")
    panel(page).get_by_role("button", name="定在 2029 年").click()
    changed(page, "定在 2029 年")
    assert year_of(page, unit) == 2
    expect(panel(page)).to_contain_text("已固定")
    return unit


def drag_back(page: Page, unit: str) -> None:
    """Drag its bar to the first year: it is pinned there."""
    bar = page.locator(f'.pq-gantt-row[data-id="{unit}"] .pq-gantt-bar')
    bar.scroll_into_view_if_needed()
    box = bar.bounding_box()
    cell = page.locator(f'.pq-gantt-row[data-id="{unit}"] .pq-gantt-cell').first
    aim = cell.bounding_box()
    assert box is not None
    assert aim is not None
    page.mouse.move(box["x"] + 20, box["y"] + 10)
    page.mouse.down()
    page.mouse.move(box["x"] - 40, box["y"] + 10, steps=4)
    page.mouse.move(aim["x"] + 30, aim["y"] + 10, steps=4)
    page.mouse.up()
    changed(page, "定在 2027 年")
    assert year_of(page, unit) == 0


def bar_and_take_back(page: Page, unit: str) -> None:
    """Keep it out of the plan; undo brings it back."""
    panel(page).get_by_role("button", name="不列入", exact=True).click()
    changed(page, "不列入")
    assert year_of(page, unit) == -1
    undo(page).click()
    planned(page)
    assert year_of(page, unit) == 0
    panel(page).get_by_role("button", name="取消指定").click()
    changed(page, "取消指定")


def weigh(page: Page) -> None:
    """Change a weight beside the bars: another order; back to default."""
    shown(page, "排序与权重")
    expect(page.locator(".pq-stack-cell i").first).to_be_visible()
    ids = "[...document.querySelectorAll('.pq-tr')].map((row) => row.dataset.id)"
    before = page.evaluate(ids)
    page.screenshot(path=BUILD / "schedule-sample-ranking.png")
    field = page.locator(".st-key-pq-schedule-weight-weight_willingness input")
    field.fill("0")
    field.press("Enter")
    changed(page, "居民意愿 改为 0")
    assert page.evaluate(ids) != before
    page.locator(".st-key-pq-schedule-weights-restore button").click()
    changed(page, "权重恢复默认")
    assert page.evaluate(ids) == before


def look_and_take_away(page: Page) -> None:
    """Read a community's score, the other lists, and take the files away."""
    page.locator(".pq-tr").first.click()
    expect(panel(page)).to_contain_text("得分构成")
    settled(page)
    page.screenshot(path=BUILD / "schedule-sample-community.png")
    for name in ("未列入", "倒置说明", "资金构成"):
        shown(page, name)
        expect(page.locator(".pq-table-body")).to_be_visible()
    for name, start in (("排序", "community_id,rank,score"), ("计划", "unit_id,year")):
        with page.expect_download() as found:
            page.get_by_role("button", name=f"{name} CSV").click()
        text = Path(found.value.path()).read_text(encoding="utf-8-sig")
        assert text.startswith(start)


def optimise(page: Page) -> None:
    """Look for the plan of the greatest worth: its bound is told."""
    page.locator(".st-key-pq-schedule-bar").get_by_text("按总效益").click()
    changed(page, "按总效益")
    panel(page).get_by_role("button", name="关闭").click()
    expect(panel(page)).to_contain_text("总效益（得分×户数×剩余年数）")


def test_the_plan_of_the_sample(server: str, visit: Visit) -> None:
    """The whole path, as someone would walk it."""
    page = visit(f"{server}/schedule?profile=yunnan")
    planned(page)
    expect(panel(page)).to_contain_text("多年计划")
    page.screenshot(path=BUILD / "schedule-sample.png")
    unit = select_and_pin(page)
    drag_back(page, unit)
    bar_and_take_back(page, unit)
    weigh(page)
    look_and_take_away(page)
    optimise(page)
    assert latin_words(page) == []


def test_a_unit_leads_to_its_clauses_and_back(server: str, visit: Visit) -> None:
    """The community that is selected stays so on the page of clauses."""
    page = visit(f"{server}/schedule?profile=yunnan")
    planned(page)
    shown(page, "排序与权重")
    first = page.locator(".pq-tr").first
    community = first.get_attribute("data-id")
    first.click()
    expect(panel(page)).to_contain_text("得分构成")
    settled(page)
    panel(page).get_by_text("逐条核对政策条款").click()
    page.wait_for_url("**/checks**")
    page.wait_for_selector(".st-key-pq-check-bar", timeout=FIRST_MS)
    expect_parameter(page, "at", community)
    page.get_by_role("link", name="计划", exact=True).click()
    page.wait_for_url("**/schedule**")
    planned(page)
    expect(panel(page)).to_contain_text("得分构成")


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_plan_fits_a_small_window(server: str, visit: Visit, lang: str) -> None:
    """At 1024 px the panel goes under the map and nothing is cut."""
    page = visit(f"{server}/schedule?lang={lang}", width=1024, height=768)
    planned(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= 1024
    above, beside = page.locator(".pq-map").bounding_box(), panel(page).bounding_box()
    assert above is not None
    assert beside is not None
    assert beside["y"] >= above["y"] + above["height"] - 1
    page.screenshot(path=BUILD / f"schedule-sample-1024-{lang}.png")
