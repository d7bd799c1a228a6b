"""Why a verdict is what it is: one plain sentence for each row of the gaps."""

from collections.abc import Callable
from string import Formatter

import numpy as np
import pandas as pd

from geo.rules import RuleBook
from geo.schema import FIRM_CERTAINTY, Certainty, State
from geo.text import texts, tr

#: Detour factor from which the sentence names it and what lies between.
DETOUR_SHOWN = 1.5

#: What may lie between, in the order in which it is named.
BETWEEN = ("wall", "river", "railway", "expressway")

#: Columns of the gaps that the sentences are made from.
COLUMNS = (
    "category",
    "threshold_m",
    "reach_m",
    "searched_m",
    "distance_m",
    "distance_state",
    "distance_cause",
    "size_state",
    "size_cause",
    "capacity_state",
    "capacity_cause",
    "state",
    "certainty",
    "off_piece",
    "detour_ratio",
    "between",
    "distance_rule_certainty",
    "size_rule_certainty",
    "capacity_rule_certainty",
    "min_floor_area_m2",
    "min_land_area_m2",
    "large_distance_m",
    "capacity_needed",
    "capacity_unit",
    "capacity_low",
    "capacity_high",
    "households_counted",
    "households_within",
    "share_in_reach",
    "share_required",
    "ambiguous_objects",
    "d_edge_m",
)

#: Makes the text of one named place for some rows of the gaps.
_Format = Callable[[pd.DataFrame, RuleBook, str], list[str]]


def explain(gaps: pd.DataFrame, rules: RuleBook, lang: str) -> pd.Series:
    """Say in one sentence why each row of the gaps has its state.

    Parameters
    ----------
    gaps
        Rows of :attr:`geo.lifecircle.LifeCircle.gaps` with their further columns
        (distances in metres on the walk network).
    rules
        Names of the categories.
    lang
        ``"zh"`` or ``"en"``.

    Returns
    -------
    pandas.Series
        Sentences named ``reason`` on the index of `gaps`, none of them empty.
        A mark (``rule_mark``) follows each limit whose source is not firm.
    """
    # plain objects: picking rows of text columns is slow otherwise
    gaps = gaps[list(COLUMNS)].copy()
    words = [name for name in COLUMNS if not pd.api.types.is_numeric_dtype(gaps[name])]
    gaps[words] = gaps[words].astype(object)
    clauses = [
        _distance_clause(gaps, rules, lang),
        _detour_clause(gaps, rules, lang),
        _test_clause(gaps, rules, lang, "size"),
        _test_clause(gaps, rules, lang, "capacity"),
        _doubt_clause(gaps, rules, lang),
        _certainty_clause(gaps, rules, lang),
    ]
    join = tr("reason.join", lang)
    sentences = [join.join(filter(None, row)) for row in zip(*clauses, strict=True)]
    return pd.Series(_capitals(sentences), index=gaps.index, name="reason", dtype="str")


def _distance_clause(gaps: pd.DataFrame, rules: RuleBook, lang: str) -> list[str]:
    cause = gaps["distance_cause"].to_numpy(dtype=object)
    unreached = gaps["distance_m"].isna().to_numpy()
    beyond = unreached & (cause == "gate_far")
    cause = np.where(beyond, "gate_beyond", cause)
    cause = np.where(beyond & gaps["off_piece"].to_numpy(dtype=bool), "island", cause)
    cause = np.where(unreached & (cause == "no_rule"), "no_rule_beyond", cause)
    return _by_key(gaps, rules, lang, "reason.distance." + pd.Series(cause))


def _detour_clause(gaps: pd.DataFrame, rules: RuleBook, lang: str) -> list[str]:
    state = gaps["state"].to_numpy(dtype=object)
    shown = (gaps["detour_ratio"] >= DETOUR_SHOWN).to_numpy() & np.isin(
        state, [State.MET, State.SHORT, State.UNKNOWN]
    )
    between = (gaps["between"] != "").to_numpy(dtype=bool)
    key = np.where(between, "reason.detour_between", "reason.detour")
    return _by_key(gaps, rules, lang, pd.Series(np.where(shown, key, "")))


def _test_clause(
    gaps: pd.DataFrame, rules: RuleBook, lang: str, test: str
) -> list[str]:
    """Say what a further test found, unless the first clause has said it all."""
    state = gaps[f"{test}_state"].to_numpy(dtype=object)
    cause = gaps[f"{test}_cause"].to_numpy(dtype=object)
    silent = np.isin(state, [State.NOT_REQUIRED, State.NO_DATA])
    silent |= np.isin(cause, ["ambiguous", "no_gate"])
    distance = gaps["distance_state"].to_numpy(dtype=object)
    silent |= (cause == "none_in_reach") & (distance != State.NOT_REQUIRED)
    key = np.where(silent, "", f"reason.{test}." + cause.astype(str))
    return _by_key(gaps, rules, lang, pd.Series(key))


def _doubt_clause(gaps: pd.DataFrame, rules: RuleBook, lang: str) -> list[str]:
    """Name objects that may be of a category that seems to be lacking."""
    doubtful = (gaps["state"] == State.SHORT) & (gaps["ambiguous_objects"] > 0)
    key = np.where(doubtful, "reason.doubt", "")
    return _by_key(gaps, rules, lang, pd.Series(key))


def _certainty_clause(gaps: pd.DataFrame, rules: RuleBook, lang: str) -> list[str]:
    certainty = gaps["certainty"].to_numpy(dtype=object)
    said = np.isin(certainty, [Certainty.EDGE, Certainty.BORDERLINE])
    key = np.where(said, "reason." + certainty.astype(str), "")
    outside = (key == "reason.edge") & (gaps["d_edge_m"] < 1).to_numpy()
    key = np.where(outside, "reason.edge_outside", key)
    return _by_key(gaps, rules, lang, pd.Series(key))


def _by_key(
    gaps: pd.DataFrame, rules: RuleBook, lang: str, key: pd.Series
) -> list[str]:
    """Fill the template of each row; rows without a key get an empty text."""
    said = np.full(len(gaps), "", dtype=object)
    for name, positions in key.groupby(key.to_numpy()).indices.items():
        if name:
            template = texts(lang)[str(name)]
            rows = gaps.iloc[positions]
            said[positions] = _fill(template, rows, rules, lang)
    return said.tolist()


def _fill(template: str, rows: pd.DataFrame, rules: RuleBook, lang: str) -> list[str]:
    names = sorted({name for _, name, _, _ in Formatter().parse(template) if name})
    if not names:
        return [template] * len(rows)
    columns = [_FORMATS[name](rows, rules, lang) for name in names]
    return [
        template.format_map(dict(zip(names, row, strict=True)))
        for row in zip(*columns, strict=True)
    ]


def _capitals(sentences: list[str]) -> list[str]:
    return [text[:1].upper() + text[1:] for text in sentences]


def _metres(name: str) -> _Format:
    def make(rows: pd.DataFrame, _rules: RuleBook, _lang: str) -> list[str]:
        return [f"{value:,.0f}" for value in rows[name].to_numpy(dtype=float)]

    return make


def _distance(rows: pd.DataFrame, _rules: RuleBook, _lang: str) -> list[str]:
    """Whole metres, but never a number that looks like the threshold it missed."""
    value = rows["distance_m"].to_numpy(dtype=float)
    close = np.abs(value - rows["threshold_m"].to_numpy(dtype=float)) < 1
    return [
        f"{v:,.2f}" if fine else f"{v:,.0f}"
        for v, fine in zip(value, close, strict=True)
    ]


def _mark(name: str) -> _Format:
    """Mark a number of a rule unless its source is firm."""

    def make(rows: pd.DataFrame, _rules: RuleBook, lang: str) -> list[str]:
        marks = {
            word: "" if word in FIRM_CERTAINTY else tr(f"rule_mark.{word}", lang)
            for word in rows[name].dropna().unique()
        }
        return [marks.get(word, "") for word in rows[name]]

    return make


def _limit(name: str, *, other: str | None = None) -> _Format:
    """Format a number of a rule."""

    def make(rows: pd.DataFrame, _rules: RuleBook, _lang: str) -> list[str]:
        value = rows[name].to_numpy(dtype=float)
        if other is not None:
            value = np.where(np.isnan(value), rows[other].to_numpy(dtype=float), value)
        return [f"{v:,.10g}" for v in value]

    return make


def _percent(name: str) -> _Format:
    def make(rows: pd.DataFrame, _rules: RuleBook, _lang: str) -> list[str]:
        return [f"{100 * value:.1f}" for value in rows[name].to_numpy(dtype=float)]

    return make


def _least(rows: pd.DataFrame, _rules: RuleBook, _lang: str) -> list[str]:
    share = rows["share_required"].to_numpy(dtype=float)
    return [f"{100 * value:.4g}" for value in share]


def _decimals(name: str, pattern: str) -> _Format:
    def make(rows: pd.DataFrame, _rules: RuleBook, _lang: str) -> list[str]:
        return [format(value, pattern) for value in rows[name].to_numpy(dtype=float)]

    return make


def _category(rows: pd.DataFrame, rules: RuleBook, lang: str) -> list[str]:
    names = {key: rules.category_name(key, lang) for key in rows["category"].unique()}
    return [names[key] for key in rows["category"]]


def _between(rows: pd.DataFrame, _rules: RuleBook, lang: str) -> list[str]:
    words = {kind: tr(f"barrier.{kind}", lang) for kind in BETWEEN}
    join = tr("reason.and", lang)
    said = {
        kinds: join.join(words[kind] for kind in kinds.split("|"))
        for kinds in rows["between"].unique()
    }
    return [said[kinds] for kinds in rows["between"]]


def _area_kind(rows: pd.DataFrame, _rules: RuleBook, lang: str) -> list[str]:
    floor, land = (tr(f"reason.area_kind.{kind}", lang) for kind in ("floor", "land"))
    by_land = rows["min_floor_area_m2"].isna()
    return [land if missing else floor for missing in by_land]


def _unit(rows: pd.DataFrame, _rules: RuleBook, lang: str) -> list[str]:
    words = {
        unit: tr(f"capacity_unit.{unit}", lang)
        for unit in rows["capacity_unit"].unique()
    }
    return [words[unit] for unit in rows["capacity_unit"]]


_FORMATS: dict[str, _Format] = {
    "ambiguous": _metres("ambiguous_objects"),
    "area": _limit("min_floor_area_m2", other="min_land_area_m2"),
    "area_mark": _mark("size_rule_certainty"),
    "area_kind": _area_kind,
    "between": _between,
    "category": _category,
    "counted": _metres("households_counted"),
    "detour": _decimals("detour_ratio", ".1f"),
    "distance": _distance,
    "edge": _metres("d_edge_m"),
    "large": _metres("large_distance_m"),
    "least": _least,
    "needed": _limit("capacity_needed"),
    "needed_mark": _mark("capacity_rule_certainty"),
    "reach": _metres("reach_m"),
    "searched": _metres("searched_m"),
    "share": _percent("share_in_reach"),
    "supply_high": _decimals("capacity_high", ",.1f"),
    "supply_low": _decimals("capacity_low", ",.1f"),
    "threshold": _limit("threshold_m"),
    "threshold_mark": _mark("distance_rule_certainty"),
    "unit": _unit,
    "within": _metres("households_within"),
}
