"""What each command of the command line does."""

import argparse
import os
import subprocess
import sys
import time
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pandas as pd

import geo
from geo.assets import server_options
from geo.decisions import Decisions, read_decisions
from geo.district import District, read_district
from geo.errors import InputError, RuleError
from geo.exports import write_csv
from geo.fetch import fetch_district
from geo.files import replace_folder
from geo.findings import render_findings
from geo.manifest import read_manifest
from geo.openings import Openings
from geo.plan import STEPS, Plan, Step, plan_district
from geo.plan_files import write_plan
from geo.progress import Progress, no_progress
from geo.review import Review, review_plan
from geo.rules import RuleBook, load_rules
from geo.sample import demo_district
from geo.schema import Severity, State
from geo.settings import Settings, make_settings
from geo.site_warm import warm_sites
from geo.siting import Sites
from geo.text import data_dir, tr
from geo.units import Units, warm_units
from geo.walks import warm

DONE, FOUND = 0, 1

#: States of clauses that are counted on the terminal.
CLAUSE_STATES = ("met", "short", "unknown", "open", "not_required")

#: Seconds between two signs of progress.
_PAUSE_S = 0.1


def run(options: argparse.Namespace) -> int:
    """Do what the options say.

    Parameters
    ----------
    options
        Parsed command line, see :func:`geo.cli.make_parser`.

    Returns
    -------
    int
        The exit code: 0, or 1 where findings ask for it.

    Raises
    ------
    PianquError
        Where the input or the place of the output is not usable.
    """
    return _COMMANDS[options.command](options)


def _demo(options: argparse.Namespace) -> int:
    with replace_folder(options.folder) as temporary:
        demo_district(temporary)
    _say("cli.demo_done", options.lang, folder=options.folder)
    return DONE


def _check(options: argparse.Namespace) -> int:
    settings = _read_settings(options)
    progress = _make_progress(options.lang)
    district = _read(options, _load_rules(options, settings), settings, progress)
    found = render_findings(district.findings, options.lang)
    if options.out is not None:
        with replace_folder(options.out) as temporary:
            write_csv(found, temporary / "findings.csv")
    _say_district(district, options.lang)
    _say_layers(district, options.lang)
    _say_findings(found, options.lang)
    return FOUND if (found["severity"] == Severity.ERROR).any() else DONE


def _plan(options: argparse.Namespace) -> int:
    progress = _make_progress(options.lang)
    plan, review = _take_steps(options, progress)
    write_plan(plan, options.out, review=review, crs=options.crs, progress=progress)
    _say_district(plan.district, options.lang)
    _say_states(plan, options.lang)
    if plan.units is not None:
        _say_units(plan.units, options.lang)
    if plan.sites is not None:
        _say_sites(plan.sites, options.lang)
    if plan.openings is not None:
        _say_openings(plan.openings, options.lang)
    if review is not None:
        _say_review(review, options.lang)
    _say_counts(plan.findings, options.lang)
    _say("cli.plan_done", options.lang, folder=options.out)
    unmet = plan.has_errors or (review is not None and review.has_unmet)
    return FOUND if options.strict and unmet else DONE


def _take_steps(
    options: argparse.Namespace, progress: Progress
) -> tuple[Plan, Review | None]:
    """Read the district and take every step up to the one that was asked for."""
    until = options.only if options.only in STEPS else STEPS[-1]
    decisions = None if options.decisions is None else read_decisions(options.decisions)
    settings = _read_settings(options)
    rules = _load_rules(options, settings)
    started = time.perf_counter()
    district = _read(options, rules, settings, progress)
    seconds = {"read": round(time.perf_counter() - started, 3)}
    warm(progress)
    if until != "gaps":
        warm_units(progress)
    if until == "sites":
        warm_sites(progress)
    plan = plan_district(
        district,
        rules,
        settings,
        until=cast("Step", until),
        decisions=decisions,
        progress=progress,
    )
    seconds |= plan.seconds
    started = time.perf_counter()
    review = _review(plan, options, decisions, progress)
    if review is not None:
        seconds["review"] = round(time.perf_counter() - started, 3)
    return replace(plan, seconds=seconds), review


def _review(
    plan: Plan,
    options: argparse.Namespace,
    decisions: Decisions | None,
    progress: Progress,
) -> Review | None:
    """Take the policy step, if it was asked for."""
    if options.only not in (None, "checks"):
        return None
    wishes = decisions or Decisions()
    return review_plan(
        plan,
        pinned=wishes.pinned,
        barred=wishes.barred,
        until="indicators" if options.only is None else "checks",
        progress=progress,
    )


def _fetch(options: argparse.Namespace) -> int:
    progress = _make_progress(options.lang)
    fetch_district(options.place, options.folder, progress)
    _end_progress()
    _say("cli.fetch_done", options.lang, folder=options.folder)
    return DONE


def _app(options: argparse.Namespace) -> int:
    script = _find_app()
    environment = {**os.environ, "PIANQU_LANG": options.lang}
    if options.district is not None:
        if not options.district.exists():
            raise InputError("app_no_district", path=options.district)
        environment["PIANQU_DISTRICT"] = str(options.district.resolve())
    _say("cli.app_starting", options.lang, port=options.port)
    command = [sys.executable, "-m", "streamlit", "run", str(script)]
    flags = {
        "server.port": options.port,
        "server.headless": str(options.no_browser).lower(),
    }
    command += [*server_options(), *(f"--{key}={flags[key]}" for key in flags)]
    return subprocess.run(command, env=environment, check=False).returncode  # noqa: S603  # our own words, no shell


def _version(_options: argparse.Namespace) -> int:
    sys.stdout.write(f"pianqu {geo.__version__}\n")
    return DONE


_COMMANDS: Mapping[str, Callable[[argparse.Namespace], int]] = {
    "demo": _demo,
    "check": _check,
    "plan": _plan,
    "fetch": _fetch,
    "app": _app,
    "version": _version,
}


# what the commands read


def _read_settings(options: argparse.Namespace) -> Settings:
    values = dict(read_manifest(options.district).settings)
    values |= {} if options.settings is None else _read_toml(options.settings)
    values |= {"lang": options.lang}
    if options.profile is not None:
        values |= {"profile": options.profile}
    return make_settings(values)


def _read_toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise RuleError(
            "settings_unreadable", file=path.name, reason=_reason(error)
        ) from error


def _reason(error: Exception) -> str:
    known = isinstance(error, OSError) and error.strerror
    return str(known or error)


def _load_rules(options: argparse.Namespace, settings: Settings) -> RuleBook:
    folder = options.district if options.district.is_dir() else None
    return load_rules(settings.profile, folder)


def _read(
    options: argparse.Namespace,
    rules: RuleBook,
    settings: Settings,
    progress: Progress,
) -> District:
    return read_district(
        options.district, rules=rules, settings=settings, progress=progress
    )


def _find_app() -> Path:
    beside = Path(geo.__file__).resolve().parent.parent / "app.py"
    for script in (data_dir() / "app.py", beside):
        if script.is_file():
            return script
    raise InputError("app_missing")


# what the commands say


class _TerminalProgress:
    """One line on the terminal that tells the stage and its share."""

    def __init__(self, lang: str) -> None:
        self.lang = lang
        self.stage = ""
        self.shown_at = 0.0

    def __call__(self, stage: str, share: float) -> None:
        now = time.monotonic()
        if stage == self.stage and share < 1 and now - self.shown_at < _PAUSE_S:
            return
        end = "\n" if self.stage and stage != self.stage else ""
        self.stage, self.shown_at = stage, now
        name = tr(stage, self.lang)
        sys.stderr.write(f"{end}\r{name} {share:4.0%}\x1b[K")
        sys.stderr.flush()


def _make_progress(lang: str) -> Progress:
    return _TerminalProgress(lang) if sys.stderr.isatty() else no_progress


def _say(key: str, lang: str, **values: Any) -> None:
    sys.stdout.write(f"{tr(key, lang, **values)}\n")


def _say_district(district: District, lang: str) -> None:
    _end_progress()
    _say(
        "cli.read_done",
        lang,
        name=district.name,
        communities=f"{len(district.communities):,}",
        facilities=f"{len(district.facilities):,}",
        streets=f"{len(district.streets):,}",
        crs=district.crs.name,
    )


def _end_progress() -> None:
    if sys.stderr.isatty():
        sys.stderr.write("\n")


def _say_layers(district: District, lang: str) -> None:
    for row in district.layers.to_dict("records"):
        values = {str(key): value for key, value in row.items()}
        values["layer"] = tr(f"layer.{values['layer']}", lang)
        _say("cli.layer_line", lang, **values)


def _say_states(plan: Plan, lang: str) -> None:
    counts = plan.gaps["state"].value_counts()
    said = [
        tr(
            "cli.state_count",
            lang,
            state=tr(f"state.{s}", lang),
            count=f"{counts[s]:,}",
        )
        for s in State
        if s in counts
    ]
    states = tr("cli.state_join", lang).join(said)
    _say("cli.states_done", lang, pairs=f"{len(plan.gaps):,}", states=states)


def _say_units(units: Units, lang: str) -> None:
    table = units.table
    joint = table["communities"] > 1
    states = units.pieces["state"]
    _say(
        "cli.units_done",
        lang,
        units=f"{int(joint.sum()):,}",
        communities=f"{int(table.loc[joint, 'communities'].sum()):,}",
        alone=f"{int((~joint).sum()):,}",
        score=f"{units.score:,.0f}",
        proved=f"{int((states == 'proved').sum()):,}",
        pieces=f"{len(states):,}",
    )


def _say_sites(sites: Sites, lang: str) -> None:
    resources = sites.table["idle_id"].nunique()
    proposals = len(sites.table)
    _say("cli.sites_done", lang, proposals=f"{proposals:,}", resources=f"{resources:,}")
    sys.stdout.write(f"{sites.statement(lang)}\n")


def _say_openings(openings: Openings, lang: str) -> None:
    _say("cli.openings_done", lang, openings=f"{len(openings.table):,}")
    for sentence in openings.explain(lang).head(1):
        _say("cli.openings_best", lang, sentence=sentence)


def _say_review(review: Review, lang: str) -> None:
    counts = review.checks.table["state"].value_counts()
    _say(
        "cli.checks_done",
        lang,
        rows=f"{len(review.checks.table):,}",
        barriers=f"{len(review.checks.barriers):,}",
        **{state: f"{int(counts.get(state, 0)):,}" for state in CLAUSE_STATES},
    )
    if review.schedule is not None:
        sys.stdout.write(f"{review.schedule.statement(lang)}\n")


def _say_findings(found: pd.DataFrame, lang: str) -> None:
    for row in found.to_dict("records"):
        where = ""
        if pd.notna(row["row"]):
            where += tr("cli.finding_row", lang, row=int(row["row"]) + 1)
        if pd.notna(row["id"]):
            where += tr("cli.finding_id", lang, id=row["id"])
        _say(
            "cli.finding_line",
            lang,
            severity=tr(f"severity.{row['severity']}", lang),
            layer=tr(f"layer.{row['layer']}", lang),
            where=where,
            message=row["message"],
            action=row["action"],
        )
    _say_counts(found, lang)


def _say_counts(findings: pd.DataFrame, lang: str) -> None:
    counts = findings["severity"].value_counts()
    errors, warnings, infos = (int(counts.get(s, 0)) for s in Severity)
    _say("cli.findings_done", lang, errors=errors, warnings=warnings, infos=infos)
