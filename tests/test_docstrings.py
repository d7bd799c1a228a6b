"""Public docstrings hold what numpydoc asks for, and their examples run."""

import doctest
import importlib
import inspect
import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
MODULES = sorted(
    ".".join(path.relative_to(ROOT).with_suffix("").parts)
    for path in (ROOT / "geo").glob("*.py")
    if path.stem != "__main__"
)


def test_numpydoc_finds_nothing_to_mend():
    files = sorted(str(path) for path in (ROOT / "geo").rglob("*.py"))
    command = [sys.executable, "-m", "numpydoc", "lint", *files]
    done = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("name", MODULES)
def test_examples_run(name):
    result = doctest.testmod(importlib.import_module(name))
    assert result.failed == 0


@pytest.mark.parametrize("name", MODULES)
def test_public_functions_say_what_they_take_and_give(name):
    module = importlib.import_module(name)
    for label, thing in inspect.getmembers(module, inspect.isfunction):
        if thing.__module__ == name and not label.startswith("_"):
            assert inspect.getdoc(thing), f"{name}.{label} has no docstring"


@pytest.mark.parametrize("path", sorted((ROOT / "notebooks").glob("*.ipynb")), ids=str)
def test_notebooks_are_stored_without_outputs(path):
    for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
        if cell["cell_type"] == "code":
            assert cell["outputs"] == []
            assert cell["execution_count"] is None
