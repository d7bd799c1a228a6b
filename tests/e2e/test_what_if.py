"""New gates and what-if in the browser: drop, drag, close, open, use, undo, compare."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from e2e.conftest import serve
from e2e.helpers import BUILD, FIRST_MS, latin_words, settled
from playwright.sync_api import Locator, Page, expect

from geo.decisions import parse_decisions
from geo.district import write_district
from geo.sample import make_district
from geo.town import make_town

pytestmark = pytest.mark.e2e

Visit = Callable[..., Page]

#: The aim is one second from drop to updated map on a machine that is free; a
#: machine that runs other tests meanwhile may take longer.
AIM_MS = 1_000
MOST_MS = 6_000


def open_part(page: Page, name: str) -> None:
    """Turn to a part of the page of sites."""
    page.wait_for_selector(".st-key-pq-site-parts", timeout=FIRST_MS)
    page.locator(".st-key-pq-site-parts").get_by_text(name, exact=True).click()


def trying(page: Page) -> None:
    """Wait until something can be tried."""
    page.wait_for_selector(".pq-tools button[data-tool=put]", timeout=FIRST_MS)
    page.wait_for_function("window.__pianqu.maps.get('what-if')?.style")
    settled(page)


def on_map(page: Page, script: str, argument: Any = None) -> Any:
    """Evaluate a script on the map on which things are tried."""
    return page.evaluate(
        f"""(argument) => {{
          const board = window.__pianqu.maps.get("what-if");
          return {script};
        }}""",
        argument,
    )


def spot(page: Page, script: str, argument: Any = None) -> tuple[float, float]:
    """Return where a point of the pane is on the screen."""
    box = page.locator(".pq-map").last.bounding_box()
    assert box is not None
    x, y = on_map(page, script, argument)
    return box["x"] + x, box["y"] + y


def take(page: Page, tool: str) -> None:
    """Take a tool of the bar on the map, unless it is in hand."""
    button = page.locator(f".pq-tools button[data-tool={tool}]")
    if button.get_attribute("aria-pressed") != "true":
        button.click()
    expect(button).to_have_attribute("aria-pressed", "true")


def choose(page: Page, category: str) -> None:
    """Choose a category in the bar on the map."""
    page.locator(".pq-tools select").first.select_option(category)
    page.wait_for_function(
        "(c) => window.__pianqu.maps.get('what-if').data.category === c", arg=category
    )
    settled(page)


def steps(page: Page, count: int) -> None:
    """Wait until the map shows as many steps, and Python has answered."""
    page.wait_for_function(
        """(count) => {
          const { extra } = window.__pianqu.maps.get("what-if");
          return extra.tags.length === count && !extra.pending.length;
        }""",
        arg=count,
    )
    settled(page)


def undo(page: Page) -> Locator:
    """Return the button that takes back the last step."""
    return page.locator(".st-key-pq-unit-undo button")


COMMUNITY = """(() => {
  const { ids } = board.layers.communities;
  return board.pixel(argument ?? ids[Math.floor(ids.length / 2)]);
})()"""
TAG = """(() => {
  const { place } = board.extra.tags[argument];
  const shift = board.map.getSize().multiplyBy(0.25);
  return [(place[0] + place[2]) / 2 - shift.x, (place[1] + place[3]) / 2 - shift.y];
})()"""
#: The middle of the southern side of a community's box.
WALL = """(() => {
  const { boxes, position } = board.layers.communities;
  const b = boxes.subarray(4 * position.get(argument), 4 * position.get(argument) + 4);
  const there = board.map.unproject(board.L.point((b[0] + b[2]) / 2, b[3]), 0);
  const { x, y } = board.map.latLngToContainerPoint(there);
  return [x, y];
})()"""
#: A facility of the category, or a resource that is fit for it, in sight.
DOT = """(() => {
  const { data } = board.extra;
  const blob = board.layers[argument];
  const fit = (at) => (argument === "facilities"
    ? blob.codes[at] === data.category : board.layers.fits.value.fits[at] === "yes");
  for (let at = 0; at < blob.ids.length; at += 1) {
    const { x, y } = board.map.latLngToContainerPoint(board.latLng(blob, at));
    if (fit(at) && x > 40 && y > 90 && x < 700 && y < 440) return [x, y];
  }
  return null;
})()"""


def put_and_drag(page: Page) -> None:
    """Drop two facilities, by click and out of the bar, and drag one elsewhere."""
    take(page, "put")
    expect(page.locator(".pq-tools")).to_contain_text("先选设施类别")
    choose(page, "elderly_daycare")
    page.mouse.click(*spot(page, COMMUNITY, "C106"))
    steps(page, 1)
    number = page.locator(".pq-number b")
    expect(number.first).to_have_text("1")
    expect(page.locator(".pq-panel.pq-boxed")).to_contain_text("新建老年人日间照料中心")
    chip = page.locator(".pq-tools .pq-do").bounding_box()
    assert chip is not None
    page.mouse.move(chip["x"] + 20, chip["y"] + 10)
    page.mouse.down()
    x, y = spot(page, COMMUNITY, "C110")
    page.mouse.move(x - 60, y - 40, steps=4)
    page.mouse.move(x, y, steps=4)
    page.mouse.up()
    steps(page, 2)
    view = on_map(page, "[board.map.getCenter(), board.map.getZoom()]")
    x, y = spot(page, TAG, 1)
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 30, y + 10, steps=3)
    page.mouse.move(x + 60, y + 20, steps=3)
    page.mouse.up()
    expect(undo(page)).to_contain_text("移动：新建")
    steps(page, 2)
    # neither a drop nor a drag moves the view
    assert on_map(page, "[board.map.getCenter(), board.map.getZoom()]") == view
    assert on_map(page, "board.extra.data.gained.length") > 0
    page.screenshot(path=BUILD / "what-if-sample.png")


def close_open_use(page: Page) -> None:
    """Close a facility, open the sample's missing gate, and use a resource."""
    take(page, "close")
    page.mouse.click(*spot(page, DOT, "facilities"))
    steps(page, 3)
    expect(undo(page)).to_contain_text("关闭")
    take(page, "gate")
    page.mouse.click(*spot(page, WALL, "C108"))
    steps(page, 4)
    expect(undo(page)).to_contain_text("印染厂家属院开出入口")
    take(page, "use")
    page.mouse.click(*spot(page, DOT, "resources"))
    steps(page, 5)
    expect(undo(page)).to_contain_text("改作老年人日间照料中心")
    page.screenshot(path=BUILD / "what-if-five.png")


def take_back(page: Page) -> None:
    """Undo and redo by keys, and remove one step by itself."""
    page.keyboard.press("Escape")
    page.keyboard.press("Control+z")
    steps(page, 4)
    page.keyboard.press("Control+z")
    steps(page, 3)
    page.keyboard.press("Control+Shift+z")
    steps(page, 4)
    page.locator(".pq-list li .pq-button").nth(2).click()
    steps(page, 3)
    expect(undo(page)).to_contain_text("去掉：关闭")
    row = page.locator(".pq-table .pq-tr").first
    row.click()
    settled(page)
    expect(page.locator(".pq-panel.pq-boxed")).to_contain_text("与今天相比")
    assert latin_words(page) == []


def keep_and_compare(page: Page, tmp_path: Path) -> None:
    """Keep the steps as a scheme, take them away and compare with it."""
    menu = page.get_by_role("button", name="方案", exact=True)
    menu.click()
    field = page.locator(".st-key-pq-what-if-name input")
    field.fill("试一")
    field.press("Tab")
    settled(page)
    page.locator(".st-key-pq-what-if-save button").click()
    expect(page.get_by_text("已保存方案“试一”。")).to_be_visible()
    menu.click()
    page.keyboard.press("Control+z")
    steps(page, 4)
    page.locator(".st-key-pq-what-if-against input").click()
    page.get_by_role("option", name="试一", exact=True).click()
    expect(page.locator(".pq-map")).to_have_count(2)
    expect(page.locator(".pq-table")).to_contain_text("对比方案（户）")
    settled(page)
    page.wait_for_timeout(400)
    page.screenshot(path=BUILD / "what-if-compare.png")
    assert latin_words(page) == []
    page.set_viewport_size({"width": 1024, "height": 768})
    page.wait_for_timeout(500)
    page.screenshot(path=BUILD / "what-if-compare-1024.png")
    assert page.evaluate("document.documentElement.scrollWidth") <= 1024
    page.set_viewport_size({"width": 1440, "height": 900})
    page.get_by_role("button", name="放进计划").click()
    with page.expect_download() as waiting:
        page.locator(".st-key-pq-what-if-file button").click()
    path = tmp_path / "scheme.json"
    waiting.value.save_as(path)
    scheme = parse_decisions(path.read_text(encoding="utf-8"), path.name)
    assert len(scheme.steps) == 4


def carry(page: Page) -> None:
    """Carry the steps into the plan: every page has them; then take them out."""
    page.locator(".st-key-pq-what-if-carry button").click()
    page.wait_for_function(
        "window.__pianqu.maps.get('what-if')?.extra?.data.steps.length === 0",
        timeout=FIRST_MS,
    )
    trying(page)
    page.get_by_role("button", name="放进计划").click()
    expect(page.get_by_text("计划里已经放进 4 项措施。")).to_be_visible()
    page.locator(".st-key-pq-what-if-withdraw button").click()
    page.wait_for_function(
        "window.__pianqu.maps.get('what-if')?.extra?.data.steps.length === 4",
        timeout=FIRST_MS,
    )


def test_try_take_back_compare_and_carry(
    visit: Visit, server: str, tmp_path: Path
) -> None:
    page = visit(f"{server}/sites")
    open_part(page, "试一试")
    trying(page)
    put_and_drag(page)
    close_open_use(page)
    take_back(page)
    keep_and_compare(page, tmp_path)
    carry(page)


def test_the_best_gate_is_found_and_tried(visit: Visit, server: str) -> None:
    page = visit(f"{server}/sites")
    open_part(page, "开门")
    page.wait_for_selector(".pq-table[data-ready=yes]", timeout=FIRST_MS)
    settled(page)
    page.screenshot(path=BUILD / "openings-sample.png")
    # the gate that the sample misses on purpose (tests/sample_answers.toml)
    row = page.locator(".pq-table .pq-tr").first
    expect(row).to_contain_text("印染厂家属院")
    row.click()
    panel = page.locator(".pq-panel.pq-boxed")
    expect(panel).to_contain_text("520 米 → 20 米")
    settled(page)
    page.wait_for_timeout(300)
    page.screenshot(path=BUILD / "openings-sample-best.png")
    assert latin_words(page) == []
    panel.get_by_role("button", name="放进试一试").click()
    trying(page)
    steps(page, 1)
    expect(undo(page)).to_contain_text("印染厂家属院开出入口")
    page.set_viewport_size({"width": 1024, "height": 768})
    page.wait_for_timeout(400)
    assert page.evaluate("document.documentElement.scrollWidth") <= 1024


#: Drops at a point, and tells how long it takes until the map shows other states.
DROP = """([x, y]) => new Promise((told) => {
  const board = window.__pianqu.maps.get("what-if");
  const before = board.style;
  const start = performance.now();
  const look = () => {
    if (board.style !== before && !board.extra.pending.length) {
      told(performance.now() - start);
    } else requestAnimationFrame(look);
  };
  board.extra.put(board.L.point(x, y));
  requestAnimationFrame(look);
})"""


def measure_drops(page: Page) -> list[float]:
    """Drop a facility at the first communities that lack one; milliseconds each."""
    spots = on_map(
        page,
        """board.layers.communities.ids
          .filter((id, at) => board.style.codes[at] === "1" && at % 7 === 0)
          .map((id) => board.pixel(id)).slice(0, 8)""",
    )
    found = []
    for at, place in enumerate(spots):
        found.append(float(page.evaluate(DROP, place)))
        steps(page, at + 1)
    return found


def test_a_drop_in_a_large_district(
    visit: Visit, browser: object, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    del browser  # without one there is nothing to serve
    folder = tmp_path / "town"
    write_district(make_district(make_town(3, communities=1000)), folder)
    with serve(tmp_path / "log.txt", PIANQU_DISTRICT=str(folder)) as address:
        page = visit(f"{address}/sites")
        open_part(page, "试一试")
        trying(page)
        choose(page, "elderly_daycare")
        found = sorted(measure_drops(page))
        page.screenshot(path=BUILD / "what-if-1000.png")
        note = page.locator(".pq-number").first.inner_text()
    middle = found[len(found) // 2]
    report = {"communities": 1000, "drop_to_map_ms": [round(one) for one in found]}
    (BUILD / "what-if-drop.json").write_text(json.dumps(report), encoding="utf-8")
    with capsys.disabled():
        told = f"{found[0]:,.0f} to {found[-1]:,.0f}, aim {AIM_MS:,}"
        print(f"\ndrop to map at 1,000 communities: {middle:,.0f} ms ({told})")  # noqa: T201 - the figure is asked for
        print(f"last step: {note!r}")  # noqa: T201
    assert middle < MOST_MS


@pytest.mark.real
def test_what_if_in_zhuhai(visit: Visit, zhuhai: str) -> None:
    page = visit(f"{zhuhai}/sites")
    open_part(page, "试一试")
    trying(page)
    choose(page, "health_station")
    take(page, "put")
    page.mouse.click(*spot(page, COMMUNITY))
    steps(page, 1)
    page.wait_for_timeout(300)
    page.screenshot(path=BUILD / "what-if-zhuhai.png")
    assert latin_words(page) == []
    open_part(page, "开门")
    panel = page.locator(".pq-panel.pq-boxed")
    expect(panel).to_contain_text("在围墙上开门", timeout=FIRST_MS)
    settled(page)
    page.screenshot(path=BUILD / "openings-zhuhai.png")
    assert latin_words(page) == []
