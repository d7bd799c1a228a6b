"""What could be built on which idle resource, how large, and by what right.

Suitability decides (:mod:`geo.suitability`): ``yes`` is an option, ``no`` never is.
Where it cannot be decided only because no standard has a smallest area, the area of
``siting.csv`` stands in, marked as to be checked. Everything else that is ``unknown``
is an option only with `unsure_resources`, marked as not sure, and never without an
area; on a plot rooms then have as much floor as its plot ratio allows.

A facility is built in whole modules, at least as large as the law asks for. One without
a capacity serves whoever can walk to it: it is built at its smallest legal size.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geo.coverage import Floats, Ints, select
from geo.demands import LEVELS, SOURCED, YES, Demands, list_demands
from geo.findings import Finding, make_findings
from geo.idle import Resources, Words, list_resources
from geo.lifecircle import LifeCircle
from geo.network import attach_points
from geo.schema import Severity
from geo.settings import SiteSettings
from geo.site_rules import SitedCategory, list_apart, list_sited
from geo.site_sizes import Room, Stock, build_modules, measure_room, measure_stock
from geo.text import LANGUAGES

OPTION_COLUMNS = (
    "idle_id",
    "category",
    "area_kind",
    "area_m2",
    "stock_m2",
    "module_m2",
    "built_m2",
    "capacity",
    "capacity_unit",
    "least",
    "most",
    "module_cost_cny",
    "resource_cost_cny",
    "group",
    "sure",
    "to_check",
    "reason_code",
    "rule_id",
    *SOURCED,
)
RESOURCE_COLUMNS = ("stock_kind", "stock_m2", "cost_cny")
REFUSED_COLUMNS = ("idle_id", "category", "state", "reason_code")
CONFLICT_COLUMNS = ("idle_id", "category", "other_id", "other_category", "rule_id")

#: Rule id of a conflict between rooms that need the same lower storeys.
STOREYS = "storeys"

_NO_FIGURE = "no_figure"
#: Areas that differ by less are the same.
_NEAR = 1e-9


@dataclass(frozen=True, eq=False)
class Options:
    """What could be built.

    Attributes
    ----------
    rows
        One row per resource and category, sorted by resource and then in the order of
        the categories; columns `OPTION_COLUMNS`:

        - `area_kind` (``floor``, ``land``), `area_m2` usable for it;
        - `stock_m2`: area of the resource that all its options share, in its own
          kind; `module_m2`: what one module takes of it; `built_m2`: what one module
          has in `area_kind` (another number where rooms are built on a plot);
        - `capacity` of a module in `capacity_unit`, infinite and empty where it
          serves whoever can walk there; `least`, `most`: modules;
        - `module_cost_cny`, `resource_cost_cny`: NaN: not known;
        - `group` whom it serves; `sure`, `to_check` (``|``-joined codes of texts
          ``suitability.check.<code>``), `reason_code` of the suitability;
        - the smallest size comes from `rule_id`, `standard`, `clause`, `source`,
          `certainty`.
    resources
        Index idle id: `stock_kind`, `stock_m2`, `cost_cny` (NaN: unknown).
    refused
        `idle_id`, `category`, `state`, `reason_code`: what is no option, and why.
    conflicts
        Pairs of options of which only one may be built: `idle_id`, `category`,
        `other_id`, `other_category`, `rule_id` (of ``apart.csv``, or ``storeys``).
    findings
        Raw findings.
    """

    rows: pd.DataFrame
    resources: pd.DataFrame
    refused: pd.DataFrame
    conflicts: pd.DataFrame
    findings: pd.DataFrame


def list_options(
    circle: LifeCircle,
    suitability: pd.DataFrame,
    settings: SiteSettings,
    *,
    resources: Collection[str] | None = None,
) -> Options:
    """List what could be built on which resource.

    Parameters
    ----------
    circle
        District and rules.
    suitability
        Result of :func:`geo.suitability.judge_suitability` for its idle layer.
    settings
        Its `categories`, `unsure_resources` and `plot_ratio`.
    resources
        Idle ids to look at; None: all.

    Returns
    -------
    Options
        What could be built, what not and why, and what may not stand together.
    """
    district, rules = circle.district, circle.rules
    idle = district.idle
    if resources is not None:
        idle = idle[idle.index.isin(resources)]
    listed = list_resources(idle, district.protected)
    stock = measure_stock(listed, rules)
    sited = list_sited(rules, settings.categories)
    demands = {one.need.category: one for one in list_demands(rules)}
    parts = [
        _list_category(
            listed, stock, demands[key], one, _align(suitability, listed, key), settings
        )
        for key, one in sited.items()
    ]
    costs = idle["cost_cny"].astype("float64")
    rows = _join(OPTION_COLUMNS, [part[0] for part in parts])
    rows = rows.assign(resource_cost_cny=costs.reindex(rows["idle_id"]).to_numpy())
    held = pd.DataFrame(
        {
            "stock_kind": stock.kind,
            "stock_m2": stock.area_m2,
            "cost_cny": costs.reindex(listed.ids).to_numpy(),
        },
        index=pd.Index(listed.ids, name="idle_id", dtype="str"),
    )
    refused = _join(REFUSED_COLUMNS, [part[1] for part in parts])
    conflicts = _list_conflicts(rows, list_apart(rules, sited), idle.geometry)
    findings = make_findings(_notice(circle, sited, rows, refused))
    return Options(_set_types(rows), held, refused, conflicts, findings)


def _align(
    suitability: pd.DataFrame, resources: Resources, category: str
) -> Mapping[str, Words]:
    """Return the verdicts of one category in the order of the resources."""
    rows = suitability[suitability["category"] == category].set_index("idle_id")
    rows = rows.reindex(resources.ids)
    names = ("state", "reason_code", "area_kind", "to_check")
    return {name: rows[name].fillna("").to_numpy(dtype=object) for name in names}


def _list_category(
    resources: Resources,
    stock: Stock,
    demands: Demands,
    one: SitedCategory,
    judged: Mapping[str, Words],
    settings: SiteSettings,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """List the resources on which one category could be built, and the others."""
    state, code = judged["state"], judged["reason_code"]
    unsure = (state == "unknown") & settings.unsure_resources
    room = measure_room(
        resources,
        demands,
        stock,
        area_kind=judged["area_kind"],
        whole=unsure,
        areas=frozenset(one.sizings),
        plot_ratio=settings.plot_ratio,
    )
    # the missing figure may hide what else cannot be decided
    doubt = _find_doubts(resources, demands, room)
    code = np.where((code == _NO_FIGURE) & (doubt != ""), doubt, code)
    sure = (state == LEVELS[YES]) | (code == _NO_FIGURE)
    own = {kind: sizing.least_m2 for kind, sizing in one.sizings.items()}
    given = np.array([own.get(kind, np.nan) for kind in room.area_kind])
    least = np.where(np.isnan(room.least_m2), given, room.least_m2)
    sized = np.isin(room.area_kind, [*one.sizings])
    refusal = select(
        (~(sure | unsure), "judged"),
        (~sized, "no_sizing"),
        (np.isnan(least), "no_least"),
        (np.isnan(room.area_m2), "area_missing"),
        (room.area_m2 < least, "below_least"),
        (room.land_short, "land_short"),
    )
    kept = np.flatnonzero(refusal == "")
    options = _size(resources, stock, demands, one, room, least, kept)
    checks = _list_checks(judged["to_check"], room, given)
    told = {"to_check": checks, "reason_code": code, "sure": sure}
    options = options.assign(**{name: values[kept] for name, values in told.items()})
    out = np.flatnonzero(refusal != "")
    refused = pd.DataFrame(
        {
            "idle_id": resources.ids[out],
            "category": one.category,
            "state": state[out],
            "reason_code": np.where(refusal == "judged", code, refusal)[out],
        }
    )
    return options, refused


def _find_doubts(resources: Resources, demands: Demands, room: Room) -> Words:
    """Say what cannot be decided besides the smallest area; empty: nothing."""
    said, rows = resources.words["fire_access"], demands.of("fire_access")
    rooms = room.area_kind == "floor"
    asks = bool(rows) and rows[-1]["verdict"] != LEVELS[YES]
    silent = demands.missing("fire_access")[0] != YES
    no_area = np.isnan(room.area_m2)
    doubt = select(
        (no_area & ~np.isnan(room.share), "storeys_missing"),
        (no_area, "area_missing"),
        (rooms & (said == "no") & asks, "fire_access"),
        (rooms & (said == "") & silent, "fire_access_missing"),
    )
    return doubt.astype(object)


def _size(
    resources: Resources,
    stock: Stock,
    demands: Demands,
    one: SitedCategory,
    room: Room,
    least: Floats,
    kept: Ints,
) -> pd.DataFrame:
    """Size what could be built: modules, capacity, and where the size stands."""
    frames = [pd.DataFrame(columns=[*OPTION_COLUMNS], dtype="object")]
    for kind, sizing in one.sizings.items():
        at = kept[room.area_kind[kept] == kind]
        limited = bool(one.limited and sizing.capacity_unit == one.need.capacity_unit)
        built = build_modules(room.area_m2[at], least[at], sizing, limited=limited)
        by_law = ~np.isnan(room.least_m2[at])
        own = ("", "", sizing.source, sizing.certainty)
        where = [
            demands.sources[rule] if law else own
            for rule, law in zip(room.rule[at], by_law, strict=True)
        ]
        frame = pd.DataFrame(
            {
                "idle_id": resources.ids[at],
                "category": one.category,
                "area_kind": kind,
                "area_m2": room.area_m2[at],
                "stock_m2": stock.area_m2[at],
                "module_m2": built.module_m2 * room.share[at],
                "built_m2": built.module_m2,
                "capacity": built.capacity,
                "capacity_unit": sizing.capacity_unit if limited else "",
                "least": built.least,
                "most": built.most,
                "module_cost_cny": built.module_m2 * sizing.cost_per_m2_cny,
                "group": one.group,
                "rule_id": np.where(by_law, room.rule[at], ""),
                "position": at,
            }
        )
        sources = pd.DataFrame(where, columns=[*SOURCED], index=frame.index)
        frames.append(pd.concat([frame, sources], axis="columns"))
    filled = [frame for frame in frames if len(frame)]
    whole = pd.concat(filled, ignore_index=True) if filled else frames[0]
    if not filled:
        return whole
    return whole.sort_values("position", ignore_index=True).drop(columns="position")


def _list_checks(surveyed: Words, room: Room, given: Floats) -> Words:
    """List what is still to be checked: of the survey, and what is assumed here."""
    assumed = {
        "least_m2": np.isnan(room.least_m2) & ~np.isnan(given),
        "storeys": room.guessed,
        "plot_ratio": room.on_plot,
    }
    lines = [surveyed, *(np.where(mask, n, "") for n, mask in assumed.items())]
    found = ["|".join(filter(None, row)) for row in zip(*lines, strict=True)]
    return np.array(found, dtype=object)


def _join(columns: Sequence[str], parts: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Put the categories together, by resource and then in their order."""
    filled = [part for part in parts if len(part)]
    if not filled:
        return pd.DataFrame(columns=list(columns), dtype="object")
    whole = pd.concat(filled, ignore_index=True)
    whole = whole.reindex(columns=list(columns))
    return whole.sort_values("idle_id", kind="stable", ignore_index=True)


def _set_types(rows: pd.DataFrame) -> pd.DataFrame:
    numbers: tuple[str, ...] = ("area_m2", "stock_m2", "module_m2", "built_m2")
    numbers += ("capacity", "module_cost_cny", "resource_cost_cny")
    types = dict.fromkeys(OPTION_COLUMNS, "str") | dict.fromkeys(numbers, "float64")
    return rows.astype(types | {"least": "int64", "most": "int64", "sure": "bool"})


def _list_conflicts(
    rows: pd.DataFrame, apart: pd.DataFrame, shapes: gpd.GeoSeries
) -> pd.DataFrame:
    """List the pairs of options of which only one may be built."""
    found: list[tuple[str, ...]] = [*_find_apart(rows, apart, shapes)]
    found += _find_storeys(rows)
    table = pd.DataFrame(sorted(set(found)), columns=[*CONFLICT_COLUMNS], dtype="str")
    return table.drop_duplicates([*CONFLICT_COLUMNS[:4]], ignore_index=True)


def _find_apart(
    rows: pd.DataFrame, apart: pd.DataFrame, shapes: gpd.GeoSeries
) -> Iterator[tuple[str, ...]]:
    """Find the options of two categories on one resource, or too near each other."""
    held = {key: sorted(set(part["idle_id"])) for key, part in rows.groupby("category")}
    for rule in apart.to_dict("records"):
        one, other = (held.get(rule[f"category_{end}"], []) for end in "ab")
        near = shapely.STRtree(shapes.loc[other].to_numpy(dtype=object))
        here = shapes.loc[one].to_numpy(dtype=object)
        hit = near.query(here, predicate="dwithin", distance=rule["within_m"])
        for a, b in zip(*hit, strict=True):
            first, second = one[a], other[b]
            if first != second and not rule["within_m"]:
                continue  # neighbours that touch are two resources
            if (first, rule["category_a"]) != (second, rule["category_b"]):
                pair = (first, rule["category_a"]), (second, rule["category_b"])
                low, high = sorted(pair)
                yield (*low, *high, rule["rule_id"])


def _find_storeys(rows: pd.DataFrame) -> Iterator[tuple[str, ...]]:
    """Find rooms of several storeys in which several need the same lower ones.

    They may share them only if all fit there at their largest.
    """
    rooms = rows[rows["area_kind"] == "floor"]
    lower = rooms[rooms["area_m2"] < rooms["stock_m2"] * (1 - _NEAR)]
    lower = lower[lower["module_m2"] == lower["built_m2"]]
    for idle_id, group in lower.groupby("idle_id"):
        largest = (group["most"] * group["module_m2"]).sum()
        if largest <= group["area_m2"].max():
            continue
        for one, other in combinations(sorted(group["category"]), 2):
            yield str(idle_id), str(one), str(idle_id), str(other), STOREYS


def _notice(
    circle: LifeCircle,
    sited: Mapping[str, SitedCategory],
    rows: pd.DataFrame,
    refused: pd.DataFrame,
) -> Iterator[Finding]:
    """Tell what cannot be reached, whose area is missing, what has no capacity."""
    used = circle.district.idle.geometry.loc[sorted(set(rows["idle_id"]))]
    reached = attach_points(circle.network, used)["facility_id"]
    for idle_id in used.index.difference(pd.Index(reached)):
        yield Finding("idle", "site_unattached", Severity.WARNING, id=str(idle_id))
    missing = refused.loc[refused["reason_code"] == "area_missing", "idle_id"].nunique()
    if missing:
        yield Finding(
            "idle", "site_area_missing", Severity.WARNING, params={"count": missing}
        )
    for category, one in sited.items():
        if one.need.capacity_kind is not None and not one.limited:
            params = {
                f"category_{lang}": circle.rules.category_name(category, lang)
                for lang in LANGUAGES
            }
            yield Finding(
                "facilities", "site_capacity_open", Severity.WARNING, params=params
            )
