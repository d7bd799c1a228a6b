"""Willingness of the residents (居民改造意愿), as far as it is on record.

The mean of participation and agreement, and a bonus for each of: residents contribute,
there is a maintenance fund, an owners committee, a party organisation. Where the
profile knows a rule of the metric ``priority_willing`` (YN-1-7c: 意愿强、参与积极性高、
有出资意愿), each of the three that holds is worth a further bonus. All of it is 1 at
most.

A point counts only where it is proven: while nobody chose what 同意率 is a share of,
the lower of both readings counts, and the higher one is what could still be added.
"""

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from geo.conditions import HOLDS, UNSURE, measure_conditions
from geo.coverage import Floats, Ints
from geo.policy_settings import ReserveSettings
from geo.profiles import Profile
from geo.rulings import Ground

#: Bonuses, and the columns of the facts that tell; a sum of money counts if above 0.
BONUSES = {
    "contribution": "fund_resident_cny",
    "fund": "maintenance_fund_established",
    "committee": "has_owners_committee",
    "party": "has_party_org",
}
#: Metric of the rules that put the willing first.
PRIORITY = "priority_willing"


@dataclass(frozen=True, slots=True)
class _Bounds:
    """What is proven at least, and what it may be at most."""

    least: Floats
    most: Floats


def measure_willingness(ground: Ground, settings: ReserveSettings) -> pd.DataFrame:
    """Measure how willing the residents of each community are.

    Parameters
    ----------
    ground
        Facts and profile.
    settings
        Worth of a bonus.

    Returns
    -------
    pandas.DataFrame
        Index community id, sorted: `willingness` and `willingness_most` (0 to 1),
        `participation`, `agree` (proven share, NaN: nothing on record), `agree_base`
        (``participated``, ``total``, or empty: the lower of both), ``bonus_<name>``
        for `BONUSES` and ``priority`` (what was added, 0 to 1) and
        `unknown_willingness` (columns that could still add something).
    """
    facts = ground.facts.sort_index()
    base = find_agree_base(ground)
    took_part, agreed = _measure_participation(facts), _measure_agreement(facts, base)
    levels = {name: _read_bonus(facts, column) for name, column in BONUSES.items()}
    first = _find_priority(ground, facts, levels["contribution"])
    add = pd.DataFrame(
        {
            f"bonus_{name}": np.where(level == HOLDS, settings.bonus, 0.0)
            for name, level in levels.items()
        },
        index=facts.index,
    )
    add["bonus_priority"] = (first == HOLDS).sum(axis=0) * settings.bonus
    maybe = sum((level == UNSURE).astype(float) for level in levels.values())
    maybe = (maybe + (first == UNSURE).sum(axis=0)) * settings.bonus
    mean_least = (np.nan_to_num(took_part.least) + np.nan_to_num(agreed.least)) / 2
    mean_most = (took_part.most + agreed.most) / 2
    sure = np.asarray(add.sum(axis=1), dtype=np.float64)
    add["willingness"] = np.minimum(mean_least + sure, 1.0)
    add["willingness_most"] = np.minimum(mean_most + sure + maybe, 1.0)
    add["participation"], add["agree"] = took_part.least, agreed.least
    add["agree_base"] = base
    add["unknown_willingness"] = _name_unknown(facts, took_part, agreed, levels, base)
    return add


def find_agree_base(ground: Ground) -> str:
    """Return what 同意率 is a share of, if anybody laid it down.

    Parameters
    ----------
    ground
        The profile is asked first, then the settings.

    Returns
    -------
    str
        ``participated``, ``total``, or empty.
    """
    laid_down = ground.profile.value("consent.agree_base")
    if laid_down in ("participated", "total"):
        return str(laid_down)
    return ground.settings.consent_base


def puts_willing_first(ground: Ground) -> bool:
    """Tell whether the profile has a rule that puts the willing first.

    Parameters
    ----------
    ground
        Profile and rules.

    Returns
    -------
    bool
        Whether a policy rule of metric `PRIORITY` is one of its jurisdictions.
    """
    policy = ground.plan.rules.policy
    own = policy["jurisdiction"].isin(_jurisdictions(ground.profile))
    return bool((own & (policy["metric"] == PRIORITY)).any())


def _jurisdictions(profile: Profile) -> tuple[str, ...]:
    return profile.chain or (profile.name,)


def _measure_participation(facts: pd.DataFrame) -> _Bounds:
    total = _numbers(facts, "households_total")
    counted = _share(_numbers(facts, "households_participated"), total)
    rate = np.where(
        np.isnan(counted), _in_bounds(_numbers(facts, "participation_rate")), counted
    )
    return _Bounds(rate, np.where(np.isnan(rate), 1.0, rate))


def _measure_agreement(facts: pd.DataFrame, base: str) -> _Bounds:
    total, active = (
        _numbers(facts, "households_total"),
        _numbers(facts, "households_participated"),
    )
    agreed = _numbers(facts, "households_agreed")
    of_all, of_active = _share(agreed, total), _share(agreed, active)
    rate = _in_bounds(_numbers(facts, "agree_rate"))
    if base:
        counted = of_all if base == "total" else of_active
        known = np.where(np.isnan(counted), rate, counted)
        return _Bounds(known, np.where(np.isnan(known), 1.0, known))
    # a rate of which nobody says of what it is one may be of those who took part
    rated = rate * _measure_participation(facts).least
    both = np.fmin(of_all, of_active)
    least = np.where(np.isnan(both), rated, both)
    best = np.fmax(np.fmax(of_all, of_active), np.nan)
    most = np.where(np.isnan(best), rate, best)
    open_end = np.isnan(of_all) & np.isnan(of_active) & np.isnan(rate)
    return _Bounds(least, np.where(open_end | np.isnan(most), 1.0, most))


def _read_bonus(facts: pd.DataFrame, column: str) -> Ints:
    """Return HOLDS, FAILS or UNSURE; money counts if there is any."""
    number = _numbers(facts, column)
    return np.where(np.isnan(number), UNSURE, np.where(number > 0, HOLDS, 0))


def _find_priority(ground: Ground, facts: pd.DataFrame, contribution: Ints) -> Ints:
    """Return willing, active and contributing by community; (3, n), or none."""
    if not puts_willing_first(ground):
        return np.zeros((0, len(facts)), dtype=np.int64)
    found = measure_conditions(facts, _lay_down_base(ground))
    return np.stack([found["willing"].level, found["active"].level, contribution])


def _lay_down_base(ground: Ground) -> Profile:
    """Put the base that was chosen where the profile leaves it open."""
    key, profile = "consent.agree_base", ground.profile
    clause, base = profile.clauses.get(key), find_agree_base(ground)
    if clause is None or not base:
        return profile
    clauses = {**profile.clauses, key: replace(clause, value=base)}
    return replace(profile, clauses=clauses)


def _name_unknown(
    facts: pd.DataFrame,
    took_part: _Bounds,
    agreed: _Bounds,
    levels: dict[str, Ints],
    base: str,
) -> pd.Series:
    agree_open = np.isnan(agreed.least)
    apart = ~agree_open & (agreed.most > agreed.least + 1e-12)
    signs = {
        "households_participated": np.isnan(took_part.least),
        "households_agreed": agree_open,
        "setting:checks.consent_base": apart & (base == ""),
        **{BONUSES[name]: level == UNSURE for name, level in levels.items()},
    }
    named = [
        tuple(name for name, sign in signs.items() if sign[at])
        for at in range(len(facts))
    ]
    return pd.Series(named, index=facts.index, dtype=object)


def _share(part: Floats, whole: Floats) -> Floats:
    """Return shares; NaN where one is unknown, nothing to share, or more than all."""
    share = np.full(len(part), np.nan)
    np.divide(part, whole, out=share, where=np.nan_to_num(whole) > 0)
    return _in_bounds(share)


def _in_bounds(share: Floats) -> Floats:
    """Leave out what cannot be: more participants than households are a finding."""
    return np.where((share >= 0) & (share <= 1), share, np.nan)


def _numbers(facts: pd.DataFrame, column: str) -> Floats:
    if column not in facts:
        return np.full(len(facts), np.nan)
    values = pd.to_numeric(facts[column], errors="coerce").astype("float64")
    return np.asarray(values, dtype=np.float64)
