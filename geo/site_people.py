"""How many people live in each community: recorded, or estimated and marked.

Households are those of the ledger, else those counted behind doors; else as many as
the population, the floor area or the buildings of the community allow, in this order.
Age groups that the ledger does not give come from the shares of ``people.csv``.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geo.coverage import Bools, Floats
from geo.idle import Words
from geo.lifecircle import LifeCircle
from geo.settings import SiteSettings
from geo.stock import find_rows, place_people

#: Values of the OSM tag `building` that may hold homes; without a tag it may, too.
HOMES = frozenset(
    (
        "yes",
        "apartments",
        "residential",
        "house",
        "detached",
        "semidetached_house",
        "terrace",
        "dormitory",
        "bungalow",
    )
)


@dataclass(frozen=True, eq=False)
class Count:
    """How many of one group live in each community; shape (communities,).

    Attributes
    ----------
    amount
        Their number, NaN where nothing is known.
    basis
        What it comes from: ``ledger``, ``households``, ``population``,
        ``floor_area``, ``buildings``; empty where nothing is known.
    estimated
        Whether it is no record.
    """

    amount: Floats
    basis: Words
    estimated: Bools


@dataclass(frozen=True, eq=False)
class People:
    """Who lives in each community.

    Attributes
    ----------
    ids
        Community ids, sorted: the rows of all arrays.
    households
        Households.
    groups
        ``persons``, ``elderly_60`` and ``infants_0_3``.
    spaces
        Parking spaces that the community counts as its own, NaN: unknown.
    """

    ids: pd.Index
    households: Count
    groups: Mapping[str, Count]
    spaces: Floats


def count_people(circle: LifeCircle, settings: SiteSettings) -> People:
    """Count the people of each community.

    Parameters
    ----------
    circle
        District, network and rules.
    settings
        Its `m2_per_household` and `storeys_assumed`.

    Returns
    -------
    People
        Numbers, where they come from, and whether they are estimated.
    """
    district, figures = circle.district, circle.rules.people["value"]
    ids = district.communities.index.sort_values()
    rows = district.communities.loc[ids]
    per_household = float(figures["persons_per_household"])
    population = _numbers(rows, "population")
    households = _first(
        ("ledger", _numbers(rows, "households")),
        ("ledger", place_people(circle.network, ids).access.households_counted),
        ("population", population / per_household),
        ("floor_area", _above(_numbers(rows, "floor_area_m2")) / _m2(settings)),
        ("buildings", _measure_homes(circle, ids, settings) / _m2(settings)),
    )
    persons = _follow(population, households, per_household, "households")
    shares = {key: float(figures[f"share_{key}"]) for key in _SHARED}
    groups = {
        key: _follow(_numbers(rows, key), persons, share, "population")
        for key, share in shares.items()
    }
    spaces = _numbers(rows, "parking_spaces")
    return People(ids, households, {"persons": persons} | groups, spaces)


_SHARED = ("elderly_60", "infants_0_3")


def _m2(settings: SiteSettings) -> float:
    return settings.m2_per_household


def _numbers(rows: pd.DataFrame, column: str) -> Floats:
    values = pd.to_numeric(rows[column], errors="coerce")
    return values.to_numpy(dtype=np.float64, na_value=np.nan)


def _above(values: Floats) -> Floats:
    """Return values above 0: no floor area at all is one that nobody measured."""
    return np.where(values > 0, values, np.nan)


def _first(*known: tuple[str, Floats]) -> Count:
    """Return the first of several numbers that is known."""
    amount = np.full(len(known[0][1]), np.nan)
    basis = np.full(len(amount), "", dtype=object)
    for word, values in known:
        new = np.isnan(amount) & ~np.isnan(values)
        amount[new], basis[new] = values[new], word
    return Count(amount, basis, (basis != "ledger") & (basis != ""))


def _follow(recorded: Floats, whole: Count, share: float, word: str) -> Count:
    """Return what is recorded, else the share of a whole."""
    known = ~np.isnan(recorded)
    told = np.where(whole.basis == "ledger", word, whole.basis)
    basis = np.where(known, "ledger", told).astype(object)
    amount = np.where(known, recorded, whole.amount * share)
    return Count(amount, basis, ~known & (basis != ""))


def _measure_homes(circle: LifeCircle, ids: pd.Index, settings: SiteSettings) -> Floats:
    """Add up the floor area of the buildings that may hold homes, NaN: none."""
    buildings = circle.district.buildings
    homes = buildings[_may_hold_homes(buildings)]
    shapes = homes.geometry.to_numpy(dtype=object)
    storeys = _numbers(homes, "storeys")
    storeys = np.where(storeys > 0, storeys, settings.storeys_assumed)
    territory = circle.network.seeder.territory
    around = territory.name(territory.find_community(shapely.point_on_surface(shapes)))
    said = homes["community_id"].astype("object").to_numpy()
    owner = find_rows(ids, np.where(pd.isna(said), around, said))
    floor = np.bincount(
        owner[owner >= 0],
        (shapely.area(shapes) * storeys)[owner >= 0],
        minlength=len(ids),
    )
    return _above(floor.astype(np.float64))


def _may_hold_homes(buildings: gpd.GeoDataFrame) -> Bools:
    if "building" not in buildings:
        return np.ones(len(buildings), dtype=np.bool_)
    tags = buildings["building"].astype("object")
    return np.asarray(tags.isna() | tags.isin(HOMES), dtype=np.bool_)
