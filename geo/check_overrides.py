"""Verdicts overruled by hand: with author, date and reason, and never hidden."""

import pandas as pd

from geo.clause_cells import read_days, read_texts
from geo.findings import Finding, make_findings, row_json
from geo.schema import Severity

#: What an override must say besides its state.
_NEEDED = ("state", "author", "date", "reason")


def overrule(
    table: pd.DataFrame, overrides: pd.DataFrame
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Put the states of hand in place of those that the tool found.

    Parameters
    ----------
    table
        Table of checks; `judged` keeps what the tool found.
    overrides
        Table ``overrides``: clause, subject, state, author, date, reason.

    Returns
    -------
    pandas.DataFrame
        The table, with `state`, `author`, `date` (``YYYY-MM-DD``) and `why`.
    pandas.DataFrame
        Raw findings: overrides that lack something or fit no row are not applied.
    """
    if overrides.empty:
        return table, make_findings()
    place = {
        pair: at
        for at, pair in enumerate(
            zip(table["rule_id"], table["subject_id"], strict=True)
        )
    }
    changed = {name: list(table[name]) for name in ("state", "author", "date", "why")}
    refused = []
    days = [
        "" if day is None else day.isoformat() for day in read_days(overrides, "date")
    ]
    texts = {
        name: read_texts(overrides, name)
        for name in ("rule_id", "subject_id", "state", "author", "reason")
    }
    for at, row in enumerate(overrides.to_dict("records")):
        one = {name: cells[at] for name, cells in texts.items()} | {"date": days[at]}
        lacking = [name for name in _NEEDED if not one[name]]
        where = place.get((one["rule_id"], one["subject_id"]))
        if lacking or where is None:
            code = "override_incomplete" if lacking else "override_no_row"
            params = {
                "rule": one["rule_id"],
                "subject": one["subject_id"],
                "lacking": "、".join(lacking),
            }
            refused.append(
                Finding(
                    "overrides",
                    code,
                    Severity.WARNING,
                    row=at,
                    id=one["subject_id"],
                    params=params,
                    content=row_json(row),
                )
            )
            continue
        told = (one["state"], one["author"], one["date"], one["reason"])
        for name, value in zip(changed, told, strict=True):
            changed[name][where] = value
    return table.assign(**changed), make_findings(refused)
