"""Which category each row of the facilities layer is of."""

import pandas as pd

from geo.cells import plain
from geo.rules import RuleBook
from geo.schema import Severity
from geo.text import LANGUAGES
from geo.validate import Sieve


def classify_layer(sieve: Sieve, rules: RuleBook) -> None:
    """Settle the categories of facilities.

    Parameters
    ----------
    sieve
        Facilities under check: a key or name of a category comes first; where
        there is none, AMap code, OSM tags and name decide. Afterwards `category`
        is a key or missing, and `ambiguous` and `reason` exist.
    rules
        Rule book.
    """
    frame = sieve.frame
    for name in ("ambiguous", "reason"):
        if name not in frame.columns:
            frame[name] = pd.Series(None, frame.index, dtype="str")
    words = {
        plain(name): key
        for key in rules.facility_categories
        for name in (key, *(rules.category_name(key, lang) for lang in LANGUAGES))
    }
    given = frame["category"]
    keys = given.map(lambda word: words.get(plain(word)), na_action="ignore")
    frame["category"] = keys.astype("str")
    known = frame["category"].notna()
    frame["reason"] = frame["reason"].mask(known & frame["reason"].isna(), "given")
    unknown = (frame["category"].isna() & frame["ambiguous"].isna()).to_numpy()
    sieve.note(unknown, "category_unknown", Severity.WARNING, given)
