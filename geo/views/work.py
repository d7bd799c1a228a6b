"""From what a session opened to its plan, in the background, the last good one kept."""

import logging
import os
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import streamlit as st

from geo.district import District, read_district
from geo.errors import InputError, PianquError
from geo.intake import discard_upload, open_upload
from geo.plan import Plan, plan_district
from geo.profiles import list_profiles
from geo.progress import Progress
from geo.rules import RuleBook, load_rules
from geo.settings import Settings
from geo.text import data_dir
from geo.views.jobs import Job, Shelf
from geo.views.state import choice, choose, go_to
from geo.views.widgets import say
from geo.walks import warm

_LOG = logging.getLogger(__name__)

#: Seconds between two looks at a job.
_TICK = 0.4


@dataclass(frozen=True, eq=False)
class Opened:
    """A district and the rules of every profile for it.

    Attributes
    ----------
    district
        The checked layers.
    rules
        Profile to rules, the district's own tables included.
    origin
        ``"sample"``, ``"folder"`` or ``"upload"``.
    """

    district: District
    rules: Mapping[str, RuleBook]
    origin: str


@dataclass(eq=False)
class Bench:
    """What one session works on; nothing of it is seen by another.

    Attributes
    ----------
    session
        Name of the session.
    wanted
        Key of the district that was asked for last.
    opened, plan
        The last good ones.
    planned
        Key of `plan`.
    job
        What is running, and its key.
    trouble
        What went wrong last, and with which key.
    fresh
        Whether nothing was asked for yet in this session.
    resumed
        Whether the district that was asked for is one that the tab had before.
    """

    session: str
    wanted: tuple[str, str]
    opened: Opened | None = None
    held: tuple[str, str] | None = None
    plan: Plan | None = None
    planned: Hashable = None
    job: tuple[Hashable, Job] | None = None
    trouble: tuple[Hashable, BaseException] | None = None
    fresh: bool = True
    resumed: bool = False


@st.cache_resource
def shelf() -> Shelf:
    """Return the server's shelf of jobs and results.

    Returns
    -------
    Shelf
        One for all sessions.
    """
    return Shelf()


def sample_folder() -> Path:
    """Return the folder of the sample district.

    Returns
    -------
    pathlib.Path
        A district folder.
    """
    return data_dir() / "sample"


def bench() -> Bench:
    """Return what this session works on.

    Returns
    -------
    Bench
        To begin with the district that ``pianqu app`` was given, else the sample.
    """
    if "pq_bench" not in st.session_state:
        given = os.environ.get("PIANQU_DISTRICT")
        path = Path(given) if given else sample_folder()
        st.session_state["pq_bench"] = Bench(uuid4().hex, _folder_key(path))
    found: Bench = st.session_state["pq_bench"]
    return found


def plan() -> Plan | None:
    """Return the plan of the district that is open.

    Returns
    -------
    Plan or None
        The last good one of this district; None while there is none.
    """
    now = bench()
    if now.plan is None or now.opened is None:
        return None
    # not by identity: whoever uploads the same files twice is given the plan of the
    # first reading, which is of another object with the same content
    same = now.plan.district.fingerprint == now.opened.district.fingerprint
    return now.plan if same else None


def open_folder(path: Path) -> None:
    """Ask for the district in a folder of the server.

    Parameters
    ----------
    path
        A district folder or an OSM extract.
    """
    _want(_folder_key(path))


def open_files(files: Sequence[tuple[str, bytes]]) -> None:
    """Ask for an uploaded district; only this session can reach it.

    Parameters
    ----------
    files
        Name and content of each file.
    """

    def work(progress: Progress) -> Opened:
        upload = open_upload(files, progress=progress)
        try:
            return Opened(upload.district, _all_rules(upload.folder), "upload")
        finally:
            discard_upload(upload)

    key = ("upload", uuid4().hex)
    shelf().start(key, work, bench().session)
    _want(key)


def resume(name: str) -> None:
    """Go on with what this tab had uploaded before it was loaded anew.

    Parameters
    ----------
    name
        What the tab remembers: a random name that nobody else was given.
    """
    now = bench()
    key = ("upload", name)
    if now.fresh and shelf().peek(key):
        _want(key)
        now.resumed = True
    now.fresh = False


def upload_name() -> str:
    """Return the name of the upload that is open.

    Returns
    -------
    str
        Its random name; ``""`` if something else is open.
    """
    kind, name = bench().wanted
    return name if kind == "upload" else ""


def settings() -> Settings:
    """Return the settings of what the session has chosen.

    Returns
    -------
    Settings
        Defaults with the chosen profile.
    """
    return Settings(profile=choice().profile)


def follow() -> None:
    """Take what has become ready, and begin what is missing."""
    now = bench()
    for _ in range(4):
        if now.job and not now.job[1].done:
            return
        if now.job:
            _take(now)
        if not _begin(now):
            return


def retry() -> None:
    """Try again what went wrong."""
    bench().trouble = None


def cancel() -> None:
    """Stop what is running for this session."""
    now = bench()
    if now.job:
        now.job[1].cancel(now.session)


def give_up() -> None:
    """Go back to the last good district, or to the sample."""
    now = bench()
    now.trouble = None
    if now.held and now.held != now.wanted:
        now.wanted = now.held
    elif now.plan and now.plan.settings.profile != choice().profile:
        choose(profile=now.plan.settings.profile)
    else:
        now.wanted = _folder_key(sample_folder())


@st.fragment(run_every=_TICK)
def watch_job() -> None:
    """Tell where the running job is, with a way to stop it."""
    job = bench().job
    if job is None or job[1].done:
        st.rerun(scope="app")
    with st.container(key="pq-progress", horizontal=True, vertical_alignment="center"):
        stage, share = job[1].stage, job[1].share
        st.progress(share, text=f"{say(stage)}　{share:.0%}")
        st.button(say("view.cancel"), key="pq-cancel", on_click=cancel)


def show_trouble() -> None:
    """Say what went wrong, where, and what to do next."""
    now = bench()
    if now.trouble is None:
        return
    error = now.trouble[1]
    with st.container(key="pq-trouble", border=True):
        if isinstance(error, PianquError):
            st.text(error.message(choice().lang))
            st.text(error.action(choice().lang))
        else:
            st.text(say("view.broken", kind=type(error).__name__))
        with st.container(horizontal=True):
            # what was uploaded is not kept, so it cannot be read again
            if now.wanted == now.held or now.wanted[0] != "upload":
                st.button(say("view.retry"), key="pq-retry", on_click=retry)
            st.button(say("view.give_up"), key="pq-give-up", on_click=give_up)


def _want(key: tuple[str, str]) -> None:
    now = bench()
    cancel()
    now.wanted, now.trouble, now.job, now.fresh = key, None, None, False


def _take(now: Bench) -> None:
    key, job = now.job or (None, None)
    now.job = None
    if job is None:
        return
    if job.error is not None:
        if not isinstance(job.error, PianquError):
            _LOG.error("a step failed unexpectedly", exc_info=job.error)
        now.trouble = (key, job.error)
        return
    made = job.result()
    if isinstance(made, Opened):
        same = now.opened is None or now.resumed
        now.opened, now.held, now.resumed = made, now.wanted, False
        if not same:
            choose(community=None, category="")
            go_to(whole=True)
    elif isinstance(made, Plan):
        now.plan, now.planned = made, key


def _begin(now: Bench) -> bool:
    """Begin the next piece of work; False when there is nothing to do."""
    if now.held != now.wanted:
        if now.trouble and now.trouble[0] == now.wanted:
            return False
        now.job = (now.wanted, _district_job(now))
        return True
    opened = now.opened
    if opened is None:
        return False
    chosen = settings()
    rules = opened.rules.get(chosen.profile)
    if rules is None:
        choose(profile="national")
        return True
    key = ("plan", opened.district.fingerprint, rules.fingerprint, chosen)
    if key == now.planned or (now.trouble and now.trouble[0] == key):
        return False
    work = _plan_work(opened.district, rules, chosen)
    now.job = (key, shelf().start(key, work, now.session))
    return True


def _district_job(now: Bench) -> Job:
    found = shelf().peek(now.wanted)
    if found and not found.failed:
        return found
    kind, place = now.wanted
    if kind == "upload":
        return found or _lost(now)
    return shelf().start(now.wanted, _folder_work(Path(place)), now.session)


def _lost(now: Bench) -> Job:
    def work(_progress: Progress) -> Opened:
        raise InputError("view_upload_gone")

    return shelf().start(("lost", now.session), work, now.session)


def _folder_key(path: Path) -> tuple[str, str]:
    return ("folder", str(path))


def _folder_work(path: Path) -> Callable[[Progress], Opened]:
    def work(progress: Progress) -> Opened:
        district = read_district(path, progress=progress)
        origin = "sample" if path == sample_folder() else "folder"
        return Opened(district, _all_rules(path if path.is_dir() else None), origin)

    return work


def _plan_work(
    district: District, rules: RuleBook, chosen: Settings
) -> Callable[[Progress], Plan]:
    def work(progress: Progress) -> Plan:
        warm(progress)
        return plan_district(district, rules, chosen, until="gaps", progress=progress)

    return work


def _all_rules(folder: Path | None) -> dict[str, RuleBook]:
    return {name: load_rules(name, folder) for name in list_profiles(folder)}
