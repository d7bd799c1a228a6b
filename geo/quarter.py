"""The quarter of the sample district that was laid by hand, east of the made-up town.

Its streets are straight and its lengths round, so that every answer in
``tests/sample_answers.toml`` can be worked out on paper. Coordinates here are
metres east and north of the quarter's zero point (easting 527,500, northing
4,418,000), where 滨河北路, the road on the northern bank, meets the town's last
avenue. The streets::

    y = 600  北环路    x 0 to 1850, where it leaves the surveyed area
    y = 400  机床路    x 0 to 1200
    y = 200  纺织路    x 0 to 1200
    y =   0  滨河北路  x 0 to 1200
    y = -96  滨河南路  x 0 to 1200; the river lies between y = -74 and y = -22
    x = 300, 600, 900, 1200   y 0 to 600
    x = 150  y 200 to 400,  x = 450  y 400 to 600   lanes
    x = 1150 footbridge over the river; the town's bridge stands at x = 0
    x = 250, 330, 570  paths to the gates of the school and of the park
    x = 700  a line across the river that is no bridge: planned, not built

Plots end 12 m from the middle of a street (6 m from a lane), so a gate is 12 m
(6 m) of path away from it; facilities stand 8 m from the middle of a street.
"""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.random import Generator

from geo.town_compounds import Slab, fill_slabs, lay_paths
from geo.town_extras import Neighbourhood, idle_row
from geo.town_facilities import Spot, fill_site, make_facility
from geo.town_grid import Axis, Streets, Way
from geo.town_names import OFFICES
from geo.town_plots import Gate, Plot, Side, Use
from geo.town_wares import WARES

if TYPE_CHECKING:
    from geo.town import TownPlan

#: Surveyed area: west, east, south, north.
EXTENT = (-50.0, 1850.0, -450.0, 900.0)
#: 居住社区: name, box (west, east, south, north), street office (position in OFFICES).
NEIGHBOURHOODS = (
    ("纺织路社区", (0.0, 600.0, 0.0, 600.0), 2),
    ("机床路社区", (600.0, 1200.0, 0.0, 600.0), 2),
    ("东郊社区", (1200.0, 1850.0, 0.0, 900.0), 2),
    ("河南社区", (0.0, 1200.0, -300.0, -96.0), 5),
)
#: Categories of which the town's eastern side has none, so that the nearest one
#: of the quarter's communities is one of the quarter's own.
KEPT_OUT = (
    "childcare",
    "elderly_daycare",
    "health_station",
    "primary_school",
    "fitness_ground",
    "culture_station",
)

_STREETS: tuple[tuple[str, Axis, float, float, float], ...] = (
    ("滨河北路", "h", 0.0, 0.0, 1200.0),
    ("滨河南路", "h", -96.0, 0.0, 1200.0),
    ("纺织路", "h", 200.0, 0.0, 1200.0),
    ("机床路", "h", 400.0, 0.0, 1200.0),
    ("北环路", "h", 600.0, 0.0, 1850.0),
    ("棉纺街", "v", 300.0, 0.0, 600.0),
    ("织布街", "v", 600.0, 0.0, 600.0),
    ("车工街", "v", 900.0, 0.0, 600.0),
    ("东郊街", "v", 1200.0, 0.0, 600.0),
    ("纱线巷", "v", 150.0, 200.0, 400.0),
    ("梭子巷", "v", 450.0, 400.0, 600.0),
)
#: Paths from a street to the gate of a school or park: name, x, y from and to.
_STUBS = (
    ("中学大门", 250.0, 574.0, 600.0),
    ("公园南门", 330.0, 200.0, 226.0),
    ("公园北门", 570.0, 374.0, 400.0),
)


@dataclass(frozen=True, slots=True)
class Home:
    """A community of the quarter: its box, its street sides, its gates."""

    name: str
    box: tuple[float, float, float, float]
    sides: str
    gates: tuple[Gate, ...]
    built_year: float | None
    notch: tuple[float, float, float, float] | None = None
    #: Storeys that its blocks have more than others.
    higher: int = 0


def _gate(side: Side, position: float, open_to: str = "residents") -> tuple[Gate, ...]:
    return (Gate(side, position, open_to),)


#: In the order of their ids, after those of the town.
HOMES = (
    Home("纺织新村", (12, 144, 212, 388), "sne", _gate("e", 256, "all"), 1984),
    Home("棉纺厂家属院", (156, 288, 212, 388), "snwe", _gate("w", 344), 1986,
         notch=(250, 288, 356, 388)),
    Home("印染厂家属院", (312, 588, 12, 188), "snwe", _gate("n", 450), 1988,
         higher=3),
    Home("机床新苑", (612, 750, 212, 388), "snw", _gate("n", 680), 2008),
    Home("机床厂一区", (750, 888, 212, 388), "sne", _gate("n", 820), 1995),
    Home("铸造厂宿舍", (612, 888, 412, 588), "snwe", _gate("s", 750), None),
    Home("第二机床厂大院", (912, 1050, 12, 188), "snw", _gate("n", 980), 1991),
    Home("工具厂家属院", (912, 1188, 212, 388), "snwe", _gate("s", 980), 1990),
    Home("河沿新村", (612, 888, 12, 188), "snwe", _gate("s", 700), 1993),
    Home("东郊砖瓦厂宿舍", (912, 1188, 412, 588), "snwe", _gate("n", 1050), 1979),
    Home("东郊新村", (1500, 1700, 612, 760), "s", _gate("s", 1600), 1997),
    Home("梭子巷一号院", (312, 444, 412, 588), "snwe", _gate("s", 380), 1982),
    Home("梭子巷二号院", (456, 588, 412, 588), "snwe", _gate("n", 520), 1989),
    Home("河湾小区", (1050, 1188, 12, 188), "sne", _gate("s", 1120), 1999),
    Home("河南新村", (612, 888, -280, -120), "n", _gate("n", 750), 1996),
)  # fmt: skip

#: The community whose doors are counted.
COUNTED = "河南新村"
#: Facilities that the answers rest on: category, x, y, floor area, capacity, serves.
FIXED = (
    ("childcare", 430.0, 592.0, 320.0, 60.0, "all"),
    ("elderly_daycare", 450.0, -8.0, 420.0, 30.0, "all"),
    ("health_station", 380.0, 208.0, 160.0, None, "all"),
    ("primary_school", 540.0, -108.0, 4200.0, 720.0, "all"),
    ("health_station", 984.0, 170.0, 140.0, None, "residents"),
    ("culture_station", 984.0, 176.0, 260.0, None, "all"),
)
#: Other facilities: category, then places.
OTHERS: dict[str, tuple[tuple[float, float], ...]] = {
    "bus_stop": ((120, 192), (500, 208), (800, 192), (1000, 192), (1590, 592),
                 (420, 608), (680, -104)),
    "pharmacy": ((250, 208), (650, 192), (860, 208), (1620, 592), (360, 392),
                 (690, -104)),
    "market": ((200, 192), (1650, 592), (710, -104)),
    "supermarket": ((100, 192), (820, 192)),
    "convenience": ((240, 192), (340, 408), (560, 408), (660, 408), (780, 408),
                    (720, 8), (1010, 192), (1100, 8), (1580, 592), (760, -104),
                    (560, 592)),
    "community_station": ((270, 392), (700, 208), (1640, 592)),
    "culture_station": ((220, 392),),
    "fitness_ground": ((420, 408), (700, 392), (1570, 592), (1040, 208)),
    "parking": ((120, 208), (560, 208), (940, 192), (1630, 592), (500, 592)),
    "parcel": ((170, 408), (350, 208), (640, 392), (850, 392), (960, 208),
               (1595, 592), (740, 8), (400, 592), (800, -104)),
    "public_toilet": ((280, 192), (640, 208), (1070, 192)),
    "kindergarten": ((560, 192), (870, 192)),
}  # fmt: skip
#: Facilities that take up the first plots.
_FILLED = (None, "middle_school", "pocket_park")
#: A street this near to a side of a plot runs along it.
_BESIDE_M = 30.0
#: Plots that are no communities: use, box.
PLOTS: tuple[tuple[Use, tuple[float, float, float, float]], ...] = (
    ("shops", (12, 288, 12, 188)),
    ("middle", (12, 288, 412, 588)),
    ("park", (312, 588, 212, 388)),
)


def lay_quarter(rng: Generator, plan: "TownPlan", origin: tuple[float, float]) -> None:
    """Lay the quarter beside the town of `plan`.

    Parameters
    ----------
    rng
        Source of chance for what no answer rests on.
    plan
        Changed: streets, plots, communities, slabs, facilities and idle resources
        are added.
    origin
        The quarter's zero point in the plan.
    """
    named = _lay_streets(plan, origin)
    plots = [_make_plot(box, use, "snwe", named, origin) for use, box in PLOTS]
    kept_free = [row["box"] for row in _list_idle(origin)]
    for home in HOMES:
        plot = _make_plot(home.box, "community", home.sides, named, origin)
        plot.name, plot.walled = home.name, True
        plot.gates = [_shift(gate, origin) for gate in home.gates]
        if home.notch is not None:
            plot.notch = _shift_box(home.notch, origin)
        plan.homes.append(plot)
        plot.paths = lay_paths(rng, plot, plan.streets, climb_share=2 / 3)
        slabs = fill_slabs(rng, plot, plot.paths, 6)
        slabs = [replace(s, storeys=s.storeys + home.higher) for s in slabs]
        if home.name == COUNTED:
            slabs = _counted_slabs(origin)
        plan.slabs.append([s for s in slabs if not any(map(s.stands_on, kept_free))])
        plots.append(plot)
    plan.plots += plots
    plan.facilities += _list_facilities(rng, origin)
    wares = {ware.category: ware for ware in WARES}
    for plot, category in zip(plots, _FILLED, strict=False):
        if category is not None:
            site = (plot.x0, plot.x1, plot.y0, plot.y1)
            row = fill_site(rng, wares[category], site, plot.streets)
            plan.facilities.append(row)
    plan.idle += _list_idle(origin)
    plan.neighbourhoods += [
        Neighbourhood(name, _shift_box(box, origin), OFFICES[office])
        for name, box, office in NEIGHBOURHOODS
    ]
    plan.surveyed.append(_shift_box(EXTENT, origin))
    known = len(plan.homes) - len(HOMES)
    plan.uncounted -= set(range(known, len(plan.homes)))
    plan.uncounted |= {
        known + at for at, home in enumerate(HOMES) if home.name != COUNTED
    }


def _lay_streets(plan: "TownPlan", origin: tuple[float, float]) -> list[Way]:
    """Lay the streets with a vertex wherever two meet, and join them to the town."""
    ox, oy = origin
    laid = []
    for name, axis, at, start, end in _STREETS:
        off_at, off = (oy, ox) if axis == "h" else (ox, oy)
        lane = name.endswith("巷")
        highway = "residential" if lane else "tertiary"
        way = Way(axis, at + off_at, start + off, end + off, highway, name)
        way.half_m = 6.0 if lane else 12.0
        laid.append(plan.streets.add(way))
    over = Way("v", ox + 1150.0, oy - 96.0, oy, "footway", "东郊人行桥", 6.0)
    over.bridge, over.level = True, 1
    idea = Way("v", ox + 700.0, oy - 96.0, oy, "footway", "规划人行桥(未建)", 6.0)
    stubs = [
        Way("v", ox + x, oy + y0, oy + y1, "footway", name, 6.0)
        for name, x, y0, y1 in _STUBS
    ]
    paths = [over, idea, *stubs]
    for way in laid:
        for other in (*laid, *paths):
            meets = way.axis != other.axis and other.start <= way.at <= other.end
            if meets and way.start <= other.at <= way.end:
                way.stops.append(other.at)
    for way in paths:
        plan.streets.add(way)
    _join_avenue(plan.streets, plan.grid.columns, laid, ox)
    return laid


def _join_avenue(streets: Streets, line: int, laid: list[Way], ox: float) -> None:
    for way in laid:
        if way.axis == "h" and way.start == ox:
            avenue = streets.find("v", line, way.at)
            if avenue is not None:
                avenue.stops.append(way.at)


def _make_plot(
    box: tuple[float, float, float, float],
    use: Use,
    sides: str,
    laid: list[Way],
    origin: tuple[float, float],
) -> Plot:
    x0, x1, y0, y1 = _shift_box(box, origin)
    middle = (x0 + x1) / 2, (y0 + y1) / 2
    edges: dict[Side, tuple[Axis, float, float]] = {
        "w": ("v", x0, middle[1]),
        "e": ("v", x1, middle[1]),
        "s": ("h", y0, middle[0]),
        "n": ("h", y1, middle[0]),
    }
    streets: dict[Side, Way] = {}
    for side, (axis, at, along) in edges.items():
        near = [w for w in laid if w.axis == axis and w.covers(along)]
        near = [w for w in near if abs(w.at - at) < _BESIDE_M]
        if side in sides and near:
            streets[side] = near[0]
    return Plot(x0, x1, y0, y1, (-1, -1), streets, use)


def _shift_box(
    box: tuple[float, float, float, float], origin: tuple[float, float]
) -> tuple[float, float, float, float]:
    ox, oy = origin
    return box[0] + ox, box[1] + ox, box[2] + oy, box[3] + oy


def _shift(gate: Gate, origin: tuple[float, float]) -> Gate:
    off = origin[0] if gate.side in ("s", "n") else origin[1]
    return Gate(gate.side, gate.position + off, gate.open_to)


def _list_facilities(
    rng: Generator, origin: tuple[float, float]
) -> list[dict[str, Any]]:
    wares = {ware.category: ware for ware in WARES}
    rows = []
    for category, x, y, floor, capacity, serves in FIXED:
        row = make_facility(rng, wares[category], _spot(x, y, origin))
        row.update(floor_area_m2=floor, capacity=capacity, serves=serves)
        row.update(status="open", surveyed=True)
        rows.append(row)
    for category, places in OTHERS.items():
        for x, y in places:
            row = make_facility(rng, wares[category], _spot(x, y, origin))
            rows.append(row | {"status": "open"})
    return rows


def _spot(x: float, y: float, origin: tuple[float, float]) -> Spot:
    """Return a place, and the street that runs along x beside it."""
    along = [(abs(at - y), name) for name, axis, at, *_ in _STREETS if axis == "h"]
    return Spot(origin[0] + x, origin[1] + y, street=min(along)[1])


def _counted_slabs(origin: tuple[float, float]) -> list[Slab]:
    """Eight blocks of 24 households, their middles 10 m above a path."""
    ox, oy = origin
    return [
        Slab(ox + x, oy + y, 30.0, 12.0, 6)
        for y in (-230.0, -150.0)
        for x in (630.0, 710.0, 790.0, 870.0)
    ]


def _list_idle(origin: tuple[float, float]) -> list[dict[str, Any]]:
    """List an empty shop and an empty yard: each of two communities lacks one."""
    house = idle_row(
        "棉纺厂原门市部",
        "闲置房屋",
        _shift_box((254.0, 282.0, 372.0, 384.0), origin),
        floor_area_m2=672.0,
        uses="养老|托育|助餐",
        owner="区属国资",
        mode="划拨",
    )
    corner = idle_row(
        "纺织新村院内空地",
        "边角地",
        _shift_box((60.0, 88.0, 290.0, 314.0), origin),
        floor_area_m2=None,
        uses="健身|口袋公园",
        owner="区属国资",
        mode="划拨",
    )
    return [house, corner]


def built_years() -> list[float]:
    """Return the years of completion of `HOMES`; NaN where nobody knows."""
    return [np.nan if home.built_year is None else home.built_year for home in HOMES]
