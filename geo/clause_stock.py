"""Clauses about what to build where: uses of idle resources, needs by rank."""

import re
from collections.abc import Mapping, Sequence

import pandas as pd

from geo.clause_tools import (
    Check,
    get_day,
    get_fact,
    get_number,
    group_own,
    judge_units,
    name_few,
    say,
)
from geo.rulings import NOTHING, ClauseRow, Ground, Ruling, Said
from geo.schema import State
from geo.work_places import find_within

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


def list_built(ground: Ground, members: Sequence[str]) -> pd.DataFrame:
    """List what is to be built for some communities.

    Parameters
    ----------
    ground
        Proposals of the sites, works.
    members
        Community ids.

    Returns
    -------
    pandas.DataFrame
        Columns `id` (of the idle resource or the work), `category` (key, or the word
        of the works) and `origin` (``site``, ``work``). A proposal is theirs if
        one of them walks there.
    """
    works = ground.tables["works"]
    own = works[works["community_id"].isin(list(members)) & works["category"].notna()]
    planned = own[["id", "category"]].assign(origin="work")
    sites = ground.plan.sites
    if sites is None:
        return planned
    walked = sites.flows[sites.flows["community_id"].isin(list(members))]
    proposed = walked[["idle_id", "category"]].drop_duplicates()
    proposed = proposed.rename(columns={"idle_id": "id"}).assign(origin="site")
    filled = [one for one in (proposed, planned) if len(one)]
    return pd.concat(filled, ignore_index=True) if filled else planned


def check_idle_use(row: ClauseRow, ground: Ground) -> list[Ruling]:
    """Judge whether idle resources in and around a unit are put to the uses named.

    Parameters
    ----------
    row
        The clause (GS-1a, YN-2-6); its option `uses`, or its quote, names the uses.
    ground
        Layer of idle resources, proposals of the sites, `current_use` and
        `target_use` of the resources.

    Returns
    -------
    list of Ruling
        ``met`` if one of the resources is to be used so, ``short`` if there are some
        and none is, ``not_required`` if a survey found none, ``unknown`` if nobody
        looked, or nothing was proposed yet.
    """
    uses = list_uses(row)
    keys = {key for word in uses for key in USES[word]}
    district = ground.plan.district
    near_m = ground.settings.idle_near_m
    found = find_within(district.communities.geometry, district.idle.geometry, near_m)
    listed = pd.DataFrame(
        {
            "community_id": district.communities.index[found["at"].to_numpy()],
            "idle_id": district.idle.index[found["other"].to_numpy()].astype("str"),
        }
    )
    parts = {name: set(rows["idle_id"]) for name, rows in group_own(listed).items()}
    taken = _list_taken(ground, uses, keys)
    named = tuple(f"@places.use.{_USE_KEYS[word]}" for word in uses)

    def judge(subject: str, members: tuple[str, ...]) -> Ruling:
        there = sorted(set().union(*(parts.get(one, set()) for one in members)))
        used = [name for name in there if name in taken]
        days = [get_day(ground, one, "idle_survey_date") for one in members]
        state, code, missing = _judge_use(
            there=len(there),
            used=len(used),
            surveyed=None not in days,
            proposed=ground.plan.sites is not None,
        )
        return Ruling(
            subject,
            state,
            found=say(
                "use_of.found",
                there=len(there),
                used=len(used),
                names=name_few(used),
            ),
            required=say("use_of.required", uses=named or ("—",)),
            reason=say(f"use_of.{code}") if code else NOTHING,
            missing=missing,
            value=len(used) / len(there) if there else float("nan"),
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


def _list_taken(ground: Ground, uses: Sequence[str], keys: set[str]) -> set[str]:
    """List the resources that are proposed for, or said to be meant for, a use."""
    sites, idle = ground.plan.sites, ground.plan.district.idle
    taken = set()
    if sites is not None:
        rows = sites.table[sites.table["category"].isin(keys)]
        taken |= set(rows["idle_id"].astype("str"))
    if "target_use" in idle:
        words = idle["target_use"].fillna("").astype("str")
        said = [any(use in text for use in uses) for text in words]
        taken |= set(idle.index[said].astype("str"))
    return taken


def _judge_use(
    *, there: int, used: int, surveyed: bool, proposed: bool
) -> tuple[State, str, tuple[str, ...]]:
    if used:
        return State.MET, "", ()
    if there and proposed:
        return State.SHORT, "unused", ()
    if there:
        return State.UNKNOWN, "not_proposed", ("target_use",)
    if surveyed:
        return State.NOT_REQUIRED, "none_there", ()
    return State.UNKNOWN, "not_surveyed", ("idle_geom",)


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
    short = gaps[gaps["state"] == State.SHORT]
    parts = {
        str(name): set(rows["category"]) for name, rows in short.groupby("community_id")
    }

    def judge(subject: str, members: tuple[str, ...]) -> Ruling:
        lacking = {
            word: [one for one in members if parts.get(one, set()) & set(USES[word])]
            for word in NEEDED_MOST
        }
        votes = {
            one: parse_votes(get_fact(ground, one, "need_votes")) for one in members
        }
        ranking = _rank_needs(ground, lacking, votes)
        voted = any(votes.values())
        built = _find_built(list_built(ground, members))
        state = _judge_need(ranking, built, voted=voted)
        unknown = state == State.UNKNOWN
        return Ruling(
            subject,
            state,
            found=_tell_needs(ranking, votes, built),
            required=say("need.required"),
            reason=_explain_need(state, ranking),
            missing=("need_votes",) if unknown else (),
            value=float(len(ranking)),
        )

    return judge_units(ground, judge)


def parse_votes(text: object) -> dict[str, int]:
    """Read the votes of residents for facilities.

    Parameters
    ----------
    text
        Words and numbers (``养老:120|停车:90``); None: nobody asked.

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
    for word, count in _VOTE.findall("" if text is None else str(text)):
        for use in NEEDED_MOST:
            if use in word or word in use or word in USES[use]:
                votes[use] = votes.get(use, 0) + int(count)
                break
    return votes


def _rank_needs(
    ground: Ground,
    lacking: Mapping[str, Sequence[str]],
    votes: Mapping[str, Mapping[str, int]],
) -> list[tuple[str, float]]:
    """Rank what is lacking by households times votes, the first the most needed."""
    ranked = []
    for at, (word, members) in enumerate(lacking.items()):
        if not members:
            continue
        homes = sum(get_number(ground, one, "households") or 0.0 for one in members)
        voices = sum(said.get(word, 0) for said in votes.values())
        ranked.append((-homes * voices, at, word))
    return [(word, -score) for score, _, word in sorted(ranked)]


def _find_built(built: pd.DataFrame) -> set[str]:
    """Name the uses that something to be built serves."""
    said = set(built["category"].astype("str"))
    return {
        use
        for use in NEEDED_MOST
        if said & set(USES[use]) or any(use in word for word in said)
    }


def _judge_need(
    ranking: Sequence[tuple[str, float]], built: set[str], *, voted: bool
) -> State:
    if not ranking:
        return State.NOT_REQUIRED
    if not voted:
        return State.UNKNOWN
    return State.MET if ranking[0][0] in built else State.SHORT


def _tell_needs(
    ranking: Sequence[tuple[str, float]],
    votes: Mapping[str, Mapping[str, int]],
    built: set[str],
) -> Said:
    told = tuple(
        (
            "places.need.one",
            {
                "use": f"@places.use.{_USE_KEYS[word]}",
                "votes": sum(said.get(word, 0) for said in votes.values()),
                "built": "@places.need.built"
                if word in built
                else "@places.need.not_built",
            },
        )
        for word, _ in ranking
    )
    return say("need.found", ranking=told or ("—",))


def _explain_need(state: State, ranking: Sequence[tuple[str, float]]) -> Said:
    if state == State.NOT_REQUIRED:
        return say("need.none_lacking")
    if state == State.UNKNOWN:
        return say("need.no_votes")
    if state == State.SHORT:
        return say("need.left_out", use=f"@places.use.{_USE_KEYS[ranking[0][0]]}")
    return NOTHING


#: Kinds of checks about what is built where.
STOCK_KINDS: Mapping[str, Check] = {
    "idle_use": check_idle_use,
    "need_ranked": check_need_ranked,
}
