"""Reserve library: hard gates, then the score, then the order (METHODS §5).

建办城〔2021〕50号, annex 一(三), names three factors and no weights: 小区配套设施状况,
改造方案的完整性、针对性, 居民改造意愿. The weights are this tool's default (40/30/30)
and can be changed; how the order moves when one of them moves by a fifth is shown with
it. Ties break by hazards, then households, then id.
"""

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import pandas as pd

from geo.policy_settings import ReserveSettings
from geo.reserve_gates import Checked, judge_gates, order_gates
from geo.reserve_scores import MOVES, PARTS, measure_parts
from geo.reserve_willing import puts_willing_first
from geo.reserve_words import explain_ranking
from geo.rulings import Ground

#: Points of all weights together.
FULL = 100.0


@dataclass(frozen=True, eq=False)
class Ranking:
    """The order of the reserve library.

    Attributes
    ----------
    table
        Index community id, in the order of `rank` (1: first): `gate`, `gate_rules`,
        `status`, `score` (proven points, 0 to 100), `score_most` (if everything
        unknown were in its favour), ``points_<part>`` and `facilities`, `scheme`,
        `willingness` (0 to 1), their parts (:mod:`geo.reserve_scores`), `households`,
        `unit_id`, `plan_year`, `project_cost_cny` (NaN: unknown) and `unknown` (what
        could still add points).
    needs
        What each community lacks, see :func:`geo.shortfalls.find_shortfalls`.
    settings
        Weights and factors it was made with.
    ground
        What it stands on.
    willing_first
        Whether a rule of the profile puts the willing first (YN-1-7c).
    """

    table: pd.DataFrame
    needs: pd.DataFrame
    settings: ReserveSettings
    ground: Ground
    willing_first: bool

    @cached_property
    def sensitivity(self) -> pd.DataFrame:
        """Tell how the order changes when each weight moves by a fifth.

        Returns
        -------
        pandas.DataFrame
            One row per weight (`PARTS`), `factor` (`MOVES`) and community (in the
            order of the ranking): `score`, `rank`, `moved` (places up, negative:
            down). The weights are brought back to a sum of 100 first.
        """
        frames = []
        for part in PARTS:
            name = f"weight_{part}"
            for factor in MOVES:
                value = getattr(self.settings, name) * factor
                weights = _weigh(replace(self.settings, **{name: value}))
                scored = self.table.assign(score=_score(self.table, weights))
                rank = _order(scored).reindex(self.table.index)
                frames.append(
                    pd.DataFrame(
                        {
                            "weight": part,
                            "factor": factor,
                            "community_id": self.table.index,
                            "score": scored["score"].to_numpy(),
                            "rank": rank.to_numpy(),
                            "moved": (self.table["rank"] - rank).to_numpy(),
                        }
                    )
                )
        return pd.concat(frames, ignore_index=True)

    def explain(self, lang: str) -> pd.Series:
        """Say of each community where it stands, and why.

        Parameters
        ----------
        lang
            ``"zh"`` or ``"en"``.

        Returns
        -------
        pandas.Series
            Sentences on the index of `table`.
        """
        return explain_ranking(self, lang)


def rank_reserve(
    checks: Checked, *, settings: ReserveSettings | None = None
) -> Ranking:
    """Score and rank the reserve library.

    Parameters
    ----------
    checks
        Clauses that were checked, and what they stand on.
    settings
        Weights and factors; by default those of the plan.

    Returns
    -------
    Ranking
        Every community, those that may be planned first.
    """
    ground = checks.ground
    chosen = settings or ground.plan.settings.reserve
    table, needs = measure_parts(ground, chosen)
    weights = _weigh(chosen)
    for part in PARTS:
        table[f"points_{part}"] = table[part] * weights[part]
    table["score"] = _score(table, weights)
    most = table[[f"{part}_most" for part in PARTS]].set_axis(PARTS, axis=1)
    table["score_most"] = np.maximum(_score(most, weights), table["score"])
    table = table.join(judge_gates(checks, table["status"]))
    table = table.join(_tell_projects(ground, table.index))
    table["unknown"] = [
        (*needed, *wanted, *papers)
        for needed, wanted, papers in zip(
            table["unknown_needs"],
            table["unknown_willingness"],
            table["archive_missing"],
            strict=True,
        )
    ]
    table.index.name = "community_id"
    table["rank"] = _order(table)
    ordered = table.sort_values("rank")
    return Ranking(ordered, needs, chosen, ground, puts_willing_first(ground))


def _weigh(settings: ReserveSettings) -> dict[str, float]:
    """Return the points of each part; together they are `FULL`."""
    weights = {part: float(getattr(settings, f"weight_{part}")) for part in PARTS}
    whole = sum(weights.values())
    return {part: FULL * weight / whole for part, weight in weights.items()}


def _score(table: pd.DataFrame, weights: dict[str, float]) -> pd.Series:
    # rounded, so that equal points tie whatever the order of adding them was
    whole = sum(table[part] * weight for part, weight in weights.items())
    return pd.Series(np.round(whole, 9), index=table.index, name="score")


def _order(table: pd.DataFrame) -> pd.Series:
    """Rank by gate, score, hazards, households and id."""
    keys = pd.DataFrame(
        {
            "gate": order_gates(table["gate"]),
            "score": -table["score"],
            "hazards": -table["hazards"],
            "households": -table["households"].fillna(0.0),
            "name": table.index.astype("str"),
        },
        index=table.index,
    )
    ordered = keys.sort_values(list(keys.columns)).index
    return pd.Series(np.arange(1, len(ordered) + 1), index=ordered, name="rank")


def _tell_projects(ground: Ground, index: pd.Index) -> pd.DataFrame:
    facts = ground.facts.reindex(index)
    blank = pd.Series(np.nan, index=index)
    told = pd.DataFrame(
        {
            name: pd.to_numeric(facts.get(column, blank), errors="coerce")
            for name, column in (
                ("households", "households"),
                ("plan_year", "plan_year"),
                ("project_cost_cny", "project_cost_cny"),
            )
        },
        index=index,
    ).astype("float64")
    unit = ground.unit_of
    told["unit_id"] = None if unit is None else unit.reindex(index)
    return told
