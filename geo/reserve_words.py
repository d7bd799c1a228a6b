"""The ranking in words and as the tables that are written."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from geo.archive import GROUPS, list_items
from geo.district import name_communities
from geo.reserve_scores import MOVES, PARTS
from geo.shortfalls import list_needs
from geo.text import texts, tr

if TYPE_CHECKING:
    from geo.reserve import Ranking

#: Columns of ``ranking.csv`` that others may rely on; further ones follow.
RANKING_COLUMNS = (
    "community_id",
    "rank",
    "score",
    "community_name",
    "gate",
    "gate_rules",
    "status",
    "score_most",
    *(f"points_{part}" for part in PARTS),
    *PARTS,
    "gap_part",
    "hazard_part",
    "completeness",
    "targeting",
    "participation",
    "agree",
    "agree_base",
    "bonus_contribution",
    "bonus_fund",
    "bonus_committee",
    "bonus_party",
    "bonus_priority",
    *(f"archive_{group}" for group in GROUPS),
    "archive_full",
    "shortfalls",
    "hazards",
    "addressed",
    "households",
    "unit_id",
    "plan_year",
    "project_cost_cny",
)
#: Names that are listed before the rest is only counted.
NAMED = 4
#: Keys that name a gate besides rules.
_GATE_WORDS = ("started", "finished", "reserve")


def explain_ranking(ranking: "Ranking", lang: str) -> pd.Series:
    """Say of each community where it stands, and why.

    Parameters
    ----------
    ranking
        The order.
    lang
        ``"zh"`` or ``"en"``.

    Returns
    -------
    pandas.Series
        Sentences named ``reason`` on the index of the ranking.
    """
    names = name_things(ranking, lang)
    rules = {rule for rules in ranking.table["gate_rules"] for rule in rules}
    policy = ranking.ground.plan.rules.policy
    names |= {rule: name_rule(rule, policy, lang) for rule in rules}
    rows = ranking.table.to_dict("records")
    said = [_explain_row(row, names, lang) for row in rows]
    return pd.Series(said, index=ranking.table.index, name="reason", dtype="str")


def make_ranking_table(ranking: "Ranking", lang: str) -> pd.DataFrame:
    """Return the table of ``ranking.csv``.

    Parameters
    ----------
    ranking
        The order.
    lang
        Language of names and reasons.

    Returns
    -------
    pandas.DataFrame
        One row per community in the order of the ranking: first `RANKING_COLUMNS`,
        then the rank if one weight is a fifth less or more
        (``rank_<part>_less``, ``rank_<part>_more``), what is lacking
        (`shortfall_names`), what the scheme leaves out (`unaddressed`), what is not in
        the archive (`archive_missing`) and not known (`unknown`), joined by ``|``, and
        the `reason`. Shares have four decimals.
    """
    table = ranking.table.reset_index()
    names = name_things(ranking, lang)
    called = name_communities(ranking.ground.plan.district.communities)
    table["community_name"] = table["community_id"].map(called)
    table["gate_rules"] = ["|".join(rules) for rules in table["gate_rules"]]
    moved = _spread_moves(ranking)
    lacking = ranking.needs[ranking.needs["state"] == "lacking"]
    listed = lacking.groupby("community_id")["need"].agg(tuple)
    found = [listed.get(one, ()) for one in table["community_id"]]
    lists = {
        "shortfall_names": found,
        "unaddressed": list(table["unaddressed"]),
        "archive_missing": list(table["archive_missing"]),
        "unknown": list(table["unknown"]),
    }
    made = table[list(RANKING_COLUMNS)].join(moved, on="community_id")
    for name, keys in lists.items():
        made[name] = ["|".join(names.get(key, key) for key in one) for one in keys]
    made["reason"] = explain_ranking(ranking, lang).to_numpy()
    # shares to 0.0001 whatever their names are, points and money to 0.01
    shares = [name for name in made.select_dtypes(np.floating) if _is_share(name)]
    return made.round(dict.fromkeys(shares, 4))


def make_sensitivity_table(ranking: "Ranking", lang: str) -> pd.DataFrame:
    """Tell for each weight how much of the order depends on it.

    Parameters
    ----------
    ranking
        The order.
    lang
        Language of the names.

    Returns
    -------
    pandas.DataFrame
        One row per weight and factor: `weight`, `name`, `factor`, `moved`
        (communities that change their place), `most` (places by which one of them
        does) and `community_id` (which one; the better ranked of several, empty: none
        moves).
    """
    found = []
    for (weight, factor), rows in ranking.sensitivity.groupby(
        ["weight", "factor"], sort=False
    ):
        far = rows["moved"].abs().to_numpy()
        most = int(far.max(initial=0))
        who = rows["community_id"].to_numpy()
        found.append(
            {
                "weight": weight,
                "name": tr(f"reserve.part.{weight}", lang),
                "factor": factor,
                "moved": int((far > 0).sum()),
                "most": most,
                "community_id": who[int(far.argmax())] if most else "",
            }
        )
    return pd.DataFrame(found)


def name_things(ranking: "Ranking", lang: str) -> dict[str, str]:
    """Return what shortfalls, items of the archive and columns are called.

    Parameters
    ----------
    ranking
        The order.
    lang
        ``"zh"`` or ``"en"``.

    Returns
    -------
    dict
        Key to name.
    """
    names = {
        item.key: item.label_zh if lang == "zh" else item.label_en
        for item in list_items()
    }
    names |= {
        need.key: need.names[lang] for need in list_needs(ranking.ground.plan.rules)
    }
    fields = (
        "households_participated",
        "households_agreed",
        "fund_resident_cny",
        "maintenance_fund_established",
        "has_owners_committee",
        "has_party_org",
    )
    names |= {field: tr(f"reserve.field.{field}", lang) for field in fields}
    names["setting:checks.consent_base"] = tr("reserve.field.consent_base", lang)
    return names


def name_rule(rule: str, policy: pd.DataFrame, lang: str) -> str:
    """Return what a gate is called, and where it stands.

    Parameters
    ----------
    rule
        Rule id, or one of the other reasons of a gate.
    policy
        Policy rules.
    lang
        ``"zh"`` or ``"en"``.

    Returns
    -------
    str
        Its short name with document and clause; a rule of a district that has no
        short name is called by its metric.
    """
    if rule in _GATE_WORDS:
        return tr(f"reserve.rule.{rule}", lang)
    own = policy[policy["rule_id"] == rule]
    if not len(own):
        return rule
    row, key = own.iloc[0], f"view.checks.rule.{rule}"
    name = texts(lang).get(key) or str(row["metric"]) or rule
    place = f"{row['doc_no']} {row['clause']}"
    return tr("reserve.rule_in", lang, name=name, place=place)


def _explain_row(row: Mapping[Any, Any], names: Mapping[str, str], lang: str) -> str:
    parts = [
        tr(
            "reserve.full",
            lang,
            rank=row["rank"],
            score=f"{row['score']:.1f}",
            **{part: f"{row[f'points_{part}']:.1f}" for part in PARTS},
        ),
        _say_gate(row, names, lang),
        _say_scheme(row, lang),
        tr(
            "reserve.consent",
            lang,
            participation=_say_share(row["participation"], lang),
            agree=_say_share(row["agree"], lang),
            base=_say_base(row, lang),
        ),
    ]
    if row["unknown"]:
        listed = list(dict.fromkeys(names.get(key, key) for key in row["unknown"]))
        most = f"{row['score_most']:.1f}"
        missing = list_names(listed, lang)
        parts.append(tr("reserve.more", lang, missing=missing, most=most))
    return "".join(parts).strip()


def _say_gate(row: Mapping[Any, Any], names: Mapping[str, str], lang: str) -> str:
    said = list(dict.fromkeys(names[rule] for rule in row["gate_rules"]))
    rules = tr("reserve.and", lang).join(said)
    return tr(f"reserve.gated.{row['gate']}", lang, rules=rules)


def _say_scheme(row: Mapping[Any, Any], lang: str) -> str:
    found = {"shortfalls": row["shortfalls"], "hazards": row["hazards"]}
    said = tr("reserve.facilities", lang, **found)
    full = row["archive_full"]
    if pd.isna(row["targeting"]):
        return said + tr("reserve.untargeted", lang, full=full)
    if not row["found"]:
        return said + tr("reserve.nothing_lacking", lang, full=full)
    counts = {"addressed": row["addressed"], "found": row["found"], "full": full}
    return said + tr("reserve.targeted", lang, **counts)


def _say_share(value: float, lang: str) -> str:
    return tr("reserve.unknown", lang) if np.isnan(value) else f"{100 * value:.1f} %"


def _say_base(row: Mapping[Any, Any], lang: str) -> str:
    if np.isnan(row["agree"]):
        return ""
    return tr(f"reserve.base.{row['agree_base'] or 'none'}", lang)


def list_names(names: Sequence[str], lang: str) -> str:
    """Say the first names of a list, and how many there are.

    Parameters
    ----------
    names
        Names.
    lang
        ``"zh"`` or ``"en"``.

    Returns
    -------
    str
        All of them, if they are not many more than `NAMED`.
    """
    said = tr("reserve.and", lang).join(names[:NAMED])
    if len(names) <= NAMED:
        return said
    return tr("reserve.more_items", lang, items=said, count=len(names))


def _spread_moves(ranking: "Ranking") -> pd.DataFrame:
    wide = ranking.sensitivity.pivot_table(
        index="community_id", columns=["weight", "factor"], values="rank"
    )
    words = dict(zip(MOVES, ("less", "more"), strict=True))
    order = [(part, factor) for part in PARTS for factor in MOVES]
    wide = wide.reindex(columns=pd.MultiIndex.from_tuples(order)).astype("int64")
    wide.columns = pd.Index([f"rank_{part}_{words[factor]}" for part, factor in order])
    return wide


def _is_share(name: object) -> bool:
    money = ("score", "points", "project_cost", "households", "plan_year")
    return not str(name).startswith(money)
