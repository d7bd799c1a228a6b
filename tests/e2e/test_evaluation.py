"""The 20 indicators in the browser: down to a community, other counties, files."""

import io
from collections.abc import Callable
from pathlib import Path

import openpyxl
import pandas as pd
import pytest
from docx import Document
from e2e.helpers import BUILD, FIRST_MS, board, click_community, latin_words, settled
from playwright.sync_api import Locator, Page, expect

pytestmark = pytest.mark.e2e

Visit = Callable[..., Page]


def evaluated(page: Page) -> None:
    """Wait until the indicators are measured and shown."""
    page.wait_for_selector(".st-key-pq-evaluation-bar", timeout=FIRST_MS)
    page.wait_for_timeout(400)
    page.wait_for_selector(".st-key-pq-progress", state="detached", timeout=FIRST_MS)
    settled(page, FIRST_MS)
    page.wait_for_selector(".pq-table[data-ready=yes]")


def panel(page: Page) -> Locator:
    """Return the panel beside the table."""
    return page.locator(".pq-panel.pq-boxed").first


def row(page: Page, indicator: str) -> Locator:
    """Return the row of an indicator."""
    return page.locator(f'.pq-tr[data-id="{indicator}"]')


def download(page: Page, name: str) -> bytes:
    """Return what a button gives away."""
    with page.expect_download() as given:
        page.get_by_role("button", name=name, exact=True).click()
    return Path(given.value.path()).read_bytes()


@pytest.fixture
def page(server: str, visit: Visit) -> Page:
    found = visit(f"{server}/evaluation?lang=zh&profile=yunnan", height=1000)
    evaluated(found)
    return found


def test_an_indicator_leads_to_its_communities_on_the_map_and_back(page: Page) -> None:
    rows = page.locator(".pq-tr[data-id^=IND-]")
    expect(rows).to_have_count(20)
    assert latin_words(page) == []
    row(page, "IND-2-01").click()
    expect(panel(page)).to_contain_text("成立党组织的小区占比")
    expect(panel(page)).to_contain_text("不低于 60.0 %")
    expect(panel(page)).to_contain_text("在改造的小区内成立党组织")
    behind = page.locator(".pq-table").last
    expect(behind).to_contain_text("成立党组织的小区占比：逐个小区（25 / 25）")
    page.screenshot(path=BUILD / "evaluation-1.png")
    first = behind.locator(".pq-tr").first
    community = first.get_attribute("data-id")
    assert community
    first.click()
    page.get_by_role("button", name="在地图上看").click()
    page.wait_for_selector(".pq-map[data-ready=yes]")
    settled(page)
    assert board(page, "board.data.selected") == community
    page.screenshot(path=BUILD / "evaluation-2.png")
    # back: what this community counts in
    panel(page).get_by_role("button", name="关闭").click()
    settled(page)
    click_community(page, community)
    expect(panel(page)).to_contain_text("这个小区计入哪些指标")
    panel(page).locator(".pq-list li", has_text="成立党组织的小区占比").click()
    expect(panel(page)).to_contain_text("二(一)")
    assert latin_words(page) == []


def test_a_headline_number_filters_the_rows(page: Page) -> None:
    number = page.locator(".pq-number", has_text="未满足").first
    count = int(number.locator("b").inner_text())
    number.click()
    expect(page.locator(".pq-tr[data-id^=IND-]")).to_have_count(count)
    number.click()
    expect(page.locator(".pq-tr[data-id^=IND-]")).to_have_count(20)


def test_counties_are_put_together_and_taken_away(page: Page, tmp_path: Path) -> None:
    own = download(page, "分项 CSV（报上级汇总）").decode("utf-8-sig")
    other = tmp_path / "邻县.csv"
    other.write_text(own.replace("示例区", "邻县"), encoding="utf-8")
    page.get_by_role("button", name="汇总多个县").click()
    page.locator("input[type=file]").set_input_files(other)
    statement = page.get_by_text("由 2 个县（市、区）汇总")
    expect(statement).to_be_visible()
    names = page.get_by_role("textbox", name="应报送的县")
    names.fill("示例区、邻县、远县")
    names.press("Enter")
    expect(page.get_by_text("尚未报送：远县").first).to_be_visible()
    page.screenshot(path=BUILD / "evaluation-3.png")
    page.keyboard.press("Escape")
    row(page, "IND-2-01").click()
    settled(page)
    behind = page.locator(".pq-table").last
    expect(behind.locator(".pq-tr")).to_have_count(3)
    book = openpyxl.load_workbook(io.BytesIO(download(page, "自评表 Excel")))
    cells = {cell.value for line in book.worksheets[0] for cell in line}
    assert any("远县" in str(cell) for cell in cells)
    paper = Document(io.BytesIO(download(page, "自评表 Word")))
    assert len(paper.tables[0].rows) == 21
    table = pd.read_csv(io.BytesIO(download(page, "20 项指标 CSV")))
    assert list(table["level"].unique()) == ["city"]
    assert len(table) == 20


def test_nothing_is_cut_where_there_is_little_room(server: str, visit: Visit) -> None:
    page = visit(f"{server}/evaluation?lang=en&profile=gansu", width=1024)
    evaluated(page)
    row(page, "IND-2-04").click()
    expect(panel(page)).to_contain_text("Share paid by local government")
    wide = page.evaluate("document.documentElement.scrollWidth")
    assert wide <= 1024
    page.screenshot(path=BUILD / "evaluation-4.png", full_page=True)
