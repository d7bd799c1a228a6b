"""Made-up towns of any size, from a seed: the sample, random tests, benchmarks.

Nothing in them is real: they lie in an empty stretch of desert, and names,
figures and streets are drawn by chance. The same seed gives the same town.
"""

from dataclasses import dataclass, field
from typing import Any, Literal, cast

import geopandas as gpd
import numpy as np
import shapely
from numpy.random import Generator
from shapely.geometry.base import BaseGeometry

from geo.town_compounds import Slab, choose_gates, fill_slabs, lay_paths, spine_ys
from geo.town_extras import (
    Neighbourhood,
    draw_river,
    list_idle,
    list_neighbourhoods,
    list_pipes,
)
from geo.town_facilities import part_twins, place_facilities
from geo.town_frames import (
    ORIGIN,
    frame_buildings,
    frame_communities,
    frame_facilities,
    frame_gates,
    frame_idle,
    frame_protected,
    frame_streets,
    make_frame,
)
from geo.town_grid import (
    MARGIN_M,
    Bend,
    FloatArray,
    Grid,
    Streets,
    bend_plan,
    chance,
    lay_grid,
    lay_streets,
)
from geo.town_ledger import write_ledger
from geo.town_names import (
    name_communities,
    name_lanes,
    name_streets,
)
from geo.town_plots import Gate, Plot, Use, cut_plots, merge_cells, outline

#: Share of plots that are residential communities.
_HOME_SHARE = 0.74
#: Share of communities whose buildings have no known households.
_UNCOUNTED_SHARE = 0.25
#: How much of a plot they take up, along x and along y (m).
_SITES: dict[str, tuple[float, float]] = {
    "primary": (130.0, 105.0),
    "middle": (190.0, 165.0),
    "nursery": (75.0, 66.0),
    "park": (210.0, 170.0),
    "health": (62.0, 48.0),
    "parking": (70.0, 52.0),
}
#: A community of this size may have three gates; a corner is cut from wide ones.
_LARGE_M2, _NOTCHED_M = 26_000.0, 110.0
#: Names of plots that are no communities.
_WORKS = ("农机修配厂", "五金厂", "纸箱厂", "面粉厂", "老机修厂", "水泥制品厂")
_SHOPS = ("百货商场", "建材市场", "商业街区", "综合楼", "老供销社")
#: Uses of the other plots, in turn.
_OTHER_USES: tuple[Use, ...] = (
    "park", "primary", "works", "shops", "nursery", "vacant", "primary", "parking",
    "park", "works", "middle", "shops", "health", "nursery", "works", "park",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class TownStyle:
    """What a made-up town is like.

    Attributes
    ----------
    communities
        Number of communities.
    river, railway
        Whether there is one.
    walled_share
        Share of communities that are walled.
    all_share
        Share of gates that let strangers in.
    buildings
        Whether there are buildings, and doors with households.
    absent
        Categories of which there is no facility.
    sealed_share
        Share of facilities for all that stand behind walls without a gate for all.
    idle_share
        Idle resources for each community.
    straight_east
        Whether the town has a straight eastern side, for a quarter laid by hand.
    kept_out
        Categories that the easternmost 600 m do without.
    """

    communities: int = 120
    river: bool = True
    railway: bool = True
    walled_share: float = 0.62
    all_share: float = 0.35
    buildings: bool = True
    absent: tuple[str, ...] = ()
    sealed_share: float = 0.0
    idle_share: float = 0.5
    straight_east: bool = False
    kept_out: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class Town:
    """A made-up town.

    Attributes
    ----------
    seed
        Where it came from.
    style
        What it was asked to be.
    layers
        Layer name to frame as the steps expect it: index ``id``, the columns of
        the schema, metric CRS EPSG:4543. ``streets`` meet at equal vertices.
    plan
        The plan that it was made from.
    """

    seed: int
    style: TownStyle
    layers: dict[str, gpd.GeoDataFrame]
    plan: "TownPlan"


@dataclass(slots=True)
class TownPlan:
    """A town before it is bent: lines, ways, plots and what stands on them.

    `surveyed` are the boxes of the surveyed area, `uncounted` the positions of
    communities whose buildings have no known households.
    """

    grid: Grid
    bend: Bend
    streets: Streets
    plots: list[Plot]
    homes: list[Plot] = field(default_factory=list)
    slabs: list[list[Slab]] = field(default_factory=list)
    others: list[tuple[Plot, Slab]] = field(default_factory=list)
    facilities: list[dict[str, Any]] = field(default_factory=list)
    idle: list[dict[str, Any]] = field(default_factory=list)
    river: FloatArray | None = None
    neighbourhoods: list[Neighbourhood] = field(default_factory=list)
    surveyed: list[tuple[float, float, float, float]] = field(default_factory=list)
    uncounted: set[int] = field(default_factory=set)


def make_town(seed: int, style: TownStyle = TownStyle(), **changes: Any) -> Town:
    """Make a town.

    Parameters
    ----------
    seed
        The same seed and style give the same town.
    style
        What it is to be like.
    **changes
        Attributes of `style` to change, such as ``communities=8``.

    Returns
    -------
    Town
        Its layers and the plan that they were made from.

    Examples
    --------
    >>> town = make_town(1, communities=8)
    >>> len(town.layers["communities"])
    8
    """
    wanted = TownStyle(**{**{n: getattr(style, n) for n in style.__slots__}, **changes})
    rng = np.random.default_rng(seed)
    plan = plan_town(rng, wanted)
    return Town(seed, wanted, draw_town(rng, plan, wanted), plan)


def plan_town(rng: Generator, style: TownStyle) -> TownPlan:
    """Lay out a town of `style` in the plan."""
    cells = int(np.ceil(style.communities / _HOME_SHARE / 1.75))
    while True:
        grid = lay_grid(rng, cells, river=style.river, railway=style.railway)
        merged = merge_cells(rng, grid, 0.14)
        names = name_streets(rng, grid.xs.size, grid.ys.size)
        streets = lay_streets(grid, merged, names, open_east=not style.straight_east)
        plots = cut_plots(rng, grid, streets, merged)
        if len(plots) * _HOME_SHARE >= style.communities:
            break
        cells = cells + 1 + cells // 25
    east = (float(grid.xs[-1]), _bank_y(grid)) if style.straight_east else (0.0, 0.0)
    origin = (ORIGIN[0] - east[0], ORIGIN[1] - east[1])
    bend = bend_plan(rng, grid, straight_east=style.straight_east, origin=origin)
    plan = TownPlan(grid, bend, streets, plots)
    _name_lanes(rng, streets)
    _use_plots(rng, plan, style)
    _build_homes(rng, plan, style)
    _build_others(rng, plan)
    limit = float(grid.xs[-1]) - 600.0
    plan.facilities = place_facilities(
        rng,
        streets.ways,
        plots,
        absent=style.absent,
        kept_out=(style.kept_out, limit),
        sealed_share=style.sealed_share,
    )
    wanted = round(style.communities * style.idle_share)
    plan.idle = list_idle(rng, plots, plan.others, wanted)
    if style.river:
        plan.river = draw_river(rng, grid, far_east=2000.0 * style.straight_east)
    plan.neighbourhoods = list_neighbourhoods(grid)
    east_m, north_m = float(grid.xs[-1]) + MARGIN_M, float(grid.ys[-1]) + MARGIN_M
    plan.surveyed = [(-MARGIN_M, east_m, -MARGIN_M, north_m)]
    homes = np.flatnonzero(rng.random(len(plan.homes)) < _UNCOUNTED_SHARE)
    plan.uncounted = {int(at) for at in homes}
    return plan


def _bank_y(grid: Grid) -> float:
    row = grid.river_row
    return float(grid.ys[0 if row is None else row + 1])


def _name_lanes(rng: Generator, streets: Streets) -> None:
    lanes = [way for way in streets.ways if way.name == "巷"]
    for lane, name in zip(lanes, name_lanes(rng, len(lanes)), strict=True):
        lane.name = name


def _use_plots(rng: Generator, plan: TownPlan, style: TownStyle) -> None:
    """Choose which plots are communities, and what the others are for."""
    order = [plan.plots[i] for i in rng.permutation(len(plan.plots))]
    homes = {id(plot) for plot in order[: style.communities]}
    others = [plot for plot in order if id(plot) not in homes]
    limit = float(plan.grid.xs[-1]) - 600.0
    for at, plot in enumerate(others):
        plot.use = _OTHER_USES[at % len(_OTHER_USES)]
        if plot.use == "primary" and "primary_school" in style.kept_out:
            plot.use = "primary" if plot.x1 < limit else "works"
    plan.homes = [plot for plot in plan.plots if id(plot) in homes]
    names = name_communities(rng, len(plan.homes))
    for plot, name in zip(plan.homes, names, strict=True):
        plot.use, plot.name = "community", name
        plot.walled = chance(rng, style.walled_share)


def _build_homes(rng: Generator, plan: TownPlan, style: TownStyle) -> None:
    for plot in plan.homes:
        large = plot.area_m2 > _LARGE_M2
        if plot.walled:
            choose_gates(rng, plot, most=3 if large else 2, all_share=style.all_share)
        else:
            choose_gates(rng, plot, least=2, most=4, all_share=1.0)
            plot.listed = chance(rng, 0.5)
        if chance(rng, 0.24):
            _cut_notch(rng, plot)
    for plot in plan.homes:
        beside = plot.neighbour
        if beside is not None and beside.use == "community" and chance(rng, 0.5):
            _share_gate(rng, plot, beside)
    for plot in plan.homes:
        plot.paths = lay_paths(rng, plot, plan.streets)
        storeys = 3 + 2 * chance(rng, 0.8) + int(rng.integers(0, 2))
        plan.slabs.append(fill_slabs(rng, plot, plot.paths, storeys))


def _build_others(rng: Generator, plan: TownPlan) -> None:
    """Build on plots that are no communities: works, shops, what is beside schools."""
    for plot in plan.plots:
        if plot.use in ("community", "vacant"):
            continue
        if plot.use in _SITES:
            plot.take_site(*_SITES[plot.use])
        plot.name = str(rng.choice(_WORKS if plot.use == "works" else _SHOPS))
        for slab in fill_slabs(rng, plot, [], int(rng.integers(1, 4))):
            if plot.site is None or not slab.stands_on(plot.site):
                plan.others.append((plot, slab))


def _cut_notch(rng: Generator, plot: Plot) -> None:
    """Cut a corner plot out of a community, towards a street."""
    wide, high = float(rng.integers(20, 39)), float(rng.integers(16, 28))
    west, south = chance(rng, 0.5), chance(rng, 0.5)
    x0 = plot.x0 if west else plot.x1 - wide
    y0 = plot.y0 if south else plot.y1 - high
    if plot.width_m > _NOTCHED_M and ("w" in plot.streets) and ("e" in plot.streets):
        plot.notch = (x0, x0 + wide, y0, y0 + high)


def _share_gate(rng: Generator, west: Plot, east: Plot) -> None:
    """Open a gate between two plots that touch; it stands in the ledger of both."""
    y = float(rng.choice(spine_ys(west)))
    for plot, side in ((west, "e"), (east, "w")):
        open_to = "all" if chance(rng, 0.5) or not plot.walled else "residents"
        gate = Gate(cast("Literal['e', 'w']", side), y, open_to, shared=True)
        plot.gates.append(gate)
        plot.listed = True


def draw_town(
    rng: Generator, plan: TownPlan, style: TownStyle
) -> dict[str, gpd.GeoDataFrame]:
    """Bend the plan into layers."""
    part_twins(plan.facilities)
    ledger = write_ledger(rng, plan.homes, plan.slabs)
    communities = frame_communities(plan, ledger)
    areas = [_area_of(plan, plot) for plot in plan.homes]
    communities["neighbourhood"] = [area.name for area in areas]
    communities["street_office"] = [area.office for area in areas]
    communities["jurisdiction"] = [f"示例区{area.office}" for area in areas]
    layers = {
        "communities": communities,
        "facilities": frame_facilities(plan.bend, plan.facilities),
        "streets": frame_streets(plan.bend, plan.streets.ways),
        "gates": frame_gates(plan),
        "idle": frame_idle(plan.bend, plan.idle),
        "barriers": _frame_barriers(plan),
        "utilities": _frame_pipes(rng, plan),
        "protected": frame_protected(rng, plan),
        "extent": make_frame([{"layer": None}], [_extent(plan)], "x"),
        "neighbourhoods": _frame_neighbourhoods(plan),
    }
    if style.buildings:
        layers["buildings"] = frame_buildings(rng, plan, ledger)
    return layers


def _area_of(plan: TownPlan, plot: Plot) -> Neighbourhood:
    """Return the 居住社区 that a plot lies in."""
    return next(area for area in plan.neighbourhoods if area.holds(plot.middle))


def _frame_neighbourhoods(plan: TownPlan) -> gpd.GeoDataFrame:
    areas = plan.neighbourhoods
    rings = [shapely.Polygon(plan.bend.apply(outline(*area.box))) for area in areas]
    rows = [{"name": area.name, "street_office": area.office} for area in areas]
    return make_frame(rows, rings, "N", 2)


def _frame_barriers(plan: TownPlan) -> gpd.GeoDataFrame:
    grid, rows, shapes = plan.grid, [], cast("list[BaseGeometry]", [])
    if plan.river is not None:
        rows.append({"kind": "river", "name": "示例河"})
        shapes.append(shapely.Polygon(plan.bend.apply(plan.river)))
    if grid.rail_line is not None:
        low, top = float(grid.ys[0]) - MARGIN_M, float(grid.ys[-1]) + MARGIN_M
        y = np.arange(low - 60.0, top + 61.0, 20.0)
        track = np.column_stack([np.full(y.size, grid.xs[grid.rail_line]), y])
        rows.append({"kind": "railway", "name": "示例线"})
        shapes.append(shapely.LineString(plan.bend.apply(track)))
    for plot in (plot for plot in plan.plots if plot.use == "works"):
        ring = outline(plot.x0 + 1, plot.x1 - 1, plot.y0 + 1, plot.y1 - 1)
        rows.append({"kind": "wall", "name": "厂区围墙"})
        shapes.append(shapely.LineString(plan.bend.apply(np.vstack([ring, ring[:1]]))))
    return make_frame(rows, shapes, "B", 2, columns=("kind", "name"))


def _frame_pipes(rng: Generator, plan: TownPlan) -> gpd.GeoDataFrame:
    ways = [way for way in plan.streets.ways if not way.inner]
    pipes = list_pipes(rng, ways)
    lines = [shapely.LineString(plan.bend.apply(way.points())) for way in ways]
    kinds = list(dict.fromkeys(pipes["kind"]))
    shapes = [
        shapely.offset_curve(lines[way], 1.5 * (kinds.index(kind) - 2.5))
        for way, kind in zip(pipes["way"], pipes["kind"], strict=True)
    ]
    rows = pipes.drop(columns="way").to_dict("records")
    return make_frame(rows, shapes, "U", columns=("kind", "year", "owner"))


def _extent(plan: TownPlan) -> BaseGeometry:
    boxes = [shapely.Polygon(plan.bend.apply(outline(*box))) for box in plan.surveyed]
    return shapely.union_all(boxes)
