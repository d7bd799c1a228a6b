"""Evidence on single communities of the sample: consent, surveys, funds, progress.

What is not laid down in `TRAPS` is drawn by chance, for each community from a seed of
its own, so that neither the town nor another community changes with it.
"""

from collections.abc import Mapping
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.random import Generator

from geo.town_grid import chance

#: Where the evidence comes from; not the seed of the town.
SEED = 2027
#: The year whose plan is to be submitted, and the one whose works are under way.
PLAN_YEAR, THIS_YEAR = 2027, 2026
#: Communities that nobody asked yet, and of which somebody noted only the rates.
NEVER_ASKED, RATES_ONLY = "C075", "C065"
#: Finished in this year; the ledger does not know yet of the second.
FINISHED = ("C006", "C012", "C016", "C025", "C032", "C034", "C044")
LATE = "C092"
#: Two communities of 300 households that are no part of the plan of next year.
ASKED_EARLY = ("C031", "C086")

_ASKED = ("应参与户数", "参与户数", "同意户数")
_SAID_RATES = ("参与率(%)", "同意率(%)")
_SAID = ("征询起止日期", "表决方式", "长效管理共识", "物业费确认")
_COUNTS = ("households_eligible", "households_participated", "households_agreed")


def _asked(*counts: int) -> dict[str, Any]:
    return dict(zip(_COUNTS, counts, strict=True))


_SPRING = {"consult_start_date": "2026-04-01", "consult_end_date": "2026-04-30"}
_CONFIRMED = {
    "longterm_mgmt_consensus": True,
    "consensus_doc": True,
    "consensus_date": "2026-05-10",
    "property_mode": "专业物业",
    "property_fee_agreed": True,
    "confirm_doc": True,
    "confirm_channel": "paper",
    "confirm_date": "2026-10-20",
    "owners_committee_preparing": True,
}
#: What stands in the table of consent on purpose (answers in the tests).
TRAPS: Mapping[str, Mapping[str, Any]] = {
    "C060": {**_asked(300, 200, 200), **_SPRING},
    "C031": {**_asked(300, 200, 134)},
    "C086": {**_asked(300, 225, 169)},
    "C081": {**_asked(400, 300, 300), **_SPRING},
    "C061": {**_asked(328, 246, 185), **_SPRING},
    "C029": {"vote_total": 740, "vote_yes": 518, "vote_channel": "paper",
             "vote_date": "2026-10-12"},
    "C065": {"participation_rate": 0.82, "agree_rate": 0.78, **_SPRING},
    "C088": {"consult_start_date": "2026-06-20", "consult_end_date": "2026-05-20"},
    "C094": {"consult_start_date": "2026-11-10", "consult_end_date": "2026-12-05"},
    "C097": {**_CONFIRMED, "confirm_channel": "online"},
    "C106": {**_asked(320, 300, 288), **_SPRING, **_CONFIRMED, "vote_total": 320,
             "vote_yes": 272, "vote_channel": "online", "vote_date": "2026-10-12"},
    "C045": {**_asked(160, 150, 141), **_SPRING, **_CONFIRMED, "vote_total": 160,
             "vote_yes": 120, "vote_channel": "paper", "vote_date": "2026-10-15",
             "has_owners_committee": True, "has_party_org": True},
    # begun before it was voted on, and begun without a confirmation
    "C054": {"vote_date": "2026-06-30"},
    "C084": {"confirm_doc": None, "confirm_date": None, "confirm_channel": None,
             "owners_committee_preparing": True},
}  # fmt: skip
#: Questionnaires: sent, valid, satisfied.
ASKED_AFTER: Mapping[str, tuple[int, int, int]] = {
    "C092": (200, 150, 120),
    "C034": (328, 246, 200),
    "C016": (250, 200, 160),
    "C025": (258, 150, 130),
    "C032": (172, 140, 105),
    "C006": (68, 54, 50),
}
_AFTER_RATES = {"C044": {"survey_rate": 0.83, "satisfaction_rate": 0.91}}
#: What the scheme of a community leaves out, though it is a hazard.
LEFT_OUT = {"C077": ("供气",)}
#: Surveyed only after its scheme was made.
SURVEYED_LATE = "C040"
NETWORKS = {
    "water": "供水",
    "drainage": "排水",
    "power": "供电",
    "gas": "供气",
    "heat": "供热",
    "telecom": "通信",
}
#: Columns of the ledger by which it tells of the basics besides the networks.
_BASICS = ("消防", "道路")
#: Columns of the ledger that say 有 or 无.
WANTS = ("无障碍", "适老", "适儿", "充电", "安防", "照明", "快件箱", "体育健身", "便民")
_HAZARDS = {"排水": "排水不畅", "供气": "燃气管线老化", "消防": "消防设施缺失"}
_NEEDS = ("养老", "托育", "助餐", "停车", "体育健身")
_OPERATOR = "示例城市更新运营有限公司"


def forget_consent(communities: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Take out of the ledger what residents of two communities said.

    Parameters
    ----------
    communities
        Communities of the town, with the headers of the ledger.

    Returns
    -------
    geopandas.GeoDataFrame
        The same without any answer of `NEVER_ASKED` and without the counts of
        `RATES_ONLY`; counts are whole numbers, missing where unknown.
    """
    forgetful = communities.copy()
    counts = [*_ASKED, "居民出资额"]
    forgetful[counts] = forgetful[counts].astype("Int64")
    forgetful.loc[[NEVER_ASKED, RATES_ONLY], list(_ASKED)] = pd.NA
    forgetful.loc[NEVER_ASKED, "居民出资额"] = pd.NA
    forgetful.loc[[NEVER_ASKED, RATES_ONLY], list(_SAID_RATES)] = np.nan
    forgetful.loc[NEVER_ASKED, list(_SAID)] = None
    return forgetful


def rng_of(community: str) -> Generator:
    """Return the source of chance of one community.

    Parameters
    ----------
    community
        Its id.

    Returns
    -------
    numpy.random.Generator
        Always in the same state.
    """
    return np.random.default_rng([SEED, int(community[1:])])


def find_shortfalls(row: "pd.Series[Any]") -> list[str]:
    """Return what the ledger says is broken or missing in a community.

    Parameters
    ----------
    row
        Its row, with the headers of the ledger.

    Returns
    -------
    list of str
        Headers, in the order of the ledger.
    """
    worn = [one for one in (*NETWORKS.values(), *_BASICS) if row[one] != "完好"]
    return worn + [one for one in WANTS if row[one] == "无"]


def make_consent(communities: gpd.GeoDataFrame) -> pd.DataFrame:
    """Make the table of what residents said.

    Parameters
    ----------
    communities
        Communities of the town, with the headers of the ledger.

    Returns
    -------
    pandas.DataFrame
        Columns of the table ``consent``.
    """
    years = communities["计划年度"]
    chosen = communities[years.isin([THIS_YEAR, PLAN_YEAR])].index
    others = communities.index.intersection([*ASKED_EARLY, LATE])
    chosen = chosen.union(others).difference([NEVER_ASKED])
    rows = [_consent(name, communities.loc[name]) for name in chosen]
    return pd.DataFrame(rows)


def _consent(name: str, ledger: "pd.Series[Any]") -> dict[str, Any]:
    rng = rng_of(name)
    row: dict[str, Any] = {"community_id": name}
    if name != RATES_ONLY:
        row |= {c: int(ledger[h]) for c, h in zip(_COUNTS, _ASKED, strict=True)}
    started = ledger["计划年度"] == THIS_YEAR or name == LATE
    if ledger["计划年度"] == PLAN_YEAR and name != RATES_ONLY:
        row |= _ask_again(rng, int(ledger["应参与户数"]))
    voted = chance(rng, 0.4)
    if started or (voted and name not in ASKED_EARLY):
        row |= _vote(rng, ledger, "2026-02-10" if started else "2026-10-30")
    if started:
        row |= {**_CONFIRMED, "consensus_date": "2026-01-20"}
        row |= {"confirm_date": f"2026-02-{int(rng.integers(10, 25))}"}
        row["owners_committee_preparing"] = chance(rng, 0.7)
        row["property_mode"] = "社区托管" if chance(rng, 0.4) else "专业物业"
    if name in ASKED_EARLY:
        row["fund_resident_cny"] = float(ledger["居民出资额"])
    row |= TRAPS.get(name, {})
    if name != RATES_ONLY:
        eligible, took, agreed = (row[column] for column in _COUNTS)
        row["participation_rate"] = round(took / eligible, 3)
        row["agree_rate"] = round(agreed / took, 3)
    return row


def _ask_again(rng: Generator, households: int) -> dict[str, Any]:
    """Return what residents said this spring; the ledger still has last year's."""
    took = round(households * rng.uniform(0.8, 0.97))
    agreed = round(took * (rng.uniform(0.95, 0.995) if chance(rng, 0.8) else 0.72))
    row: dict[str, Any] = {**_asked(households, took, agreed), **_SPRING}
    if chance(rng, 0.85):
        row["longterm_mgmt_consensus"] = True
    return row


def _vote(rng: Generator, ledger: "pd.Series[Any]", day: str) -> dict[str, Any]:
    total = int(ledger["households"])
    share = rng.uniform(0.72, 0.96)
    area = float(ledger["floor_area_m2"])
    row: dict[str, Any] = {
        "vote_total": total,
        "vote_yes": round(total * share),
        "vote_channel": "paper" if ledger["表决方式"] == "书面" else "online",
        "vote_date": day,
    }
    if chance(rng, 0.6):
        row |= {
            "vote_area_total_m2": area,
            "vote_area_yes_m2": float(round(area * (share - 0.02))),
        }
    return row


def make_surveys(communities: gpd.GeoDataFrame) -> pd.DataFrame:
    """Make the table of surveys before and after the works.

    Parameters
    ----------
    communities
        Communities of the town, with the headers of the ledger.

    Returns
    -------
    pandas.DataFrame
        Columns of the table ``surveys``.
    """
    rows = []
    for name, ledger in communities.iterrows():
        rng = rng_of(str(name))
        later = ledger["计划年度"] > PLAN_YEAR and name != LATE
        if later and chance(rng, 0.15):
            continue
        rows.append(_survey(rng, str(name), ledger))
    return pd.DataFrame(rows)


def _survey(rng: Generator, name: str, ledger: "pd.Series[Any]") -> dict[str, Any]:
    row: dict[str, Any] = {"community_id": name}
    year = 2025 if ledger["计划年度"] == THIS_YEAR or name == LATE else 2026
    row["survey_date"] = f"{year}-{int(rng.integers(3, 6)):02d}-15"
    if name == SURVEYED_LATE:
        row["survey_date"] = "2026-09-15"
    short = find_shortfalls(ledger)
    hazards = [_HAZARDS[one] for one in short if one in _HAZARDS]
    row["shortfall_list"] = "、".join(short) or "无"
    row["hazard_list"] = "、".join(hazards) or "无"
    votes = {need: int(rng.integers(5, 95)) for need in _NEEDS}
    if chance(rng, 0.8):
        row["need_votes"] = "、".join(f"{need}:{n}" for need, n in votes.items())
    if chance(rng, 0.85):
        row["idle_survey_date"] = f"{year}-06-20"
    if name in ASKED_AFTER:
        sent, valid, satisfied = ASKED_AFTER[name]
        row |= {
            "satisfaction_date": "2026-11-05",
            "survey_sent_households": sent,
            "survey_valid_households": valid,
            "survey_satisfied": satisfied,
        }
    return row | _AFTER_RATES.get(name, {})


def make_funds(communities: gpd.GeoDataFrame) -> pd.DataFrame:
    """Make the table of funds: who pays how much of the cost of each project.

    Parameters
    ----------
    communities
        Communities of the town, with the headers of the ledger (万元).

    Returns
    -------
    pandas.DataFrame
        Columns of the table ``funds``, in CNY; the sources sum up to the cost.
    """
    rows = []
    for name, ledger in communities.iterrows():
        rng = rng_of(str(name))
        if ledger["计划年度"] > PLAN_YEAR + 1:
            continue
        rows.append({"community_id": name} | _funds(rng, ledger))
    return pd.DataFrame(rows)


def _funds(rng: Generator, ledger: "pd.Series[Any]") -> dict[str, float]:
    """Part the cost; the unit is 1,000 CNY, so that nothing is lost by rounding."""
    total, central, province, resident = (
        round(float(ledger[h]) * 10) for h in ("总投资", "中央", "省级", "居民")
    )
    rest = total - central - province - resident
    parts = {"central": central, "province": province, "resident": resident}
    for source, share, odds in (
        ("bond_special", 0.35, 0.5),
        ("utility", 0.15, 0.6),
        ("social", 0.1, 0.3),
        ("loan", 0.2, 0.25),
        ("owner_unit", 0.05, 0.2),
        ("bond_corp", 0.05, 0.1),
        ("bond_general", 0.1, 0.15),
    ):
        if chance(rng, odds):
            parts[source] = round(rest * share)
    used = sum(parts.values()) - central - province - resident
    parts["local"] = rest - used
    row = {f"fund_{source}_cny": 1e3 * part for source, part in parts.items()}
    row["project_cost_cny"] = 1e3 * total
    year = ledger["计划年度"]
    if year <= PLAN_YEAR and chance(rng, 0.85):
        share = 1.0 if year == THIS_YEAR else rng.uniform(0.5, 1.0)
        row["fund_secured_cny"] = 1e3 * round(total * share)
    if year == THIS_YEAR:
        given = central + province
        row["fund_allocated_cny"] = 1e3 * given
        row["fund_executed_cny"] = 1e3 * round(given * rng.uniform(0.85, 1.0))
    return row


def make_progress(communities: gpd.GeoDataFrame) -> pd.DataFrame:
    """Make the table of where each project stands.

    Parameters
    ----------
    communities
        Communities of the town, with the headers of the ledger.

    Returns
    -------
    pandas.DataFrame
        Columns of the table ``progress``, one row per community.
    """
    return pd.DataFrame(
        [
            _progress(rng_of(str(name)), str(name), ledger)
            for name, ledger in communities.iterrows()
        ]
    )


def _progress(rng: Generator, name: str, ledger: "pd.Series[Any]") -> dict[str, Any]:
    year = THIS_YEAR - 1 if name == LATE else int(ledger["计划年度"])
    row: dict[str, Any] = {"community_id": name, "plan_year": year, "phase": "储备"}
    if year > PLAN_YEAR:
        if year == PLAN_YEAR + 1 and chance(rng, 0.3):
            row["scheme_date"] = "2026-10-25"
        return row
    row |= {"phase": "计划", "scheme_date": "2026-08-20"}
    if chance(rng, 0.4):
        row["operator_name"] = _OPERATOR
    if year == PLAN_YEAR:
        return row
    row |= {"phase": "在建", "scheme_date": "2025-11-20", "incident_count": 0}
    row["start_date"] = f"2026-03-{int(rng.integers(15, 29))}"
    row["progress_share"] = round(float(rng.uniform(0.3, 0.95)), 2)
    if chance(rng, 0.5):
        row["indoor_households"] = round(0.1 * float(ledger["households"]))
    if name in FINISHED or name == LATE:
        row |= _finish(rng, name)
    return row


def _finish(rng: Generator, name: str) -> dict[str, Any]:
    month = int(rng.integers(8, 11))
    row: dict[str, Any] = {
        "phase": "完工",
        "progress_share": 1.0,
        "finish_date": f"2026-{month:02d}-20",
        "acceptance_passed": True,
        "acceptance_date": f"2026-{month:02d}-28",
        "utilities_due": "水、电、气、热、信",
        "utilities_handed_over": "水、电、气" if chance(rng, 0.6) else "水、电、信",
        "maintenance_fund_established": chance(rng, 0.6),
    }
    if row["maintenance_fund_established"]:
        row["maintenance_fund_cny"] = 1e3 * int(rng.integers(50, 400))
    if name == "C032":
        row |= {"acceptance_passed": False, "incident_count": 1}
    if name == "C025":
        row |= {"acceptance_passed": None, "acceptance_date": None}
    return row
