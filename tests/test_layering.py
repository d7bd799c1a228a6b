"""Imports run one way: from the right of this order to its left."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

#: Modules of one row may import each other's left neighbours, never their right ones.
ORDER = (
    ("text",),
    ("errors",),
    ("schema", "settings", "progress", "files"),
    ("rules",),
    ("findings",),
    ("datum",),
    ("classify",),
    ("osm",),
    ("read",),
    ("validate",),
    ("district",),
    ("fetch",),
    ("intake",),
    ("sample",),
    ("edges",),
    ("topology", "barriers", "entrances", "extent", "pieces"),
    ("walls",),
    ("attach",),
    ("gates", "seeds"),
    ("ground",),
    ("network",),
    ("reach",),
    ("coverage", "exports"),
    ("capacity", "straight", "scores"),
    ("readings",),
    ("field", "hidden", "pictures", "reasons"),
    ("verdicts",),
    ("lifecircle",),
    ("plan",),
    ("maps",),
    ("commands",),
    ("cli",),
)


def imported(path: Path) -> set[str]:
    """Return the dotted names of `geo` modules and packages that a file imports."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def rank(module: str) -> int | None:
    for position, row in enumerate(ORDER):
        if module in row:
            return position
    return None


MODULES = sorted(
    path.stem for path in (ROOT / "geo").glob("*.py") if not path.stem.startswith("__")
)


@pytest.mark.parametrize("module", MODULES)
def test_every_module_has_its_place(module):
    assert rank(module) is not None, f"add geo/{module}.py to ORDER"


@pytest.mark.parametrize("module", MODULES)
def test_a_module_imports_only_from_its_left(module):
    for name in imported(ROOT / "geo" / f"{module}.py"):
        if name.startswith("geo.") and (other := rank(name.split(".")[1])) is not None:
            assert other < rank(module), f"geo/{module}.py imports {name}"


@pytest.mark.parametrize("module", MODULES)
def test_only_maps_and_views_know_how_things_are_shown(module):
    for name in imported(ROOT / "geo" / f"{module}.py"):
        package = name.split(".")[0]
        assert package != "streamlit", f"geo/{module}.py imports {name}"
        assert package != "folium" or module == "maps"
        assert not name.startswith("geo.views")


def test_every_place_in_the_order_exists():
    assert {module for row in ORDER for module in row} == set(MODULES)
