"""How large a resource is for a category, and whether that is enough.

Rooms count by floor area, plots by land area. Where only the lower storeys serve, their
share of the floor area counts, all storeys being taken as equally large.
"""

from dataclasses import dataclass

import numpy as np

from geo.coverage import Floats, Ints
from geo.demands import LEVELS, NO, UNKNOWN, YES, Demands, Ruling
from geo.idle import Resources, Words


@dataclass(frozen=True, eq=False)
class Size:
    """Areas of the resources and what is needed; NaN: unknown, or no figure.

    Attributes
    ----------
    area_kind
        ``floor``, ``land`` or, where the resource cannot serve, empty.
    total_m2, usable_m2
        The whole area, and what of it stands on storeys that serve.
    land_m2
        Land area.
    needed_m2, needed_land_m2
        The smallest area, and the smallest land that is asked for besides.
    if_less
        Level of a resource that has less.
    rule
        Rule that `needed_m2` comes from.
    """

    area_kind: Words
    total_m2: Floats
    usable_m2: Floats
    land_m2: Floats
    needed_m2: Floats
    needed_land_m2: Floats
    if_less: Ints
    rule: Words

    @property
    def shown_m2(self) -> Floats:
        """Return the usable area, or the whole where that already is too small."""
        whole = np.isnan(self.usable_m2) & ~(self.total_m2 >= self.needed_m2)
        return np.where(whole, self.total_m2, self.usable_m2)


def measure_size(resources: Resources, demands: Demands, area_kind: Words) -> Size:
    """Measure the usable area of resources, and name what is needed.

    Parameters
    ----------
    resources
        The resources.
    demands
        What the category asks for.
    area_kind
        ``floor``, ``land`` or empty for each resource.

    Returns
    -------
    Size
        Areas in m2.
    """
    count = len(area_kind)
    total, needed, land = (np.full(count, np.nan) for _ in range(3))
    if_less, rule = np.full(count, UNKNOWN), np.full(count, "", dtype=object)
    for area in ("floor", "land"):
        here = area_kind == area
        figure = demands.figure(area)
        total[here] = resources.area_m2[area][here]
        needed[here], land[here] = figure.least_m2, figure.land_m2
        if_less[here], rule[here] = figure.if_less, figure.rule
    return Size(
        area_kind=area_kind,
        total_m2=total,
        usable_m2=total * _find_share(resources, demands, area_kind),
        land_m2=resources.area_m2["land"],
        needed_m2=needed,
        needed_land_m2=land,
        if_less=if_less,
        rule=rule,
    )


def _find_share(resources: Resources, demands: Demands, area_kind: Words) -> Floats:
    """Return which share of the rooms stands on storeys that serve; NaN: unknown."""
    rows = demands.of("storeys")
    if not rows:
        return np.ones(len(area_kind))
    most = float(rows[-1]["storeys_most"])
    storeys = np.where(resources.storeys >= 1, resources.storeys, np.nan)
    ground = resources.words["ground_floor"]
    # rooms of one storey of which nothing else is said are a house of their own
    from_ground = (ground == "yes") | ((ground == "") & (storeys == 1))
    share = np.where(from_ground, np.minimum(most / storeys, 1.0), np.nan)
    share = np.where((ground == "no") & (most == 1), 0.0, share)
    return np.where(area_kind == "floor", share, 1.0)


def judge_whole(size: Size) -> Ruling:
    """Judge whether the whole area is large enough.

    Parameters
    ----------
    size
        Areas of the resources.

    Returns
    -------
    Ruling
        One ruling per resource.
    """
    asked, firm = size.area_kind != "", size.if_less == NO
    less = size.total_m2 < size.needed_m2
    plot = asked & ~np.isnan(size.needed_land_m2)
    little_land = plot & (size.land_m2 < size.needed_land_m2)
    cases = (
        (~asked, YES, ""),
        (np.isnan(size.needed_m2), UNKNOWN, "no_figure"),
        (np.isnan(size.total_m2), UNKNOWN, "area_missing"),
        (less & firm, NO, "too_small"),
        (less, UNKNOWN, "below_new"),
        (little_land & firm, NO, "land_short"),
        (little_land, UNKNOWN, "land_below_new"),
        (plot & np.isnan(size.land_m2), UNKNOWN, "land_missing"),
    )
    masks = [mask for mask, _, _ in cases]
    level = np.select(masks, [level for _, level, _ in cases], default=YES)
    code = np.select(masks, [np.array(code, dtype=object) for _, _, code in cases], "")
    return Ruling(level, code, size.rule, _nothing(len(asked)))


def judge_storeys(size: Size, demands: Demands) -> Ruling:
    """Judge whether enough of the area stands on storeys that serve.

    Parameters
    ----------
    size
        Areas of the resources.
    demands
        What the category asks for.

    Returns
    -------
    Ruling
        One ruling per resource; passed where the whole area is too small already.
    """
    rows, none = demands.of("storeys"), _nothing(len(size.area_kind))
    if not rows:
        return Ruling(np.full(len(none), YES), none, none, none)
    enough = (size.area_kind == "floor") & (size.total_m2 >= size.needed_m2)
    above = enough & (size.usable_m2 < size.needed_m2)
    unsure = enough & np.isnan(size.usable_m2)
    verdict = LEVELS.index(rows[-1]["verdict"])
    level = np.select([above, unsure], [verdict, demands.missing("storeys")[0]], YES)
    said = "storeys" if verdict == NO else "storeys_open"
    code = np.where(above, said, "storeys_missing").astype(object)
    rule = np.full(len(none), rows[-1]["rule_id"], dtype=object)
    return Ruling(level, code, rule, none)


def _nothing(size: int) -> Words:
    return np.full(size, "", dtype=object)
