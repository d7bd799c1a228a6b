"""Clauses about what to build where: uses of idle resources, needs by rank."""

import re
from collections.abc import Mapping, Sequence
from math import isnan, nan

from geo.clause_basics import Check
from geo.clause_cells import read_texts
from geo.clause_survey import list_idle_near
from geo.clause_tools import (
    NONE,
    call_few,
    gather,
    group_rows,
    judge_units,
    map_days,
    map_numbers,
    map_texts,
    say,
)
from geo.rulings import NOTHING, ClauseRow, Ground, Ruling, Said
from geo.schema import State

#: Word of the documents to the categories that it means.
USES: Mapping[str, tuple[str, ...]] = {
    "养老": ("elderly_daycare", "elderly_station", "elderly_home", "elderly_nursing"),
    "托育": ("childcare",),
    "助餐": ("canteen",),
    "停车": ("parking", "public_parking"),
    "加装电梯": ("lift",),
    "体育健身": ("fitness_ground", "activity_ground", "sports_small"),
    "家政": ("repair_hair", "community_station", "embedded_complex"),
    "物流": ("parcel",),
    "便民": ("convenience", "market", "supermarket", "repair_hair", "pharmacy"),
    "物业服务": ("property_office",),
    "商旅文创": ("culture_station", "culture_center", "mall"),
}
#: The facilities that the national document names as needed most (二(三)).
NEEDED_MOST = ("养老", "托育", "助餐", "停车", "体育健身")

_VOTE = re.compile(r"([^\d:：=|、,，;；\s]+)\s*[:：=]?\s*(\d+)")


def list_uses(row: ClauseRow) -> tuple[str, ...]:
    """List the uses that a clause names.

    Parameters
    ----------
    row
        The clause: its option `uses`, else the words of `USES` in its quote.

    Returns
    -------
    tuple of str
        Words of `USES`.
    """
    asked = row.options.get("uses")
    if asked:
        return tuple(word for word in asked.split("|") if word in USES)
    return tuple(word for word in USES if word in row.quote)


def list_built(ground: Ground) -> dict[str, set[str]]:
    """List what is to be built for each community.

    Parameters
    ----------
    ground
        Proposals of the sites, works.

    Returns
    -------
    dict
        Community id to categories (keys, or the words of the works). A proposal is
        for those who walk there.
    """
    works = ground.tables["works"][["community_id", "category"]].dropna()
    pairs = [*works.itertuples(index=False, name=None)]
    if ground.plan.sites is not None:
        flows = ground.plan.sites.flows[["community_id", "category"]].drop_duplicates()
        pairs += [*flows.itertuples(index=False, name=None)]
    built: dict[str, set[str]] = {}
    for community, category in pairs:
        built.setdefault(str(community), set()).add(str(category))
    return built


def check_idle_use(row: ClauseRow, ground: Ground) -> list[Ruling]:
    """Judge whether idle resources in and around a unit are put to the uses named.

    Parameters
    ----------
    row
        The clause (GS-1a, YN-2-6); its option `uses`, or its quote, names the uses.
    ground
        Layer of idle resources (`target_use`, if it has one), proposals of the sites.

    Returns
    -------
    list of Ruling
        ``met`` if one of the resources is to be used so, ``short`` if there are some
        and none is, ``not_required`` if a survey found none, ``unknown`` if nobody
        looked, or nothing was proposed yet.
    """
    uses = list_uses(row)
    listed, taken = list_idle_near(ground), _list_taken(ground, uses)
    surveyed = map_days(ground, "idle_survey_date")
    named = tuple(f"@places.use.{_USE_KEYS[word]}" for word in uses)
    required = say("use_of.required", uses=named or NONE)
    proposed, idle = ground.plan.sites is not None, ground.plan.district.idle

    def judge(subject: str, members: tuple[str, ...]) -> Ruling:
        there = sorted({str(one["id"]) for one in gather(listed, members)})
        used = [name for name in there if name in taken]
        looked = all(surveyed.get(one) for one in members)
        state, code, missing = _judge_use(there, used, looked=looked, proposed=proposed)
        return Ruling(
            subject,
            state,
            found=say(
                "use_of.found",
                there=len(there),
                used=len(used),
                names=call_few(idle, used),
            ),
            required=required,
            reason=say(f"use_of.{code}") if code else NOTHING,
            missing=(missing,) if missing else (),
            value=len(used) / len(there) if there else nan,
            objects=tuple(there),
        )

    return judge_units(ground, judge)


#: Word of the documents to the text that says it.
_USE_KEYS = {
    "养老": "elderly",
    "托育": "childcare",
    "助餐": "canteen",
    "停车": "parking",
    "加装电梯": "lift",
    "体育健身": "sports",
    "家政": "housekeeping",
    "物流": "logistics",
    "便民": "everyday",
    "物业服务": "property",
    "商旅文创": "culture",
}


def _list_taken(ground: Ground, uses: Sequence[str]) -> set[str]:
    """List the resources that are proposed for, or said to be meant for, a use."""
    sites, idle = ground.plan.sites, ground.plan.district.idle
    keys = {key for word in uses for key in USES[word]}
    taken: set[str] = set()
    if sites is not None:
        rows = sites.table[sites.table["category"].isin(list(keys))]
        taken |= set(rows["idle_id"].astype("str"))
    words = read_texts(idle, "target_use")
    said = zip(idle.index.astype("str"), words, strict=True)
    return taken | {name for name, text in said if any(use in text for use in uses)}


def _judge_use(
    there: Sequence[str], used: Sequence[str], *, looked: bool, proposed: bool
) -> tuple[State, str, str]:
    if used:
        return State.MET, "", ""
    if there and proposed:
        return State.SHORT, "unused", ""
    if there:
        return State.UNKNOWN, "not_proposed", "target_use"
    if looked:
        return State.NOT_REQUIRED, "none_there", ""
    return State.UNKNOWN, "not_surveyed", "idle_geom"


def check_need_ranked(row: ClauseRow, ground: Ground) -> list[Ruling]:
    """Judge 区分轻重缓急，有针对性地配建居民最需要的各类设施 for each unit.

    Parameters
    ----------
    row
        The clause (N-2-3c).
    ground
        Verdicts of the life circle, votes of the residents (`need_votes`), what is
        to be built.

    Returns
    -------
    list of Ruling
        The facilities named that are lacking are ranked by the households of the
        members that lack them, times the votes for them. ``met`` if the first is to
        be built, ``short`` if not, ``not_required`` if none is lacking, ``unknown``
        without votes.
    """
    del row
    gaps = ground.plan.gaps
    short = gaps.loc[gaps["state"] == State.SHORT, ["community_id", "category"]]
    lacking = group_rows(short)
    homes = map_numbers(ground, "households")
    votes = {
        one: parse_votes(text) for one, text in map_texts(ground, "need_votes").items()
    }
    built = list_built(ground)

    def judge(subject: str, members: tuple[str, ...]) -> Ruling:
        known = {
            one: {row["category"] for row in lacking.get(one, [])} for one in members
        }
        voices = {
            word: sum(votes.get(one, {}).get(word, 0) for one in members)
            for word in NEEDED_MOST
        }
        ranking = _rank_needs(known, homes, voices)
        done = _find_built(set().union(*(built.get(one, set()) for one in members)))
        state = State.NOT_REQUIRED if not ranking else State.UNKNOWN
        if ranking and any(voices.values()):
            state = State.MET if ranking[0] in done else State.SHORT
        return Ruling(
            subject,
            state,
            found=_tell_needs(ranking, voices, done),
            required=say("need.required"),
            reason=_explain_need(state, ranking),
            missing=("need_votes",) if state == State.UNKNOWN else (),
            value=float(len(ranking)),
        )

    return judge_units(ground, judge)


def parse_votes(text: str) -> dict[str, int]:
    """Read the votes of residents for facilities.

    Parameters
    ----------
    text
        Words and numbers (``养老:120|停车:90``).

    Returns
    -------
    dict
        Word of `NEEDED_MOST` to votes; words that mean none of them are left out.

    Examples
    --------
    >>> parse_votes("养老服务:120、停车位 90；绿化 5")
    {'养老': 120, '停车': 90}
    """
    votes: dict[str, int] = {}
    for word, count in _VOTE.findall(text):
        for use in NEEDED_MOST:
            if use in word or word in use or word in USES[use]:
                votes[use] = votes.get(use, 0) + int(count)
                break
    return votes


def _rank_needs(
    lacking: Mapping[str, set[str]],
    homes: Mapping[str, float],
    voices: Mapping[str, int],
) -> list[str]:
    """Rank what is lacking by households times votes, the most needed first."""
    ranked = []
    for at, word in enumerate(NEEDED_MOST):
        short = [one for one, keys in lacking.items() if keys & set(USES[word])]
        known = [homes.get(one, nan) for one in short]
        without = sum(count for count in known if not isnan(count))
        if short:
            ranked.append((-without * voices[word], at, word))
    return [word for _, _, word in sorted(ranked)]


def _find_built(categories: set[str]) -> set[str]:
    """Name the uses that something to be built serves."""
    return {
        use
        for use in NEEDED_MOST
        if categories & set(USES[use]) or any(use in word for word in categories)
    }


def _tell_needs(
    ranking: Sequence[str], voices: Mapping[str, int], built: set[str]
) -> Said:
    told = tuple(
        say(
            "need.one",
            use=f"@places.use.{_USE_KEYS[word]}",
            votes=voices[word],
            built=f"@places.need.{'built' if word in built else 'not_built'}",
        )
        for word in ranking
    )
    return say("need.found", ranking=told or NONE)


def _explain_need(state: State, ranking: Sequence[str]) -> Said:
    if state == State.NOT_REQUIRED:
        return say("need.none_lacking")
    if state == State.UNKNOWN:
        return say("need.no_votes")
    if state == State.SHORT:
        return say("need.left_out", use=f"@places.use.{_USE_KEYS[ranking[0]]}")
    return NOTHING


#: Kinds of checks about what is built where.
STOCK_KINDS: Mapping[str, Check] = {
    "idle_use": check_idle_use,
    "need_ranked": check_need_ranked,
}
