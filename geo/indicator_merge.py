"""Several counties' indicators put together into those of a city or a province.

Numerators and denominators are summed, documents of a city count once per city. What is
summed is only that of the counties given: while one is absent nothing is met.
"""

from collections.abc import Collection, Hashable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import pandas as pd

from geo.findings import Finding, make_findings
from geo.indicator_parts import add_last, make_row
from geo.indicator_rules import Part, list_parts
from geo.indicator_tally import Tally
from geo.indicators import Indicators
from geo.schema import Severity, State

#: Levels that counties can be put together into.
LEVELS = ("city", "province")
#: Denominators of the numbers that documents lay down.
_FINEST = 1000
_LAYER = "last_indicators"


def merge_indicators(
    counties: Mapping[str, pd.DataFrame],
    level: str,
    *,
    name: str = "",
    expected: Collection[str] = (),
) -> Indicators:
    """Put several counties together.

    Parameters
    ----------
    counties
        Name of a file to the parts that it holds (see
        :func:`geo.indicator_tables.read_parts`).
    level
        ``"city"`` or ``"province"``.
    name
        Of the city or province; by default what most counties say.
    expected
        Counties that belong to it; those without a file are named.

    Returns
    -------
    Indicators
        With `members`, `absent`, the parts `given` by each, and findings for what was
        set aside: a county that stands in two files, another year. The ids behind a
        part are those of counties.

    Raises
    ------
    ValueError
        If there is no county, or `level` is neither of the two.
    """
    if level not in LEVELS or not counties:
        msg = f"level is {level!r} of {len(counties)} counties, but must be {LEVELS}"
        raise ValueError(msg)
    given, findings = _gather(counties)
    first = given.drop_duplicates("name")
    members = tuple(sorted(first["name"]))
    absent = tuple(sorted(set(expected) - set(members)))
    chain, more = _join_profiles(first)
    merge = _Merge(given, members, absent)
    known = set(zip(given["indicator_id"], given["part"], strict=True))
    rows = [merge.join(part) for part in list_parts() if part.key in known]
    table = add_last(pd.DataFrame(rows), _sum_last(given))
    own = first["province" if level == "province" else "city"]
    plan_years = first["plan_year"].dropna().unique()
    return Indicators(
        table,
        level,
        name or _most_named(own),
        _most_named(first["city"]) if level == "city" else "",
        _most_named(first["province"]),
        int(given["year"].iloc[0]),
        int(plan_years[0]) if len(plan_years) == 1 else None,
        chain,
        members=members,
        absent=absent,
        given=given.reset_index(drop=True),
        findings=make_findings([*findings, *more]),
    )


@dataclass(frozen=True, eq=False)
class _Merge:
    given: pd.DataFrame
    members: tuple[str, ...]
    absent: tuple[str, ...]

    def join(self, part: Part) -> dict[str, Any]:
        """Put one part of all counties together."""
        given = self.given
        rows = given[(given["indicator_id"] == part.indicator_id)]
        rows = rows[rows["part"] == part.part].sort_values("name")
        target, told = _join_targets(rows)
        tally = self._count(part, rows)
        asked = bool((rows["state"] != State.NOT_REQUIRED).any())
        row = make_row(part, tally, target, asked=asked, told=told)
        if self.absent and self._may_turn(part, row["state"], target):
            row["state"] = State.UNKNOWN.value
        return row | {"subject": "county"}

    def _may_turn(self, part: Part, state: str, target: Fraction | None) -> bool:
        """Tell whether the counties that are absent could change a state."""
        if state != State.SHORT:
            return state == State.MET
        # one that is short of all of them stays so, and so does a count that is over
        return part.compare == "least" and target is not None and target < 1

    def _count(self, part: Part, rows: pd.DataFrame) -> Tally:
        states = dict(zip(rows["name"], rows["state"], strict=True))
        none = rows["denominator"].isin([0.0]) & (rows["state"] == State.NOT_REQUIRED)
        used = rows[~none]
        if part.merge != "sum":
            used = _count_once(used, part.merge.removeprefix("once_"))
        lost = [*self.absent, *(one for one in self.members if one not in states)]
        blank = used["denominator"].isna() | (used["denominator"] <= 0)
        open_ = (used["state"] == State.OPEN) & used["value_least"].isna() & ~blank
        some = used[~blank]
        unsure = [one for one, s in states.items() if s == State.UNKNOWN]
        return Tally(
            numerator=float(some["numerator"].sum()),
            denominator=_sum_whole(part, some),
            undecided=float(some["undecided"].sum()),
            left_out=int(some["left_out"].sum()) + int(blank.sum()),
            met_ids=_named(states, State.MET),
            short_ids=_named(states, State.SHORT),
            unknown_ids=tuple(sorted({*unsure, *lost})),
            open=bool(len(used)) and bool(open_.all()),
            asked=bool(len(used)) or bool(lost),
            reason=self._say(lost),
        )

    def _say(self, lost: list[str]) -> tuple[str, dict[str, Any]]:
        if lost:
            return "indicators.reason.absent", {"names": tuple(sorted(lost))}
        return "indicators.reason.members", {"count": len(self.members)}


def _gather(
    counties: Mapping[str, pd.DataFrame],
) -> tuple[pd.DataFrame, list[Finding]]:
    """Return the parts of all counties, each once and of one year."""
    frames: list[pd.DataFrame] = []
    findings: list[Finding] = []
    seen: dict[str, str] = {}
    years = pd.concat([frame["year"].dropna() for frame in counties.values()])
    counted = years.groupby(years).size().sort_index(ascending=False)
    year = float(counted.sort_values(ascending=False, kind="stable").index[0])
    for file, frame in sorted(counties.items()):
        named = frame.assign(name=frame["name"].where(frame["name"] != "", file))
        for own, rows in named.groupby("name"):
            county = str(own)
            place = {"file": file, "county": county}
            if county in seen:
                told = place | {"other": seen[county]}
                findings.append(
                    Finding(_LAYER, "indicator_twice", Severity.WARNING, params=told)
                )
            elif (rows["year"] != year).any():
                told = place | {"year": f"{year:.0f}", "found": _say_year(rows)}
                findings.append(
                    Finding(_LAYER, "indicator_year", Severity.WARNING, params=told)
                )
            else:
                seen[county] = file
                frames.append(rows.drop_duplicates(["indicator_id", "part"]))
    return pd.concat(frames, ignore_index=True), findings


def _join_profiles(first: pd.DataFrame) -> tuple[tuple[str, ...], list[Finding]]:
    chains = {tuple(text.split("|")) for text in first["profile"]}
    if len(chains) == 1:
        return chains.pop(), []
    names = "、".join(sorted(chain[0] for chain in chains))
    told = Finding(
        _LAYER, "indicator_profiles", Severity.WARNING, params={"names": names}
    )
    shared = set.intersection(*(set(chain) for chain in chains))
    return tuple(one for one in min(chains) if one in shared), [told]


def _join_targets(rows: pd.DataFrame) -> tuple[Fraction | None, str]:
    """Return the number that all counties have, exactly; None where they differ."""
    targets = rows["target"].dropna().unique()
    if len(targets) != 1 or rows["target"].isna().any():
        return None, ""
    told = rows["target_from"] if "target_from" in rows else pd.Series([""])
    exact = Fraction(float(targets[0])).limit_denominator(_FINEST)
    return exact, str(told.iloc[0])


def _count_once(rows: pd.DataFrame, level: str) -> pd.DataFrame:
    """Keep, of each city or province, the county that has most on record."""
    best = rows.sort_values(["numerator", "name"], ascending=[False, True])
    return best.drop_duplicates(level)


def _sum_whole(part: Part, rows: pd.DataFrame) -> float:
    if part.unit == "count":
        return 1.0 if len(rows) else 0.0
    return float(rows["denominator"].sum())


def _sum_last(given: pd.DataFrame) -> pd.DataFrame:
    """Put last year together where every county knows it."""
    columns = ["last_numerator", "last_denominator"]
    keys = ["indicator_id", "part"]
    units = {one.key: one.unit for one in list_parts()}
    rows = []
    for key, found in given.groupby(keys):
        whole = found["last_denominator"]
        counted = units.get((str(key[0]), str(key[1]))) == "count"
        needed = columns[:1] if counted else columns
        if found[needed].isna().any(axis=None) or len(set(found["last_year"])) != 1:
            continue
        total = found["last_numerator"].sum()
        value = total if counted else total / whole.sum() if whole.sum() > 0 else None
        rows.append(
            {
                "indicator_id": key[0],
                "part": key[1],
                "numerator": total,
                "denominator": 1.0 if counted else whole.sum(),
                "value": value,
                "year": found["last_year"].iloc[0],
            }
        )
    return pd.DataFrame(
        rows, columns=[*keys, "numerator", "denominator", "value", "year"]
    )


def _most_named(names: pd.Series) -> str:
    told = names[names != ""]
    return str(told.mode().iloc[0]) if len(told) else ""


def _named(states: Mapping[Hashable, Any], word: State) -> tuple[str, ...]:
    return tuple(sorted(str(one) for one, state in states.items() if state == word))


def _say_year(rows: pd.DataFrame) -> str:
    year = rows["year"].iloc[0]
    return "?" if pd.isna(year) else f"{year:.0f}"
