"""The command line: ``pianqu`` and ``python -m geo``.

Exit codes: 0 done and written; 1 ``check`` met errors, or ``plan --strict`` met
errors or unmet clauses; 2 unusable input or usage; 130 interrupted.
"""

import argparse
import io
import os
import signal
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any, NoReturn, TextIO

from geo.errors import CancelledError, PianquError
from geo.text import DEFAULT_LANGUAGE, LANGUAGES, tr

DONE, UNUSABLE, INTERRUPTED = 0, 2, 130

#: Steps that ``--only`` may name, in the order of the chain.
ONLY = ("gaps", "units", "sites", "checks")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command.

    Parameters
    ----------
    arguments
        Words of the command line; by default those the program was started with.

    Returns
    -------
    int
        The exit code.
    """
    words = list(sys.argv[1:] if arguments is None else arguments)
    try:
        return _run(words, _find_language(words))
    except (CancelledError, KeyboardInterrupt):
        sys.stderr.write(f"\n{tr('cli.interrupted', _find_language(words))}\n")
        return INTERRUPTED


def _run(words: Sequence[str], lang: str) -> int:
    for stream in (sys.stdout, sys.stderr):
        _never_refuse(stream)
    try:
        options = make_parser(lang).parse_args(words)
        options.lang = lang
        with _heeding_ctrl_c():
            # loading the libraries takes seconds, in which Ctrl-C must be understood
            from geo import commands  # noqa: PLC0415

            return commands.run(options)
    except CancelledError:
        raise
    except PianquError as error:
        _tell_error(error.message(lang), error.action(lang), lang)
        return UNUSABLE
    except SystemExit as stop:  # argparse: help or wrong usage
        return int(stop.code or DONE)


def make_parser(lang: str) -> argparse.ArgumentParser:
    """Make the parser of the command line.

    Parameters
    ----------
    lang
        Language of its help.

    Returns
    -------
    argparse.ArgumentParser
        The parser; it refuses wrong usage with exit code 2.
    """
    parser = _Parser(lang, prog="pianqu", description=tr("cli.description", lang))
    parser.epilog = tr("cli.epilog", lang)
    commands = parser.add_subparsers(
        dest="command", required=True, metavar="COMMAND", parser_class=_Parser
    )

    def add(name: str) -> argparse.ArgumentParser:
        text = tr(f"cli.{name}_help", lang)
        command = commands.add_parser(name, lang=lang, help=text, description=text)
        command.add_argument(
            "--lang", choices=LANGUAGES, help=tr("cli.lang_help", lang)
        )
        return command

    demo = add("demo")
    demo.add_argument(
        "folder", metavar="DIR", type=Path, help=tr("cli.folder_help", lang)
    )
    check = add("check")
    _add_district(check, lang)
    check.add_argument(
        "--out", metavar="DIR", type=Path, help=tr("cli.check_out_help", lang)
    )
    _add_plan_options(add("plan"), lang)
    fetch = add("fetch")
    fetch.add_argument("place", metavar="PLACE", help=tr("cli.place_help", lang))
    fetch.add_argument(
        "folder", metavar="DIR", type=Path, help=tr("cli.folder_help", lang)
    )
    app = add("app")
    text = tr("cli.app_district_help", lang)
    app.add_argument("district", metavar="DISTRICT", type=Path, nargs="?", help=text)
    app.add_argument("--port", type=int, default=8501, help=tr("cli.port_help", lang))
    text = tr("cli.no_browser_help", lang)
    app.add_argument("--no-browser", action="store_true", help=text)
    add("version")
    return parser


def _add_district(command: argparse.ArgumentParser, lang: str) -> None:
    text = tr("cli.district_help", lang)
    command.add_argument("district", metavar="DISTRICT", type=Path, help=text)
    command.add_argument("--profile", help=tr("cli.profile_help", lang))
    text = tr("cli.settings_help", lang)
    command.add_argument("--settings", metavar="FILE", type=Path, help=text)


def _add_plan_options(plan: argparse.ArgumentParser, lang: str) -> None:
    _add_district(plan, lang)
    text = tr("cli.out_help", lang)
    plan.add_argument("--out", metavar="DIR", type=Path, required=True, help=text)
    text = tr("cli.decisions_help", lang)
    plan.add_argument("--decisions", metavar="FILE", type=Path, help=text)
    plan.add_argument("--only", choices=ONLY, help=tr("cli.only_help", lang))
    plan.add_argument("--strict", action="store_true", help=tr("cli.strict_help", lang))
    plan.add_argument("--crs", help=tr("cli.crs_help", lang))


class _Parser(argparse.ArgumentParser):
    """A parser that says in the user's language that the usage is wrong."""

    def __init__(self, lang: str, **options: Any) -> None:
        super().__init__(**options, add_help=False, allow_abbrev=False)
        self.lang = lang
        self._positionals.title = tr("cli.positional_title", lang)
        self._optionals.title = tr("cli.optional_title", lang)
        self.add_argument("-h", "--help", action="help", help=tr("cli.help_help", lang))

    def error(self, message: str) -> NoReturn:
        said = tr("cli.usage_error", self.lang, reason=message)
        self.print_usage(sys.stderr)
        _tell_error(
            said, tr("cli.usage_action", self.lang, program=self.prog), self.lang
        )
        raise SystemExit(UNUSABLE)


def _find_language(words: Sequence[str]) -> str:
    """Return the language that is asked for, before anything else is parsed."""
    asked = os.environ.get("PIANQU_LANG", DEFAULT_LANGUAGE)
    for position, word in enumerate(words):
        if word == "--lang" and position + 1 < len(words):
            asked = words[position + 1]
        elif word.startswith("--lang="):
            asked = word.removeprefix("--lang=")
    return asked if asked in LANGUAGES else DEFAULT_LANGUAGE


def _never_refuse(stream: TextIO) -> None:
    """Let a terminal that lacks Chinese characters show escapes instead of failing."""
    if isinstance(stream, io.TextIOWrapper):
        stream.reconfigure(errors="backslashreplace")


def _tell_error(message: str, action: str, lang: str) -> None:
    lines = (
        tr("cli.error", lang, message=message),
        tr("cli.action", lang, action=action),
    )
    sys.stderr.write("\n".join(lines) + "\n")


@contextmanager
def _heeding_ctrl_c() -> Iterator[None]:
    """Take whatever fails after Ctrl-C for Ctrl-C.

    Libraries that it interrupts (numba while it compiles, modules being loaded) may
    go on and then fail with an error of their own.
    """
    usual = signal.getsignal(signal.SIGINT) is signal.default_int_handler
    if not usual or threading.current_thread() is not threading.main_thread():
        yield
        return
    heard = False

    def hear(number: int, frame: FrameType | None) -> None:
        nonlocal heard
        heard = True
        signal.default_int_handler(number, frame)

    signal.signal(signal.SIGINT, hear)
    done = False
    try:
        yield
        done = True
    finally:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        if heard and not done:
            raise KeyboardInterrupt
