"""What stands around every page: bar, language, profile, progress and trouble."""

import gc
from collections.abc import Callable, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

import streamlit as st
from streamlit.navigation.page import StreamlitPage

from geo.assets import fill_static
from geo.text import LANGUAGES
from geo.views import work
from geo.views.state import (
    choice,
    choose,
    follow_address,
    tell_address,
    tell_links,
)
from geo.views.widgets import say, show_tab

#: Pages that there are, in the order of the work.
PAGES = (
    "overview",
    "data",
    "lifecircle",
    "units",
    "sites",
    "checks",
    "schedule",
    "evaluation",
)
#: Modules that pages are made of.
PARTS = (
    "check_acts",
    "check_bar",
    "check_downloads",
    "check_gates",
    "check_lists",
    "check_map",
    "check_panel",
    "downloads",
    "evaluation_bar",
    "evaluation_downloads",
    "evaluation_map",
    "evaluation_panel",
    "evaluation_rows",
    "layers",
    "mapview",
    "openings",
    "panels",
    "pictures",
    "reports",
    "review_bar",
    "review_keep",
    "review_work",
    "schedule_acts",
    "schedule_bar",
    "schedule_downloads",
    "schedule_gantt",
    "schedule_map",
    "schedule_panel",
    "schedule_rank",
    "schedule_rows",
    "schemes",
    "site_acts",
    "site_bar",
    "site_downloads",
    "site_panel",
    "site_rows",
    "site_status",
    "site_trade",
    "tables",
    "unit_bar",
    "unit_downloads",
    "unit_map",
    "unit_panel",
    "unit_rows",
    "unit_status",
    "what_if",
)
_WEB = Path(__file__).parent / "web"


def run(home: Path) -> None:
    """Show the app: bar, state of the work, and the page of the address.

    Parameters
    ----------
    home
        Folder of ``app.py``; ``static`` in it is filled with the web assets.
    """
    prepare(home)
    follow_address()
    work.follow()
    st.set_page_config(page_title=say("view.app"), page_icon="▦", layout="wide")
    pages = [_page(name) for name in PAGES]
    st.session_state["pq-pages"] = dict(zip(PAGES, pages, strict=True))
    page = st.navigation(pages, position="hidden")
    st.html(f"<style>{_chrome()}</style>")
    _show_bar(pages)
    _show_tab()
    # always there, so that what comes and goes in it does not move the map's place
    with st.container(key="pq-status"):
        if work.bench().job is not None:
            work.watch_job()
        work.show_trouble()
    page.run()
    tell_address()


@st.cache_resource
def prepare(home: Path) -> bool:
    """Fill ``static`` and take the imports out of the garbage collector's way.

    Parameters
    ----------
    home
        Folder of ``app.py``.

    Returns
    -------
    bool
        True, once per server.
    """
    fill_static(home / "static")
    # before any work begins: what a page imports later may warn into its findings
    for name in PARTS:
        import_module(f"geo.views.{name}")
    # measured: 30 first pages at once, 2.4 s without and 0.26 s with it
    gc.collect()
    gc.freeze()
    return True


def pick(
    field: str,
    options: Sequence[Any],
    label: str,
    name: Callable[[Any], str],
    *,
    hide_label: bool = False,
) -> None:
    """Show a row of words of which one is chosen.

    Parameters
    ----------
    field
        Field of `geo.views.state.Choice`.
    options
        Its values.
    label
        What is chosen.
    name
        Value to word.
    hide_label
        Whether only screen readers are told the label.
    """
    key = f"pq-{field}"
    st.session_state[key] = getattr(choice(), field)

    def keep() -> None:
        value = st.session_state[key]
        if value is not None:
            choose(**{field: value})

    st.segmented_control(
        label,
        options,
        format_func=name,
        key=key,
        on_change=keep,
        label_visibility="collapsed" if hide_label else "visible",
    )


def _page(name: str) -> StreamlitPage:
    path = Path(__file__).parent / f"{name}.py"
    first = name == PAGES[0]
    title = say(f"view.page.{name}")
    return st.Page(path, title=title, url_path="" if first else name, default=first)


def _show_bar(pages: Sequence[StreamlitPage]) -> None:
    with st.container(key="pq-bar", horizontal=True, vertical_alignment="center"):
        st.html(f'<span class="pq-brand">▦ {say("view.app")}</span>')
        linked = tell_links()
        for page in pages:
            st.page_link(page, label=page.title, query_params=linked)
        opened = work.bench().opened
        names = tuple(opened.rules) if opened else (choice().profile,)
        pick("profile", names, say("view.profile"), _profile_name, hide_label=True)
        pick("lang", LANGUAGES, say("view.language"), _own_name, hide_label=True)


def _show_tab() -> None:
    data = {
        "upload": work.upload_name(),
        "fresh": work.bench().fresh,
        "lang": choice().lang,
    }
    show_tab(data, lambda event: work.resume(str(event["id"])))


def _profile_name(profile: str) -> str:
    opened = work.bench().opened
    if opened is None or profile not in opened.rules:
        return say("view.national") if profile == "national" else profile
    found = opened.rules[profile].profile
    return found.name_zh if choice().lang == "zh" else found.name_en


def _own_name(lang: str) -> str:
    return {"zh": "中文", "en": "English"}[lang]


def _chrome() -> str:
    words = {
        name: say(f"view.chrome.{name}").replace("\\", "").replace('"', "")
        for name in ("drop", "browse", "too_large", "wait")
    }
    places = "".join(f'--pq-{name}: "{text}";' for name, text in words.items())
    return f":root {{{places}}}" + (_WEB / "chrome.css").read_text(encoding="utf-8")
