"""Words and looks of clauses, subjects and states on the page of clauses."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from geo.compliance import Checks
from geo.maps import STATE_LOOKS, Look
from geo.review import Review
from geo.rulings import speak
from geo.schema import FIRM_CERTAINTY, State
from geo.text import texts
from geo.views.reports import name_of
from geo.views.state import choice
from geo.views.widgets import say

#: Stages in the order of the work.
STAGES = (
    "annual_plan",
    "pre_construction",
    "construction",
    "completion",
    "evaluation",
)
#: What stands between a community and the plan.
HARD, FIRST_STAGE = "hard_gate", "annual_plan"
#: Looks of the states of clauses; what a document leaves open is neither good nor bad.
CHECK_LOOKS: Mapping[State, Look] = {
    State.SHORT: STATE_LOOKS[State.SHORT],
    State.UNKNOWN: STATE_LOOKS[State.UNKNOWN],
    State.MET: STATE_LOOKS[State.MET],
    State.OPEN: Look("#DCE6F0", stroke="#37475A", sign="◇", ink="#37475A"),
    State.NOT_REQUIRED: Look(None, sign="○", ink="#8C8C8C"),
}
STATES = tuple(CHECK_LOOKS)


def look_of(state: str) -> dict[str, Any]:
    """Return colour, sign and word of a state in the session's language.

    Parameters
    ----------
    state
        A state of `CHECK_LOOKS`.

    Returns
    -------
    dict
        For a component.
    """
    return CHECK_LOOKS[State(state)].told(state_word(state))


def state_word(state: str) -> str:
    """Return the word for the state of a clause.

    Parameters
    ----------
    state
        A state of `CHECK_LOOKS`.

    Returns
    -------
    str
        A clause is not met, where a facility is lacking.
    """
    return say(f"view.checks.state.{state}")


def rule_name(review: Review, rule: str) -> str:
    """Return what a clause is called in a few words.

    Parameters
    ----------
    review
        Its rules know the clauses of the district, too.
    rule
        Rule id.

    Returns
    -------
    str
        The tool's own short name, else the metric that its row names, else its id.
    """
    key = f"view.checks.rule.{rule}"
    if key in texts(choice().lang):
        return say(key)
    policy = review.plan.rules.policy
    found = policy.loc[policy["rule_id"] == rule, "metric"]
    return str(found.iloc[0]) if len(found) and found.iloc[0] else rule


def county_of(review: Review) -> str:
    """Return the id of the county.

    Parameters
    ----------
    review
        What was reviewed.

    Returns
    -------
    str
        The subject of clauses about the district and the plan as a whole.
    """
    return str(review.checks.ground.county)


def subject_name(review: Review, subject: str) -> str:
    """Return what a community, unit or the county is called.

    Parameters
    ----------
    review
        What was reviewed.
    subject
        Its id.

    Returns
    -------
    str
        A name.
    """
    names = review.plan.district.communities["name"]
    if subject in names.index:
        return name_of(names, subject)
    units = review.checks.ground.unit_of
    if units is not None and subject in set(units):
        return unit_name(subject, int((units == subject).sum()))
    if subject == review.plan.district.name and review.evidence.tables["county"].empty:
        # the name of a file rather than of a county
        return say("view.checks.district")
    return subject or say("view.checks.district")


def unit_name(unit: str, count: int) -> str:
    """Return what a unit is called.

    Parameters
    ----------
    unit
        Its id.
    count
        How many communities it has.

    Returns
    -------
    str
        With its size, if it joins several.
    """
    if count > 1:
        return say("view.checks.unit", id=unit, count=count)
    return say("view.checks.unit_alone", id=unit)


def find_row(checks: Checks, rule: str, subject: str) -> dict[str, Any] | None:
    """Return what a clause came to for a subject.

    Parameters
    ----------
    checks
        The clauses.
    rule, subject
        Rule id; community, unit or county.

    Returns
    -------
    dict or None
        The row of :attr:`geo.compliance.Checks.table`.
    """
    table = checks.table
    found = table[(table["rule_id"] == rule) & (table["subject_id"] == subject)]
    if not len(found):
        return None
    return {str(name): value for name, value in found.iloc[0].items()}


def subject_of(review: Review, rule: str, community: str) -> str:
    """Return for whom a clause is judged that a community shares in.

    Parameters
    ----------
    review
        What was reviewed.
    rule
        Rule id.
    community
        Its id.

    Returns
    -------
    str
        The community, its unit, or the county.
    """
    table = review.checks.table
    levels = table.loc[table["rule_id"] == rule, "level"]
    level = str(levels.iloc[0]) if len(levels) else "community"
    if level == "community":
        return community
    units = review.checks.ground.unit_of
    if level == "unit":
        return "" if units is None else str(units.get(community, ""))
    return county_of(review)


def spoken(row: Mapping[str, Any], name: str) -> str:
    """Return a sentence of a row in the session's language.

    Parameters
    ----------
    row
        Row of the clauses.
    name
        ``required``, ``found`` or ``reason``.

    Returns
    -------
    str
        Empty where nothing is said.
    """
    return speak(row[name], choice().lang)


def source_words(row: Mapping[str, Any]) -> tuple[str, str]:
    """Return where a clause stands, and how firm it is.

    Parameters
    ----------
    row
        Row of the clauses.

    Returns
    -------
    words : str
        Document and clause.
    mark : str
        Empty where it is firm.
    """
    words = say(
        "view.checks.panel.source_mark", document=row["document"], clause=row["clause"]
    )
    if row["source"] and row["source"] != row["document"]:
        words = f"{words}　{row['source']}"
    certainty = str(row["certainty"])
    firm = not certainty or certainty in FIRM_CERTAINTY
    return words, "" if firm else say(f"rule_certainty.{certainty}")


def field_names(review: Review, fields: tuple[str, ...] | list[str]) -> list[str]:
    """Return what fields are called.

    Parameters
    ----------
    review
        Its rules hold the names.
    fields
        Fields that clauses ask for.

    Returns
    -------
    list of str
        Names in the session's language; an unknown field is its own name.
    """
    return [_field_cell(review, one, "name") or one for one in fields]


def field_source(review: Review, one: str) -> str:
    """Return what paper or person gives a field.

    Parameters
    ----------
    review
        Its rules hold the words.
    one
        A field.

    Returns
    -------
    str
        Empty if nobody said.
    """
    return _field_cell(review, one, "collect")


def _field_cell(review: Review, one: str, column: str) -> str:
    table = review.plan.rules.fields
    found = table.loc[table["field"] == one, f"{column}_{choice().lang}"]
    return str(found.iloc[0]) if len(found) and not pd.isna(found.iloc[0]) else ""


def days_words(review: Review) -> str:
    """Return how many days there are until the application.

    Parameters
    ----------
    review
        What was reviewed.

    Returns
    -------
    str
        Empty where the county's table gives no day.
    """
    county = review.checks.ground.tables["county"]
    year = review.checks.ground.plan_year
    rows = county[county["year"] == year] if year is not None else county.iloc[:0]
    days = rows["application_date"].dropna()
    if not len(days):
        return ""
    due = pd.Timestamp(days.iloc[-1]).date()
    left = (due - review.checks.ground.as_of).days
    key = "days_left" if left >= 0 else "days_over"
    return say(f"view.checks.{key}", date=due.isoformat(), days=f"{abs(left):,}")
