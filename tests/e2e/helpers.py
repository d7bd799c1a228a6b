"""What the browser tests do over and over."""

import os
import re
import shutil
import zipfile
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any

from playwright.sync_api import Page

from geo.rules import load_rules
from geo.schema import LAYERS, Layer

ROOT = Path(__file__).resolve().parents[2]
BUILD = ROOT / "build"
SAMPLE = ROOT / "data" / "sample"
CHROMIUM = (
    os.environ.get("PIANQU_CHROMIUM") or shutil.which("chromium") or "/usr/bin/chromium"
)

#: Compiling the kernels the first time takes minutes on a busy machine.
FIRST_MS = 600_000

#: Latin words that a Chinese page may show: formats, standards, names of languages
#: and coordinate systems, and the proper names of this tool.
ALLOWED = re.compile(
    r"CSV|XLSX|Excel|Word|GPKG|HTML|JSON|ZIP|GeoJSON|GeoPackage|Shapefile|OSM|GB|GBK|UTF"
    r"|CGCS2000|WGS|UTM|EPSG|GCJ|BD|English|TD|JGJ|DB\d+|CJJ?|OpenStreetMap"
    r"|contributors|ODbL"
    r"|\b[CF]\d+(#\d+)?\b|\bway/\d+|°E|\b(Shift|Ctrl|Alt|Esc)\b"
    r"|[\w.-]+\.(gpkg|geojson|csv|xlsx|toml|pbf|osm|shp|parquet)"
)


def settled(page: Page, timeout: int = 30_000) -> None:
    """Wait until the script has run and the page has what it was sent."""
    page.wait_for_timeout(120)
    page.wait_for_selector(
        "[data-testid=stApp][data-test-script-state=notRunning]", timeout=timeout
    )


def ready(page: Page) -> None:
    """Wait until the plan is there: numbers, map and table."""
    page.wait_for_selector(".pq-numbers", timeout=FIRST_MS)
    page.wait_for_selector(".pq-map[data-ready=yes]")
    page.wait_for_selector(".pq-table[data-ready=yes]")
    page.wait_for_selector(".st-key-pq-progress", state="detached", timeout=FIRST_MS)
    settled(page)


def board(page: Page, script: str, argument: Any = None) -> Any:
    """Evaluate a script on the map that is shown."""
    page.wait_for_function(
        "window.__pianqu && [...window.__pianqu.maps.values()].at(-1)?.layers"
    )
    return page.evaluate(
        f"""(argument) => {{
          const board = [...window.__pianqu.maps.values()].at(-1);
          return {script};
        }}""",
        argument,
    )


def click_community(page: Page, community: str) -> None:
    """Click on a community with the mouse, where it is on the map."""
    box = page.locator(".pq-map").bounding_box()
    assert box is not None
    x, y = board(page, "board.pixel(argument)", community)
    page.mouse.click(box["x"] + x, box["y"] + y)


def colours(page: Page) -> int:
    """Return how many colours the base canvas shows."""
    found = page.evaluate(
        """() => {
          const canvas = document.querySelector("canvas.pq-base");
          const pen = canvas.getContext("2d");
          const { data } = pen.getImageData(0, 0, canvas.width, canvas.height);
          const seen = new Set();
          for (let i = 0; i < data.length; i += 4 * 17) {
            seen.add(`${data[i]} ${data[i + 1]} ${data[i + 2]}`);
          }
          return seen.size;
        }"""
    )
    return int(found)


def expect_parameter(page: Page, name: str, value: str | None) -> None:
    """Wait until the address says so."""
    page.wait_for_function(
        "([name, value]) => new URL(location.href).searchParams.get(name) === value",
        arg=[name, value],
    )


def latin_words(page: Page) -> list[str]:
    """Return the Latin words that stand on the page, placeholders and titles too."""
    found = page.evaluate(
        """() => {
          // icons are words of a font that turns them into signs; and what Streamlit's
          // lists tell screen readers stands on the page unseen
          const unseen = "[data-testid=stIconMaterial], [data-live-announcer]";
          const parts = [...document.querySelectorAll(unseen)];
          const words = new Set(parts.flatMap((part) => part.innerText.split("\\n")));
          const lines = document.body.innerText.split("\\n");
          const texts = lines.filter((line) => !words.has(line));
          for (const one of document.querySelectorAll("[title], [placeholder]")) {
            if (!one.getClientRects().length) continue;
            texts.push(one.title, one.getAttribute("placeholder"));
          }
          return texts.filter(Boolean).join("\\n");
        }"""
    )
    text = ALLOWED.sub(" ", str(found))
    return sorted(set(re.findall(r"[A-Za-z]{2,}", text)) - identifiers())


@cache
def identifiers() -> set[str]:
    """Return the words that users write into files: layers, columns, values."""
    names = [name for layer in LAYERS.values() for name in _words_of(layer)]
    names += [str(name) for name in load_rules().headers["column"]]
    # the section of district.toml that maps headers
    return set(re.findall(r"[A-Za-z]{2,}", " ".join([*names, "columns"])))


def _words_of(layer: Layer) -> list[str]:
    columns = [word for one in layer.columns for word in (one.name, *one.choices)]
    return [layer.name, *columns]


def pack(folder: Path) -> bytes:
    """Return a folder as a zip."""
    made = BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(folder.iterdir()):
            archive.write(path, f"区/{path.name}")
    return made.getvalue()


def upload(page: Page, name: str, content: bytes) -> None:
    """Upload one file on the page Data and open it."""
    page.locator("input[type=file]").set_input_files(
        {"name": name, "mimeType": "application/zip", "buffer": content}
    )
    page.locator(".st-key-pq-open-files button").click()
