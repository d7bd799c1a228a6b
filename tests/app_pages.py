"""Pages of the app without a browser: opened, waited for, read."""

import json
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

ROOT = Path(__file__).parents[1]
#: Seconds that the work of a page may take.
WAIT_S = 600


def open_at(page: str, desks: str, **parameters: str) -> AppTest:
    """Open a page and wait for its work; `desks` is where its session keeps desks."""
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=120)
    for name, value in parameters.items():
        app.query_params[name] = value
    app.run()
    wait_for(app, lambda: app.session_state["pq_bench"].job is None)
    app.switch_page(str(ROOT / "geo" / "views" / f"{page}.py")).run()
    wait_for(app, lambda: desk_in(app, desks).run is None)
    return app


def desk_in(app: AppTest, desks: str) -> Any:
    """Return the desk that was used last."""
    return next(reversed(app.session_state[desks].values()))


def wait_for(app: AppTest, done: Callable[[], bool]) -> None:
    """Run the page again until something holds."""
    for _ in range(WAIT_S * 4):
        if done():
            return
        threading.Event().wait(0.25)
        app.run()
    pytest.fail("the work did not end")


def told(app: AppTest) -> str:
    """Return everything that the components of the page were given."""
    parts = [part.proto.json for part in app.get("bidi_component")]
    plain = [json.dumps(json.loads(part), ensure_ascii=False) for part in parts if part]
    return "\n".join(plain)
