"""Fixtures for all tests; the hand-countable town is described in `gridtown`."""

from typing import Any

import pytest
from gridtown import grid_layers, make_district

from geo.district import District
from geo.rules import RuleBook, load_rules


@pytest.fixture(scope="session")
def rules() -> RuleBook:
    """The national rules."""
    return load_rules()


@pytest.fixture
def town_layers() -> dict[str, dict[str, dict[str, Any]]]:
    """The layers of the grid town, free to be changed."""
    return grid_layers()


@pytest.fixture(scope="session")
def grid_town() -> District:
    """The grid town as it stands in `gridtown`."""
    return make_district(**grid_layers())
