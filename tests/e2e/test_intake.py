"""Uploads in the browser: a zip, hostile names, two users, a stopped reading."""

import shutil
from collections.abc import Callable
from pathlib import Path

import geopandas as gpd
import pytest
from e2e.helpers import (
    BUILD,
    FIRST_MS,
    SAMPLE,
    board,
    click_community,
    pack,
    ready,
    settled,
    upload,
)
from playwright.sync_api import Page, expect

from geo.town import make_town

pytestmark = pytest.mark.e2e

Visit = Callable[..., Page]

HOSTILE = (
    "<img src=x onerror=window.__pwned=1>",
    "</script><script>window.__pwned=2</script>",
    "${window.__pwned=3}`${window.__pwned=4}`",
    '"><svg onload=window.__pwned=5>',
    "{{window.__pwned=6}}",
)


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """Pack a small town in which every name and a column name are hostile."""
    folder = tmp_path_factory.mktemp("hostile")
    layers = make_town(7, communities=14).layers
    for layer in ("communities", "facilities", "streets", "gates", "barriers"):
        frame = layers[layer].reset_index()
        if "name" in frame:
            frame["name"] = [HOSTILE[at % len(HOSTILE)] for at in range(len(frame))]
        if layer == "communities":
            frame["jurisdiction"] = HOSTILE[0]
            frame[HOSTILE[0]] = HOSTILE[1]
        plain = frame[[name for name in frame if name != "node_ids"]]
        gpd.GeoDataFrame(plain, crs=frame.crs).to_file(folder / f"{layer}.gpkg")
    return pack(folder)


def open_district(page: Page, server: str, content: bytes, communities: int) -> None:
    page.goto(f"{server}/data")
    ready(page)
    upload(page, "district.zip", content)
    page.wait_for_function(
        """(count) => [...window.__pianqu.maps.values()].at(-1)
            ?.layers?.communities?.ids.length === count""",
        arg=communities,
        timeout=FIRST_MS,
    )
    ready(page)


def test_zip_of_a_district(visit: Visit, server: str, tmp_path: Path) -> None:
    folder = tmp_path / "district"
    shutil.copytree(SAMPLE, folder)
    layer = gpd.read_file(folder / "communities.gpkg")
    layer.iloc[:100].to_file(folder / "communities.gpkg")
    content = pack(folder)
    page = visit(server)
    open_district(page, server, content, 100)
    expect(page.locator(".pq-boxed .pq-list").first).to_contain_text("100 行")
    page.screenshot(path=BUILD / "upload.png", full_page=True)
    page.get_by_role("link", name="总览").click()
    page.wait_for_selector(".pq-table-title:has-text('100')")
    # loading the page anew keeps the upload: the tab remembers it
    page.reload()
    page.wait_for_selector(".pq-table-title:has-text('100')", timeout=60_000)
    # another session still sees its own district
    other = visit(server)
    ready(other)
    assert board(other, "board.layers.communities.ids.length") == 120
    # the same files once more are given the plan that there is
    open_district(other, server, content, 100)
    other.get_by_role("link", name="总览").click()
    other.wait_for_selector(".pq-table-title:has-text('100')")


def test_hostile_names_run_nothing(
    visit: Visit, server: str, hostile: bytes, tmp_path: Path
) -> None:
    page = visit(server)
    open_district(page, server, hostile, 14)
    for name in ("总览", "生活圈", "数据"):
        page.get_by_role("link", name=name).click()
        settled(page)
        ready(page)
        community = board(page, "board.layers.communities.ids[3]")
        x, y = board(page, "board.pixel(argument)", community)
        box = page.locator(".pq-map").bounding_box()
        assert box is not None
        page.mouse.move(box["x"] + x, box["y"] + y)
        page.mouse.move(box["x"] + x + 1, box["y"] + y)
        expect(page.locator(".pq-hint")).to_be_visible()
        click_community(page, community)
        settled(page)
        assert page.evaluate("window.__pwned") is None
    page.get_by_role("link", name="生活圈").click()
    ready(page)
    page.locator('.pq-bars .pq-bar[data-id="convenience"]').click()
    settled(page)
    with page.expect_download(timeout=60_000) as found:
        page.locator(".st-key-pq-download-html button").click()
    path = tmp_path / "hostile.html"
    found.value.save_as(path)
    assert page.evaluate("window.__pwned") is None
    page.goto(path.as_uri())
    page.wait_for_selector("path.leaflet-interactive", state="attached")
    for shape in page.locator("path.leaflet-interactive").all()[:6]:
        shape.hover(force=True)
    page.wait_for_timeout(300)
    assert page.evaluate("window.__pwned") is None


def test_unusable_upload_is_explained_and_undone(visit: Visit, server: str) -> None:
    page = visit(f"{server}/data")
    ready(page)
    upload(page, "broken.zip", b"PK\x03\x04 this is no archive")
    box = page.locator(".st-key-pq-trouble")
    expect(box).to_be_visible(timeout=60_000)
    assert len(box.inner_text()) > 10
    page.screenshot(path=BUILD / "trouble.png")
    # the last good district is still there, and a click goes back to it
    assert board(page, "board.layers.communities.ids.length") == 120
    page.locator(".st-key-pq-give-up button").click()
    expect(box).to_have_count(0)
    ready(page)


def test_reading_can_be_cancelled(visit: Visit, server: str) -> None:
    page = visit(f"{server}/data")
    ready(page)
    upload(page, "district.zip", pack(SAMPLE))
    page.locator(".st-key-pq-cancel button").click(timeout=20_000)
    expect(page.locator(".st-key-pq-trouble")).to_contain_text("已取消", timeout=60_000)
    page.locator(".st-key-pq-give-up button").click()
    ready(page)
    assert board(page, "board.layers.communities.ids.length") == 120
