"""The plots of a made-up town: cells between streets, cut up by lanes and walls."""

from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.random import Generator

from geo.town_grid import (
    HALF_LANE_M,
    STEP_M,
    Axis,
    FloatArray,
    Grid,
    Streets,
    Way,
    chance,
)

Side = Literal["w", "e", "s", "n"]
Use = Literal[
    "community",
    "primary",
    "middle",
    "nursery",
    "park",
    "health",
    "parking",
    "works",
    "shops",
    "vacant",
]

#: A plot narrower than this is not cut further.
LEAST_SIDE_M = 85.0
#: Of all cells, those above this share are cut by a wall without a lane.
_WALL_FROM = 0.8
#: Length of the ends of a footbridge over an arterial.
FOOTBRIDGE_M = 45.0


@dataclass(frozen=True, slots=True)
class Gate:
    """A gate: which side, where along it, for whom, and through to a neighbour."""

    side: Side
    position: float
    open_to: str
    shared: bool = False


@dataclass(slots=True)
class Plot:
    """A rectangle of the plan with one use; lengths in metres.

    Attributes
    ----------
    x0, x1, y0, y1
        Its sides.
    cell
        Column and row of its cell in the grid.
    streets
        The street along each side that has one.
    use
        What it is used for.
    name
        Its name, once it has one.
    walled
        Whether it is entered by its gates alone.
    listed
        Whether its gates are in the layer ``gates``.
    gates
        Its gates.
    notch
        Corner cut out of it (x0, x1, y0, y1), if any.
    neighbour
        The plot that it shares its eastern side with, without a street between.
    site
        Part of it (x0, x1, y0, y1) that a school, park or the like takes up.
    paths
        The paths inside it.
    """

    x0: float
    x1: float
    y0: float
    y1: float
    cell: tuple[int, int]
    streets: dict[Side, Way]
    use: Use = "works"
    name: str = ""
    walled: bool = False
    listed: bool = True
    gates: list[Gate] = field(default_factory=list)
    notch: tuple[float, float, float, float] | None = None
    neighbour: "Plot | None" = None
    site: tuple[float, float, float, float] | None = None
    paths: list[Way] = field(default_factory=list)

    @property
    def width_m(self) -> float:
        """Extent along x."""
        return self.x1 - self.x0

    @property
    def height_m(self) -> float:
        """Extent along y."""
        return self.y1 - self.y0

    @property
    def area_m2(self) -> float:
        """Area in the plan, the notch taken off."""
        cut = self.notch
        off = 0.0 if cut is None else (cut[1] - cut[0]) * (cut[3] - cut[2])
        return self.width_m * self.height_m - off

    @property
    def middle(self) -> tuple[float, float]:
        """Its middle."""
        return (self.x0 + self.x1) / 2, (self.y0 + self.y1) / 2

    def take_site(self, wide_m: float, high_m: float) -> None:
        """Take up a corner of at most this size, the whole plot if it is no larger."""
        wide, high = min(wide_m, self.width_m), min(high_m, self.height_m)
        x = self.x0 if "w" in self.streets else self.x1 - wide
        y = self.y1 - high if "n" in self.streets else self.y0
        self.site = (x, x + wide, y, y + high)

    def gate_point(self, gate: Gate) -> tuple[float, float]:
        """Return where `gate` stands in the plan."""
        at: dict[Side, tuple[float, float]] = {
            "w": (self.x0, gate.position),
            "e": (self.x1, gate.position),
            "s": (gate.position, self.y0),
            "n": (gate.position, self.y1),
        }
        return at[gate.side]

    def ring(self) -> FloatArray:
        """Return its outline with a vertex at each gate, shape (n, 2), open."""
        return outline(self.x0, self.x1, self.y0, self.y1, self.notch, self._stops())

    def _stops(self) -> list[tuple[float, float]]:
        return [self.gate_point(gate) for gate in self.gates]


def outline(
    x0: float,
    x1: float,
    y0: float,
    y1: float,
    notch: tuple[float, float, float, float] | None = None,
    stops: list[tuple[float, float]] | None = None,
) -> FloatArray:
    """Return the outline of a rectangle, a corner cut out, with close vertices.

    Parameters
    ----------
    x0, x1, y0, y1
        The rectangle.
    notch
        Corner to cut out, as a rectangle.
    stops
        Points of the outline that must be vertices.

    Returns
    -------
    numpy.ndarray
        Vertices, shape (n, 2), anticlockwise, not closed.
    """
    corners = [(x0, y0), (x1, y0), (x1, y1), (x0, y1)]
    if notch is not None:
        corners = _cut_corner(corners, notch)
    ring: list[tuple[float, float]] = []
    for (ax, ay), (bx, by) in zip(corners, corners[1:] + corners[:1], strict=True):
        low, top = sorted((ax, bx)) if ay == by else sorted((ay, by))
        fill = np.arange(np.ceil(low / STEP_M), top / STEP_M) * STEP_M
        fixed = [
            (x if ay == by else y)
            for x, y in stops or []
            if (y == ay == by and low < x < top) or (x == ax == bx and low < y < top)
        ]
        along = np.unique(np.concatenate([fill[(fill > low) & (fill < top)], fixed]))
        if (bx, by) < (ax, ay):
            along = along[::-1]
        ring.append((ax, ay))
        ring += [(float(v), ay) if ay == by else (ax, float(v)) for v in along]
    return np.array(ring)


def _cut_corner(
    corners: list[tuple[float, float]], notch: tuple[float, float, float, float]
) -> list[tuple[float, float]]:
    """Replace the corner that `notch` holds by the notch's three others."""
    n0, n1, m0, m1 = notch
    ring: list[tuple[float, float]] = []
    for at, (x, y) in enumerate(corners):
        if x not in (n0, n1) or y not in (m0, m1):
            ring.append((x, y))
            continue
        in_x, in_y = (n1 if x == n0 else n0), (m1 if y == m0 else m0)
        steps = [(x, in_y), (in_x, in_y), (in_x, y)]
        ring += steps if at % 2 == 0 else steps[::-1]
    return ring


@dataclass(frozen=True, slots=True)
class _Cell:
    column: int
    row: int
    columns: int
    rows: int
    x0: float
    x1: float
    y0: float
    y1: float
    streets: dict[Side, Way]


def merge_cells(rng: Generator, grid: Grid, share: float) -> set[tuple[int, int]]:
    """Choose the (row, line) where a street is left out, so that superblocks arise."""
    merged: set[tuple[int, int]] = set()
    for row in grid.rows:
        line = 1
        while line < grid.columns:
            free = line != grid.rail_line and not grid.major_x[line]
            if free and chance(rng, share):
                merged.add((row, line))
                line += 1
            line += 1
    return merged


def cut_plots(
    rng: Generator, grid: Grid, streets: Streets, merged: set[tuple[int, int]]
) -> list[Plot]:
    """Cut the cells of `grid` into plots, laying lanes where there are any.

    Parameters
    ----------
    rng
        Source of chance.
    grid, streets
        The lines of the town and the ways along them; lanes are added.
    merged
        Where two cells are one, as `merge_cells` chose.

    Returns
    -------
    list of Plot
        All plots, row by row.
    """
    bridges = _lay_footbridges(rng, grid, streets, merged)
    plots: list[Plot] = []
    for row in grid.rows:
        column = 0
        while column < grid.columns:
            wide = 2 if (row, column + 1) in merged else 1
            cell = _cell(grid, streets, column, row, wide)
            if (column, row) in bridges:
                plots += _split_x(cell, *bridges[column, row])
            else:
                plots += _cut_cell(rng, cell, streets)
            column += wide
    return plots


def _cell(grid: Grid, streets: Streets, column: int, row: int, wide: int) -> _Cell:
    east, north = column + wide, row + 1
    x0, x1 = float(grid.xs[column]), float(grid.xs[east])
    y0, y1 = float(grid.ys[row]), float(grid.ys[north])
    lines: dict[Side, tuple[Axis, int, float]] = {
        "w": ("v", column, (y0 + y1) / 2),
        "e": ("v", east, (y0 + y1) / 2),
        "s": ("h", row, (x0 + x1) / 2),
        "n": ("h", north, (x0 + x1) / 2),
    }
    found: dict[Side, Way | None] = {s: streets.find(*at) for s, at in lines.items()}
    along: dict[Side, Way] = {s: way for s, way in found.items() if way is not None}
    return _Cell(
        column,
        row,
        wide,
        1,
        x0 + grid.half_x(column),
        x1 - grid.half_x(east),
        y0 + grid.half_y(row),
        y1 - grid.half_y(north),
        along,
    )


def _lay_footbridges(
    rng: Generator, grid: Grid, streets: Streets, merged: set[tuple[int, int]]
) -> dict[tuple[int, int], tuple[float, Way]]:
    """Lead lanes over arterials that they do not meet: (column, row) to lane."""
    laid: dict[tuple[int, int], tuple[float, Way]] = {}
    for line in range(1, grid.ys.size - 1):
        near = {line - 1, line} & {grid.river_row}
        if not grid.major_y[line] or near or chance(rng, 0.25):
            continue
        free = [
            column
            for column in range(grid.columns)
            if grid.xs[column + 1] - grid.xs[column] > 2.6 * LEAST_SIDE_M
            and grid.rail_line not in (column, column + 1)
            and not any(
                (row, side) in merged
                for row in (line - 1, line)
                for side in (column, column + 1)
            )
        ]
        if not free:
            continue
        column = int(rng.choice(free))
        x = float(np.round((grid.xs[column] + grid.xs[column + 1]) / 2))
        y = float(grid.ys[line])
        low, top = y - FOOTBRIDGE_M, y + FOOTBRIDGE_M
        south = _lane("v", x, float(grid.ys[line - 1]), low)
        north = _lane("v", x, top, float(grid.ys[line + 1]))
        over = Way("v", x, low, top, "footway", "人行天桥", bridge=True, level=1)
        over.stops.append(y)
        for way in (south, north, over):
            streets.add(way)
        for meets in (line - 1, line, line + 1):
            way_across = streets.find("h", meets, x)
            if way_across is not None:
                way_across.stops.append(x)
        laid[column, line - 1], laid[column, line] = (x, south), (x, north)
    return laid


def _lane(axis: Axis, at: float, start: float, end: float) -> Way:
    name = "巷"
    return Way(axis, at, start, end, "residential", name, HALF_LANE_M)


def _split_x(cell: _Cell, x: float, lane: Way) -> list[Plot]:
    here = (cell.column, cell.row)
    west = {**cell.streets, "e": lane}
    east = {**cell.streets, "w": lane}
    return [
        Plot(cell.x0, x - HALF_LANE_M, cell.y0, cell.y1, here, west),
        Plot(x + HALF_LANE_M, cell.x1, cell.y0, cell.y1, here, east),
    ]


def _cut_cell(rng: Generator, cell: _Cell, streets: Streets) -> list[Plot]:
    """Leave a cell whole, or cut it once across by a lane or a wall, or twice."""
    width, luck = cell.x1 - cell.x0, rng.random()
    here = (cell.column, cell.row)
    whole = luck < (0.18 if cell.columns == 1 else 0.4)
    if whole or width < 2 * LEAST_SIDE_M + 2 * HALF_LANE_M:
        return [Plot(cell.x0, cell.x1, cell.y0, cell.y1, here, dict(cell.streets))]
    at = cell.x0 + width * rng.uniform(0.42, 0.58)
    x = float(np.round(at))
    if luck > _WALL_FROM:
        plots = [
            Plot(cell.x0, x, cell.y0, cell.y1, here, _without(cell.streets, "e")),
            Plot(x, cell.x1, cell.y0, cell.y1, here, _without(cell.streets, "w")),
        ]
        plots[0].neighbour = plots[1]
        return plots
    low, top = cell.streets.get("s"), cell.streets.get("n")
    if low is None or top is None:
        return [Plot(cell.x0, cell.x1, cell.y0, cell.y1, here, dict(cell.streets))]
    lane = streets.add(_lane("v", x, low.at, top.at))
    low.stops.append(x)
    top.stops.append(x)
    plots = _split_x(cell, x, lane)
    if chance(rng, 0.22) and cell.y1 - cell.y0 > 2 * LEAST_SIDE_M + 2 * HALF_LANE_M:
        side = int(rng.integers(2))
        plots[side : side + 1] = _split_y(plots[side], streets, lane)
    return plots


def _split_y(plot: Plot, streets: Streets, lane: Way) -> list[Plot]:
    """Cut a plot in two by a lane from `lane` to the street on its other side."""
    y = float(np.round(plot.middle[1]))
    across = plot.streets.get("e" if plot.streets.get("w") is lane else "w")
    if across is None or not across.covers(y):
        west_of_lane = plot.streets.get("e") is lane
        far = plot.x0 + HALF_LANE_M if west_of_lane else plot.x1 - HALF_LANE_M
    else:
        far = across.at
        across.stops.append(y)
    lane.stops.append(y)
    cross = streets.add(_lane("h", y, min(far, lane.at), max(far, lane.at)))
    here, x0, x1 = plot.cell, plot.x0, plot.x1
    south: dict[Side, Way] = {**plot.streets, "n": cross}
    north: dict[Side, Way] = {**plot.streets, "s": cross}
    return [
        Plot(x0, x1, plot.y0, y - HALF_LANE_M, here, south),
        Plot(x0, x1, y + HALF_LANE_M, plot.y1, here, north),
    ]


def _without(streets: dict[Side, Way], side: Side) -> dict[Side, Way]:
    return {key: way for key, way in streets.items() if key != side}
