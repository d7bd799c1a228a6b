"""A street of eight communities with a ranking made by hand."""

from datetime import date
from types import SimpleNamespace

import geopandas as gpd
import numpy as np
import pandas as pd
from shapely.geometry import LineString, box

from geo.evidence import Evidence, empty_table
from geo.policy_settings import CheckSettings, ScheduleSettings

#: Community: unit, gate, score, households, cost in yuan, of which central funds.
STREET = {
    "c1": ("A", "ready", 90.0, 100.0, 4e6, 1e6),
    "c2": ("B", "ready", 80.0, 200.0, 5e6, 2e6),
    "c3": ("A", "ready", 70.0, 300.0, 2e6, 1e6),
    "c4": ("C", "waiting", 60.0, 400.0, 3e6, 1e6),
    "c5": ("C", "ready", 50.0, 100.0, 3e6, 0.0),
    "c6": ("D", "waiting", 40.0, 100.0, 1e6, 0.0),
    "c7": ("E", "out", 30.0, 100.0, 1e6, 0.0),
    "c8": (None, "ready", 20.0, 50.0, 1e6, 1e6),
}


def make_table(name, rows):
    """Return a table of evidence of a few columns; the others are unknown."""
    blank = empty_table(name)
    table = pd.DataFrame(rows).reindex(columns=blank.columns)
    return table.astype(dict(blank.dtypes))


def make_budgets(*rows):
    """Return the table ``budgets``: year, source, yuan, projects."""
    columns = ["year", "source", "available_cny", "projects_most"]
    return make_table("budgets", [dict(zip(columns, row, strict=True)) for row in rows])


def make_ranking(
    street=STREET,
    *,
    budgets=(),
    utilities=(),
    plans=(),
    plan_year=2027,
    broken=("water",),
    facts=None,
):
    """Return a ranking and the ground that it stands on.

    `utilities` are (kind, year, position of the first and the last community along
    the street), `plans` (community, kind, year), `broken` the networks that all need.
    """
    ids = list(street)
    columns = ["unit_id", "gate", "score", "households", "project_cost_cny", "central"]
    table = pd.DataFrame(street.values(), index=ids, columns=columns)
    table.index.name = "community_id"
    table.insert(0, "rank", np.arange(1, len(ids) + 1))
    table["plan_year"] = float(plan_year) if plan_year else np.nan
    known = pd.DataFrame(
        {
            "households": table["households"],
            "plan_year": table["plan_year"],
            "project_cost_cny": table["project_cost_cny"],
            "fund_central_cny": table.pop("central"),
            **{f"condition_{kind}": "破损" for kind in broken},
            **(facts or {}),
        }
    )
    layer = gpd.GeoDataFrame(
        {"name": [f"第{name[1:]}小区" for name in ids]},
        index=pd.Index(ids, name="id"),
        geometry=[box(100 * at, 0, 100 * at + 80, 80) for at in range(len(ids))],
        crs=4544,
    )
    pipes = gpd.GeoDataFrame(
        {
            "kind": [one[0] for one in utilities],
            "year": np.array([one[1] for one in utilities], float),
            "owner": [None] * len(utilities),
        },
        index=pd.Index(
            [f"u{at}" for at in range(len(utilities))], name="id", dtype=str
        ),
        geometry=[
            LineString([(100 * low, -5), (100 * high + 80, -5)])
            for _, _, low, high in utilities
        ],
        crs=4544,
    )
    rows = [
        {"id": f"p{at}", "community_id": name, "kind": kind, "year": year}
        for at, (name, kind, year) in enumerate(plans)
    ]
    tables = dict(Evidence().tables)
    tables["budgets"] = make_budgets(*budgets)
    tables["utility_plans"] = make_table("utility_plans", rows)
    district = SimpleNamespace(communities=layer, utilities=pipes)
    settings = SimpleNamespace(schedule=ScheduleSettings())
    ground = SimpleNamespace(
        plan=SimpleNamespace(district=district, settings=settings),
        facts=known,
        tables=tables,
        settings=CheckSettings(),
        plan_year=plan_year,
        as_of=date(2026, 11, 22),
    )
    return SimpleNamespace(table=table, ground=ground)
