"""The app in a browser: from a click on the map to the finished panel.

Run from the project folder: ``python benchmarks/bench_app.py [communities ...]``.
A made-up town of each size is served by a server of its own; the browser is
headless Chromium without internet. The clock runs in the page, from the mouse
button to the painted panel that speaks of the community clicked, its walk on the
map. Medians and the slowest of ten.
"""

import argparse
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any

from playwright.sync_api import Browser, Page, sync_playwright

from geo.district import write_district
from geo.sample import make_district
from geo.town import make_town

ROOT = Path(__file__).resolve().parents[1]
CHROMIUM = os.environ.get("PIANQU_CHROMIUM") or shutil.which("chromium") or ""
SIZES = (120, 1_000, 5_000)
CLICKS = 10
#: Reading, measuring and compiling a town of 5,000 on a busy machine.
PATIENCE_MS = 1_800_000

_CLICK = """(id) => new Promise((resolve) => {
  const board = [...window.__pianqu.maps.values()].at(-1);
  const start = performance.now();
  const look = () => {
    const panel = document.querySelector(".pq-boxed");
    const spoken = panel?.dataset.subject?.startsWith(`${id} `);
    const now = [...window.__pianqu.maps.values()].at(-1);
    if (spoken && now.data.selected === id) {
      requestAnimationFrame(() => resolve(performance.now() - start));
    } else requestAnimationFrame(look);
  };
  const [x, y] = board.pixel(id);
  const box = board.pane.getBoundingClientRect();
  const at = { bubbles: true, clientX: box.x + x, clientY: box.y + y, view: window };
  for (const kind of ["mousedown", "mouseup", "click"]) {
    board.pane.dispatchEvent(new MouseEvent(kind, at));
  }
  look();
})"""


@contextmanager
def served(district: Path) -> Iterator[str]:
    """Serve a district on a free port of this machine."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "streamlit", "run", str(ROOT / "app.py")]
    flags = ["--server.headless=true", f"--server.port={port}"]
    environment = os.environ | {"PIANQU_DISTRICT": str(district)}
    process = subprocess.Popen(
        [*command, *flags],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        address = f"http://127.0.0.1:{port}"
        for _ in range(240):
            try:
                with urllib.request.urlopen(f"{address}/_stcore/health", timeout=2):  # noqa: S310 - our own server
                    break
            except (urllib.error.URLError, OSError):
                time.sleep(0.25)
        yield address
    finally:
        process.terminate()
        process.wait(30)


def measure(browser: Browser, address: str) -> dict[str, Any]:
    """Return the figures of one town, milliseconds and bytes."""
    page = browser.new_page(viewport={"width": 1440, "height": 900})
    page.set_default_timeout(PATIENCE_MS)
    page.goto(f"{address}/lifecircle?c=pharmacy")
    wait(page)
    again = browser.new_page(viewport={"width": 1440, "height": 900})
    start = time.perf_counter()
    again.goto(f"{address}/lifecircle?c=pharmacy")
    wait(again)
    second = 1000 * (time.perf_counter() - start)
    ids = again.evaluate(
        "[...window.__pianqu.maps.values()].at(-1).layers.communities.ids"
    )
    step = max(1, len(ids) // (CLICKS + 2))
    received = 0

    def count(frame: str | bytes) -> None:
        nonlocal received
        received += len(frame)

    # a click must meet its community: no other may lie over its middle
    chosen = [one for one in ids[step::step] if hits(again, one)][: CLICKS + 1]
    socket_bytes = again.context.new_cdp_session(again)
    socket_bytes.send("Network.enable")
    socket_bytes.on(
        "Network.webSocketFrameReceived",
        lambda event: count(event["response"]["payloadData"]),
    )
    times = [again.evaluate(_CLICK, one) for one in chosen]
    start = time.perf_counter()
    again.locator(".st-key-pq-pace button >> nth=1").click()
    again.wait_for_function(
        "[...window.__pianqu.maps.values()].at(-1).data.style"
        " && document.querySelector('.pq-number.pq-active')"
    )
    pace = 1000 * (time.perf_counter() - start)
    page.close()
    again.close()
    return {
        "communities": len(ids),
        "click_ms": round(median(times[1:])),
        "slowest_ms": round(max(times[1:])),
        "first_ms": round(times[0]),
        "bytes_per_click": round(received / len(times)),
        "new_colours_ms": round(pace),
        "second_session_ms": round(second),
    }


def hits(page: Page, community: str) -> bool:
    """Return whether a click on the middle of a community meets it."""
    found = page.evaluate(
        """(id) => {
          const board = [...window.__pianqu.maps.values()].at(-1);
          const [x, y] = board.pixel(id);
          const at = board.hit(board.L.point(x, y));
          return at !== null && board.layers.communities.ids[at] === id;
        }""",
        community,
    )
    return bool(found)


def wait(page: Page) -> None:
    """Wait for the plan, the map and the end of the script."""
    page.wait_for_selector(".pq-numbers")
    page.wait_for_selector(".pq-map[data-ready=yes]")
    page.wait_for_selector(".pq-table[data-ready=yes]")
    page.wait_for_selector(".st-key-pq-progress", state="detached")
    page.wait_for_selector("[data-testid=stApp][data-test-script-state=notRunning]")


def main() -> None:
    """Measure each size and print one line of JSON for it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("communities", type=int, nargs="*", default=SIZES)
    for size in parser.parse_args().communities:
        with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
            district = Path(folder) / "town"
            write_district(make_district(make_town(1, communities=size)), district)
            browser = playwright.chromium.launch(
                executable_path=CHROMIUM,
                args=[
                    "--no-sandbox",
                    "--disable-gpu",
                    "--disable-background-networking",
                ],
            )
            with served(district) as address:
                print(json.dumps(measure(browser, address)))
            browser.close()


if __name__ == "__main__":
    main()
