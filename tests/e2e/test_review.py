"""From a clause that is not met to the evaluation, in the browser, as a new user would.

Find why a community is not eligible, supply the evidence, see the ranking change, make
a three-year plan, take the evaluation away.
"""

import io
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from e2e.helpers import BUILD, FIRST_MS, latin_words, settled
from playwright.sync_api import Locator, Page, expect

pytestmark = pytest.mark.e2e

Visit = Callable[..., Page]

#: A frame on a screen of 60 Hz.
FRAME_MS = 16.7


def reviewed(page: Page) -> None:
    """Wait until the clauses are checked and shown."""
    page.wait_for_selector(".st-key-pq-check-bar", timeout=FIRST_MS)
    page.wait_for_timeout(400)
    page.wait_for_selector(".st-key-pq-progress", state="detached", timeout=FIRST_MS)
    settled(page, FIRST_MS)
    page.wait_for_function("!document.querySelector('.pq-stale')")


def panel(page: Page) -> Locator:
    """Return the panel beside the matrix."""
    return page.locator(".pq-panel.pq-boxed").first


def matrix(page: Page, script: str, argument: Any = None) -> Any:
    """Evaluate a script on the matrix that is shown."""
    page.wait_for_selector(".pq-matrix[data-ready=yes]")
    return page.evaluate(
        f"""(argument) => {{
          const matrix = window.__pianqu.matrix;
          return {script};
        }}""",
        argument,
    )


def sign_of(page: Page, community: str, rule: str) -> str:
    """Return the sign of a cell."""
    script = """(() => {
      const row = matrix.rowOf.get(argument[0]);
      const column = matrix.columnOf.get(argument[1]);
      return matrix.data.classes[matrix.code(row, column)]?.sign ?? "";
    })()"""
    return str(matrix(page, script, [community, rule]))


def click_cell(page: Page, community: str, rule: str) -> None:
    """Click on a cell with the mouse."""
    x, y = matrix(page, "matrix.pixel(...argument)", [community, rule])
    page.mouse.click(x, y)
    settled(page)


def undo(page: Page) -> Locator:
    """Return the button that takes back the last change."""
    return page.locator(".st-key-pq-review-undo button")


def without_consent(page: Page) -> str:
    """Return a community of which nobody recorded what its residents said."""
    script = """(() => {
      const { classes } = matrix.data;
      const { cells } = matrix.value;
      const columns = ["YN-1-7a", "YN-1-7b"].map((rule) => matrix.columnOf.get(rule));
      const at = matrix.order.find((row) =>
        columns.every((column) => classes[cells[row][column]]?.sign === "?"));
      return at === undefined ? "" : matrix.value.ids[at];
    })()"""
    found = str(matrix(page, script))
    assert found, "no community of the plan lacks a record of consent"
    return found


def rank_of(page: Page, community: str) -> tuple[int, float]:
    """Return place and score of a community on the page of the plan."""
    page.locator(".st-key-pq-schedule-list").get_by_text("排序与权重").click()
    settled(page)
    page.wait_for_selector(".pq-stack-cell", timeout=FIRST_MS)
    script = """(id) => {
      const hosts = [...document.querySelectorAll(".pq-table")];
      const tables = hosts.map((one) => one.table);
      const rows = tables.find((one) => one.rows?.columns.score).rows;
      const at = rows.ids.indexOf(id);
      return [rows.columns.rank[at], rows.columns.score[at]];
    }"""
    rank, score = page.evaluate(script, community)
    return int(rank), float(score)


def go_to(page: Page, name: str, selector: str) -> None:
    """Turn to another page of the top navigation."""
    page.locator(".st-key-pq-bar").get_by_role("link", name=name, exact=True).click()
    page.wait_for_selector(selector, timeout=FIRST_MS)
    page.wait_for_timeout(400)
    page.wait_for_selector(".st-key-pq-progress", state="detached", timeout=FIRST_MS)
    settled(page, FIRST_MS)
    page.wait_for_function("!document.querySelector('.pq-stale')")


def find_why(page: Page) -> str:
    """Find out why a community cannot be applied for."""
    expect(page.locator(".pq-numbers")).to_contain_text("还缺证据")
    page.locator(".pq-number", has_text="还缺证据").click()
    settled(page)
    assert set(matrix(page, "matrix.value.columns.map((one) => one.hard)")) == {True}
    page.screenshot(path=BUILD / "review-1-missing.png")
    community = without_consent(page)
    click_cell(page, community, "YN-1-7a")
    expect(panel(page)).to_contain_text("居民参与率、同意率原则上均要达到2/3以上")
    expect(panel(page)).to_contain_text("还缺")
    page.screenshot(path=BUILD / "review-2-why.png")
    return community


def type_wrongly(page: Page) -> None:
    """Type what is no number: it is told at the field, and nothing is changed."""
    field = panel(page).locator("input[name='consent|households_participated']").first
    field.fill("很多")
    panel(page).get_by_role("button", name="填入并重新核对").click()
    expect(panel(page).locator(".pq-told").first).to_contain_text("很多")
    expect(undo(page)).to_be_disabled()


def supply(page: Page, community: str) -> None:
    """Supply the evidence for both rates: the signs change."""
    field = panel(page).locator("input[name='consent|households_participated']").first
    field.fill("90")
    field.press("Enter")
    expect(undo(page)).to_be_enabled()
    reviewed(page)
    click_cell(page, community, "YN-1-7b")
    form = panel(page).locator("form.pq-form").first
    form.locator("input[name='consent|households_participated']").fill("90")
    form.locator("input[name='consent|households_agreed']").fill("90")
    panel(page).get_by_role("button", name="填入并重新核对").click()
    expect(undo(page)).to_contain_text("同意")
    reviewed(page)
    expect(panel(page)).to_contain_text("90/90（100")
    page.screenshot(path=BUILD / "review-3-supplied.png")


def overrule(page: Page, community: str, rule: str) -> None:
    """Overrule a verdict by hand: who, when and why stay with it; undo it."""
    click_cell(page, community, rule)
    before = sign_of(page, community, rule)
    panel(page).locator("summary", has_text="人工改判").click()
    form = panel(page).locator("form.pq-form").last
    form.locator("select[name=state]").select_option("met")
    form.get_by_role("button", name="改判", exact=True).click()
    expect(form).to_contain_text("请填写改判人和理由")
    form = panel(page).locator("form.pq-form").last
    form.locator("select[name=state]").select_option("met")
    form.locator("input[name=author]").fill("张三")
    form.locator("input[name=reason]").fill("现场复核，原件在街道")
    form.get_by_role("button", name="改判", exact=True).click()
    expect(undo(page)).to_contain_text("改判")
    reviewed(page)
    expect(panel(page)).to_contain_text("人工改判为“满足”：张三")
    assert sign_of(page, community, rule) == "●"
    page.screenshot(path=BUILD / "review-4-overruled.png")
    undo(page).click()
    reviewed(page)
    assert sign_of(page, community, rule) == before


def see_it_on_the_map(page: Page, community: str) -> None:
    """Look at the community on the map, and come back to the matrix."""
    panel(page).get_by_role("button", name="在地图上看").click()
    page.wait_for_selector(".pq-map[data-ready=yes]")
    settled(page)
    page.wait_for_function(
        "(id) => window.__pianqu.maps.get('checks')?.data.selected === id",
        arg=community,
    )
    page.screenshot(path=BUILD / "review-5-map.png")
    page.locator(".st-key-pq-check-show").get_by_text("矩阵").click()
    page.wait_for_selector(".pq-matrix[data-ready=yes]")
    settled(page)


def take_evidence_away(page: Page) -> None:
    """Take the edited tables away: the sample itself is not written into."""
    with page.expect_download() as found:
        page.get_by_role("button", name="证据打包下载").click()
    content = Path(found.value.path()).read_bytes()
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        text = archive.read("consent.csv").decode("utf-8-sig")
    assert ",90,90" in text
    for name, start in (("核对结果", "rule_id,level"), ("待收集清单", "subject_id")):
        with page.expect_download() as found:
            page.get_by_role("button", name=f"{name} CSV").click()
        text = Path(found.value.path()).read_text(encoding="utf-8-sig")
        assert text.startswith(start)


def make_the_plan(page: Page) -> None:
    """See the plan of three years and take it away."""
    page.locator(".st-key-pq-schedule-list button").first.click()
    settled(page)
    page.screenshot(path=BUILD / "review-7-plan.png")
    with page.expect_download() as found:
        page.get_by_role("button", name="计划 CSV").click()
    text = Path(found.value.path()).read_text(encoding="utf-8-sig")
    years = {line.split(",")[1] for line in text.splitlines()[1:] if line}
    assert years <= {"2027", "2028", "2029"}
    assert len(years) > 1


def export_the_evaluation(page: Page) -> None:
    """Take the table of the 20 indicators away as Excel and Word."""
    page.screenshot(path=BUILD / "review-8-evaluation.png")
    with page.expect_download() as found:
        page.get_by_role("button", name="自评表 Excel").click()
    content = Path(found.value.path()).read_bytes()
    book = pd.read_excel(io.BytesIO(content), sheet_name=None, header=None)
    cells = {str(cell) for sheet in book.values() for cell in sheet.to_numpy().ravel()}
    assert any("一(一)" in cell or "统筹协调" in cell for cell in cells)
    with page.expect_download() as found:
        page.get_by_role("button", name="自评表 Word").click()
    with zipfile.ZipFile(found.value.path()) as archive:
        assert "word/document.xml" in archive.namelist()


def test_from_a_clause_to_the_evaluation(server: str, visit: Visit) -> None:
    """The whole path."""
    page = visit(f"{server}/checks?profile=yunnan")
    reviewed(page)
    page.screenshot(path=BUILD / "review-0-sample.png")
    assert latin_words(page) == []
    community = find_why(page)
    assert latin_words(page) == []
    go_to(page, "计划", ".st-key-pq-schedule-bar")
    rank, score = rank_of(page, community)
    go_to(page, "核对", ".st-key-pq-check-bar")
    assert f"at={community}" in page.url
    type_wrongly(page)
    supply(page, community)
    assert sign_of(page, community, "YN-1-7a") != "?"
    assert sign_of(page, community, "YN-1-7b") == "●"
    overrule(page, community, "N-2-3a")
    see_it_on_the_map(page, community)
    take_evidence_away(page)
    go_to(page, "计划", ".st-key-pq-schedule-bar")
    better = rank_of(page, community)
    page.screenshot(path=BUILD / "review-6-ranking.png")
    assert better[1] > score
    assert better[0] < rank
    make_the_plan(page)
    go_to(page, "评价", ".st-key-pq-evaluation-bar")
    export_the_evaluation(page)


def test_the_matrix_by_keyboard(server: str, visit: Visit) -> None:
    """Arrow keys move, Enter selects, and the cell is told to screen readers."""
    page = visit(f"{server}/checks?profile=gansu")
    reviewed(page)
    body = page.locator(".pq-matrix-body")
    body.focus()
    for key in ("ArrowDown", "ArrowDown", "ArrowRight"):
        body.press(key)
    spoken = page.locator(".pq-matrix .pq-unseen").inner_text()
    name = matrix(page, "matrix.value.names[matrix.order[matrix.focus[0]]]")
    assert str(name) in spoken
    body.press("Enter")
    expect(panel(page)).to_contain_text(str(name))
    row = matrix(page, "matrix.value.ids[matrix.order[matrix.focus[0]]]")
    page.wait_for_function(
        "(id) => new URL(location.href).searchParams.get('at') === id", arg=row
    )


def test_a_thousand_rows_scroll_as_ten_do(server: str, visit: Visit) -> None:
    """1,000 communities by 60 clauses: drawing a frame takes less than one frame."""
    page = visit(f"{server}/checks")
    reviewed(page)
    script = """(() => {
      const one = matrix.value.columns[0];
      const wide = [...Array(60).keys()];
      const columns = wide.map((at) => ({ ...one, id: `R${at}`, group: `${at % 3}` }));
      const ids = [...Array(1000).keys()].map((at) => `C${at}`);
      const codes = (row) => wide.map((at) => (row * 7 + at) % 5).join("");
      const cells = ids.map((_, row) => codes(row));
      const tags = ids.map(() => true);
      const own = { ids, names: ids, notes: ids, tags, columns, cells, hands: {} };
      matrix.value = { ...matrix.value, ...own };
      matrix.arrange();
      matrix.furnish();
      matrix.draw();
      const took = [];
      for (let step = 0; step < 200; step += 1) {
        matrix.body.scrollTop = step * 120;
        matrix.body.scrollLeft = step * 4;
        const begun = performance.now();
        matrix.draw();
        took.push(performance.now() - begun);
      }
      took.sort((a, b) => a - b);
      return [took[100], took[190], matrix.body.scrollTop];
    })()"""
    middle, late, deep = matrix(page, script)
    assert deep > 20_000
    assert middle < FRAME_MS, f"{middle:.1f} ms, 95 % {late:.1f} ms"


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_clauses_fit_a_small_window(server: str, visit: Visit, lang: str) -> None:
    """At 1024 px the panel goes under the matrix and nothing is cut."""
    page = visit(f"{server}/checks?lang={lang}", width=1024, height=768)
    reviewed(page)
    page.wait_for_selector(".pq-matrix[data-ready=yes]")
    assert page.evaluate("document.documentElement.scrollWidth") <= 1024
    above = page.locator(".pq-matrix").bounding_box()
    below = panel(page).bounding_box()
    assert above is not None
    assert below is not None
    assert below["y"] >= above["y"] + above["height"] - 1
    page.screenshot(path=BUILD / f"review-1024-{lang}.png")


def test_a_district_without_evidence_says_what_to_collect(
    zhuhai: str, visit: Visit
) -> None:
    """Of a map alone nearly nothing is known: it says so, and where to begin."""
    page = visit(f"{zhuhai}/checks?profile=gansu")
    reviewed(page)
    expect(panel(page)).to_contain_text("这不等于不合格")
    expect(panel(page)).to_contain_text("先收集什么")
    page.screenshot(path=BUILD / "review-zhuhai.png")
    with page.expect_download() as found:
        page.get_by_role("button", name="待填表 ZIP").click()
    with zipfile.ZipFile(found.value.path()) as archive:
        text = archive.read("consent.csv").decode("utf-8-sig")
    count = len(matrix(page, "matrix.value.ids"))
    assert len(text.splitlines()) == count + 1
    assert latin_words(page) == []
