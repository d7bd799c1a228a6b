"""Who needs a facility and has none: people at their doors, or by community.

Demand comes from the verdicts of the life circle (METHODS §1 and §3):

- A community that is **short** asks for its people who are not served: those whose
  door lies beyond the threshold of every open facility; all of them if every facility
  in reach is known to be too small; and of the others the share that the capacity in
  reach is known to leave over (two-step floating catchment). The spaces that a
  community counts as its own are taken off the spaces that it needs.
- **no_data** (nobody recorded one anywhere) asks for everyone, if `absent_needs` says
  so; **unknown** asks for everyone who is not known to be served, if `unsure_needs`
  says so. Otherwise the community is left out, by name.
- People are those of the ledger; where it has only households, the shares of
  ``people.csv``; where it has no households, those behind doors, else as many as the
  population, the floor area or the buildings allow, marked as estimated. Where nothing
  is known the community is left out, by name: it is never 0.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from geo.coverage import Bools, Floats, Words, select
from geo.findings import Finding, make_findings
from geo.lifecircle import LifeCircle
from geo.progress import Progress, no_progress
from geo.schema import Severity, State
from geo.settings import SiteSettings
from geo.site_people import Count, People, count_people
from geo.site_rules import SitedCategory, list_sited
from geo.site_supply import Supplied, measure_supplied

DEMAND_COLUMNS = (
    "place",
    "community_id",
    "category",
    "amount",
    "use",
    "households",
    "group",
    "basis",
    "estimated",
    "state",
    "counted",
)
LEFT_OUT_COLUMNS = ("community_id", "category", "reason")

#: Amounts below this are none: nobody is a thousandth of a person.
LEAST_AMOUNT = 1e-3


@dataclass(frozen=True, eq=False)
class Demand:
    """Who is to be served.

    Attributes
    ----------
    rows
        One row per place and category, in the order of the categories, then by
        community and place; columns `DEMAND_COLUMNS`:

        - `place`: id of the door (building), where the households of the community
          are counted at doors, else of the community; `community_id`, `category`;
        - `amount`: people of the `group` who are not served, above 0; for the group
          ``cars`` the spaces that are missing;
        - `use`: capacity that one of them takes, in the unit of the rule, 1 without;
        - `households`: of the place, those who are not served, NaN where unknown;
        - `basis`: where the number comes from (``ledger``, ``households``,
          ``population``, ``floor_area``, ``buildings``); `estimated`;
        - `state` of the community's row in the gaps, and as what it was `counted`
          (``short``, ``no_data``, ``unknown``).
    left_out
        Communities that may have demand that nobody can count: `community_id`,
        `category`, `reason` (code of a text
        ``sites.unmet.<reason>``).
    sited
        What the tables say about each category that can be sited.
    findings
        Raw findings.
    """

    rows: pd.DataFrame
    left_out: pd.DataFrame
    sited: dict[str, SitedCategory]
    findings: pd.DataFrame


def measure_demand(
    circle: LifeCircle,
    settings: SiteSettings,
    *,
    progress: Progress = no_progress,
) -> Demand:
    """Count who needs a facility of each category and has none.

    Parameters
    ----------
    circle
        The life circle, whose gaps are the shortfalls.
    settings
        Its `categories`, `unsure_needs`, `absent_needs`, `m2_per_household` and
        `storeys_assumed`.
    progress
        Told the stage ``stage.site_demand``.

    Returns
    -------
    Demand
        Places and people, and whom nobody can count.
    """
    progress("stage.site_demand", 0.0)
    sited = list_sited(circle.rules, settings.categories)
    people = count_people(circle, settings)
    progress("stage.site_demand", 0.2)
    supplied = measure_supplied(circle, sited, people)
    progress("stage.site_demand", 0.9)
    parts = [
        _measure_category(circle, settings, one, people, supplied)
        for one in sited.values()
    ]
    rows = pd.concat([_empty(DEMAND_COLUMNS), *(part[0] for part in parts)])
    left = pd.concat([_empty(LEFT_OUT_COLUMNS), *(part[1] for part in parts)])
    progress("stage.site_demand", 1.0)
    return Demand(
        rows=_set_types(rows.reset_index(drop=True)),
        left_out=left.reset_index(drop=True).astype("str"),
        sited=sited,
        findings=make_findings(_notice(circle, settings, rows, left)),
    )


def _measure_category(
    circle: LifeCircle,
    settings: SiteSettings,
    one: SitedCategory,
    people: People,
    supplied: Supplied,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Count the demand of one category, place by place."""
    gaps = circle.gaps[circle.gaps["category"] == one.category]
    state = gaps["state"].to_numpy(dtype=object).astype(np.str_)
    size = gaps["size_state"].to_numpy(dtype=object).astype(np.str_)
    asked = _find_asked(settings, state)
    unsure = state == State.UNKNOWN
    # what is known to be too small serves nobody; nor, where it is unknown, for sure
    useful = (size != State.SHORT) & ~(unsure & (size == State.UNKNOWN))
    served = supplied.share(one.category, useful=useful, unsure=unsure)
    count = _count_group(one, people, supplied)
    use = _find_use(one, people, count)
    reason = _find_reasons(settings, one, state, count, use, supplied)
    at = supplied.community
    part = supplied.part * (1.0 - served)
    table = pd.DataFrame(
        {
            "place": supplied.place.to_numpy(dtype=object),
            "community_id": people.ids.to_numpy(dtype=object)[at],
            "category": one.category,
            "amount": count.amount[at] * part,
            "use": use[at],
            "households": people.households.amount[at] * part,
            "group": one.group,
            "basis": count.basis[at],
            "estimated": count.estimated[at],
            "state": state[at],
            "counted": state[at],
        }
    )
    rows = table[(asked & (reason == ""))[at] & (table["amount"] > LEAST_AMOUNT)]
    left = pd.DataFrame({"community_id": people.ids, "reason": reason})
    left = left.assign(category=one.category)[list(LEFT_OUT_COLUMNS)]
    order = ["community_id", "place"]
    return rows.sort_values(order), left[reason != ""]


def _find_asked(settings: SiteSettings, state: Words) -> Bools:
    """Find the communities whose need counts."""
    asked = state == State.SHORT
    if settings.absent_needs:
        asked |= state == State.NO_DATA
    if settings.unsure_needs:
        asked |= state == State.UNKNOWN
    return np.asarray(asked, dtype=np.bool_)


def _count_group(one: SitedCategory, people: People, supplied: Supplied) -> Count:
    """Count whom the category serves; cars are the spaces that they need."""
    if one.group != "cars":
        return people.groups[one.group]
    households = people.households
    need = one.needed_by(households.amount, people.groups["persons"].amount)
    basis = np.where(households.basis == "ledger", "households", households.basis)
    # unknown spaces of one's own are taken as none
    estimated = households.estimated | np.isnan(supplied.own[one.category])
    return Count(need, basis.astype(object), estimated)


def _find_use(one: SitedCategory, people: People, count: Count) -> Floats:
    """Return the capacity that one of them takes."""
    if one.group == "cars" or not one.limited:
        return np.ones(len(count.amount))
    need = one.needed_by(people.households.amount, people.groups["persons"].amount)
    nobody = ~(count.amount > 0)
    use = np.full(len(need), np.nan)
    return np.asarray(np.divide(need, count.amount, out=use, where=~nobody))


def _find_reasons(
    settings: SiteSettings,
    one: SitedCategory,
    state: Words,
    count: Count,
    use: Floats,
    supplied: Supplied,
) -> Words:
    """Say why communities are left out that may have demand; empty: they are not."""
    asked = _find_asked(settings, state)
    unknown = np.isnan(count.amount) | (np.isnan(use) & (count.amount > 0))
    ruled = one.group != "cars" or one.need.capacity_kind is not None
    spaces = np.isnan(supplied.own[one.category]) & (not settings.unsure_needs)
    return select(
        (~asked & (state == State.UNKNOWN), "state_unknown"),
        (~asked & (state == State.NO_DATA), "no_data"),
        (asked & (not ruled), "no_capacity_rule"),
        (asked & unknown, "households_missing"),
        (asked & spaces, "spaces_missing"),
    )


def _empty(columns: tuple[str, ...]) -> pd.DataFrame:
    return pd.DataFrame(columns=list(columns), dtype="object")


def _set_types(rows: pd.DataFrame) -> pd.DataFrame:
    texts = ("place", "community_id", "category", "group", "basis", "state", "counted")
    numbers = ("amount", "use", "households")
    types = dict.fromkeys(texts, "str") | dict.fromkeys(numbers, "float64")
    return rows.astype(types | {"estimated": "bool"})


def _notice(
    circle: LifeCircle, settings: SiteSettings, demand: pd.DataFrame, left: pd.DataFrame
) -> Iterator[Finding]:
    """Tell what could not be counted, and what is estimated."""
    rules = circle.rules
    sited = list_sited(rules, settings.categories)
    for category in settings.categories:
        if category not in sited:
            code = "site_category_ruleless"
            params = {f"category_{lang}": category for lang in ("zh", "en")}
        elif not sited[category].need.required:
            code, params = "site_category_off", _names(circle, category)
        else:
            continue
        yield Finding("facilities", code, Severity.WARNING, params=params)
    for key, rows in demand.groupby("category", sort=False):
        count = int(rows.loc[rows["estimated"], "community_id"].nunique())
        if count:
            params = _names(circle, str(key)) | {"count": count}
            yield Finding(
                "communities", "site_need_estimated", Severity.INFO, params=params
            )
    counts = left.value_counts(["category", "reason"], sort=False).reset_index()
    for row in counts.to_dict("records"):
        params = _names(circle, row["category"]) | {"count": int(row["count"])}
        code = f"site_left_{row['reason']}"
        yield Finding("communities", code, Severity.WARNING, params=params)


def _names(circle: LifeCircle, category: str) -> dict[str, Any]:
    return {
        f"category_{lang}": circle.rules.category_name(category, lang)
        for lang in ("zh", "en")
    }
