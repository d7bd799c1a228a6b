"""Which category each row of the facilities layer is of, and what is doubtful."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from geo.classify import classify_facilities, find_duplicates
from geo.errors import InputError
from geo.findings import layer_names
from geo.read import RawLayer
from geo.rules import RuleBook
from geo.schema import Severity
from geo.sieve import Sieve
from geo.text import tr

#: Columns of which one is enough; without them only columns of OSM tags are.
_TELLING = frozenset({"category", "typecode", "name"})
_VERDICT = ("category", "ambiguous", "reason")


def check_categories(raw: RawLayer, names: Sequence[str], rules: RuleBook) -> None:
    """Refuse facilities of which no column says what they are.

    Parameters
    ----------
    raw
        Facilities as read.
    names
        Their columns, by the names of the schema.
    rules
        Rule book.

    Raises
    ------
    InputError
        If neither category, AMap code, name nor OSM tags are there.
    """
    if _TELLING & set(names):
        return
    try:
        classify_facilities(pd.DataFrame(columns=list(names), dtype="object"), rules)
    except InputError as error:
        raise InputError(
            "column_missing",
            **layer_names(raw.layer),
            source=raw.source,
            columns="category",
            present="、".join(names),
        ) from error


def classify_layer(sieve: Sieve, rules: RuleBook | None, *, derived: bool) -> None:
    """Settle the categories of facilities.

    Parameters
    ----------
    sieve
        Facilities under check, in a metric CRS. Afterwards `category` is a key or
        missing, and `ambiguous` and `reason` exist.
    rules
        Rule book; None for a layer without rows.
    derived
        The facilities come from OSM: classified already, and without duplicates.
    """
    given = sieve.frame["category"]
    if rules is not None and len(sieve.frame):
        done = classify_facilities(sieve.frame, rules)
        word = done.pop("status_word")
        sieve.frame = done
        _note_doubts(sieve, given, rules, derived=derived)
        sieve.note(word.notna().to_numpy(), "status_from_name", Severity.INFO, word)
        if not derived:
            _note_twins(sieve)
    for name in (*_VERDICT, "status"):
        cells = sieve.frame.get(name, pd.Series(None, sieve.frame.index))
        sieve.frame[name] = cells.astype("str")


def _note_doubts(
    sieve: Sieve, given: pd.Series, rules: RuleBook, *, derived: bool
) -> None:
    frame = sieve.frame
    none = frame["category"].isna() & frame["ambiguous"].isna()
    entrance = frame["reason"].astype("str").str.startswith("entrance:", na=False)
    unknown = (none & ~entrance).to_numpy(dtype=bool)
    said = given.where(given.notna(), frame["name"])
    sieve.note(unknown, "category_unknown", Severity.WARNING, said)
    sieve.note(entrance.to_numpy(dtype=bool), "facility_entrance", Severity.INFO)
    doubtful = frame["ambiguous"].notna().to_numpy()
    if derived and doubtful.any():
        count = int(doubtful.sum())
        sieve.note_layer("categories_ambiguous", Severity.INFO, count=count)
    elif not derived:
        for keys in frame["ambiguous"].dropna().unique():
            some = (frame["ambiguous"] == keys).fillna(value=False).to_numpy(dtype=bool)
            told = [
                tr("finding.category_ambiguous.or", lang).join(
                    rules.category_name(key, lang) for key in str(keys).split("|")
                )
                for lang in ("zh", "en")
            ]
            sieve.note(
                some,
                "category_ambiguous",
                Severity.WARNING,
                categories_zh=told[0],
                categories_en=told[1],
            )


def _note_twins(sieve: Sieve) -> None:
    """Notice rows that repeat the name and category of a near one."""
    earlier = find_duplicates(sieve.frame)
    repeated = np.asarray(earlier.notna())
    sieve.note(repeated, "facility_twice", Severity.WARNING, sieve.frame["name"])
