"""Towns of works and pipes: one small enough to know by heart, and random ones.

Three communities of 100 m by 100 m in a row, with streets of 50 m between::

    A (0..100)      B (150..250)      C (300..400)
"""

from datetime import date
from functools import cache
from types import SimpleNamespace
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from pyproj import Transformer

from geo.evidence import Evidence, empty_table
from geo.policy_settings import CheckSettings
from geo.rules import load_rules
from geo.rulings import ClauseRow, Ground, Ruling, speak

CRS = 4547
X, Y = 500_000.0, 3_400_000.0
RULES = load_rules("yunnan")


def at(shape: shapely.Geometry) -> shapely.Geometry:
    """Move a shape of the plan to where the town lies."""
    return shapely.transform(shape, lambda xy: xy + np.array([X, Y]))


def box(x0: float, y0: float, x1: float, y1: float) -> shapely.Geometry:
    return at(shapely.box(x0, y0, x1, y1))


def line(*points: tuple[float, float]) -> shapely.Geometry:
    return at(shapely.LineString(points))


def point(x: float, y: float) -> shapely.Geometry:
    return at(shapely.Point(x, y))


def wkt(shape: shapely.Geometry) -> str:
    """Write a shape of the town in degrees, as the table of works has it."""
    degrees = shapely.transform(
        shape, lambda xy: np.column_stack(_to_degrees().transform(*xy.T))
    )
    return shapely.to_wkt(degrees, rounding_precision=12)


@cache
def _to_degrees() -> Transformer:
    return Transformer.from_crs(CRS, 4326, always_xy=True)


def layer(columns: dict[str, list[Any]], shapes: list[Any], ids: list[str]):
    return gpd.GeoDataFrame(
        columns, geometry=shapes, index=pd.Index(ids, name="id", dtype="str"), crs=CRS
    )


def communities(ids: str = "ABC"):
    shapes = [box(150 * i, 0, 150 * i + 100, 100) for i in range(len(ids))]
    names = [f"{one}院" for one in ids]
    return layer({"name": names}, shapes, list(ids))


def pipes(*rows: tuple[str, str, float | None, Any]):
    """Make pipes of (id, kind, year, shape)."""
    table = layer(
        {
            "kind": [row[1] for row in rows],
            "year": np.array([row[2] for row in rows], dtype=np.float64),
            "owner": ["公司"] * len(rows),
        },
        [row[3] for row in rows],
        [row[0] for row in rows],
    )
    return table.astype({"kind": "object", "owner": "object"})


def things(*rows: tuple[str, str, Any]):
    """Make protected things of (id, kind, shape)."""
    kinds, shapes = [row[1] for row in rows], [row[2] for row in rows]
    return layer({"kind": kinds}, shapes, [row[0] for row in rows])


#: What a resource is, as long as nobody says more.
BLANK = {
    "name": None,
    "kind": None,
    "owner": None,
    "floor_area_m2": np.nan,
    "land_area_m2": np.nan,
}


def resources(*rows: dict[str, Any]):
    """Make idle resources of (id, shape and what is known)."""
    cells = [BLANK | one for one in rows]
    names = [*(cells[0] if cells else BLANK)]
    columns = {
        name: [one[name] for one in cells]
        for name in names
        if name not in {"id", "shape"}
    }
    return layer(columns, [one["shape"] for one in cells], [one["id"] for one in cells])


def table(name: str, *rows: dict[str, Any]) -> pd.DataFrame:
    """Make a table of evidence of rows that hold what they name."""
    empty = empty_table(name)
    frame = pd.DataFrame(list(rows)).reindex(columns=empty.columns)
    return frame.astype(empty.dtypes.to_dict())


def work(name: str, community: str | None = "A", **cells: Any) -> dict[str, Any]:
    """Describe a work that digs a trench and does nothing forbidden."""
    plain = {
        "id": name,
        "community_id": community,
        "excavates": True,
        "work_layer": "underground",
        "demolish_old_building": False,
        "relocate_residents": False,
        "fell_old_trees": False,
    }
    days = {
        key: pd.Timestamp(cells.pop(key))
        for key in ("planned_start", "planned_finish")
        if key in cells
    }
    return plain | cells | days


def days(**cells: str) -> dict[str, pd.Timestamp]:
    return {name: pd.Timestamp(day) for name, day in cells.items()}


def issue(name: str, **cells: Any) -> dict[str, Any]:
    """Make an issue that an audit found, open and without a due date."""
    plain = {"id": name, "issue": "开裂", "responsible": "示例甲", "source": "audit"}
    return plain | {"kind": "quality", "evidence": "照片"} | cells


def gap(community: str, category: str, state: str = "short", **cells: Any):
    """Make a verdict of the life circle."""
    plain = {"community_id": community, "category": category, "state": state}
    return plain | {"minutes": 20.0, "distance_state": state} | cells


def make_ground(
    facts: dict[str, dict[str, Any]] | None = None,
    tables: dict[str, pd.DataFrame] | None = None,
    **parts: Any,
) -> Ground:
    """Make a ground of the three communities.

    Facts by community; `layers`, `gaps`, `unit_of`, `planned`, `sites`, `units`,
    `settings` and `profile` as far as they matter.
    """
    empty = {"utilities": pipes(), "protected": things(), "idle": resources()}
    layers = empty | parts.get("layers", {})
    gaps = pd.DataFrame(parts.get("gaps", []), columns=list(gap("A", "x")))
    plan = SimpleNamespace(
        district=SimpleNamespace(communities=communities(), **layers),
        rules=RULES,
        gaps=gaps.astype({"minutes": "float64"}),
        sites=parts.get("sites"),
        units=parts.get("units"),
    )
    rows = [{"id": one} | (facts or {}).get(one, {}) for one in "ABC"]
    unit_of = parts.get("unit_of")
    return Ground(
        plan,
        parts.get("profile", RULES.profile),
        pd.DataFrame(rows).set_index("id"),
        dict(Evidence().tables) | (tables or {}),
        pd.DataFrame(),
        None if unit_of is None else pd.Series(unit_of, dtype="str"),
        "示例区",
        2027,
        tuple(parts.get("planned", ())),
        parts.get("settings", CheckSettings()),
        date(2026, 11, 22),
    )


def row(kind: str, level: str = "community", quote: str = "", **options: str):
    words = ("建办城〔2021〕50号", "一", quote, "", "policy_text", "soft")
    return ClauseRow("N-1", *words, kind, level, "annual_plan", options)


def judge(check: Any, ground: Ground, **clause: str) -> dict[str, Ruling]:
    """Judge, say everything in both languages, and return rulings by subject."""
    rulings: list[Ruling] = check(row(check.__name__, **clause), ground)
    for one in rulings:
        for lang in ("zh", "en"):
            for said in (one.found, one.required, one.reason):
                assert "{" not in speak(said, lang)
            assert speak(one.found, lang) or one.reason[0] == "places.no_units"
    return {one.subject_id: one for one in rulings}


def states(rulings: dict[str, Ruling]) -> dict[str, str]:
    return {name: str(one.state) for name, one in rulings.items()}


@cache
def random_town(seed: int) -> SimpleNamespace:
    """Make a town of communities, works (drawn or not), pipes, plans, old trees.

    Nobody may change it: the next test has the same one.
    """
    rng = np.random.default_rng(seed)
    ids = [f"C{i}" for i in range(int(rng.integers(2, 6)))]
    shapes = [box(i * 60.0, 0, i * 60.0 + 50, 50) for i in range(len(ids))]
    places = layer({"name": ids}, shapes, ids)

    def anywhere() -> shapely.Geometry:
        x, y = rng.uniform(-20, 60.0 * len(ids)), rng.uniform(-20, 70)
        kind = int(rng.integers(3))
        if kind == 0:
            return box(x, y, x + rng.uniform(1, 30), y + rng.uniform(1, 30))
        if kind == 1:
            return point(x, y)
        end = (x + rng.uniform(-50, 50), y + rng.uniform(-5, 5))
        return line((x, y), end)

    def maybe(value: Any, share: float = 0.8) -> Any:
        return value if rng.random() < share else None

    works = [
        work(
            f"W{i}",
            maybe(str(rng.choice(ids)), 0.9),
            wkt=maybe(wkt(anywhere()), 0.7),
            excavates=[True, True, True, False, None, None][int(rng.integers(6))],
            work_layer=str(rng.choice(["underground", "surface"])),
            utility_kind=maybe(str(rng.choice(["gas", "water", "power"])), 0.4),
            fell_old_trees=[True, False, None][int(rng.integers(3))],
            planned_start=maybe(f"{rng.integers(2026, 2036)}-05-01"),
            planned_finish=maybe(f"{rng.integers(2026, 2036)}-09-01", 0.3),
        )
        for i in range(int(rng.integers(1, 9)))
    ]
    kinds = ["gas", "water", "power", "heat"]
    lines = [
        (
            f"U{i}",
            str(rng.choice(kinds)),
            maybe(float(rng.integers(2025, 2036))),
            anywhere(),
        )
        for i in range(int(rng.integers(0, 8)))
    ]
    plans = [
        {
            "id": f"J{i}",
            "community_id": maybe(str(rng.choice(ids)), 0.9),
            "kind": str(rng.choice(kinds)),
            "year": maybe(float(rng.integers(2025, 2036))),
            "owner": "公司",
        }
        for i in range(int(rng.integers(0, 5)))
    ]
    trees = [(f"P{i}", "old_tree", anywhere()) for i in range(int(rng.integers(0, 6)))]
    words = ["完好", "破损", "缺失", None, "不适用"]
    columns = {
        f"condition_{kind}": [words[int(i)] for i in rng.integers(0, 5, len(ids))]
        for kind in ("gas", "water", "power", "telecom")
    }
    columns["plan_year"] = [maybe(float(rng.integers(2026, 2031))) for _ in ids]
    facts = pd.DataFrame(columns, index=pd.Index(ids, name="id"))
    facts = facts.astype({"plan_year": "float64"})
    return SimpleNamespace(
        communities=places,
        works=table("works", *works),
        utilities=pipes(*lines),
        plans=table("utility_plans", *plans),
        protected=things(*trees),
        facts=facts,
        near_m=float(rng.choice([0.0, 2.0, 8.0])),
        years=int(rng.integers(1, 6)),
        earliest=int(rng.integers(2024, 2030)),
    )
