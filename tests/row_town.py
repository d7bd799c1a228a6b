"""Six communities in a row, small enough to count units by hand.

::

    A --- B --- C --- D  | river |  E --- F      x = 0 100 200 300 500 600
   300   200   500   ?             400   100     households

Neighbours: AB, BC, CD, EF; D and E are 30 m apart with a river between. Joint works:
AB two, CD and EF one, BC none. Childcare of A is closed by B's house (350 m2), the
canteen of C by D's land (600 m2), the pharmacy of E only by A's shop (120 m2).
"""

from types import SimpleNamespace

import geopandas as gpd
import numpy as np
import pandas as pd
from shapely import box

from geo.closable import Closable
from geo.evidence import Evidence
from geo.findings import make_findings
from geo.neighbours import Neighbours
from geo.rules import load_rules
from geo.settings import Settings, UnitSettings
from geo.unit_inputs import UnitBasis
from geo.unit_problem import UnitProblem

IDS = list("ABCDEF")
AT = [0.0, 100.0, 200.0, 300.0, 500.0, 600.0]
HOUSEHOLDS = [300.0, 200.0, 500.0, np.nan, 400.0, 100.0]


def make_problem() -> UnitProblem:
    """Return the row as arrays."""
    return UnitProblem(
        ids=pd.Index(IDS, name="id"),
        households=np.array(HOUSEHOLDS),
        area_m2=np.full(6, 10_000.0),
        x=np.array(AT),
        y=np.zeros(6),
        year=np.full(6, 1990.0),
        structure=np.zeros(6, dtype=np.int64),
        condition=np.full(6, np.nan),
        edges=np.array([[0, 1], [1, 2], [2, 3], [4, 5]], dtype=np.int64),
        works=np.array([2.0, 0.0, 1.0, 1.0]),
        need_community=np.array([0, 2, 4], dtype=np.int64),
        need_category=np.array([1, 0, 2], dtype=np.int64),
        helper_start=np.array([0, 1, 2, 3], dtype=np.int64),
        helper=np.array([1, 3, 0], dtype=np.int64),
    )


def make_basis(settings: UnitSettings | None = None) -> UnitBasis:
    """Return the row as what units are drawn from."""
    outlines = [box(x - 35, 0, x + 35, 100) for x in AT]
    communities = gpd.GeoDataFrame(
        {
            "name": [f"{name}院" for name in IDS],
            "households": HOUSEHOLDS,
            "built_year": [1990.0] * 6,
        },
        geometry=outlines,
        index=pd.Index(IDS, name="id"),
        crs=4545,
    )
    idle = pd.DataFrame(
        {
            "floor_area_m2": [350.0, np.nan, 120.0],
            "land_area_m2": [200.0, 600.0, np.nan],
        },
        index=pd.Index(["R1", "R2", "R3"], name="id"),
    )
    rows = [
        ("A", "B", True, "gap", 30.0, True, "", "", ""),
        ("B", "C", True, "gap", 30.0, True, "", "", ""),
        ("C", "D", True, "gap", 30.0, True, "", "", ""),
        ("D", "E", False, "", 130.0, False, "barrier", "river", "清河"),
        ("E", "F", True, "gap", 30.0, True, "", "", ""),
    ]
    columns = ["a", "b", "neighbour", "by", "gap_m", "touches", "refused"]
    pairs = pd.DataFrame(rows, columns=[*columns, "barrier", "barrier_name"])
    pairs["walk_m"], pairs["declared"] = np.nan, False
    names = ("canteen", "childcare", "pharmacy")
    circle = SimpleNamespace(
        district=SimpleNamespace(
            communities=communities, idle=idle, crs=4545, evidence=Evidence()
        ),
        rules=load_rules(),
        settings=Settings(),
    )
    closable = Closable(
        owners=pd.DataFrame(
            {"idle_id": ["R1", "R2", "R3"], "community_id": ["B", "D", "A"]}
        ),
        reach=pd.DataFrame(),
        needs=pd.DataFrame(),
        findings=make_findings(),
    )
    eligibility = pd.DataFrame(
        {"state": ["eligible"] * 5 + ["not_eligible"]}, index=communities.index
    )
    return UnitBasis(
        circle,
        settings or UnitSettings(),
        (),
        Neighbours(pairs, make_findings()),
        closable,
        eligibility,
        make_problem(),
        names,
        make_findings(),
    )
