"""The bones of a made-up town: a grid of streets with a river and a railway.

Everything is laid out in a straight plan, in metres, where streets run along
the axes; `Bend` then bends the plan into a town. A point of the plan always
bends to the same place, so lines that meet in the plan meet in the town.
"""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

import numpy as np
import numpy.typing as npt
from numpy.random import Generator

if TYPE_CHECKING:
    from collections.abc import Iterable

FloatArray = npt.NDArray[np.float64]
Axis = Literal["h", "v"]

#: Half widths from the middle of a street to the line of plots, in metres.
HALF_MAJOR_M, HALF_MINOR_M, HALF_LANE_M, HALF_RAIL_M = 18.0, 10.0, 5.0, 20.0
#: From one riverside street to the other.
RIVER_STRIP_M = 96.0
#: Farthest that two vertices of a bent line lie apart.
STEP_M = 40.0
#: How far the surveyed area reaches beyond the outermost street.
MARGIN_M = 90.0


def chance(rng: Generator, share: float) -> bool:
    """Return True in `share` of all cases."""
    return bool(rng.random() < share)


@dataclass(slots=True)
class Way:
    """A street along one axis of the plan.

    Attributes
    ----------
    axis, at, start, end
        ``h`` runs along x at y = `at`, ``v`` along y at x = `at`.
    highway, name
        Class in the words of OSM, and street name.
    half_m
        From its middle to the line of plots.
    level
        0 is the ground; 1 passes over, -1 under what is on the ground.
    inner
        Whether it belongs to a compound and not to the public.
    stops
        Positions along the axis that must be vertices, because others meet here.
    """

    axis: Axis
    at: float
    start: float
    end: float
    highway: str
    name: str | None = None
    half_m: float = HALF_MINOR_M
    bridge: bool = False
    tunnel: bool = False
    crossing: bool = False
    level: int = 0
    inner: bool = False
    stops: list[float] = field(default_factory=list)

    def points(self) -> FloatArray:
        """Return its vertices in the plan, shape (n, 2)."""
        ends = np.array([self.start, self.end])
        fill = np.arange(np.ceil(ends[0] / STEP_M), ends[1] / STEP_M) * STEP_M
        fixed = np.unique(np.concatenate([ends, np.asarray(self.stops, dtype=float)]))
        far = np.abs(fill[:, None] - fixed[None, :]).min(axis=1) > STEP_M / 4
        along = np.unique(np.concatenate([fixed, fill[far]]))
        across = np.full(along.size, self.at)
        pair = (along, across) if self.axis == "h" else (across, along)
        return np.column_stack(pair)

    def covers(self, position: float) -> bool:
        """Return whether `position` along the axis lies on it."""
        return self.start <= position <= self.end


@dataclass(frozen=True, slots=True)
class Bend:
    """Bends the plan: a few long waves, a river that meanders, straight in the east.

    Attributes
    ----------
    waves
        One row per wave: amplitude in x and in y (m), wave numbers in x and in y
        (per m), phase.
    river
        y of the river, its amplitude (m), wave number (per m), phase; amplitude
        0 without a river.
    straight_x
        From here eastwards nothing bends; NaN: everywhere.
    origin
        Easting and northing of the plan's zero point, in metres.
    """

    waves: FloatArray
    river: tuple[float, float, float, float]
    straight_x: float
    origin: tuple[float, float]

    def apply(self, plan: FloatArray) -> FloatArray:
        """Return the places of points of the plan, shape (n, 2), to the millimetre."""
        x, y = plan[:, 0], plan[:, 1]
        phase = (
            np.outer(x, self.waves[:, 2])
            + np.outer(y, self.waves[:, 3])
            + self.waves[:, 4]
        )
        moved = np.sin(phase) @ self.waves[:, :2]
        at, high, number, start = self.river
        near = np.exp(-(((y - at) / 520.0) ** 2))
        moved[:, 1] += high * near * np.sin(number * x + start)
        if not np.isnan(self.straight_x):
            ease = np.clip((self.straight_x - x) / 700.0, 0.0, 1.0)
            moved *= (ease * ease * (3.0 - 2.0 * ease))[:, None]
        placed: FloatArray = np.round(plan + moved + np.asarray(self.origin), 3)
        return placed

    def turn(self, plan: FloatArray) -> FloatArray:
        """Return how far the town is turned at points of the plan, in radians."""
        step = np.array([20.0, 0.0])
        way = self.apply(plan + step) - self.apply(plan - step)
        turned: FloatArray = np.arctan2(way[:, 1], way[:, 0])
        return turned

    def scale(self, plan: FloatArray) -> FloatArray:
        """Return how much lengths along x and along y shrink or grow, shape (n, 2)."""
        found = []
        for step in np.array([[10.0, 0.0], [0.0, 10.0]]):
            way = self.apply(plan + step) - self.apply(plan - step)
            found.append(np.hypot(way[:, 0], way[:, 1]) / 20.0)
        scaled: FloatArray = np.column_stack(found)
        return scaled


@dataclass(frozen=True, slots=True)
class Grid:
    """The lines of the plan and what runs along them.

    Attributes
    ----------
    xs, ys
        Positions of the lines, ascending.
    major_x, major_y
        Which of them are arterials.
    river_row
        Row of cells taken by the river, if any.
    rail_line
        Position in `xs` of the line taken by the railway, if any.
    bridges
        Positions in `xs` of the lines that cross the river.
    crossings
        Positions in `ys` of the lines that cross the railway.
    """

    xs: FloatArray
    ys: FloatArray
    major_x: npt.NDArray[np.bool_]
    major_y: npt.NDArray[np.bool_]
    river_row: int | None
    rail_line: int | None
    bridges: tuple[int, ...]
    crossings: tuple[int, ...]

    @property
    def rows(self) -> list[int]:
        """Rows of cells that can be built on."""
        return [row for row in range(self.ys.size - 1) if row != self.river_row]

    @property
    def columns(self) -> int:
        """Number of columns of cells."""
        return int(self.xs.size) - 1

    def half_x(self, line: int) -> float:
        """Return the half width of the vertical line at `line`."""
        if line == self.rail_line:
            return HALF_RAIL_M
        return HALF_MAJOR_M if self.major_x[line] else HALF_MINOR_M

    def half_y(self, line: int) -> float:
        """Return the half width of the horizontal line at `line`."""
        return HALF_MAJOR_M if self.major_y[line] else HALF_MINOR_M


def lay_grid(
    rng: Generator, cells: int, *, river: bool = True, railway: bool = True
) -> Grid:
    """Lay out the lines of a town.

    Parameters
    ----------
    rng
        Source of chance.
    cells
        Least number of cells between the lines, river not counted.
    river, railway
        Whether there is one.

    Returns
    -------
    Grid
        The lines, whole metres apart.
    """
    columns = max(3, round(np.sqrt(cells * 0.95)))
    rows = max(2, int(np.ceil(cells / columns)))
    high = np.round(rng.uniform(150.0, 240.0, rows))
    river_row = (rows + 1) // 2 if river else None
    if river_row is not None:
        high = np.insert(high, river_row, RIVER_STRIP_M)
    xs = np.concatenate(
        [[0.0], np.cumsum(np.round(rng.uniform(175.0, 310.0, columns)))]
    )
    ys = np.concatenate([[0.0], np.cumsum(high)])
    major_x = np.arange(xs.size) % 3 == columns % 3
    major_y = np.arange(ys.size) % 3 == 1
    if river_row is not None:
        major_y[[river_row, river_row + 1]] = False
    rail_line = None
    if railway:
        rail_line = min(max(1, round(columns * 0.36)), columns - 1)
        major_x[rail_line] = False
    return Grid(
        xs,
        ys,
        major_x,
        major_y,
        river_row,
        rail_line,
        _pick_bridges(major_x, rail_line) if river else (),
        _pick_crossings(major_y, river_row) if railway else (),
    )


def _pick_bridges(
    major: npt.NDArray[np.bool_], rail_line: int | None
) -> tuple[int, ...]:
    """Few bridges: on the last line, and on every second arterial before it."""
    last = major.size - 1
    lines = [int(line) for line in np.flatnonzero(major) if line not in (0, last)]
    side = rail_line or 0
    west = [line for line in lines if line < side]
    east = [line for line in lines if line > side]
    picked = {last, *west[:1], *east[:: max(2, len(east) // 3)]}
    if not west and side > 0:
        picked.add(0)
    return tuple(sorted(picked))


def _pick_crossings(
    major: npt.NDArray[np.bool_], river_row: int | None
) -> tuple[int, ...]:
    """Two crossings of the railway, one on each side of the river."""
    middle = river_row if river_row is not None else major.size // 2
    south = [line for line in range(middle) if major[line]] or [0]
    north = [line for line in range(middle + 2, major.size) if major[line]]
    return (south[len(south) // 2], (north or [major.size - 1])[len(north) // 2])


def bend_plan(
    rng: Generator, grid: Grid, *, straight_east: bool, origin: tuple[float, float]
) -> Bend:
    """Choose how the plan of `grid` is bent."""
    waves = np.column_stack(
        [
            rng.uniform(16.0, 38.0, 4) * rng.choice([-1.0, 1.0], 4),
            rng.uniform(16.0, 38.0, 4) * rng.choice([-1.0, 1.0], 4),
            2.0 * np.pi / rng.uniform(1500.0, 2600.0, 4) * rng.choice([-1.0, 1.0], 4),
            2.0 * np.pi / rng.uniform(1500.0, 2600.0, 4),
            rng.uniform(0.0, 2.0 * np.pi, 4),
        ]
    )
    river = (0.0, 0.0, 0.0, 0.0)
    if grid.river_row is not None:
        at = float(grid.ys[grid.river_row]) + RIVER_STRIP_M / 2
        river = (at, 70.0, 2.0 * np.pi / 1450.0, float(rng.uniform(0.0, 2.0 * np.pi)))
    straight = float(grid.xs[-1]) if straight_east else float("nan")
    return Bend(waves, river, straight, origin)


@dataclass(slots=True)
class Streets:
    """All ways of a town, found by the line they run along."""

    ways: list[Way] = field(default_factory=list)
    by_line: dict[tuple[Axis, int], list[Way]] = field(default_factory=dict)

    def add(self, way: Way, line: int | None = None) -> Way:
        """Take `way` in, under the grid line `line` if it runs along one."""
        self.ways.append(way)
        if line is not None:
            self.by_line.setdefault((way.axis, line), []).append(way)
        return way

    def find(self, axis: Axis, line: int, position: float) -> Way | None:
        """Return the way on the ground along grid line `line` at `position`."""
        ways: Iterable[Way] = self.by_line.get((axis, line), ())
        return next((w for w in ways if w.level == 0 and w.covers(position)), None)


def lay_streets(
    grid: Grid,
    merged: set[tuple[int, int]],
    names: tuple[list[str], list[str]],
    *,
    open_east: bool = True,
) -> Streets:
    """Lay the streets along the lines of `grid`.

    Parameters
    ----------
    grid
        The lines.
    merged
        (row, line) where a vertical line has no street, because the cells on
        both sides are one.
    names
        Street names of the vertical and of the horizontal lines.
    open_east
        Whether arterials leave the town eastwards.

    Returns
    -------
    Streets
        The ways, with a vertex wherever lines meet.
    """
    streets = Streets()
    for line in range(grid.xs.size):
        if line != grid.rail_line:
            _lay_vertical(streets, grid, line, merged, names[0][line])
    for line in range(grid.ys.size):
        _lay_horizontal(streets, grid, line, names[1][line], open_east=open_east)
    return streets


def _highway(*, major: bool) -> tuple[str, float]:
    return ("primary", HALF_MAJOR_M) if major else ("tertiary", HALF_MINOR_M)


def _lay_vertical(
    streets: Streets, grid: Grid, line: int, merged: set[tuple[int, int]], name: str
) -> None:
    highway, half = _highway(major=bool(grid.major_x[line]))
    at, ys = float(grid.xs[line]), grid.ys
    leaves = bool(grid.major_x[line]) and 0 < line < grid.columns
    start = 0
    for row in range(ys.size):
        last = row == ys.size - 1
        if not last and row != grid.river_row and (row, line) not in merged:
            continue
        if row > start:
            low = float(ys[start]) - (MARGIN_M if leaves and start == 0 else 0.0)
            top = float(ys[row]) + (MARGIN_M if leaves and last else 0.0)
            stops = [float(y) for y in ys[start : row + 1]]
            way = Way("v", at, low, top, highway, name, half, stops=stops)
            streets.add(way, line)
        if row == grid.river_row and line in grid.bridges:
            ends = float(ys[row]), float(ys[row + 1])
            over = Way("v", at, *ends, highway, f"{name}桥", half, bridge=True, level=1)
            streets.add(over, line)
        start = row + 1


def _lay_horizontal(
    streets: Streets, grid: Grid, line: int, name: str, *, open_east: bool
) -> None:
    highway, half = _highway(major=bool(grid.major_y[line]))
    at, xs = float(grid.ys[line]), grid.xs
    leaves = bool(grid.major_y[line]) and 0 < line < grid.ys.size - 1
    west = -MARGIN_M if leaves else 0.0
    east = float(xs[-1]) + (MARGIN_M if leaves and open_east else 0.0)
    cuts = [west, east]
    if grid.rail_line is not None:
        rail = float(xs[grid.rail_line])
        cuts = [west, rail - HALF_RAIL_M, rail + HALF_RAIL_M, east]
        if line in grid.crossings:
            under = line == grid.crossings[-1]
            level = -1 if under else 0
            name_here = f"{name}{'下穿通道' if under else '道口'}"
            over = Way("h", at, cuts[1], cuts[2], highway, name_here, half, level=level)
            over.tunnel, over.crossing = under, not under
            streets.add(over, line)
    for start, end in zip(cuts[::2], cuts[1::2], strict=True):
        stops = [float(x) for x in xs if start <= x <= end]
        streets.add(Way("h", at, start, end, highway, name, half, stops=stops), line)
