"""Imports run one way: from the right of the flow of ARCHITECTURE.md to its left."""

import ast
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "geo"

#: The flow. A module imports, itself or through the modules it is made of, only
#: what stands left of it.
FLOW = (
    "text",
    "errors",
    "schema",
    "settings",
    "findings",
    "rules",
    "datum",
    "classify",
    "osm",
    "read",
    "validate",
    "evidence",
    "facts",
    "district",
    "fetch",
    "parcel",
    "intake",
    "sample",
    "network",
    "reach",
    "lifecircle",
    "eligibility",
    "suitability",
    "closable",
    "neighbours",
    "units",
    "site_problem",
    "site_solve",
    "siting",
    "openings",
    "what_if",
    "plan",
    "compliance",
    "reserve",
    "schedule",
    "indicators",
    "review",
    "plan_files",
    "maps",
    "cli",
)

MODULES = sorted(
    path.stem for path in PACKAGE.glob("*.py") if not path.stem.startswith("__")
)


def find_imports(module: str) -> set[str]:
    """Return the dotted names that a module imports when it runs."""
    found = set()
    source = (PACKAGE / f"{module}.py").read_text(encoding="utf-8")
    tree = ast.parse(source)
    typing = [
        inner
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
        for inner in ast.walk(node)
    ]
    for node in ast.walk(tree):
        if node in typing:
            continue
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def find_neighbours(module: str) -> set[str]:
    parts = (name.split(".") for name in find_imports(module))
    return {part[1] for part in parts if part[0] == "geo" and len(part) > 1} & {
        *MODULES
    }


GRAPH = {module: find_neighbours(module) for module in MODULES}


def find_reached(module: str) -> set[str]:
    reached: set[str] = set()
    waiting = [module]
    while waiting:
        for other in GRAPH[waiting.pop()] - reached:
            reached.add(other)
            waiting.append(other)
    return reached


def test_nobody_imports_in_a_circle():
    order = [*TopologicalSorter(GRAPH).static_order()]
    assert sorted(order) == MODULES


def test_every_step_of_the_flow_exists():
    assert set(FLOW) <= set(MODULES)


@pytest.mark.parametrize("module", FLOW)
def test_a_step_reaches_only_what_stands_left_of_it(module):
    right = set(FLOW[FLOW.index(module) + 1 :])
    assert not find_reached(module) & right


@pytest.mark.parametrize("module", MODULES)
def test_only_maps_and_views_know_how_things_are_shown(module):
    packages = {name.split(".")[0] for name in find_imports(module)}
    assert "streamlit" not in packages
    assert "folium" not in packages or module == "maps"
    assert not any(name.startswith("geo.views") for name in find_imports(module))


@pytest.mark.parametrize("module", MODULES)
def test_only_fetch_and_what_it_is_made_of_know_the_internet(module):
    packages = {name.split(".")[0] for name in find_imports(module)}
    assert not packages & {"requests", "urllib3", "httpx", "aiohttp"} or (
        module == "fetch" or module in find_reached("fetch")
    )
