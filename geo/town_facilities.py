"""Facilities of a made-up town: along the streets, inside compounds, on plots."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.random import Generator

from geo.town_grid import FloatArray, Way, chance
from geo.town_plots import Plot, Side, Use
from geo.town_wares import WARES, Ware

_ON_PLOTS: Mapping[Use, str] = MappingProxyType(
    {
        "middle": "middle_school",
        "primary": "primary_school",
        "nursery": "kindergarten",
        "park": "pocket_park",
        "health": "health_center",
        "parking": "parking",
    }
)
#: Figures up to this are known to the unit, larger ones to the ten.
_ROUGH = 200.0


@dataclass(frozen=True, slots=True)
class Spot:
    """A place for a facility in the plan."""

    x: float
    y: float
    plot: Plot | None = None
    street: str = ""


class _Spacing:
    """Says whether a place is far enough from those taken before."""

    def __init__(self, spacing_m: float) -> None:
        self.spacing_m = max(spacing_m, 1.0)
        self.cells: dict[tuple[int, int], list[tuple[float, float]]] = {}

    def take(self, x: float, y: float) -> bool:
        column, row = int(x // self.spacing_m), int(y // self.spacing_m)
        for i in (column - 1, column, column + 1):
            for j in (row - 1, row, row + 1):
                for ox, oy in self.cells.get((i, j), ()):
                    if (x - ox) ** 2 + (y - oy) ** 2 < self.spacing_m**2:
                        return False
        self.cells.setdefault((column, row), []).append((x, y))
        return True


def street_spots(rng: Generator, ways: Iterable[Way]) -> list[Spot]:
    """Return places on the pavements of public streets, the busiest first."""
    places, weights, names = [], [], list[str]()
    busy = {"primary": 2.2, "tertiary": 1.2, "residential": 0.8}
    for way in ways:
        if way.inner or way.level != 0 or way.highway not in busy:
            continue
        along = np.arange(way.start + 20.0, way.end - 20.0, 11.0)
        stops = np.array([way.start, way.end, *way.stops])
        along = along[np.abs(along[:, None] - stops).min(axis=1) > way.half_m]
        side = np.where(rng.integers(0, 2, along.size) == 0, -1.0, 1.0)
        across = way.at + side * (way.half_m - 2.0)
        pair = (along, across) if way.axis == "h" else (across, along)
        places.append(np.column_stack(pair))
        weights.append(np.full(along.size, busy[way.highway]))
        names += [way.name or ""] * along.size
    spots = np.concatenate(places)
    weight = np.concatenate(weights) * _density(spots)
    order = np.argsort(rng.exponential(1.0, len(spots)) / weight)
    return [
        Spot(float(spots[i, 0]), float(spots[i, 1]), street=names[i]) for i in order
    ]


def _density(spots: FloatArray) -> FloatArray:
    """Fewer services towards the rim of the town."""
    low, top = spots.min(axis=0), spots.max(axis=0)
    far = np.linalg.norm((spots - (low + top) / 2) / ((top - low) / 2), axis=1)
    thinner: FloatArray = 0.4 + 0.6 * np.exp(-(far**2) / 0.7)
    return thinner


def place_facilities(
    rng: Generator,
    ways: Sequence[Way],
    plots: Sequence[Plot],
    *,
    absent: Sequence[str] = (),
    kept_out: tuple[Sequence[str], float] = ((), np.inf),
    sealed_share: float = 0.0,
) -> list[dict[str, Any]]:
    """Place the facilities of a town.

    Parameters
    ----------
    rng
        Source of chance.
    ways, plots
        The streets and plots of the town, in the plan.
    absent
        Categories of which there is none.
    kept_out
        Categories, and the x beyond which none of them stands.
    sealed_share
        Share of facilities for all that stand behind walls without a gate for all.

    Returns
    -------
    list of dict
        Columns of the layer ``facilities`` without geometry, and ``x``, ``y`` in
        the plan, ``site`` (the rectangle it takes up, None for a point).
    """
    communities = [plot for plot in plots if plot.use == "community"]
    open_spots = street_spots(rng, ways)
    rows = _fill_plots(rng, [p for p in plots if p.use != "community"], absent)
    for ware in (ware for ware in WARES if ware.category not in absent):
        wanted = max(1, round(ware.per_100 * len(communities) / 100.0))
        wanted -= sum(row["category"] == ware.category for row in rows)
        inside = int(rng.binomial(max(wanted, 0), ware.inside))
        limit = kept_out[1] if ware.category in kept_out[0] else np.inf
        # a looser order for each category, so that not all crowd the same places
        ranks = np.arange(len(open_spots)) * rng.random(len(open_spots))
        order = (open_spots[i] for i in np.argsort(ranks))
        spots = _pick_open(order, wanted - inside, ware.spacing_m, limit)
        homes = [plot for plot in communities if plot.x1 < limit]
        spots += _pick_inside(rng, homes, inside, ware.spacing_m)
        rows += [make_facility(rng, ware, spot, sealed_share) for spot in spots]
    return rows


def _pick_open(
    order: Iterable[Spot], count: int, spacing_m: float, limit_x: float
) -> list[Spot]:
    spacing, spots = _Spacing(spacing_m), list[Spot]()
    for spot in order:
        if len(spots) >= count:
            break
        if spot.x < limit_x and spacing.take(spot.x, spot.y):
            spots.append(spot)
    return spots


def _pick_inside(
    rng: Generator, homes: list[Plot], count: int, spacing_m: float
) -> list[Spot]:
    spacing, spots = _Spacing(spacing_m), list[Spot]()
    for i in rng.permutation(len(homes)):
        if len(spots) >= count:
            break
        plot = homes[i]
        spines = [way for way in plot.paths if way.axis == "h"]
        if not spines:
            continue
        spine = spines[int(rng.integers(len(spines)))]
        x = float(np.round(plot.x0 + plot.width_m * rng.uniform(0.2, 0.8)))
        if spacing.take(x, spine.at):
            spots.append(Spot(x, spine.at + 3.0, plot))
    return spots


def _fill_plots(
    rng: Generator, plots: list[Plot], absent: Sequence[str]
) -> list[dict[str, Any]]:
    """Whole plots: schools, parks, health centres, car parks."""
    wares = {ware.category: ware for ware in WARES}
    rows = []
    for plot in plots:
        category = _ON_PLOTS.get(plot.use)
        if category is None or plot.site is None or category in absent:
            continue
        rows.append(fill_site(rng, wares[category], plot.site, plot.streets))
    return rows


def fill_site(
    rng: Generator,
    ware: Ware,
    site: tuple[float, float, float, float],
    streets: Mapping[Side, Way],
) -> dict[str, Any]:
    """Return one facility that takes up `site`, named after the street beside it."""
    street = next((way.name or "" for way in streets.values()), "")
    x, y = (site[0] + site[1]) / 2, (site[2] + site[3]) / 2
    row = make_facility(rng, ware, Spot(x, y, street=street))
    area = float(round((site[1] - site[0]) * (site[3] - site[2])))
    row.update(site=site, land_area_m2=area, status="open")
    row["name"] = (
        row["name"].replace("街角口袋公园", "公园").replace("口袋公园", "公园")
    )
    return row


def make_facility(
    rng: Generator, ware: Ware, spot: Spot, sealed_share: float = 0.0
) -> dict[str, Any]:
    """Return one facility at `spot`, with the figures that somebody wrote down."""
    known = rng.random(3) < ware.known
    area = _draw(rng, ware.floor_m2) if known[0] else None
    return {
        "name": _name(rng, ware, spot),
        "category": ware.category,
        "floor_area_m2": area,
        "land_area_m2": _draw(rng, ware.land_m2) if known[1] else None,
        "capacity": _draw(rng, ware.capacity) if known[2] else None,
        "serves": _serves(rng, spot.plot, sealed_share),
        "status": rng.choice(["open", "planned", "closed"], p=[0.972, 0.018, 0.010]),
        "surveyed": chance(rng, 0.86),
        "x": spot.x,
        "y": spot.y,
        "site": None,
        "inside": spot.plot is not None,
    }


def _name(rng: Generator, ware: Ware, spot: Spot) -> str:
    """Name a facility after where it stands."""
    name = ware.names[int(rng.integers(len(ware.names)))]
    if spot.plot is not None:
        return f"{spot.plot.name}{name}"
    if ware.chain:
        return f"{name}({spot.street}店)"
    return f"{spot.street.removesuffix('店')}{name}"


def part_twins(rows: Sequence[dict[str, Any]]) -> None:
    """Give facilities of one name numbers, so that none is taken for another."""
    seen: dict[str, int] = {}
    for row in rows:
        name = row["name"]
        count = seen[name] = seen.get(name, 0) + 1
        if count > 1 and name.endswith("店)"):
            row["name"] = f"{name.removesuffix('店)')}{count}店)"
        elif count > 1:
            row["name"] = f"{name}{count}号"


def _serves(rng: Generator, plot: Plot | None, sealed_share: float) -> str:
    if plot is None or not plot.walled:
        return "all"
    if any(gate.open_to == "all" and not gate.shared for gate in plot.gates):
        return "all"
    return "all" if chance(rng, sealed_share) else "residents"


def _draw(rng: Generator, bounds: tuple[float, float] | None) -> float | None:
    if bounds is None:
        return None
    low, top = bounds
    value = np.exp(rng.uniform(np.log(low), np.log(top)))
    return float(np.round(value, -1) if top > _ROUGH else np.round(value))
