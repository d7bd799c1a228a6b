"""Five tasks as a new user would do them, each answer read off the page."""

import re
from collections.abc import Callable

import pytest
from e2e.helpers import (
    BUILD,
    board,
    click_community,
    expect_parameter,
    ready,
    settled,
)
from playwright.sync_api import Page, expect

from geo.district import District, read_district
from geo.plan import Plan, plan_district
from geo.rules import load_rules
from geo.schema import State
from geo.settings import Settings
from geo.text import data_dir

pytestmark = pytest.mark.e2e

Visit = Callable[..., Page]


@pytest.fixture(scope="module")
def sample() -> District:
    return read_district(data_dir() / "sample")


@pytest.fixture(scope="module")
def plan(sample: District) -> Plan:
    return plan_district(sample, load_rules(), Settings(), until="gaps")


def test_which_three_communities_lack_most(
    visit: Visit, server: str, plan: Plan
) -> None:
    page = visit(server)
    ready(page)
    told = [row.inner_text() for row in page.locator(".pq-list-words b").all()]
    worst = plan.life_circle.worst.head(3)
    names = plan.district.communities["name"].loc[worst.index]
    at = told.index(names.iloc[0])
    assert told[at : at + 3] == list(names)


def test_why_the_worst_lacks_childcare_and_how_far_it_is(
    visit: Visit, server: str, plan: Plan
) -> None:
    page = visit(server)
    ready(page)
    worst = plan.life_circle.worst.index[0]
    page.locator(f'.pq-list li[data-id="{worst}"]').click()
    page.locator('.pq-bars .pq-bar[data-id="childcare"]').click()
    page.wait_for_url("**/lifecircle*")
    ready(page)
    verdict = page.locator(".pq-verdict")
    row = plan.life_circle.verdict(worst, "childcare")
    expect(verdict).to_contain_text("缺少")
    expect(verdict).to_contain_text(str(row["reason"]).split("；")[0])
    bar = page.locator('.pq-bars .pq-bar[data-id="childcare"] .pq-bar-value')
    far = f"{row['distance_m']:,.0f} / 300 米"
    expected = far if row["distance_m"] == row["distance_m"] else "超过 1,250 米"
    expect(bar).to_have_text(expected)
    page.screenshot(path=BUILD / "task-childcare.png")


def test_what_changes_for_elders(visit: Visit, server: str, plan: Plan) -> None:
    page = visit(f"{server}/lifecircle?c=pharmacy")
    ready(page)
    lost = int(plan.life_circle.categories.at["pharmacy", "elder_lost"])
    number = page.locator(".pq-numbers .pq-number").nth(4)
    expect(number.locator("b")).to_have_text(f"{lost:,}")
    number.click()
    settled(page)
    expect_parameter(page, "pace", "elder")
    short = int(
        (plan.gaps.query("category == 'pharmacy'")["elder_state"] == State.SHORT).sum()
    )
    expect(page.locator(".pq-numbers .pq-number").nth(1).locator("b")).to_have_text(
        f"{short:,}"
    )


def test_which_category_has_no_data(visit: Visit, server: str, plan: Plan) -> None:
    page = visit(server)
    ready(page)
    table = plan.life_circle.categories
    absent = [
        key
        for key in table.index
        if table.at[key, "no_data"] == len(plan.district.communities)
    ]
    names = "、".join(plan.rules.category_name(key) for key in absent)
    assert absent
    expect(page.locator(".pq-numbers .pq-number").nth(3)).to_contain_text(names)


def test_where_the_findings_are(visit: Visit, server: str, plan: Plan) -> None:
    page = visit(server)
    ready(page)
    page.get_by_role("link", name="数据").click()
    page.wait_for_url("**/data*")
    ready(page)
    title = page.locator(".pq-table-title").inner_text()
    assert re.findall(r"\d+", title) == [str(len(plan.findings))] * 2
    placed = board(page, "board.layers.findings ? board.layers.findings.ids[0] : null")
    assert placed is not None
    page.locator(f'.pq-tr[data-id="{placed}"]').click()
    settled(page)
    page.wait_for_function(
        "[...window.__pianqu.maps.values()].at(-1).data.marks.length === 1"
    )


@pytest.mark.real
def test_zhuhai(visit: Visit, zhuhai: str) -> None:
    page = visit(zhuhai)
    ready(page)
    expect(page.locator(".pq-numbers")).to_contain_text("社区卫生服务站")
    expect(page.locator(".pq-credit")).to_contain_text("OpenStreetMap")
    page.screenshot(path=BUILD / "zhuhai-overview.png", full_page=True)
    page.get_by_role("link", name="生活圈").click()
    page.wait_for_url("**/lifecircle*")
    ready(page)
    page.locator('.pq-stacks .pq-bar[data-id="health_station"]').click()
    expect(page.locator(".pq-legend")).to_contain_text("无数据")
    settled(page)
    community = board(page, "board.layers.communities.ids[2]")
    click_community(page, community)
    expect(page.locator(".pq-verdict")).to_contain_text("无数据")
    page.screenshot(path=BUILD / "zhuhai-lifecircle.png", full_page=True)
