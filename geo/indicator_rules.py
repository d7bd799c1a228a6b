"""The 20 indicators as data: their wording, their parts, and what each part counts.

``data/rules/indicators.csv`` has the annex of 建办城〔2021〕50号 word for word, once
for each copy of it; ``data/rules/indicator_parts.csv`` says what is counted. The annex
gives no formulas: those here are this tool's proposal (REQUIREMENTS §1.4).
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cache

import pandas as pd

from geo.text import LANGUAGES, data_dir

#: The two copies of the annex, and where each stands.
COPIES = {"gansu": "甘建城〔2022〕15号", "yunnan": "云建更〔2022〕19号"}
#: What a part is to its indicator: its first figure, a further one that the annex
#: names, or one that is only shown.
ROLES = ("main", "item", "extra")
UNITS = ("share", "count", "ratio", "mean")
COMPARES = ("least", "most", "none")
MERGES = ("sum", "once_city", "once_province")


@dataclass(frozen=True, slots=True)
class Indicator:
    """One of the 20 indicators.

    Attributes
    ----------
    indicator_id
        ``IND-1-01`` to ``IND-2-10``, as in ``policy_rules``.
    clause
        Where it stands in the annex.
    names
        Language to name.
    meaning
        Copy (see `COPIES`) to the items of 内涵解释, word for word.
    """

    indicator_id: str
    clause: str
    names: Mapping[str, str]
    meaning: Mapping[str, tuple[str, ...]]

    def worded(self, chain: Collection[str]) -> Mapping[str, tuple[str, ...]]:
        """Return the wording that applies to a jurisdiction.

        Parameters
        ----------
        chain
            Names of its profile and of those that it extends.

        Returns
        -------
        collections.abc.Mapping
            Document to items: one entry where the copies agree or one of them
            applies, else both.
        """
        own = [copy for copy in COPIES if copy in chain]
        if not own and len(set(self.meaning.values())) == 1:
            return {"建办城〔2021〕50号": self.meaning["gansu"]}
        return {COPIES[copy]: self.meaning[copy] for copy in own or COPIES}


@dataclass(frozen=True, slots=True)
class Part:
    """One figure of an indicator.

    Attributes
    ----------
    indicator_id, part
        Together they name it.
    role
        One of `ROLES`; ``extra`` decides nothing.
    item
        Item of the annex that it answers; empty: of none.
    wording
        Jurisdictions whose copy asks for it; empty: all.
    kind
        Which function measures it.
    scope
        What it is counted over.
    counts
        What its numerator is in, a text of ``indicators.counts``.
    options
        What that function needs besides.
    compare
        ``least``: the value must reach the target; ``most``: not exceed it;
        ``none``: shown only.
    target
        A number, or a key of :data:`geo.profiles.PROFILE_KEYS`; empty: none.
    unit
        One of `UNITS`.
    merge
        How counties add up: summed, or counted once per city or province.
    fields
        What to collect where it is not known.
    names, formulas, evidence
        Language to its name, its formula in words and the evidence for it.
    """

    indicator_id: str
    part: str
    role: str
    item: str
    wording: tuple[str, ...]
    kind: str
    scope: str
    counts: str
    options: Mapping[str, str]
    compare: str
    target: str
    unit: str
    merge: str
    fields: tuple[str, ...]
    names: Mapping[str, str]
    formulas: Mapping[str, str]
    evidence: Mapping[str, str]

    @property
    def key(self) -> tuple[str, str]:
        """Indicator and part."""
        return self.indicator_id, self.part

    def words(self, option: str) -> tuple[str, ...]:
        """Return an option that is a list.

        Parameters
        ----------
        option
            Its name.

        Returns
        -------
        tuple of str
            Its words; empty where it is not given.
        """
        return _split(self.options.get(option, ""))


@cache
def list_indicators() -> tuple[Indicator, ...]:
    """Return the 20 indicators in the order of the annex.

    Returns
    -------
    tuple of Indicator
        Rows of ``data/rules/indicators.csv``.
    """
    return tuple(
        Indicator(
            row["indicator_id"],
            row["clause"],
            _by_language(row, "name"),
            {copy: _split(row[f"meaning_{copy}"]) for copy in COPIES},
        )
        for row in _read("indicators")
    )


@cache
def list_parts() -> tuple[Part, ...]:
    """Return all parts in the order in which they are shown.

    Returns
    -------
    tuple of Part
        Rows of ``data/rules/indicator_parts.csv``.
    """
    plain = ("indicator_id", "part", "role", "item", "kind", "scope", "counts")
    more = ("compare", "target", "unit", "merge")
    return tuple(
        Part(
            **{name: row[name] for name in (*plain, *more)},
            wording=_split(row["wording"]),
            options=_read_options(row["options"]),
            fields=_split(row["fields"], ";"),
            names=_by_language(row, "name"),
            formulas=_by_language(row, "formula"),
            evidence=_by_language(row, "evidence"),
        )
        for row in _read("indicator_parts")
    )


def parts_for(chain: Collection[str]) -> tuple[Part, ...]:
    """Return the parts that a jurisdiction's documents ask for.

    Parameters
    ----------
    chain
        Names of its profile and of those that it extends. Every profile extends the
        national one; where a province's copy has other words, those count, and
        without a province both are shown.

    Returns
    -------
    tuple of Part
        In the order in which they are shown.
    """
    own = set(chain) & set(COPIES) or {"national"}
    return tuple(
        part for part in list_parts() if not part.wording or own & set(part.wording)
    )


def find_part(indicator_id: str, part: str) -> Part:
    """Return a part by its names.

    Parameters
    ----------
    indicator_id, part
        Its names.

    Returns
    -------
    Part
        The part.

    Raises
    ------
    KeyError
        If there is none.
    """
    return {one.key: one for one in list_parts()}[indicator_id, part]


def _read(name: str) -> list[dict[str, str]]:
    path = data_dir() / "rules" / f"{name}.csv"
    rows = pd.read_csv(path, dtype="str", keep_default_na=False).to_dict("records")
    return [{str(key): str(cell) for key, cell in row.items()} for row in rows]


def _split(text: str, by: str = "|") -> tuple[str, ...]:
    return tuple(word for word in text.split(by) if word)


def _by_language(row: Mapping[str, str], name: str) -> dict[str, str]:
    return {lang: row[f"{name}_{lang}"] for lang in LANGUAGES}


def _read_options(text: str) -> dict[str, str]:
    pairs = (word.partition("=") for word in _split(text, ";"))
    return {name: value for name, _, value in pairs}
