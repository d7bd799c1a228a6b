"""The rest of a made-up town: idle resources, pipes, old trees, river and railway."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.random import Generator

from geo.town_compounds import Slab
from geo.town_grid import MARGIN_M, RIVER_STRIP_M, FloatArray, Grid, Way, chance
from geo.town_names import OFFICES, name_neighbourhoods
from geo.town_plots import Plot

_OWNERS = ("区属国资", "原产权单位", "市属国资", "集体")
_MODES = ("划拨", "租赁", "置换", "代建")
_USES_HOUSE = (
    "养老|托育|助餐",
    "养老|文化",
    "社区服务|卫生|文化",
    "便民商业|助餐",
    "托育|养老",
)
_USES_LAND = ("停车|口袋公园", "健身|口袋公园", "停车", "口袋公园", "公厕|快件")
_HOUSES = ("旧厂房", "旧办公楼", "老仓库", "旧锅炉房", "原食堂", "原门市部")
_PIPES = {
    "water": "示例区供水公司",
    "drainage": "示例区排水公司",
    "power": "示例区供电公司",
    "gas": "示例区燃气公司",
    "heat": "示例区热力公司",
    "telecom": "示例区通信公司",
}


def list_idle(
    rng: Generator,
    plots: Sequence[Plot],
    houses: Sequence[tuple[Plot, Slab]],
    count: int,
) -> list[dict[str, Any]]:
    """List idle resources: 闲置房屋, 边角地 and 空闲用地.

    Parameters
    ----------
    rng
        Source of chance.
    plots
        All plots: the notches of communities are 边角地, vacant ones 空闲用地.
    houses
        Buildings that are no homes, with their plots: some stand empty.
    count
        Number wanted.

    Returns
    -------
    list of dict
        Columns of the layer ``idle`` and of a survey of idle resources, and
        ``box`` (x0, x1, y0, y1 in the plan).
    """
    corners = [plot for plot in plots if plot.notch is not None]
    vacant = [plot for plot in plots if plot.use == "vacant"]
    rows: list[dict[str, Any]] = []
    for plot in corners:
        x0, x1, y0, y1 = plot.notch or (0.0, 0.0, 0.0, 0.0)
        box = (x0 + 1.0, x1 - 1.0, y0 + 1.0, y1 - 1.0)
        rows.append(_land(rng, f"{plot.name}旁边角地", "边角地", box))
    for plot in vacant:
        cut = 6.0
        box = (plot.x0 + cut, plot.x1 - cut, plot.y0 + cut, plot.y1 - cut)
        rows.append(_land(rng, "空闲地块", "空闲用地", box))
    free = rng.permutation(len(houses))[: max(0, count - len(rows))]
    rows += [_house(rng, *houses[i]) for i in free]
    return rows[:count]


def idle_row(
    name: str,
    kind: str,
    box: tuple[float, float, float, float],
    *,
    floor_area_m2: float | None,
    uses: str,
    owner: str,
    mode: str,
) -> dict[str, Any]:
    """Return one idle resource with the columns of a survey."""
    land = round((box[1] - box[0]) * (box[3] - box[2]))
    house = kind == "闲置房屋"
    floor = np.nan if floor_area_m2 is None else floor_area_m2
    return {
        "name": name,
        "kind": kind,
        "land_area_m2": float(land),
        "floor_area_m2": floor_area_m2,
        "storeys": 2.0 if house else None,
        "owner": owner,
        "owner_type": owner,
        "current_use": "空置" if house else "堆放杂物",
        "vacancy_from": "2021-06-01" if house else None,
        "structure_safety": "B级" if house else None,
        "fire_access": True,
        "ground_floor": house,
        "sunlight_hours": 3.0,
        "legal_constraints": "无",
        "landuse_code": "0702" if house else "2301",
        "code_system": "国土空间用地用海分类(2023)",
        "available_mode": mode,
        "contact": "示例区住房和城乡建设局",
        "allowed_uses": uses,
        "cost_cny": floor * 2600.0 if house else land * 480.0,
        "box": box,
    }


def _land(
    rng: Generator, name: str, kind: str, box: tuple[float, float, float, float]
) -> dict[str, Any]:
    row = idle_row(
        name,
        kind,
        box,
        floor_area_m2=None,
        uses=str(rng.choice(_USES_LAND)),
        owner=str(rng.choice(_OWNERS)),
        mode=str(rng.choice(_MODES)),
    )
    row["sunlight_hours"] = float(rng.integers(2, 7))
    row["legal_constraints"] = str(
        rng.choice(["无", "燃气间距", "绿线"], p=[0.8, 0.1, 0.1])
    )
    return row


def _house(rng: Generator, plot: Plot, slab: Slab) -> dict[str, Any]:
    x, y = slab.length_m / 2, slab.depth_m / 2
    known = chance(rng, 0.8)
    what = str(rng.choice(_HOUSES))
    row = idle_row(
        f"{plot.name}{what}",
        "闲置房屋",
        (slab.x - x, slab.x + x, slab.y - y, slab.y + y),
        floor_area_m2=round(slab.floor_area_m2) if known else None,
        uses=str(rng.choice(_USES_HOUSE)),
        owner=str(rng.choice(_OWNERS)),
        mode=str(rng.choice(_MODES)),
    )
    month = int(rng.integers(1, 13))
    row["storeys"] = float(slab.storeys)
    row["vacancy_from"] = f"{int(rng.integers(2012, 2025))}-{month:02d}-01"
    row["structure_safety"] = str(rng.choice(["A级", "B级", "C级"], p=[0.3, 0.5, 0.2]))
    return row


def list_pipes(rng: Generator, ways: Sequence[Way]) -> pd.DataFrame:
    """List the pipes and cables under the streets, with the year of their renewal.

    Returns
    -------
    pandas.DataFrame
        Columns ``kind``, ``year``, ``owner`` and ``way`` (position in `ways`).
    """
    rows = []
    for at, way in enumerate(ways):
        share = {"primary": 1.0, "tertiary": 0.7, "residential": 0.2}.get(
            way.highway, 0
        )
        if way.level != 0:
            continue
        for kind, owner in _PIPES.items():
            if chance(rng, share):
                year = int(rng.integers(2025, 2036))
                rows.append({"kind": kind, "year": year, "owner": owner, "way": at})
    return pd.DataFrame(rows, columns=["kind", "year", "owner", "way"])


def draw_river(rng: Generator, grid: Grid, *, far_east: float = 0.0) -> FloatArray:
    """Return the banks of the river as a ring in the plan, shape (n, 2).

    Parameters
    ----------
    rng
        Source of chance.
    grid
        A grid with a river.
    far_east
        How far beyond its last line the river goes on, straight and of even width.
    """
    row = grid.river_row or 0
    east = float(grid.xs[-1]) + MARGIN_M + 60.0 + far_east
    x = np.arange(-MARGIN_M - 60.0, east + 1.0, 30.0)
    calm = np.clip((float(grid.xs[-1]) - 60.0 - x) / 200.0, 0.0, 1.0)
    waves = np.cumsum(rng.normal(0.0, 2.2, (2, x.size)), axis=1)
    waves = np.clip(waves - waves.mean(axis=1, keepdims=True), -7.0, 7.0) * calm
    low, top = float(grid.ys[row]), float(grid.ys[row]) + RIVER_STRIP_M
    south = np.column_stack([x, low + 22.0 + waves[0]])
    north = np.column_stack([x, top - 22.0 + waves[1]])
    return np.concatenate([south, north[::-1]])


@dataclass(frozen=True, slots=True)
class Neighbourhood:
    """A 居住社区 in the plan: its name, its box (x0, x1, y0, y1), its street office."""

    name: str
    box: tuple[float, float, float, float]
    office: str

    def holds(self, point: tuple[float, float]) -> bool:
        """Return whether `point` of the plan lies in it."""
        x0, x1, y0, y1 = self.box
        return x0 <= point[0] < x1 and y0 <= point[1] < y1


def list_neighbourhoods(grid: Grid) -> list[Neighbourhood]:
    """Return the 居住社区 of a town: blocks of about 3 by 2 cells."""
    rows, boxes = grid.rows, []
    runs = [run for low in range(0, len(rows), 2) for run in _runs(rows[low : low + 2])]
    for run in runs:
        for column in range(0, grid.columns, 3):
            end = min(column + 3, grid.columns)
            x0, x1 = float(grid.xs[column]), float(grid.xs[end])
            y0, y1 = float(grid.ys[run[0]]), float(grid.ys[run[-1] + 1])
            boxes.append((x0, x1, y0, y1))
    third = float(grid.xs[-1]) / 3.0
    river = grid.river_row
    half = float(grid.ys[grid.ys.size // 2 if river is None else river])
    offices = [
        OFFICES[min(int(box[0] / third), 2) + (0 if box[2] >= half else 3)]
        for box in boxes
    ]
    names = name_neighbourhoods(len(boxes))
    return [Neighbourhood(*each) for each in zip(names, boxes, offices, strict=True)]


def _runs(rows: list[int]) -> list[list[int]]:
    """Part rows where the river lies between them."""
    gaps = [at for at in range(1, len(rows)) if rows[at] - rows[at - 1] > 1]
    return [rows[: gaps[0]], rows[gaps[0] :]] if gaps else [rows]
