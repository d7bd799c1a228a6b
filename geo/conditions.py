"""Conditions that documents make, as far as the ledger tells: yes, no or unsure.

``infra_incomplete`` (基础不完善), ``hazard`` (存在安全隐患), ``active`` (居民积极性高),
``willing`` (改造意愿强烈) and ``fiscal`` (财力允许). No document says how to measure
them; what is taken for them here is this tool's reading:

- *infra_incomplete*: one of the basics is broken or missing (破损、缺失). It does not
  hold if water, drainage, power, telecom, fire service and road are all known to be in
  order; gas and district heating are not everywhere and count only where surveyed.
- *hazard*: the houses are unsafe, or fire service or roofs, walls and stairs are
  broken or missing; it does not hold if all three are known to be in order.
- *active*, *willing*: participation and agreement reach the shares that the profile
  asks for before the annual plan; unsure where it leaves the share open. While the
  document leaves the base of agreement open, both bases must come to the same.
- *fiscal*: nothing in the ledger tells; the planner says so for the whole district.

A column of the condition's own (`OWN`) is believed before all of this.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import numpy.typing as npt
import pandas as pd

from geo.coverage import Floats, Ints
from geo.profiles import Profile
from geo.rates import reaches_given

Words = npt.NDArray[np.object_]

#: Three values; ``min`` is *and*, ``max`` is *or*.
FAILS, UNSURE, HOLDS = 0, 1, 2

#: Column of the ledger that states a condition itself.
OWN = {
    "infra_incomplete": "infra_incomplete",
    "hazard": "has_hazard",
    "active": "resident_enthusiasm",
    "willing": "resident_willingness",
    "fiscal": "fiscal_capacity",
}

#: Basics that must all be in order, and those that not every place has.
BASICS = tuple(
    f"condition_{name}"
    for name in ("water", "drainage", "power", "telecom", "fire", "road")
)
_NOT_EVERYWHERE = ("condition_gas", "condition_heat")
_DANGERS = ("condition_fire", "condition_building_envelope")
_UNSAFE = "unsafe_or_expropriation"

_WORN = frozenset(
    [
        "破损",
        "缺失",
        "老化",
        "损坏",
        "不完善",
        "不足",
        "堵塞",
        "差",
        "无",
        "broken",
        "missing",
        "worn",
        "poor",
    ]
)
_SOUND = frozenset(
    ["完好", "良好", "完善", "正常", "齐全", "好", "有", "good", "intact", "sound"]
)
_NONE_HERE = frozenset({"不适用", "不涉及", "无此项"})
_YES = frozenset({"是", "有", "危房", "c级", "d级", "yes", "true", "1", "1.0"})
_NO = frozenset({"否", "无", "不是", "没有", "a级", "b级", "no", "false", "0", "0.0"})


@dataclass(frozen=True, eq=False)
class Condition:
    """One condition for every community.

    Attributes
    ----------
    level
        `HOLDS`, `UNSURE` or `FAILS`; shape (communities,).
    missing
        Where it is unsure, the ``|``-joined columns to collect, else empty.
    """

    level: Ints
    missing: Words


def measure_conditions(
    communities: pd.DataFrame,
    profile: Profile,
    *,
    fiscal_allows: bool | None = None,
) -> dict[str, Condition]:
    """Tell which conditions each community fulfils.

    Parameters
    ----------
    communities
        Communities with the columns of the ledger, as far as there are any.
    profile
        Its consent shares tell activity and willingness.
    fiscal_allows
        Whether local finances allow renovation, None: nobody said.

    Returns
    -------
    dict
        Condition by key of `OWN`, on the rows of `communities`.
    """
    count = len(communities)
    fiscal = {None: UNSURE, True: HOLDS, False: FAILS}[fiscal_allows]
    active, willing = _measure_consent(communities, profile)
    found = {
        "infra_incomplete": _measure_basics(communities),
        "hazard": _measure_dangers(communities),
        "active": active,
        "willing": willing,
        "fiscal": _name_missing(np.full((1, count), fiscal), (OWN["fiscal"],)),
    }
    return {
        name: _believe(condition, communities, OWN[name])
        for name, condition in found.items()
    }


def share_broken(communities: pd.DataFrame) -> Floats:
    """Tell which share of what was surveyed is broken or missing.

    Parameters
    ----------
    communities
        Communities with the columns of the ledger, as far as there are any.

    Returns
    -------
    numpy.ndarray
        Share of the basics, gas, heat, roofs and stairs among those surveyed, on the
        rows of `communities`; NaN where none was surveyed.
    """
    columns = dict.fromkeys((*BASICS, *_NOT_EVERYWHERE, *_DANGERS))
    levels = np.stack(
        [_read_words(communities, name, holds=_WORN, fails=_SOUND) for name in columns]
    )
    broken = (levels == HOLDS).sum(axis=0).astype(np.float64)
    known = (levels != UNSURE).sum(axis=0)
    share = np.full(len(communities), np.nan)
    np.divide(broken, known, out=share, where=known > 0)
    return share


def read_condition(communities: pd.DataFrame, column: str) -> Ints:
    """Tell what a column of the ledger says of something: is it in order.

    Parameters
    ----------
    communities
        Communities with the columns of the ledger, as far as there are any.
    column
        Name of the column (``condition_water``).

    Returns
    -------
    numpy.ndarray
        On the rows of `communities`: `HOLDS` where it is broken or missing (破损、
        缺失), `FAILS` where it is in order or there is no such thing here, `UNSURE`
        where nothing that is understood stands there.
    """
    fails = _SOUND | _NONE_HERE
    return _read_words(communities, column, holds=_WORN, fails=fails)


def _believe(condition: Condition, communities: pd.DataFrame, column: str) -> Condition:
    """Take what a column of the condition's own says, where it says something."""
    said = _read_words(communities, column, holds=_YES, fails=_NO)
    known = said != UNSURE
    level = np.where(known, said, condition.level)
    return Condition(level, np.where(known, "", condition.missing))


def _read_words(
    communities: pd.DataFrame,
    column: str,
    *,
    holds: frozenset[str],
    fails: frozenset[str],
) -> Ints:
    if column not in communities:
        return np.full(len(communities), UNSURE, dtype=np.int64)
    said = communities[column].astype("object")
    words = ["" if pd.isna(v) else str(v).strip().lower() for v in said]
    level = [HOLDS if w in holds else FAILS if w in fails else UNSURE for w in words]
    return np.array(level, dtype=np.int64)


def _name_missing(levels: Ints, columns: Sequence[str]) -> Condition:
    """Combine signs, of which one suffices, into a condition; shape (signs, n)."""
    level = levels.max(axis=0, initial=FAILS)
    lines = [
        np.where(row == UNSURE, name, "")
        for row, name in zip(levels, columns, strict=True)
    ]
    names = ["|".join(filter(None, row)) for row in zip(*lines, strict=True)]
    return Condition(
        level, np.where(level == UNSURE, np.array(names, dtype=object), "")
    )


def _measure_basics(communities: pd.DataFrame) -> Condition:
    fails = _SOUND | _NONE_HERE
    levels = [
        _read_words(communities, column, holds=_WORN, fails=fails)
        for column in (*BASICS, *_NOT_EVERYWHERE)
    ]
    for at in range(len(BASICS), len(levels)):
        levels[at] = np.where(levels[at] == UNSURE, FAILS, levels[at])
    return _name_missing(np.stack(levels), (*BASICS, *_NOT_EVERYWHERE))


def _measure_dangers(communities: pd.DataFrame) -> Condition:
    levels = [_read_words(communities, _UNSAFE, holds=_YES, fails=_NO)]
    levels += [
        _read_words(communities, column, holds=_WORN, fails=_SOUND)
        for column in _DANGERS
    ]
    return _name_missing(np.stack(levels), (_UNSAFE, *_DANGERS))


def _measure_consent(
    communities: pd.DataFrame, profile: Profile
) -> tuple[Condition, Condition]:
    total = _numbers(communities, "households_eligible")
    total = np.where(np.isnan(total), _numbers(communities, "households"), total)
    took_part = _numbers(communities, "households_participated")
    agreed = _numbers(communities, "households_agreed")
    least = profile.value("consent.participation_min")
    active = _reach(took_part, total, least)
    rate = _reach_rate(_numbers(communities, "participation_rate"), least)
    active = np.where(active == UNSURE, rate, active)
    wanted = "households_participated"
    if not isinstance(least, Fraction):
        wanted = "consent.participation_min"
    return _name_missing(active[None, :], (wanted,)), _measure_agreement(
        _numbers(communities, "agree_rate"), agreed, took_part, total, profile
    )


def _measure_agreement(
    rate: Floats, agreed: Floats, took_part: Floats, total: Floats, profile: Profile
) -> Condition:
    least, base = (
        profile.value("consent.agree_min"),
        profile.value("consent.agree_base"),
    )
    of_active, of_all = _reach(agreed, took_part, least), _reach(agreed, total, least)
    if base in ("participated", "total"):
        counted = of_active if base == "participated" else of_all
        # a rate without counts is one of the base that the profile lays down
        level = np.where(counted == UNSURE, _reach_rate(rate, least), counted)
    else:
        level = np.where(of_active == of_all, of_all, UNSURE)
    apart = (of_active != UNSURE) & (of_all != UNSURE)
    wanted = np.where(apart, "consent.agree_base", "households_agreed").astype(object)
    if not isinstance(least, Fraction):
        wanted[:] = "consent.agree_min"
    return Condition(level, np.where(level == UNSURE, wanted, ""))


def _numbers(communities: pd.DataFrame, column: str) -> Floats:
    if column not in communities:
        return np.full(len(communities), np.nan)
    values = pd.to_numeric(communities[column], errors="coerce").astype("float64")
    return np.asarray(values, dtype=np.float64)


def _reach(part: Floats, whole: Floats | float, least: object) -> Ints:
    """Compare whole households exactly: 200 of 300 is two thirds, 133 of 200 is not."""
    if not isinstance(least, Fraction):
        return np.full(len(part), UNSURE, dtype=np.int64)
    known = ~np.isnan(part) & (np.asarray(whole) > 0)
    enough = part * least.denominator >= whole * least.numerator
    return np.where(known, np.where(enough, HOLDS, FAILS), UNSURE)


def _reach_rate(rates: Floats, least: object) -> Ints:
    """Compare rates that come without counts; where rounding decides, it is unsure."""
    if not isinstance(least, Fraction):
        return np.full(len(rates), UNSURE, dtype=np.int64)
    known = {*rates[~np.isnan(rates)].tolist()}
    told = {rate: reaches_given(rate, least) for rate in known}
    levels = {True: HOLDS, False: FAILS, None: UNSURE}
    return np.array([levels[told.get(rate)] for rate in rates.tolist()], dtype=np.int64)
