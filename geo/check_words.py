"""Checks in words: the rows of ``checks.csv``, and the list of what to collect."""

import pandas as pd

from geo.clauses import STAGES
from geo.district import name_communities
from geo.rulings import Ground, speak
from geo.schema import State
from geo.text import texts, tr

#: Columns of ``checks.csv``.
RENDERED = (
    "rule_id",
    "level",
    "subject_id",
    "state",
    "required",
    "found",
    "source",
    "quote",
    "subject_name",
    "stage",
    "judged",
    "exception",
    "severity",
    "document",
    "clause",
    "formula",
    "reason",
    "missing",
    "certainty",
    "value",
    "overruled_by",
    "overruled_on",
    "overruled_why",
)
COLLECTED = (
    "subject_id",
    "subject",
    "level",
    "field",
    "what",
    "where",
    "clauses",
    "stage",
    "households",
    "planned",
)
_SPOKEN = ("required", "found", "reason")


def render_checks(table: pd.DataFrame, ground: Ground, lang: str) -> pd.DataFrame:
    """Say checks in one language.

    Parameters
    ----------
    table
        Table of checks, see :class:`geo.compliance.Checks`.
    ground
        What it was judged by.
    lang
        ``"zh"`` or ``"en"``.

    Returns
    -------
    pandas.DataFrame
        Columns `RENDERED`, on the index of `table`; states and stages stay codes,
        `formula` is how it is judged, `missing` names what would settle it.
    """
    said = table.copy()
    for name in _SPOKEN:
        said[name] = [speak(one, lang) for one in table[name]]
    names, fields = _name_subjects(ground), _name_fields(ground, lang)
    comma = tr("view.comma", lang)
    pairs = list(zip(table["rule_id"], table["kind"], strict=True))
    formulas = {pair: say_formula(*pair, lang) for pair in set(pairs)}
    said["subject_name"] = [names.get(one, one) for one in table["subject_id"]]
    said["formula"] = [formulas[pair] for pair in pairs]
    said["missing"] = [
        comma.join(fields.get(name, (name, ""))[0] for name in one)
        for one in table["missing"]
    ]
    said["certainty"] = [
        tr(f"rule_certainty.{one}", lang) for one in table["certainty"]
    ]
    hand = {"overruled_by": "author", "overruled_on": "date", "overruled_why": "why"}
    said = said.assign(**{new: table[old] for new, old in hand.items()})
    return said[list(RENDERED)]


def say_formula(rule_id: str, kind: str, lang: str) -> str:
    """Say how a clause is judged.

    Parameters
    ----------
    rule_id
        The rule: it may have a text of its own.
    kind
        Kinds of check, with ``+`` between them.
    lang
        ``"zh"`` or ``"en"``.

    Returns
    -------
    str
        Sentences.
    """
    own = f"check.formula.{rule_id}"
    if own in texts(lang):
        return tr(own, lang)
    keys = [f"check.formula.{one}" for one in kind.split("+")]
    return tr("check.then", lang).join(tr(key, lang) for key in keys)


def _name_subjects(ground: Ground) -> dict[str, str]:
    communities = name_communities(ground.plan.district.communities)
    return {str(key): str(name) for key, name in communities.items()}


def _name_fields(ground: Ground, lang: str) -> dict[str, tuple[str, str]]:
    """Return what each field is called, and what paper or person gives it."""
    fields = ground.plan.rules.fields
    return {
        str(row["field"]): (str(row[f"name_{lang}"]), str(row[f"collect_{lang}"]))
        for row in fields.reset_index().to_dict("records")
    }


def list_to_collect(table: pd.DataFrame, ground: Ground, lang: str) -> pd.DataFrame:
    """List what is to be collected: one row per subject and thing.

    Parameters
    ----------
    table
        Table of checks.
    ground
        What it was judged by.
    lang
        ``"zh"`` or ``"en"``.

    Returns
    -------
    pandas.DataFrame
        Columns `COLLECTED`: `what` it is and `where` it comes from, the `clauses` that
        wait for it and their stages (``|``-joined), the households of the subject and
        whether it is part of the plan; those of the plan first, then by stage. What is
        decided once for all (a setting, a number of the profile) stands once, with the
        county.
    """
    fields, names = _name_fields(ground, lang), _name_subjects(ground)
    waiting = table[table["state"].isin([State.UNKNOWN, State.OPEN])]
    asked: dict[tuple[str, str], list[int]] = {}
    levels: dict[str, str] = {}
    decided = _list_decided(ground)
    for at, (subject, level, missing) in enumerate(
        zip(waiting["subject_id"], waiting["level"], waiting["missing"], strict=True)
    ):
        for name in missing:
            # what is decided once for all is asked once, and of the county
            whose = ground.county if name in decided else subject
            levels.setdefault(whose, level if whose == subject else "county")
            asked.setdefault((whose, name), []).append(at)
    rows = []
    households = _count_households(ground)
    columns = {name: list(waiting[name]) for name in ("rule_id", "stage")}
    for (subject, name), places in asked.items():
        stages = dict.fromkeys(columns["stage"][at] for at in places)
        what, where = fields.get(name, (name, ""))
        rows.append(
            (
                subject,
                names.get(subject, subject),
                levels[subject],
                name,
                what,
                where,
                "|".join(dict.fromkeys(columns["rule_id"][at] for at in places)),
                "|".join(stage for stage in STAGES if stage in stages),
                households.get(subject),
                _is_planned(subject, levels[subject], ground),
            )
        )
    listed = pd.DataFrame(rows, columns=list(COLLECTED))
    listed["households"] = listed["households"].astype("float64")
    return _sort_collected(listed)


def _list_decided(ground: Ground) -> set[str]:
    """List the fields that are no evidence but one decision for the whole county."""
    table = ground.plan.rules.fields
    places = table["where"].str.split("|")
    own = [
        all(one.startswith(("setting:", "profile:")) for one in names)
        for names in places
    ]
    return set(table.loc[own, "field"])


def _count_households(ground: Ground) -> dict[str, float]:
    """Count the households of every community and unit; NaN: not all are known."""
    own = pd.to_numeric(ground.facts["households"], errors="coerce")
    counts = {str(name): float(value) for name, value in own.items()}
    if ground.unit_of is not None:
        unit = ground.unit_of.reindex(own.index)
        sums = own.groupby(unit).sum(min_count=1).where(~own.isna().groupby(unit).any())
        counts |= {str(name): float(value) for name, value in sums.items()}
    return counts


def _is_planned(subject: str, level: str, ground: Ground) -> bool:
    if level == "community":
        return subject in ground.planned
    if level == "unit" and ground.unit_of is not None:
        own = ground.unit_of.reindex(list(ground.planned))
        return bool((own == subject).any())
    return True


def _sort_collected(listed: pd.DataFrame) -> pd.DataFrame:
    first = listed["stage"].str.split("|").str[0]
    order = pd.DataFrame(
        {
            "later": ~listed["planned"].astype("bool"),
            "stage": first.map({name: at for at, name in enumerate(STAGES)}),
            "subject": listed["subject_id"],
            "field": listed["field"],
        }
    )
    ranked = order.sort_values(list(order.columns), kind="stable").index
    return listed.loc[ranked].reset_index(drop=True)
