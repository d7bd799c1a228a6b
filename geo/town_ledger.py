"""The ledger (台账) of a made-up town: one row per community, believable figures."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.random import Generator

from geo.town_compounds import Slab
from geo.town_grid import chance
from geo.town_plots import Plot

_CONDITIONS = ("完好", "破损", "缺失")
_NETWORKS = ("供水", "排水", "供电", "供气", "供热", "通信", "消防", "道路")
_WANTS = (
    "无障碍",
    "适老",
    "适儿",
    "充电",
    "安防",
    "照明",
    "快件箱",
    "体育健身",
    "便民",
)
#: From this year on flats were sold on the market.
_REFORM = 2000
#: Square metres of floor per household, and persons per household.
_FLOOR_M2, _PERSONS = 74.0, 2.5


def write_ledger(
    rng: Generator, plots: Sequence[Plot], slabs: Sequence[Sequence[Slab]]
) -> pd.DataFrame:
    """Write the ledger of a town.

    Parameters
    ----------
    rng
        Source of chance.
    plots
        Its communities.
    slabs
        The blocks of each community, in the same order.

    Returns
    -------
    pandas.DataFrame
        Columns of the layer ``communities`` without id and geometry, and the
        further columns of a ledger under their usual Chinese headers; one row
        per community, in order.
    """
    rows = [
        _community(rng, plot, blocks) for plot, blocks in zip(plots, slabs, strict=True)
    ]
    return pd.DataFrame(rows)


def _community(rng: Generator, plot: Plot, slabs: Sequence[Slab]) -> dict[str, Any]:
    households = max(24, sum(slab.households for slab in slabs))
    year = draw_year(rng)
    people = round(households * _PERSONS * rng.uniform(0.82, 1.12))
    old = np.clip(rng.normal(0.27, 0.05) + (1998 - year) * 0.003, 0.1, 0.45)
    row = {
        "name": plot.name,
        "built_year": float(year),
        "households": float(households),
        "population": float(people),
        "elderly_60": float(round(people * old)),
        "infants_0_3": float(round(people * rng.uniform(0.012, 0.032))),
        "floor_area_m2": round(households * _FLOOR_M2 * rng.uniform(0.8, 1.1), -2),
        "parking_spaces": float(round(households * rng.uniform(0.05, 0.42))),
        "walled": plot.walled,
    }
    parts = (
        _basics(rng, plot, slabs, year),
        consent(rng, households),
        _state(rng, year),
    )
    for part in parts:
        row.update(part)
    row.update(_funds(rng, float(str(row["floor_area_m2"]))))
    return row


def draw_year(rng: Generator) -> int:
    """Draw a year of completion between 1975 and 2012, mostly before 2000."""
    return int(np.clip(round(1975 + 37 * rng.beta(2.1, 2.6)), 1975, 2012))


def _basics(
    rng: Generator, plot: Plot, slabs: Sequence[Slab], year: int
) -> dict[str, Any]:
    households = sum(slab.households for slab in slabs)
    sold = (
        ("房改房", "单位自管", "房改房")
        if year < _REFORM
        else ("商品房", "房改房", "商品房")
    )
    return {
        "房屋性质": str(rng.choice(sold)),
        "楼栋数": len(slabs),
        "单元数": sum(max(1, round(slab.length_m / 15.0)) for slab in slabs),
        "占地面积": round(plot.area_m2),
        "结构类型": "砖混"
        if year <= _REFORM
        else str(rng.choice(["砖混", "框架", "剪力墙"])),
        "最高层数": max((slab.storeys for slab in slabs), default=1),
        "现有电梯": 0,
        "机动车数": round(households * rng.uniform(0.25, 0.75)),
        "物业管理模式": str(
            rng.choice(
                ["无物业", "单位自管", "社区托管", "专业物业"], p=[0.3, 0.2, 0.3, 0.2]
            )
        ),
        "有无业委会": _yes(rng, 0.2),
        "有无党组织": _yes(rng, 0.7),
        "维修资金": _yes(rng, 0.15 if year < _REFORM else 0.7),
        "是否已改造": str(rng.choice(["否", "是"], p=[0.88, 0.12])),
        "是否危房": "否",
    }


def consent(rng: Generator, households: int) -> dict[str, Any]:
    """Return what the inhabitants said when they were asked, under ledger headers."""
    took = round(households * rng.uniform(0.62, 0.99))
    agreed = round(took * rng.uniform(0.6, 0.99))
    month = int(rng.integers(3, 10))
    return {
        "应参与户数": households,
        "参与户数": took,
        "同意户数": agreed,
        "参与率(%)": round(100.0 * took / households, 1),
        "同意率(%)": round(100.0 * agreed / max(took, 1), 1),
        "征询起止日期": f"2025-{month:02d}-01/2025-{month:02d}-28",
        "表决方式": str(rng.choice(["书面", "线上"])),
        "长效管理共识": _yes(rng, 0.6),
        "物业费确认": _yes(rng, 0.5),
        "居民出资额": round(agreed * float(rng.integers(0, 12)) * 100.0),
    }


def _state(rng: Generator, year: int) -> dict[str, Any]:
    worn = float(np.clip((2012 - year) / 37.0, 0.05, 0.95))
    shares = [1.0 - 0.75 * worn, 0.6 * worn, 0.15 * worn]
    state = {
        name: str(rng.choice(_CONDITIONS, p=np.array(shares) / sum(shares)))
        for name in _NETWORKS
    }
    state |= {name: _yes(rng, 0.45) for name in _WANTS}
    state["加梯需求"] = _yes(rng, 0.5)
    return state


def _funds(rng: Generator, floor_area_m2: float) -> dict[str, Any]:
    total = round(floor_area_m2 * rng.uniform(220.0, 420.0) / 10_000.0, 1)
    central, province, owners = 0.45, 0.2, 0.05
    return {
        "改造类别": str(
            rng.choice(["基础类", "完善类", "提升类"], p=[0.4, 0.45, 0.15])
        ),
        "总投资": total,
        "中央": round(total * central, 1),
        "省级": round(total * province, 1),
        "市县": round(total * (1.0 - central - province - owners), 1),
        "居民": round(total * owners, 1),
        "计划年度": int(rng.integers(2026, 2031)),
    }


def _yes(rng: Generator, share: float) -> str:
    return "有" if chance(rng, share) else "无"
