"""Small grounds for clauses: a few communities with just the cells that matter."""

from functools import cache
from types import SimpleNamespace

import geopandas as gpd
import pandas as pd
import shapely

from geo.check_ground import make_ground
from geo.clauses import choose_clauses
from geo.compliance import judge_clause
from geo.evidence import Evidence, empty_table
from geo.rules import load_rules
from geo.rulings import speak
from geo.settings import Settings

COUNTY = "某县"
YEAR = 2027
SOUND = dict.fromkeys(
    (f"condition_{one}" for one in ("water", "drainage", "power", "telecom")), "完好"
) | {"condition_fire": "完好", "condition_road": "完好"}
WORN = SOUND | {"condition_water": "破损"}


#: Rules do not change while tests run, unless a folder changes them.
read_rules = cache(load_rules)


def make_table(name, rows):
    """Make a checked table of evidence from rows with some of its columns."""
    empty = empty_table(name)
    frame = pd.DataFrame(list(rows)).reindex(
        columns=[*empty.columns, *(c for row in rows for c in row if c not in empty)]
    )
    kinds = {
        column: empty[column].dtype
        for column in empty.columns
        if column in frame and str(empty[column].dtype) != "str"
    }
    for column, kind in kinds.items():
        if str(kind).startswith("datetime"):
            frame[column] = pd.to_datetime(frame[column])
        else:
            frame[column] = frame[column].astype(kind)
    return frame


def make_evidence(**tables):
    evidence = Evidence()
    for name, rows in tables.items():
        evidence = evidence.with_table(name, make_table(name, rows))
    return evidence


def make_communities(**rows):
    """Make communities: id -> cells; each a square of its own."""
    table = pd.DataFrame.from_dict(rows, orient="index")
    table.index = pd.Index(table.index.astype("str"), name="id")
    for column in ("built_year", "households"):
        cells = table[column] if column in table else pd.Series(None, table.index)
        table[column] = pd.to_numeric(cells).astype("float64")
    squares = [shapely.box(100 * at, 0, 100 * at + 90, 90) for at in range(len(table))]
    return gpd.GeoDataFrame(table, geometry=squares, crs=4547)


def ground_of(
    communities, profile="gansu", *, units=None, folder=None, settings=None, **tables
):
    """Make the ground of some communities: a mapping of id to cells."""
    own = Settings(profile=profile, fiscal_allows="yes")
    district = SimpleNamespace(
        name=COUNTY,
        communities=make_communities(**communities),
        evidence=make_evidence(**tables),
    )
    plan = SimpleNamespace(
        district=district,
        rules=read_rules(profile, folder),
        settings=own,
        units=None,
    )
    unit_of = None if units is None else pd.Series(units, dtype="str")
    return make_ground(
        plan, evidence=district.evidence, unit_of=unit_of, settings=settings
    )


def judge(rule, ground):
    """Return the rulings of one rule by subject; every sentence can be said."""
    rows, _ = choose_clauses(ground.plan.rules.policy, ground.plan.rules.profile)
    row = next(one for one in rows if one.rule_id == rule)
    found = {}
    for ruling in judge_clause(row, ground):
        for lang in ("zh", "en"):
            for said in (ruling.found, ruling.required, ruling.reason):
                assert "{" not in speak(said, lang)
        found[ruling.subject_id] = ruling
    return found


def list_rules(ground):
    rows, _ = choose_clauses(ground.plan.rules.policy, ground.plan.rules.profile)
    return {row.rule_id for row in rows}


def judge_one(rule, cells, profile="gansu", **more):
    """Judge a rule for a single community with some cells."""
    ground = ground_of({"c": {"households": 300, **cells}}, profile, **more)
    return next(iter(judge(rule, ground).values()))
