"""A server and a browser without internet, for the tests of the app."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from e2e.helpers import BUILD, CHROMIUM, ROOT
from playwright.sync_api import (
    Browser,
    BrowserContext,
    Page,
    Route,
    expect,
    sync_playwright,
)

LOCAL = {"localhost", "127.0.0.1"}
REAL = Path(os.environ.get("PIANQU_REAL", ROOT.parent / "shared" / "real"))
OPENED = pytest.StashKey[list[Page]]()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def serve(log: Path, **environment: str) -> Iterator[str]:
    port = free_port()
    command = [sys.executable, "-m", "streamlit", "run", str(ROOT / "app.py")]
    flags = ["--server.headless=true", f"--server.port={port}"]
    flags.append("--server.address=127.0.0.1")
    with log.open("w") as out:
        process = subprocess.Popen(
            [*command, *flags],
            cwd=ROOT,
            env=os.environ | environment,
            stdout=out,
            stderr=subprocess.STDOUT,
        )
        try:
            wait_for(f"http://127.0.0.1:{port}/_stcore/health", process)
            yield f"http://127.0.0.1:{port}"
        finally:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(15)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait(15)


def wait_for(address: str, process: "subprocess.Popen[bytes]") -> None:
    for _ in range(240):
        assert process.poll() is None, "the server ended"
        try:
            with urllib.request.urlopen(address, timeout=2):  # noqa: S310 - our own server
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.25)
    pytest.fail("the server did not start")


@pytest.fixture(scope="session", autouse=True)
def build() -> Path:
    BUILD.mkdir(exist_ok=True)
    return BUILD


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    if not Path(CHROMIUM).exists():
        if os.environ.get("PIANQU_BROWSER") == "required":
            pytest.fail(f"{CHROMIUM} is missing, and PIANQU_BROWSER=required")
        pytest.skip(f"{CHROMIUM} is missing: the app was not seen in a browser")
    expect.set_options(timeout=30_000)  # the machine may be busy with other tests
    with sync_playwright() as playwright:
        found = playwright.chromium.launch(
            executable_path=CHROMIUM,
            args=[
                "--no-sandbox",
                "--disable-gpu",
                "--disable-background-networking",
                "--disable-component-update",
            ],
        )
        yield found
        found.close()


@pytest.fixture(scope="session")
def server(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    del browser  # without one there is nothing to serve
    with serve(tmp_path_factory.mktemp("server") / "log.txt") as address:
        yield address


@pytest.fixture(scope="session")
def zhuhai(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    del browser
    path = REAL / "zhuhai_jida.osm.pbf"
    if not path.exists():
        pytest.skip(f"{path.name} is not on this machine")
    log = tmp_path_factory.mktemp("zhuhai") / "log.txt"
    with serve(log, PIANQU_DISTRICT=str(path)) as address:
        yield address


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Say what stood on the pages when a test failed: nobody was there to look."""
    report = yield
    if report.when == "call" and report.failed:
        for at, page in enumerate(item.stash.get(OPENED, [])):
            page.screenshot(path=BUILD / f"failed-{item.name}-{at}.png")
            text = page.evaluate("document.body.innerText.slice(0, 1500)")
            report.sections.append((f"page {at}", f"{page.url}\n{text}"))
    return report


@pytest.fixture
def visit(
    browser: Browser, request: pytest.FixtureRequest
) -> Iterator[Callable[..., Page]]:
    """Open pages in sessions of their own; whatever asks outside fails the test."""
    opened = request.node.stash[OPENED] = list[Page]()
    outside: list[str] = []
    errors: list[str] = []
    contexts: list[BrowserContext] = []

    def keep_local(route: Route) -> None:
        if urlsplit(route.request.url).hostname in LOCAL:
            route.continue_()
        else:
            outside.append(route.request.url)
            route.abort()

    def open_page(address: str, *, width: int = 1440, height: int = 900) -> Page:
        context = browser.new_context(
            viewport={"width": width, "height": height}, locale="zh-CN"
        )
        contexts.append(context)
        context.route(lambda url: url.startswith("http"), keep_local)
        context.set_default_timeout(30_000)
        page = context.new_page()
        opened.append(page)
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.goto(address)
        return page

    yield open_page
    for context in contexts:
        context.unroute_all(behavior="ignoreErrors")
        context.close()
    assert outside == []
    assert errors == []
