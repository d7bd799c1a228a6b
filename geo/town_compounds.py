"""What stands inside a plot of a made-up town: gates, inner paths, slab blocks."""

from dataclasses import dataclass

from numpy.random import Generator

from geo.town_grid import Streets, Way, chance
from geo.town_plots import Gate, Plot, Side

#: Half width kept free along an inner path, and along the outline of a plot.
FREE_PATH_M, FREE_EDGE_M = 5.0, 9.0
#: Depth of a slab block, and what lies between two in a row; the shortest.
SLAB_M, SLAB_GAP_M, LEAST_SLAB_M = 12.0, 8.0, 18.0


@dataclass(frozen=True, slots=True)
class Slab:
    """A building in the plan: its middle, its sides along x and y, its storeys."""

    x: float
    y: float
    length_m: float
    depth_m: float
    storeys: int

    @property
    def floor_area_m2(self) -> float:
        """Floor area over all storeys."""
        return self.length_m * self.depth_m * self.storeys

    @property
    def households(self) -> int:
        """Two flats a floor in each stairwell of 15 m."""
        return max(1, round(self.length_m / 15.0)) * 2 * self.storeys

    def stands_on(self, box: tuple[float, float, float, float]) -> bool:
        """Return whether it stands on `box` (x0, x1, y0, y1) or within 4 m of it."""
        wide, deep = self.length_m / 2 + 4.0, self.depth_m / 2 + 4.0
        x0, x1, y0, y1 = box
        beside = x0 - wide < self.x < x1 + wide
        return beside and y0 - deep < self.y < y1 + deep


def choose_gates(
    rng: Generator, plot: Plot, *, least: int = 1, most: int = 3, all_share: float = 0.3
) -> None:
    """Give `plot` its gates, on sides that have a street; it may find none.

    Parameters
    ----------
    rng
        Source of chance.
    plot
        Changed: its `gates`.
    least, most
        Bounds of their number.
    all_share
        Share of gates that let strangers in.
    """
    count = int(rng.integers(least, most + 1))
    sides: list[Side] = [s for s in ("s", "n", "e", "w") if s in plot.streets]
    order = [sides[i] for i in rng.permutation(len(sides))]
    taken: list[float] = []
    for side in order:
        if len(plot.gates) == count:
            break
        position = _gate_position(rng, plot, side, taken)
        if position is None:
            continue
        open_to = "all" if chance(rng, all_share) else "residents"
        plot.gates.append(Gate(side, position, open_to))


def _gate_position(
    rng: Generator, plot: Plot, side: Side, taken: list[float]
) -> float | None:
    """Find a place along a side for a gate: opposite a spine, or away from others."""
    way = plot.streets[side]
    if side in ("e", "w"):
        spines = [y for y in spine_ys(plot) if way.covers(y)]
        return float(rng.choice(spines)) if spines else None
    for _ in range(6):
        low, top = int(plot.x0) + 44, int(plot.x1) - 43
        at = float(rng.integers(low, top)) if low < top else round(plot.middle[0])
        if way.covers(at) and all(
            abs(at - other) > 2.5 * FREE_PATH_M for other in taken
        ):
            taken.append(at)
            return at
    return None


def spine_ys(plot: Plot) -> list[float]:
    """Return where the inner paths along x run: one for each 85 m of the plot."""
    count = max(1, round(plot.height_m / 85.0))
    step = plot.height_m / count
    return [float(round(plot.y0 + step * (i + 0.5))) for i in range(count)]


def lay_paths(
    rng: Generator, plot: Plot, streets: Streets, *, climb_share: float | None = None
) -> list[Way]:
    """Lay the inner paths of `plot` and join them to the streets at its gates.

    Parameters
    ----------
    rng
        Source of chance.
    plot
        A plot with its gates.
    streets
        The ways of the town; the paths are added.
    climb_share
        Where along the plot the paths are joined if no gate does it; None: by
        chance.

    Returns
    -------
    list of Way
        The paths; they meet each other and the streets at vertices.
    """
    ys = spine_ys(plot)
    spines = [_inner("h", y, plot.x0 + 10.0, plot.x1 - 10.0) for y in ys]
    climbs = [gate for gate in plot.gates if gate.side in ("s", "n")]
    paths = [_climb(plot, gate, ys) for gate in climbs]
    if not paths and len(ys) > 1:
        share = rng.uniform(0.3, 0.7) if climb_share is None else climb_share
        at = float(round(plot.x0 + plot.width_m * share))
        paths = [_inner("v", at, ys[0], ys[-1])]
    for gate in plot.gates:
        if gate.side in ("e", "w"):
            _open_spine(plot, gate, spines[ys.index(gate.position)])
    for path in paths:
        path.stops += ys
        for spine in spines:
            spine.stops.append(path.at)
    for way in (*spines, *paths):
        streets.add(way)
    return [*spines, *paths]


def _open_spine(plot: Plot, gate: Gate, spine: Way) -> None:
    """Lead a spine out by a western or eastern gate, to a street or a neighbour."""
    x = plot.gate_point(gate)[0]
    spine.stops.append(x)
    if not gate.shared:
        street = plot.streets[gate.side]
        street.stops.append(gate.position)
        x = street.at
    if gate.side == "e":
        spine.end = x
    else:
        spine.start = x


def _climb(plot: Plot, gate: Gate, ys: list[float]) -> Way:
    """Lead a path from the street at a southern or northern gate to all spines."""
    street = plot.streets[gate.side]
    street.stops.append(gate.position)
    start, end = (street.at, ys[-1]) if gate.side == "s" else (ys[0], street.at)
    path = _inner("v", gate.position, start, end)
    path.stops.append(plot.gate_point(gate)[1])
    return path


def _inner(axis: str, at: float, start: float, end: float) -> Way:
    if axis == "h":
        return Way("h", at, start, end, "service", None, FREE_PATH_M, inner=True)
    return Way("v", at, start, end, "service", None, FREE_PATH_M, inner=True)


def fill_slabs(
    rng: Generator, plot: Plot, paths: list[Way], storeys: int
) -> list[Slab]:
    """Fill `plot` with slab blocks in rows, clear of its paths and its notch.

    Parameters
    ----------
    rng
        Source of chance.
    plot
        The plot.
    paths
        Its inner paths.
    storeys
        Usual number of storeys.

    Returns
    -------
    list of Slab
        The blocks, row by row.
    """
    spines = sorted(path.at for path in paths if path.axis == "h")
    climbs = [path for path in paths if path.axis == "v"]
    pitch = 22.0 + 1.5 * storeys + rng.uniform(-2.0, 3.0)
    slabs: list[Slab] = []
    low = plot.y0 + FREE_EDGE_M
    for top in [*(y - FREE_PATH_M for y in spines), plot.y1 - FREE_EDGE_M]:
        rows = int((top - low - SLAB_M) // pitch) + 1 if top - low > SLAB_M else 0
        for row in range(rows):
            free = top - low - SLAB_M
            y = low + SLAB_M / 2 + (free * row / (rows - 1) if rows > 1 else free / 2)
            slabs += _fill_row(rng, plot, climbs, y, storeys)
        low = top + 2.0 * FREE_PATH_M
    return slabs


def _fill_row(
    rng: Generator, plot: Plot, climbs: list[Way], y: float, storeys: int
) -> list[Slab]:
    x, end = plot.x0 + FREE_EDGE_M, plot.x1 - FREE_EDGE_M
    if plot.notch is not None and plot.notch[2] - 14.0 < y < plot.notch[3] + 14.0:
        if plot.notch[0] <= plot.x0:
            x = plot.notch[1] + FREE_EDGE_M
        else:
            end = plot.notch[0] - FREE_EDGE_M
    walls = sorted(c.at for c in climbs if c.start - 8.0 < y < c.end + 8.0)
    slabs = []
    for wall in [*walls, end + FREE_PATH_M]:
        free = wall - FREE_PATH_M - x
        count = int((free + SLAB_GAP_M) // (rng.choice([38.0, 46.0, 60.0])))
        if count == 0 and free > LEAST_SLAB_M:
            count = 1
        length = (free + SLAB_GAP_M) / count - SLAB_GAP_M if count else 0.0
        for i in range(count):
            if chance(rng, 0.06):
                continue
            middle = x + length / 2 + i * (length + SLAB_GAP_M)
            here = storeys + int(rng.integers(-1, 2)) * chance(rng, 0.25)
            slabs.append(Slab(middle, y, round(length, 1), SLAB_M, max(1, here)))
        x = wall + FREE_PATH_M
    return slabs
