"""Facts of a community: what its layer, the ledger and the tables of evidence say.

The later of :data:`geo.evidence_schema.FACT_TABLES` wins over the earlier, and all of
them over the layer ``communities``; a blank never overwrites. What the ledger keeps
under other names, or as words, is brought into the columns of the tables of evidence
first (:mod:`geo.fact_words`).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import pandas as pd

from geo.cells import parse_cells
from geo.evidence import Evidence
from geo.evidence_schema import COMMUNITY_COLUMNS, EVIDENCE, FACT_TABLES
from geo.fact_words import MADE, spell_out
from geo.findings import Finding, make_findings
from geo.schema import Column, Severity

#: Columns that every frame of facts has, whoever filled them.
FACT_COLUMNS: dict[str, Column] = COMMUNITY_COLUMNS | {
    column.name: column for column in MADE
}
#: Rates, and the counts that they are made of.
RATE_COUNTS = {
    "participation_rate": ("households_participated",),
    "agree_rate": ("households_agreed", "households_participated"),
    "survey_rate": ("survey_valid_households",),
    "satisfaction_rate": ("survey_satisfied", "survey_valid_households"),
}
Floats = npt.NDArray[np.float64]
_KEYS = ("community_id", "id")


@dataclass(frozen=True, eq=False)
class Known:
    """What is known of each community, and who said so.

    Attributes
    ----------
    facts
        Result of :func:`gather_facts`.
    origin
        Index and columns as `facts`, but for ``households_total_from``: name of a table
        or ``communities``; missing where nothing is known.
    """

    facts: pd.DataFrame
    origin: pd.DataFrame


def gather_facts(communities: pd.DataFrame, evidence: Evidence) -> pd.DataFrame:
    """Put together what is known of each community.

    Parameters
    ----------
    communities
        Layer of that name, indexed by id; its geometry is left out.
    evidence
        Tables of the policy step.

    Returns
    -------
    pandas.DataFrame
        Index community id, sorted. Every column of the layer, of the tables of
        evidence per community and of the ledger; flags ``boolean``, dates
        ``datetime64[ns]``, numbers ``float64``, text ``str``, missing where unknown.
        ``households_total`` is the number of those who may take part, else of all
        (``households_total_from`` names the column).
    """
    return gather_known(communities, evidence).facts


def gather_known(communities: pd.DataFrame, evidence: Evidence) -> Known:
    """Put together what is known of each community, and who said so.

    Parameters
    ----------
    communities
        Layer of that name.
    evidence
        Tables of the policy step.

    Returns
    -------
    Known
        Facts and their origin.
    """
    facts, origin = _layer_over(communities, evidence)
    _forget_stale_rates(facts, origin)
    eligible = facts["households_eligible"]
    facts["households_total"] = eligible.fillna(facts["households"])
    source = np.where(eligible.notna(), "households_eligible", "households")
    total_from = pd.Series(source, facts.index, dtype="str")
    facts["households_total_from"] = total_from.mask(facts["households_total"].isna())
    said = origin["households_eligible"]
    origin["households_total"] = said.fillna(origin["households"])
    return Known(facts, origin)


def find_conflicts(communities: pd.DataFrame, evidence: Evidence) -> pd.DataFrame:
    """Find what two sources say differently of the same community.

    Parameters
    ----------
    communities
        Layer of that name.
    evidence
        Tables of the policy step.

    Returns
    -------
    pandas.DataFrame
        Raw findings: one for each column and pair of sources, naming how many
        communities there are and the first of them.
    """
    statements = list(list_statements(communities, evidence))
    found = []
    for name, column in FACT_COLUMNS.items():
        said = [(who, frame[name]) for who, frame in statements if name in frame]
        for (first, old), (second, new) in pairwise(_in_order(name, said)):
            differs = (old != new) & old.notna() & new.notna()
            if column.kind == "number":
                differs &= ~np.isclose(old, new, rtol=1e-6, equal_nan=True)
            ids = old.index[differs.to_numpy(dtype=bool)]
            if len(ids):
                params = {
                    "column": f"@column.{name}",
                    "count": len(ids),
                    "first": f"@layer.{first}",
                    "second": f"@layer.{second}",
                    "first_value": _say_cell(old[ids[0]], column),
                    "second_value": _say_cell(new[ids[0]], column),
                }
                weight = Severity.WARNING
                ident = str(ids[0])
                found.append(
                    Finding(second, "facts_conflict", weight, id=ident, params=params)
                )
    return make_findings(found)


def _say_cell(value: object, column: Column) -> str:
    if isinstance(value, bool | np.bool_):
        return "@choice.yes" if value else "@choice.no"
    if isinstance(value, pd.Timestamp):
        return f"{value:%Y-%m-%d}"
    if isinstance(value, float):
        return f"{value:.0f}" if column.kind == "year" else f"{value:,.10g}"
    return f"@choice.{value}" if column.choices else str(value)


def _forget_stale_rates(facts: pd.DataFrame, origin: pd.DataFrame) -> None:
    """Forget a rate that is older than the counts which stand beside it."""
    order = {name: at for at, name in enumerate(("communities", *FACT_TABLES))}
    for rate, counts in RATE_COUNTS.items():
        newest = np.fmax.reduce([_age(origin[name], order) for name in counts])
        stale = _age(origin[rate], order) < newest
        facts[rate] = facts[rate].mask(stale)
        origin[rate] = origin[rate].mask(stale)


def _age(names: pd.Series, order: dict[str, int]) -> Floats:
    return np.asarray(names.map(order).astype("float64"), dtype=np.float64)


def list_statements(
    communities: pd.DataFrame, evidence: Evidence
) -> Iterator[tuple[str, pd.DataFrame]]:
    """Give what each source says of the communities, in the order of belief.

    Parameters
    ----------
    communities
        Layer of that name.
    evidence
        Tables of the policy step.

    Yields
    ------
    tuple
        Name of the source and its frame: index community id (sorted, those of the
        layer only), columns spelled out and typed.
    """
    ids = pd.Index(communities.index.astype("str"), name="id").sort_values()
    layer = pd.DataFrame(communities.drop(columns="geometry", errors="ignore"))
    yield "communities", _make_typed(spell_out(layer)).reindex(ids)
    for name in FACT_TABLES:
        table = evidence.tables[name]
        if not len(table):
            continue
        key = next(column for column in _KEYS if column in table.columns)
        rows = table.set_index(pd.Index(table[key].astype("str"), name="id"))
        rows = rows.drop(columns=[one for one in _KEYS if one in rows.columns])
        rows = rows[~rows.index.duplicated()]
        yield name, _make_typed(spell_out(rows)).reindex(ids)


def _layer_over(
    communities: pd.DataFrame, evidence: Evidence
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the facts, and the name of the source of each."""
    statements = list(list_statements(communities, evidence))
    index = statements[0][1].index
    names = dict.fromkeys(
        [*FACT_COLUMNS, *(name for _, frame in statements for name in frame.columns)]
    )
    facts: dict[str, pd.Series] = {}
    origin: dict[str, pd.Series] = {}
    for name in names:
        said = [(who, frame[name]) for who, frame in statements if name in frame]
        if not said:
            blank = pd.Series(None, index, dtype="object")
            facts[name] = parse_cells(blank, FACT_COLUMNS[name]).result
            origin[name] = pd.Series(None, index, dtype="str")
            continue
        for who, cells in _in_order(name, said):
            says = pd.Series(who, index, dtype="str").where(cells.notna())
            first = name not in facts
            facts[name] = cells if first else _overlay(facts[name], cells)
            origin[name] = says if first else says.fillna(origin[name])
    return pd.DataFrame(facts, index=index), pd.DataFrame(origin, index=index)


def _overlay(older: pd.Series, newer: pd.Series) -> pd.Series:
    """Put what is newer over what is older, where it says something."""
    if older.dtype != newer.dtype:
        # a column that no table has, once a number and once a text
        older, newer = older.astype("object"), newer.astype("object")
    return newer.where(newer.notna(), older)


def _in_order(
    name: str, said: list[tuple[str, pd.Series]]
) -> list[tuple[str, pd.Series]]:
    """Put sources that are not made for a column before those that are."""
    return sorted(said, key=lambda one: _is_at_home(name, one[0]))


def _is_at_home(name: str, source: str) -> bool:
    """Tell whether a source is the layer, the ledger or the column's own table."""
    if source in {"communities", "ledger"}:
        return True
    return name in {column.name for column in EVIDENCE[source].columns}


def _make_typed(frame: pd.DataFrame) -> pd.DataFrame:
    """Give columns that facts know their kind, whatever the source made of them."""
    typed = frame.copy()
    typed.index = pd.Index(frame.index.astype("str"), name="id")
    for name in frame.columns.intersection(list(FACT_COLUMNS)):
        column = FACT_COLUMNS[name]
        if not _has_kind(typed[name], column):
            typed[name] = parse_cells(typed[name], column).result
    return typed


def _has_kind(cells: pd.Series, column: Column) -> bool:
    if column.choices:
        return bool(cells.dropna().isin(column.choices).all())
    kinds = {"text": "str", "flag": "boolean", "date": "datetime64[ns]"}
    return str(cells.dtype) == kinds.get(column.kind, "float64")
