"""Evidence: what the tables of the policy step say, checked row by row."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import pandas as pd

from geo.evidence_schema import EVIDENCE
from geo.findings import make_findings


def _empty_tables() -> dict[str, pd.DataFrame]:
    return {name: empty_table(name) for name in EVIDENCE}


def empty_table(name: str) -> pd.DataFrame:
    """Return a table of evidence without rows.

    Parameters
    ----------
    name
        One of :data:`geo.evidence_schema.EVIDENCE`.

    Returns
    -------
    pandas.DataFrame
        All its columns, of the kinds that a checked table has: text ``str``, flags
        ``boolean``, dates ``datetime64[ns]``, everything else ``float64``.
    """
    kinds = {"text": "str", "flag": "boolean", "date": "datetime64[ns]"}
    return pd.DataFrame(
        {
            column.name: pd.Series(dtype=kinds.get(column.kind, "float64"))
            for column in EVIDENCE[name].columns
        }
    )


@dataclass(frozen=True, eq=False)
class Evidence:
    """The tables of the policy step.

    Attributes
    ----------
    tables
        Name to checked table, every one of :data:`geo.evidence_schema.EVIDENCE`: its
        columns, then whatever else the file carries; empty where there is no file.
        Rows are numbered from 0.
    findings
        Raw findings, see :mod:`geo.findings`; the table is named as layer.
    files
        Table to the name of the file that it was read from.
    """

    tables: Mapping[str, pd.DataFrame] = field(default_factory=_empty_tables)
    findings: pd.DataFrame = field(default_factory=make_findings)
    files: Mapping[str, str] = field(default_factory=dict)

    @property
    def fingerprint(self) -> str:
        """SHA-256 over what the tables say, for the keys of caches."""
        text = "".join(
            f"{name}\0{self.tables[name].to_csv(index=False)}\0" for name in EVIDENCE
        )
        return hashlib.sha256(text.encode()).hexdigest()

    def with_table(self, name: str, table: pd.DataFrame) -> "Evidence":
        """Return the same evidence with one table replaced.

        Parameters
        ----------
        name
            Name of the table.
        table
            Its rows from now on.

        Returns
        -------
        Evidence
            A copy; findings and files stay those of the reading.
        """
        return replace(self, tables={**self.tables, name: table})
