"""Thirty first pages of the app at once, and what an idle session weighs.

Run from the project folder: ``python benchmarks/bench_load.py``. The clients speak
Streamlit's own protocol (a web socket, its protobuf messages), so that no browser's
work is counted; a page has come when the server says that its script has finished.
"""

import argparse
import asyncio
import contextlib
import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from statistics import median

import psutil
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.asyncio.client import ClientConnection
from websockets.asyncio.client import connect as open_socket
from websockets.typing import Subprotocol

from geo.assets import server_options

ROOT = Path(__file__).resolve().parents[1]
#: Sent with a page that is to look again soon: the sample's plan is being made.
BUSY = "auto_rerun"
#: The name of the sample, on the page once its plan is there.
SAMPLE = "示例区".encode()
WAIT_S = 300.0
#: Streamlit's own way: files watched, the collector left as it is.
DEFAULTS = "import gc; gc.freeze = lambda: None; "
SERVE = (
    "import sys; from streamlit.web.cli import main; "
    "sys.argv = ['streamlit', *sys.argv[1:]]; main()"
)


def main() -> None:
    """Measure both ways of serving, in turn, and print them."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--pages", type=int, default=30)
    parser.add_argument("--runs", type=int, default=5)
    options = parser.parse_args()
    for name, plain in (("as the app is served", False), ("Streamlit's way", True)):
        with serve(plain=plain) as (server, port):
            asyncio.run(measure(name, server, port, options.pages, options.runs))


@contextlib.contextmanager
def serve(*, plain: bool) -> Iterator[tuple[psutil.Process, int]]:
    """Start the app's server on a free port; `plain`: as Streamlit would by itself."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    flags = [f"--server.port={port}", "--server.headless=true"]
    flags += ["--server.address=127.0.0.1"]
    flags += ["--server.fileWatcherType=auto"] if plain else []
    start = DEFAULTS + SERVE if plain else SERVE
    script = str(ROOT / "app.py")
    command = [sys.executable, "-c", start, "run", script, *server_options(), *flags]
    with tempfile.TemporaryFile() as log:
        child = subprocess.Popen(
            command, cwd=ROOT, stdout=log, stderr=log, env={**os.environ}
        )
        try:
            wait_for(port)
            yield psutil.Process(child.pid), port
        finally:
            child.terminate()
            child.wait(30)


def wait_for(port: int) -> None:
    """Wait until the server answers."""
    address = f"http://127.0.0.1:{port}/_stcore/health"
    until = time.monotonic() + WAIT_S
    while time.monotonic() < until:
        try:
            with urllib.request.urlopen(address, timeout=5):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.2)
    sys.exit("the app's server does not answer")


async def measure(
    name: str, server: psutil.Process, port: int, pages: int, runs: int
) -> None:
    """Let one visitor wait for the plan, then many come at once, `runs` times."""
    first = await connect(port)
    await wait_for_plan(first)
    walls, cpus, sizes = [], [], []
    for _ in range(runs):
        before, spent = server.memory_info().rss, cpu_s(server)
        began = time.perf_counter()
        sessions = await asyncio.gather(*(connect(port) for _ in range(pages)))
        shown = await asyncio.gather(*(load(session) for session in sessions))
        walls.append(time.perf_counter() - began)
        cpus.append(cpu_s(server) - spent)
        sizes.append((server.memory_info().rss - before) / 2**20 / pages)
        if not all(SAMPLE in page for page in shown):
            sys.exit("a page came without its numbers")
        for session in sessions:
            await session.close()
        await asyncio.sleep(1)
    kilobytes = median(len(page) for page in shown) / 1024
    print(
        f"load, {name}: {pages} first pages at once in {median(walls):.2f} s"
        f" ({min(walls):.2f} to {max(walls):.2f}), CPU of the server"
        f" {median(cpus):.2f} s; {kilobytes:.0f} KB a page; an open session"
        f" {sizes[0]:.2f} MB at first, then {median(sizes[1:] or sizes):.2f} MB;"
        f" server {server.memory_info().rss / 2**20:.0f} MB"
    )
    await first.close()


def cpu_s(server: psutil.Process) -> float:
    """Return the CPU seconds that the server has used."""
    times = server.cpu_times()
    return float(times.user + times.system)


async def connect(port: int) -> ClientConnection:
    """Open a session."""
    address = f"ws://127.0.0.1:{port}/_stcore/stream"
    said = [Subprotocol("streamlit")]
    return await open_socket(
        address, subprotocols=said, max_size=None, open_timeout=WAIT_S, proxy=None
    )


async def load(session: ClientConnection) -> bytes:
    """Ask for the first page; return what came until its script had finished.

    Nothing is returned while the page still waits for the plan.
    """
    ask = BackMsg()
    ask.rerun_script.query_string = ""
    await session.send(ask.SerializeToString())
    came, busy = [], False
    while True:
        data = await asyncio.wait_for(session.recv(), WAIT_S)
        if not isinstance(data, bytes):
            sys.exit("the server has closed a session")
        came.append(data)
        message = ForwardMsg()
        message.ParseFromString(data)
        kind = message.WhichOneof("type")
        busy |= kind == BUSY
        if (
            kind == "script_finished"
            and message.script_finished == ForwardMsg.FINISHED_SUCCESSFULLY
        ):
            return b"" if busy else b"".join(came)


async def wait_for_plan(session: ClientConnection) -> None:
    """Load the page until the sample's plan is on it."""
    until = time.monotonic() + WAIT_S
    while time.monotonic() < until:
        if SAMPLE in await load(session):
            return
        await asyncio.sleep(1)
    sys.exit("the sample's plan does not come")


if __name__ == "__main__":
    main()
