"""The life circle: which community lacks which facility, how sure, and why.

Rules x reach -> one verdict per community and required category. What each
column means, the precedence of states and the tests: METHODS §1.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
import shapely

from geo.coverage import Floats
from geo.district import District
from geo.errors import InputError, RuleError
from geo.extent import find_extent
from geo.field import Field
from geo.findings import Finding, make_findings
from geo.hidden import find_hidden, measure_hidden
from geo.network import WalkNetwork
from geo.pictures import draw_catchment, draw_walk
from geo.progress import Progress, no_progress
from geo.reach import (
    MAX_CUTOFF_M,
    Reach,
    Seeds,
    WalkGraph,
    build_graph,
    measure_reach,
)
from geo.readings import (
    Runs,
    find_private,
    make_seeds,
    measure_edge,
    plan_runs,
    read_runs,
)
from geo.reasons import explain
from geo.rules import TESTS, Requirement, RuleBook
from geo.schema import Severity, State
from geo.scores import rank_worst, score_categories, score_communities
from geo.settings import Settings
from geo.stock import Places, Stock, place_people, take_stock
from geo.straight import measure_straight
from geo.verdicts import TIERS_M, judge


@dataclass(frozen=True, eq=False)
class LifeCircle:
    """What every community can walk to.

    Attributes
    ----------
    gaps
        One row per community and category of the requirements, sorted by
        community id and then in the order of the requirements: columns
        :data:`geo.schema.GAP_COLUMNS`, then further ones (:mod:`geo.verdicts`).
    communities, categories, worst
        The gaps counted up, see :mod:`geo.scores`.
    findings
        What was noticed, raw.
    district, network, rules, settings
        What it was made from.
    reach, runs, residents
        The seeded runs behind the distances, for drawing and for what-if.
    """

    gaps: pd.DataFrame
    communities: pd.DataFrame
    categories: pd.DataFrame
    worst: pd.DataFrame
    findings: pd.DataFrame
    district: District
    network: WalkNetwork
    rules: RuleBook
    settings: Settings
    reach: Reach
    runs: Runs
    residents: dict[str, Seeds]

    @cached_property
    def _row(self) -> pd.Series:
        keys = pd.MultiIndex.from_frame(self.gaps[["community_id", "category"]])
        return pd.Series(np.arange(len(keys)), index=keys)

    def verdict(self, community_id: str, category: str) -> pd.Series:
        """Return the row of one community and category.

        Parameters
        ----------
        community_id
            Community.
        category
            Category.

        Returns
        -------
        pandas.Series
            The row of `gaps`.
        """
        return self.gaps.iloc[int(self._row[(community_id, category)])]

    def explain(self, lang: str) -> pd.Series:
        """Say in one sentence why each row of the gaps has its state.

        Parameters
        ----------
        lang
            ``"zh"`` or ``"en"``.

        Returns
        -------
        pandas.Series
            Sentences on the index of `gaps`.
        """
        return explain(self.gaps, self.rules, lang)

    def walk(self, community_id: str, category: str) -> shapely.LineString:
        """Draw the walk from a community to its nearest facility of a category.

        Parameters
        ----------
        community_id
            Community.
        category
            Category.

        Returns
        -------
        shapely.LineString
            From the gate to the facility, in the working CRS; its length is
            `distance_m` within 1 cm.

        Raises
        ------
        InputError
            If nothing of the category can be walked to.
        """
        row = self.verdict(community_id, category)
        if pd.isna(row["gate_id"]):
            raise InputError("no_walk", community=community_id, category=category)
        return draw_walk(
            self.reach,
            self.network,
            self._run(category),
            community=community_id,
            gate=str(row["gate_id"]),
            own=self.residents.get(community_id),
            name=str(row["nearest_facility_id"]),
            shape=self.district.facilities.geometry[row["nearest_facility_id"]],
        )

    def catchment(
        self, category: str, threshold_m: float | None = None
    ) -> shapely.Geometry:
        """Draw the area from which a category can be walked to (a picture only).

        Parameters
        ----------
        category
            Category.
        threshold_m
            Metres of walking; by default the threshold of the category.

        Returns
        -------
        shapely.Geometry
            Streets within reach, buffered and dissolved, in the working CRS.
        """
        need = self.rules.requirements[category]
        within = need.reach_m(self.settings) if threshold_m is None else threshold_m
        barriers = np.asarray(self.district.barriers.geometry, dtype=object)
        run = self._run(category)
        return draw_catchment(self.reach, self.network, barriers, run, within)

    def _run(self, category: str) -> int:
        return int(self.runs.every[list(self.rules.requirements).index(category)])


def measure_life_circle(
    district: District,
    network: WalkNetwork,
    rules: RuleBook,
    settings: Settings,
    progress: Progress = no_progress,
) -> LifeCircle:
    """Measure what every community can walk to, and judge it by the rules.

    Parameters
    ----------
    district
        Checked layers in a metric working CRS.
    network
        Its walk network.
    rules
        Requirements of the profile.
    settings
        Choices of the run.
    progress
        Told the stage and its share.

    Returns
    -------
    LifeCircle
        Verdicts and what they stand on.

    Raises
    ------
    RuleError
        If a threshold is farther than distances are measured.
    """
    field, reach, residents = _measure(district, network, rules, settings, progress)
    gaps = judge(field)
    progress("stage.reasons", 0.0)
    gaps["reason"] = explain(gaps, rules, settings.lang)
    progress("stage.reasons", 1.0)
    scores = score_communities(gaps)
    noticed = [*_notice_pieces(gaps, district, rules), *_notice_ruleless(field.needs)]
    return LifeCircle(
        gaps=gaps,
        communities=scores,
        categories=score_categories(gaps),
        worst=rank_worst(scores, gaps),
        findings=make_findings(noticed),
        district=district,
        network=network,
        rules=rules,
        settings=settings,
        reach=reach,
        runs=field.runs,
        residents=residents,
    )


def _measure(
    district: District,
    network: WalkNetwork,
    rules: RuleBook,
    settings: Settings,
    progress: Progress,
) -> tuple[Field, Reach, dict[str, Seeds]]:
    """Run over the network and read it at gates and doors."""
    needs = tuple(rules.requirements.values())
    searched_m = _find_cutoff(needs, settings)
    progress("stage.lifecircle", 0.0)
    graph = build_graph(network.x, network.y, network.u, network.v, network.length_m)
    ids = district.communities.index.sort_values()
    stock, places = take_stock(district.facilities, needs), place_people(network, ids)
    runs = plan_runs(needs)
    public, residents = make_seeds(network, stock, runs)
    progress("stage.lifecircle", 0.1)
    reach = measure_reach(graph, public, categories=runs.count, cutoff_m=searched_m)
    readings = read_runs(
        reach,
        network,
        places,
        ids,
        residents,
        joined=find_private(network, residents),
        labelled=len(needs),
        told=lambda share: progress("stage.lifecircle", 0.4 + 0.4 * share),
    )
    around = _measure_around(
        district, network, places, stock, graph, ids, len(needs), searched_m
    )
    progress("stage.lifecircle", 0.9)
    field = Field(
        district=district,
        network=network,
        settings=settings,
        needs=needs,
        ids=ids,
        stock=stock,
        places=places,
        runs=runs,
        readings=readings,
        searched_m=searched_m,
        graph=graph,
        **around,
    )
    return field, reach, residents


def _find_cutoff(needs: Sequence[Requirement], settings: Settings) -> float:
    """Return how far to search: beyond every threshold and its borderline."""
    farthest = max((need.reach_m(settings) for need in needs), default=0.0)
    least = max(farthest * (1 + settings.borderline_share), *TIERS_M.values()) + 1.0
    if least > MAX_CUTOFF_M:
        raise RuleError("threshold_too_far", threshold_m=farthest, most=MAX_CUTOFF_M)
    return min(max(settings.cutoff_m, least), MAX_CUTOFF_M)


def _measure_around(
    district: District,
    network: WalkNetwork,
    places: Places,
    stock: Stock,
    graph: WalkGraph,
    ids: pd.Index,
    categories: int,
    searched_m: float,
) -> dict[str, Floats]:
    """Measure what does not come from the runs: the edge, and straight lines."""
    areas = [network.extent_m, find_extent(district.extent, "facilities")]
    edge_m = measure_edge(
        graph,
        network,
        places,
        ids,
        areas=areas,
        layer="facilities",
        cutoff_m=searched_m,
    )
    gates = np.asarray(network.gates.geometry.loc[places.gate_ids], dtype=object)
    shapes = np.asarray(district.facilities.geometry.loc[stock.ids], dtype=object)
    straight_m = measure_straight(
        gates,
        places.access.gate_community,
        shapes,
        stock.category,
        shape=(len(ids), categories),
    )
    hidden = find_hidden(
        district.facilities,
        network,
        places,
        stock,
        ids,
        graph=graph,
        within_m=searched_m,
    )
    hidden_m, maybe_m = measure_hidden(
        hidden, network, places, stock, categories=categories, within_m=searched_m
    )
    return {
        "edge_m": edge_m,
        "straight_m": straight_m,
        "hidden_m": hidden_m,
        "hidden_maybe_m": maybe_m,
    }


def _notice_pieces(
    gaps: pd.DataFrame, district: District, rules: RuleBook
) -> Iterator[Finding]:
    """Tell which communities stand on a piece of the network without a category."""
    names = district.communities["name"]
    # one that only hangs on no street is no news of the network's pieces
    told = ~gaps["state"].isin([State.NOT_REQUIRED, State.UNKNOWN])
    asked = gaps[gaps["off_piece"] & told]
    for community, rows in asked.groupby("community_id", sort=True):
        said = {
            f"categories_{lang}": join.join(
                rules.category_name(key, lang) for key in rows["category"]
            )
            for lang, join in (("zh", "、"), ("en", ", "))
        }
        name = names.get(community)
        said["community"] = name if isinstance(name, str) else str(community)
        yield Finding(
            "communities",
            "category_not_on_piece",
            Severity.WARNING,
            id=str(community),
            params=said,
        )


def _notice_ruleless(needs: Sequence[Requirement]) -> Iterator[Finding]:
    """Tell which categories are required without a single limit."""
    for need in needs:
        if need.required and not any(need.rule(test) for test in TESTS):
            yield Finding(
                "facilities",
                "category_without_rule",
                Severity.WARNING,
                params={"category_zh": need.name_zh, "category_en": need.name_en},
            )
