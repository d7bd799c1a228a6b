"""Tables of the policy step: what a district folder holds besides its map.

Each is one CSV or Excel file whose stem is its name (or its Chinese name). Names of
columns are those of the field lists of ``policy_rules``, with the unit as suffix
where they carry one; Chinese headers of ledgers are accepted. A missing table or cell
is unknown.
"""

from dataclasses import dataclass

from geo.schema import LAYERS, Column

#: Sources of funds that a project may have, in the order in which they are shown.
FUND_SOURCES = (
    "central",
    "province",
    "local",
    "bond_special",
    "bond_general",
    "utility",
    "owner_unit",
    "social",
    "loan",
    "bond_corp",
    "resident",
)
#: Networks that utilities renew (水电气热信 and drainage).
UTILITY_KINDS = ("water", "drainage", "power", "gas", "heat", "telecom")
#: 基础类, 完善类, 提升类 (建办城〔2021〕50号, annex 一(五)).
ITEM_CLASSES = ("basic", "improve", "enhance")
#: Where issues to be rectified come from.
ISSUE_SOURCES = ("audit", "inspection", "complaint", "media")


@dataclass(frozen=True, slots=True)
class EvidenceTable:
    """One table of evidence.

    Attributes
    ----------
    name
        Stem of its file.
    columns
        Its columns; kinds as in :class:`geo.schema.Column`, and ``date``.
    keys
        Columns that make a row the only one of its kind; without them a row is set
        aside, and so is a second row with the same.
    per_community
        One row per community (`community_id`): its columns are facts of it.
    """

    name: str
    columns: tuple[Column, ...]
    keys: tuple[str, ...]
    per_community: bool = False


def _text(*names: str) -> tuple[Column, ...]:
    return tuple(Column(name) for name in names)


def _flags(*names: str) -> tuple[Column, ...]:
    return tuple(Column(name, "flag") for name in names)


def _dates(*names: str) -> tuple[Column, ...]:
    return tuple(Column(name, "date") for name in names)


def _counts(*names: str) -> tuple[Column, ...]:
    return tuple(Column(name, "count", least=0.0, most=1e6) for name in names)


def _areas(*names: str) -> tuple[Column, ...]:
    return tuple(Column(name, "number", least=0.0, most=1e9) for name in names)


def _money(*names: str) -> tuple[Column, ...]:
    return tuple(Column(name, "number", least=0.0, most=1e13) for name in names)


def _rates(*names: str) -> tuple[Column, ...]:
    return tuple(Column(name, "number", least=0.0, most=1.0) for name in names)


def _year(name: str) -> Column:
    return Column(name, "year", least=1900, most=2100)


_COMMUNITY = (Column("community_id", needed=True),)

_CONSENT = (
    *_counts("households_eligible", "households_participated", "households_agreed"),
    *_rates("participation_rate", "agree_rate"),
    *_dates("consult_start_date", "consult_end_date"),
    *_flags("longterm_mgmt_consensus", "consensus_doc"),
    *_dates("consensus_date"),
    *_counts("vote_total", "vote_yes"),
    *_areas("vote_area_total_m2", "vote_area_yes_m2"),
    Column("vote_channel", choices=("paper", "online")),
    *_dates("vote_date"),
    *_text("property_mode"),
    *_flags("property_fee_agreed", "confirm_doc"),
    Column("confirm_channel", choices=("paper", "online")),
    *_dates("confirm_date"),
    *_flags("owners_committee_preparing", "has_owners_committee", "has_party_org"),
    *_money("fund_resident_cny"),
)
_SURVEYS = (
    *_dates("survey_date"),
    *_text("shortfall_list", "hazard_list", "need_votes"),
    *_dates("idle_survey_date", "satisfaction_date"),
    *_counts("survey_sent_households", "survey_valid_households", "survey_satisfied"),
    *_rates("survey_rate", "satisfaction_rate"),
)
_FUNDS = _money(
    "project_cost_cny",
    *(f"fund_{source}_cny" for source in FUND_SOURCES),
    "fund_secured_cny",
    "fund_allocated_cny",
    "fund_executed_cny",
)
_PROGRESS = (
    _year("plan_year"),
    *_text("phase", "operator_name"),
    *_dates("scheme_date", "start_date", "finish_date"),
    Column("progress_share", "number", least=0.0, most=1.0),
    *_flags("acceptance_passed"),
    *_dates("acceptance_date"),
    *_counts("incident_count"),
    *_flags("maintenance_fund_established"),
    *_money("maintenance_fund_cny"),
    *_text("utilities_due", "utilities_handed_over"),
    *_counts("indoor_households"),
)
_WORKS = (
    Column("id", needed=True),
    *_text("community_id", "item", "category", "addresses"),
    Column("item_class", choices=ITEM_CLASSES),
    Column("work_layer", choices=("underground", "surface")),
    Column("utility_kind", choices=UTILITY_KINDS),
    *_flags("excavates"),
    *_dates("planned_start", "planned_finish"),
    Column("supply_mode", choices=("renovate", "build", "rent", "buy")),
    *_flags("demolish_old_building", "relocate_residents", "fell_old_trees"),
    *_money("cost_cny"),
    *_text("wkt"),
)

#: Every table of evidence, by name.
EVIDENCE: dict[str, EvidenceTable] = {
    table.name: table
    for table in (
        EvidenceTable("ledger", (Column("id", needed=True),), ("id",)),
        EvidenceTable(
            "consent",
            (*_COMMUNITY, *_CONSENT),
            ("community_id",),
            per_community=True,
        ),
        EvidenceTable(
            "surveys",
            (*_COMMUNITY, *_SURVEYS),
            ("community_id",),
            per_community=True,
        ),
        EvidenceTable(
            "funds", (*_COMMUNITY, *_FUNDS), ("community_id",), per_community=True
        ),
        EvidenceTable(
            "progress",
            (*_COMMUNITY, *_PROGRESS),
            ("community_id",),
            per_community=True,
        ),
        EvidenceTable("works", _WORKS, ("id",)),
        EvidenceTable(
            "utility_plans",
            (
                Column("id", needed=True),
                *_text("community_id"),
                Column("kind", choices=UTILITY_KINDS),
                _year("year"),
                *_text("owner"),
            ),
            ("id",),
        ),
        EvidenceTable(
            "documents",
            (
                Column("id", needed=True),
                Column(
                    "level", choices=("community", "unit", "county", "city", "province")
                ),
                *_text("subject_id", "doc_type", "title", "topic"),
                *_dates("doc_date"),
                *_counts("images"),
                *_text("file"),
            ),
            ("id",),
        ),
        EvidenceTable(
            "rectification",
            (
                Column("id", needed=True),
                Column("source", choices=ISSUE_SOURCES),
                Column("kind", choices=("funds", "quality", "consent", "other")),
                *_text("subject_id", "issue", "responsible"),
                *_dates("found_date", "due"),
                *_text("evidence"),
                *_dates("closed_date"),
            ),
            ("id",),
        ),
        EvidenceTable(
            "budgets",
            (
                Column("year", "year", needed=True, least=1900, most=2100),
                Column("source", choices=("all", *FUND_SOURCES), default="all"),
                *_money("available_cny"),
                *_counts("projects_most"),
            ),
            ("year", "source"),
        ),
        EvidenceTable(
            "county",
            (
                Column("year", "year", needed=True, least=1900, most=2100),
                *_text("name", "city", "province"),
                *_dates("application_date"),
                *_money("fund_allocated_cny", "fund_executed_cny"),
                *_dates("report_date", "reserve_updated"),
                *_text("health_check_id"),
            ),
            ("year",),
        ),
        EvidenceTable(
            "overrides",
            (
                Column("rule_id", needed=True),
                Column("subject_id", needed=True),
                Column("state", choices=("met", "short", "unknown", "not_required")),
                *_text("author"),
                *_dates("date"),
                *_text("reason"),
            ),
            ("rule_id", "subject_id"),
        ),
        EvidenceTable(
            "last_indicators",
            (
                Column("indicator_id", needed=True),
                Column("part", needed=True),
                *(
                    Column(name, "number")
                    for name in ("numerator", "denominator", "value")
                ),
                *_text("state"),
                _year("year"),
            ),
            ("indicator_id", "part"),
        ),
    )
}

#: Tables whose columns are facts of a community, in the order of belief: what a later
#: one says wins over an earlier one, and over the layer ``communities``.
FACT_TABLES = ("ledger", "consent", "surveys", "funds", "progress")

#: What is known of a community, by the name of the column: those of the layer and of
#: the tables with one row per community.
COMMUNITY_COLUMNS: dict[str, Column] = {
    column.name: column
    for column in (
        *LAYERS["communities"].columns,
        *(one for name in FACT_TABLES for one in EVIDENCE[name].columns),
    )
    if column.name not in {"id", "community_id"}
}
