"""What the tables say about siting: whom a facility serves, how large it is built.

``data/rules/siting.csv`` sizes a facility, ``people.csv`` says how many people there
are where only households are known, ``apart.csv`` what may not stand together. The
smallest legal areas stay where they are, in the facility standards.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from geo.coverage import Floats
from geo.rules import Requirement, RuleBook
from geo.schema import FIRM_CERTAINTY
from geo.settings import Settings

#: Kind of a capacity rule -> for how many (persons or households) it is given.
PER = {"per_1000_persons": 1000.0, "per_household": 1.0, "per_100_households": 100.0}


@dataclass(frozen=True, slots=True)
class Sizing:
    """How a facility of one category is sized by floor or by land.

    Attributes
    ----------
    category, area
        Category, and ``floor`` or ``land``.
    module_m2
        Area of one module.
    least_m2
        Smallest area where no standard has a figure, NaN: none.
    most_m2
        Largest sensible area, NaN: any.
    m2_per_capacity
        Area that one unit of capacity takes, NaN: it serves whoever can walk there.
    capacity_unit
        ``places``, ``spaces``, ``m2`` or empty.
    cost_per_m2_cny
        Cost of building, NaN: not given.
    source, certainty, note
        Where the numbers stand.
    """

    category: str
    area: str
    module_m2: float
    least_m2: float
    most_m2: float
    m2_per_capacity: float
    capacity_unit: str
    cost_per_m2_cny: float
    source: str
    certainty: str
    note: str

    @property
    def firm(self) -> bool:
        """Whether the numbers need no mark where they are shown."""
        return self.certainty in FIRM_CERTAINTY


@dataclass(frozen=True, slots=True)
class SitedCategory:
    """A category that can be sited.

    Attributes
    ----------
    need
        What is asked of it.
    group
        Whom it serves: ``persons``, ``elderly_60``, ``infants_0_3`` or ``cars``.
    sizings
        ``floor`` and ``land`` to how it is sized there; one of them at least.
    """

    need: Requirement
    group: str
    sizings: Mapping[str, Sizing]

    @property
    def category(self) -> str:
        """Return its key."""
        return self.need.category

    @property
    def limited(self) -> bool:
        """Whether a facility of it serves only so many people."""
        unit = self.need.capacity_unit
        return unit is not None and any(
            sizing.capacity_unit == unit for sizing in self.sizings.values()
        )

    @property
    def needed(self) -> float:
        """Return the capacity that its rule asks for, NaN without one."""
        value = self.need.capacity_value
        return float("nan") if value is None else float(value)

    def needed_by(self, households: Floats, persons: Floats) -> Floats:
        """Return the capacity that so many people need.

        Parameters
        ----------
        households, persons
            How many there are, NaN where unknown.

        Returns
        -------
        numpy.ndarray
            Capacity in the unit of the rule, NaN without a rule.
        """
        kind = self.need.capacity_kind
        if kind is None:
            return np.full(len(households), np.nan)
        many = persons if kind == "per_1000_persons" else households
        return np.asarray(self.needed * many / PER[kind], dtype=np.float64)


def list_sited(rules: RuleBook, categories: Iterable[str]) -> dict[str, SitedCategory]:
    """List the categories that can be sited.

    Parameters
    ----------
    rules
        The rule book.
    categories
        Categories that are asked for.

    Returns
    -------
    dict
        Category to what the tables say, in the order asked; a category without a
        requirement or without a row in the table of siting is missing.
    """
    rows: dict[str, dict[str, Sizing]] = {}
    groups: dict[str, str] = {}
    for cells in rules.siting.to_dict("records"):
        row = {str(name): cell for name, cell in cells.items()}
        groups[row["category"]] = row["group"]
        rows.setdefault(row["category"], {})[row["area"]] = _make_sizing(row)
    needs = rules.requirements
    return {
        category: SitedCategory(needs[category], groups[category], rows[category])
        for category in categories
        if category in needs and category in rows
    }


def _make_sizing(row: Mapping[str, Any]) -> Sizing:
    names = Sizing.__dataclass_fields__
    return Sizing(**{name: row[name] for name in names})


def measure_reaches(
    sited: Mapping[str, SitedCategory], settings: Settings
) -> dict[str, float]:
    """Return how far people walk to each category.

    Parameters
    ----------
    sited
        Result of `list_sited`.
    settings
        Its `default_reach_m` stands in where there is no distance rule.

    Returns
    -------
    dict
        Category to metres of walking.
    """
    return {name: one.need.reach_m(settings) for name, one in sited.items()}


def list_apart(rules: RuleBook, categories: Iterable[str]) -> pd.DataFrame:
    """List the pairs of categories that may not stand together.

    Parameters
    ----------
    rules
        The rule book.
    categories
        Categories that are asked for.

    Returns
    -------
    pandas.DataFrame
        Rows of ``apart.csv`` of which both categories are asked for.
    """
    table, asked = rules.apart, set(categories)
    both = table["category_a"].isin(asked) & table["category_b"].isin(asked)
    return table[both].reset_index(drop=True)
