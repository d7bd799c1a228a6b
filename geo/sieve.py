"""A layer while it is checked: rows in use, rows set aside, what was noticed."""

from dataclasses import dataclass, field
from typing import Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd

from geo.findings import Finding, row_json
from geo.schema import Severity

Mask = npt.NDArray[np.bool_]
#: A cell in a message is cut to this length.
_SAID = 60


@dataclass(eq=False)
class Sieve:
    """A layer while it is checked.

    Attributes
    ----------
    layer
        Layer name.
    frame
        Rows that are still in use; the index is the row of the source.
    source
        Rows as they stood in the file.
    noticed
        What was noticed so far.
    ident
        Column that names a row in findings.
    """

    layer: str
    frame: gpd.GeoDataFrame
    source: gpd.GeoDataFrame
    noticed: list[Finding] = field(default_factory=list)
    ident: str = "id"

    def set_aside(self, mask: Mask, code: str, **params: Any) -> None:
        """Take rows out of use, and keep their content.

        Parameters
        ----------
        mask
            True for the rows.
        code
            Code of the finding.
        **params
            Values for its texts.
        """
        for row in self.frame.index[mask].unique():
            content = row_json(self.source.loc[row].to_dict())
            ident = self._ident(row)
            self.noticed.append(
                Finding(
                    self.layer, code, Severity.ERROR, int(row), ident, params, content
                )
            )
        gone = self.frame.index[mask]
        self.frame = self.frame.loc[~self.frame.index.isin(gone)]

    def note(
        self,
        mask: Mask,
        code: str,
        severity: Severity,
        cells: "pd.Series[Any] | None" = None,
        **params: Any,
    ) -> None:
        """Notice something about rows that stay in use.

        Parameters
        ----------
        mask
            True for the rows.
        code
            Code of the finding.
        severity
            Its weight.
        cells
            Cells as they stood, for the place ``{value}`` of the texts.
        **params
            Further values for the texts.
        """
        for position in np.flatnonzero(mask):
            row = self.frame.index[position]
            said = (
                params
                if cells is None
                else params | {"value": str(cells.loc[row])[:_SAID]}
            )
            self.noticed.append(
                Finding(self.layer, code, severity, int(row), self._ident(row), said)
            )

    def note_layer(self, code: str, severity: Severity, **params: Any) -> None:
        """Notice something about the layer as a whole."""
        self.noticed.append(Finding(self.layer, code, severity, params=params))

    def _ident(self, row: int) -> str | None:
        if self.ident not in self.frame.columns:
            return None
        cell = self.frame.loc[[row], self.ident].iloc[0]
        return None if pd.isna(cell) else str(cell)
