"""Errors are also built-ins, speak both languages and cross processes."""

import ast
import copy
import pickle
from pathlib import Path

import pytest

from geo import errors
from geo.errors import (
    CancelledError,
    CrsError,
    FetchError,
    InputError,
    OutputError,
    PianquError,
    RuleError,
)
from geo.text import LANGUAGES, texts

GEO = Path(errors.__file__).parent


def through_pickle(error):
    return pickle.loads(pickle.dumps(error))  # noqa: S301 - our own bytes


@pytest.mark.parametrize(
    ("kind", "built_in"),
    [
        (InputError, ValueError),
        (CrsError, InputError),
        (RuleError, ValueError),
        (OutputError, OSError),
        (FetchError, ConnectionError),
        (CancelledError, InterruptedError),
    ],
)
def test_each_error_is_also_the_built_in(kind, built_in):
    error = kind("setting_share", name="coverage_share_min")
    assert isinstance(error, built_in)
    assert isinstance(error, PianquError)
    assert error.code == "setting_share"
    assert error.params == {"name": "coverage_share_min"}


def test_an_error_says_what_happened_and_what_to_do():
    error = RuleError("setting_unknown", name="cutof_m", known="cutoff_m")
    assert str(error) == "没有名为 cutof_m 的设置。\n可用的设置：cutoff_m。"
    assert error.message("en") == "There is no setting named cutof_m."
    assert error.action("en") == "Settings: cutoff_m."


@pytest.mark.parametrize(
    "kind", [InputError, CrsError, RuleError, OutputError, FetchError, CancelledError]
)
@pytest.mark.parametrize("pass_on", [copy.copy, through_pickle])
def test_an_error_crosses_a_process_whole(kind, pass_on):
    error = pass_on(kind("setting_unknown", name="a", known="b"))
    assert type(error) is kind
    assert error.params == {"name": "a", "known": "b"}
    assert error.message("en") == "There is no setting named a."


def raised_codes():
    """Return the codes that the modules raise, read from their source."""
    kinds = {"InputError", "CrsError", "RuleError", "OutputError", "FetchError"}
    kinds |= {"CancelledError", "PianquError"}
    for path in sorted(GEO.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Name)):
                continue
            if (
                node.func.id in kinds
                and node.args
                and isinstance(node.args[0], ast.Constant)
            ):
                yield path.stem, node.args[0].value


CODES = sorted(set(raised_codes()))


@pytest.mark.parametrize(("module", "code"), CODES)
@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_error_that_is_raised_has_its_texts(module, code, lang):
    for part in ("message", "action"):
        assert f"error.{code}.{part}" in texts(lang), module
