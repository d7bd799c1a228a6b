"""How large a facility may be built on each resource, and in how many modules.

Areas are m2 of floor or of land, as the category is built; `share` turns them into the
resource's own area, which all that is built on it has to share.
"""

from dataclasses import dataclass

import numpy as np

from geo.coverage import Bools, Floats, Ints
from geo.demands import NO, Demands
from geo.idle import Resources, Words, plain_word
from geo.rules import RuleBook
from geo.site_rules import Sizing
from geo.sizes import measure_size

#: Shares of a module that are none, so that 350 / 50 is seven.
_NEAR = 1e-9


@dataclass(frozen=True, eq=False)
class Stock:
    """What area a resource has to share; arrays of shape (resources,).

    Attributes
    ----------
    kind
        ``floor`` (rooms) or ``land`` (plots).
    area_m2
        The area, NaN where unknown.
    """

    kind: Words
    area_m2: Floats


@dataclass(frozen=True, eq=False)
class Room:
    """The room that resources have for one category; arrays of shape (resources,).

    Attributes
    ----------
    area_kind
        ``floor``, ``land``, or empty where it cannot be built there.
    area_m2
        Area usable for it, NaN where unknown.
    share
        Area of the resource that one m2 of it takes.
    least_m2
        Smallest legal area, NaN where no standard has one.
    land_short
        Whether the land that is asked for besides is known to be missing.
    rule
        Rule that `least_m2` comes from.
    guessed
        Whether it is not known which storeys serve, and all of them are counted.
    on_plot
        Whether rooms would be built on a plot.
    """

    area_kind: Words
    area_m2: Floats
    share: Floats
    least_m2: Floats
    land_short: Bools
    rule: Words
    guessed: Bools
    on_plot: Bools


def measure_stock(resources: Resources, rules: RuleBook) -> Stock:
    """Measure what area each resource has to share.

    Parameters
    ----------
    resources
        The resources.
    rules
        Its `suitability` says which kinds count by floor and which by land.

    Returns
    -------
    Stock
        Kind and area. Where the table does not say which it is, it is the floor area
        that is known, else the land.
    """
    kinds: dict[str, set[str]] = {"floor": set(), "land": set()}
    for row in rules.suitability.to_dict("records"):
        if row["condition"] == "kind" and row["area"]:
            kinds[row["area"]] |= {plain_word(word) for word in row["kinds"].split("|")}
    floor, land = (resources.area_m2[kind] for kind in ("floor", "land"))
    said = [plain_word(kind) for kind in resources.words["kind"]]
    rooms = np.array([kind in kinds["floor"] for kind in said], dtype=np.bool_)
    plots = np.array([kind in kinds["land"] for kind in said], dtype=np.bool_)
    as_floor = np.where(rooms != plots, rooms, ~np.isnan(floor))
    kind = np.where(as_floor, "floor", "land").astype(object)
    return Stock(kind, np.where(as_floor, floor, land))


def measure_room(
    resources: Resources,
    demands: Demands,
    stock: Stock,
    *,
    area_kind: Words,
    whole: Bools,
    areas: frozenset[str],
    plot_ratio: float,
) -> Room:
    """Measure the room that resources have for one category.

    Parameters
    ----------
    resources
        The resources.
    demands
        What the category asks for.
    stock
        What they have to share.
    area_kind
        Kind of area by which the suitability counts them, empty: not said.
    whole
        Whether all storeys count where it is not known that enough of them serve.
    areas
        Kinds of area by which the category is sized.
    plot_ratio
        Floor area of a new building per area of its plot.

    Returns
    -------
    Room
        Areas in m2.
    """
    open_ = area_kind == ""
    kind = np.where(open_ & np.isin(stock.kind, [*areas]), stock.kind, area_kind)
    on_plot = (kind == "") & (stock.kind == "land") & ("floor" in areas)
    size = measure_size(resources, demands, np.where(on_plot, "floor", kind))
    land_m2 = resources.area_m2["land"]
    total = np.where(on_plot, land_m2 * plot_ratio, size.total_m2)
    enough = size.usable_m2 >= np.nan_to_num(size.needed_m2)
    guessed = whole & (kind == "floor") & ~enough & ~np.isnan(total)
    usable = np.where(on_plot | guessed, total, size.usable_m2)
    firm = size.if_less == NO
    with np.errstate(invalid="ignore", divide="ignore"):
        share = stock.area_m2 / total
    return Room(
        area_kind=np.where(on_plot, "floor", kind).astype(object),
        area_m2=usable,
        share=share,
        least_m2=size.needed_m2,
        land_short=firm & (land_m2 < size.needed_land_m2),
        rule=size.rule,
        guessed=guessed,
        on_plot=on_plot,
    )


@dataclass(frozen=True, eq=False)
class Modules:
    """In how many modules a facility is built; arrays of shape (resources,).

    Attributes
    ----------
    module_m2
        Area of one module.
    capacity
        Capacity of one module, infinite where there is no limit.
    least, most
        Modules, at least 1.
    """

    module_m2: Floats
    capacity: Floats
    least: Ints
    most: Ints


def build_modules(
    area_m2: Floats, least_m2: Floats, sizing: Sizing, *, limited: bool
) -> Modules:
    """Say in how many modules a facility may be built.

    Parameters
    ----------
    area_m2, least_m2
        Usable area and smallest area; ``0 < least_m2 <= area_m2``.
    sizing
        Module, largest area, area per capacity.
    limited
        Whether it serves only so many people. Otherwise more area serves nobody more,
        and it is built at its smallest area, as one module.

    Returns
    -------
    Modules
        Where no whole number of modules fits between the smallest area and what there
        is, one module as large as the smallest area.

    Examples
    --------
    >>> from dataclasses import replace
    >>> from geo.rules import load_rules
    >>> from geo.site_rules import list_sited
    >>> sited = list_sited(load_rules(), ["elderly_daycare"])
    >>> sizing = sited["elderly_daycare"].sizings["floor"]
    >>> area_m2, least_m2 = np.array([480.0]), np.array([350.0])
    >>> built = build_modules(area_m2, least_m2, sizing, limited=True)
    >>> built.least.tolist(), built.most.tolist()
    ([7], [9])
    """
    one = np.ones(len(area_m2), dtype=np.int64)
    if not limited:
        return Modules(least_m2, np.full(len(one), np.inf), one, one)
    top = np.fmin(area_m2, np.fmax(sizing.most_m2, least_m2))
    least = np.ceil(least_m2 / sizing.module_m2 - _NEAR).astype(np.int64)
    most = np.floor(top / sizing.module_m2 + _NEAR).astype(np.int64)
    fits = (least <= most) & (least >= 1)
    module = np.where(fits, sizing.module_m2, least_m2)
    return Modules(
        module_m2=module,
        capacity=module / sizing.m2_per_capacity,
        least=np.where(fits, least, one),
        most=np.where(fits, most, one),
    )
