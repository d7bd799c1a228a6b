"""What a rule table may hold: its columns, and how a cell is checked."""

import math
import unicodedata
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from geo.errors import RuleError


@dataclass(frozen=True, slots=True)
class TableColumn:
    """One column of a rule table.

    Attributes
    ----------
    name
        Name; the unit of a number stands in it.
    kind
        ``text`` or ``number``.
    needed
        No cell may be empty.
    choices
        Words allowed in a text column.
    """

    name: str
    kind: str = "text"
    needed: bool = False
    choices: tuple[str, ...] = ()

    def convert(self, value: object, table: str, row: int | str) -> str | float:
        """Return the value of a cell, checked.

        Parameters
        ----------
        value
            Text of a CSV cell, or a TOML value.
        table, row
            Where it stands, for the error.

        Returns
        -------
        str or float
            Text (empty where missing) or number (``NaN`` where missing).

        Raises
        ------
        RuleError
            If the cell is empty, not a number, negative or not an allowed word.
        """
        text = "" if value is None else unicodedata.normalize("NFC", str(value)).strip()
        place = {"table": table, "row": row, "column": self.name, "value": text}
        if not text:
            if self.needed:
                raise RuleError("rule_cell_empty", **place)
            return math.nan if self.kind == "number" else ""
        if self.kind == "number":
            return _number(text, place)
        if self.choices and text not in self.choices:
            raise RuleError(
                "rule_cell_choice", **place, choices="、".join(self.choices)
            )
        return text


@dataclass(frozen=True, slots=True)
class Table:
    """One rule table: its columns, and those that must be unique together."""

    name: str
    columns: tuple[TableColumn, ...]
    unique: tuple[str, ...] = ()

    def column(self, name: str, place: str) -> TableColumn:
        """Return a column by name.

        Parameters
        ----------
        name
            Name of the column.
        place
            Where the name was met, for the error.

        Returns
        -------
        TableColumn
            The column.

        Raises
        ------
        RuleError
            If there is none, with the likeliest one meant.
        """
        known = {column.name: column for column in self.columns}
        if name not in known:
            near = get_close_matches(name, known, n=1, cutoff=0.0)[0]
            raise RuleError("rule_column_unknown", table=place, column=name, near=near)
        return known[name]


def _number(text: str, place: dict[str, Any]) -> float:
    try:
        value = float(unicodedata.normalize("NFKC", text))
    except ValueError as error:
        raise RuleError("rule_cell_number", **place) from error
    if not (math.isfinite(value) and value >= 0):
        raise RuleError("rule_cell_negative", **place)
    return value


def make_texts(names: str, **choices: tuple[str, ...]) -> tuple[TableColumn, ...]:
    """Make text columns.

    Parameters
    ----------
    names
        Names with blanks between them; one that ends in ``!`` is needed.
    **choices
        Column name to the words allowed in it.

    Returns
    -------
    tuple of TableColumn
        The columns.

    Examples
    --------
    >>> [column.needed for column in make_texts("area! note")]
    [True, False]
    """
    return tuple(
        TableColumn(
            name.rstrip("!"),
            needed=name.endswith("!"),
            choices=choices.get(name.rstrip("!"), ()),
        )
        for name in names.split()
    )


def make_numbers(names: str) -> tuple[TableColumn, ...]:
    """Make number columns.

    Parameters
    ----------
    names
        Names with blanks between them; one that ends in ``!`` is needed.

    Returns
    -------
    tuple of TableColumn
        The columns.

    Examples
    --------
    >>> [column.kind for column in make_numbers("module_m2!")]
    ['number']
    """
    return tuple(
        TableColumn(name.rstrip("!"), "number", needed=name.endswith("!"))
        for name in names.split()
    )
