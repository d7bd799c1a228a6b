"""The policy step as files (ARCHITECTURE, output files)."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from geo.check_words import render_checks
from geo.indicator_tables import make_indicators_table, make_parts_table
from geo.reserve_words import make_ranking_table
from geo.review import Review
from geo.schedule_exports import make_left_out_table, make_schedule_table


def make_review_tables(review: Review, lang: str) -> dict[str, pd.DataFrame]:
    """Return the tables of the policy step.

    Parameters
    ----------
    review
        The results.
    lang
        Language of the sentences.

    Returns
    -------
    dict
        File name to table: ``checks.csv`` (the 20 indicators among the clauses, where
        they were measured), and ``ranking.csv``, ``schedule.csv``, ``indicators.csv``
        and what belongs to them, as far as asked for.
    """
    checks = review.checks
    rows = checks.table
    tables = {}
    if review.indicators is not None:
        rows = pd.concat([rows, review.indicators.rulings()], ignore_index=True)
        tables["indicators.csv"] = make_indicators_table(review.indicators, lang)
        tables["indicator_parts.csv"] = make_parts_table(review.indicators, lang)
    if review.ranking is not None:
        tables["ranking.csv"] = make_ranking_table(review.ranking, lang)
    if review.schedule is not None:
        tables["schedule.csv"] = make_schedule_table(review.schedule, lang)
        tables["left_out.csv"] = make_left_out_table(review.schedule, lang)
    tables["checks.csv"] = render_checks(rows, checks.ground, lang)
    tables["collect.csv"] = checks.collect(lang)
    return tables


def summarise_review(review: Review) -> dict[str, Any]:
    """Return what ``summary.json`` says of the policy step.

    Parameters
    ----------
    review
        The results.

    Returns
    -------
    dict
        Counts of clauses by state, what stands before the submission, the plan of
        years with its bound, and the states of the indicators.
    """
    checks, schedule = review.checks, review.schedule
    ground = checks.ground
    told: dict[str, Any] = {
        "until": "checks" if review.indicators is None else "indicators",
        "checks": {
            "rows": len(checks.table),
            "states": _count(checks.table["state"]),
            "barriers": len(checks.barriers),
            "overruled": int((checks.table["author"].fillna("") != "").sum()),
            "county": ground.county,
            "plan_year": ground.plan_year,
            "planned": len(ground.planned),
            "as_of": ground.as_of.isoformat(),
        },
    }
    if review.ranking is not None:
        told["ranking"] = {"gates": _count(review.ranking.table["gate"])}
    if schedule is not None:
        told["schedule"] = {
            "mode": schedule.mode,
            "years": [int(year) for year in schedule.years.index],
            "units": len(schedule.table),
            "left_out": len(schedule.left_out),
            "inversions": len(schedule.inversions),
            "value": _number(schedule.value),
            "bound": _number(schedule.bound),
            "gap_share": _number(schedule.gap),
            "proved": schedule.proved,
            "solver": schedule.choice.solver,
        }
    if review.indicators is not None:
        told["indicators"] = _count(review.indicators.summary["state"])
    return told


def _count(column: pd.Series) -> Mapping[str, int]:
    counts = column.value_counts().sort_index()
    return {str(word): int(count) for word, count in counts.items()}


def _number(value: float) -> float | None:
    return round(float(value), 6) if np.isfinite(value) else None
