"""Facility categories of tables: given words, AMap codes and names.

How codes and names go together stands in ``data/rules/poi_mapping.csv``. A name
that fits is worth more than a code alone; a row of the table that needs a name
counts only with it. One row proves at most one category: where several fit, it is
ambiguous, as is a school for all years (一贯制), which the source table would
count as primary and as middle school.
"""

import re

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from geo.errors import InputError
from geo.rules import RuleBook
from geo.tags import SEPARATOR, classify_osm, make_tag_table

#: AMap codes of entrances, exits and parts of places, never places themselves
#: (DATA_REALITY, POI hygiene).
ENTRANCE_CODES = ("150907", "150908", "150909", "110106", "141207")

#: Two rows of one name and category this near are one place, most likely.
DUPLICATE_MAX_M = 50.0

_STATUS_WORDS = {
    "closed": "暂停营业|停止营业|已停业|停业|已关闭|暂停开放|歇业",
    "planned": "建设中|在建|施工中|筹建|待开业|即将开业",
}
#: What may stand behind the word that says what a place is: "药店(东门店)".
_NAME_END = (
    r"(?:\s*[(（\[【].*[)）\]】]|[\d一二三四五六七八九十]*[号分]?[店站部点校院区])?\s*$"
)
#: Never by name alone: many a 广场 is a mall, many a 健身 a private gym.
_NEEDS_CODE = ("fitness_ground", "activity_ground")
_WHOLE_SCHOOL = r"一贯制"
_SCHOOLS = ("primary_school", "middle_school")
_SCHOOL_CODES = ("141202", "141203")

Bools = npt.NDArray[np.bool_]


def classify_facilities(frame: pd.DataFrame, rules: RuleBook) -> pd.DataFrame:
    """Give each facility its category, with the reason.

    Parameters
    ----------
    frame
        Facilities with at least one of `category` (key, or name in either
        language), `typecode` (AMap, several with ``|``), `name`, or columns named
        after OSM keys (``amenity``, ``shop`` ...). A given category that is known
        stands; what has none goes by code and name, then by OSM tags, then, where
        there is no code at all, by name alone. `ambiguous` and `reason`, where
        they are filled (layers from OSM), stand too.
    rules
        Rule tables.

    Returns
    -------
    pandas.DataFrame
        The same rows with `category` (key or None), `ambiguous` (``a|b`` or
        None), `reason` (see :func:`geo.tags.describe_reason`), `status`
        (``closed`` or ``planned`` where the name says so and no status is given)
        and `status_word` (that word).

    Raises
    ------
    InputError
        If no column says what the rows are.
    """
    done = frame.copy()
    keys = list(_tag_keys(rules) & set(done.columns))
    if not {"category", "typecode", "name", *keys} & set(done.columns):
        raise InputError("classify_columns")
    given = _column(done, "category")
    done["category"], done["reason"] = _check_given(
        given, _column(done, "reason"), rules
    )
    done["ambiguous"] = _column(done, "ambiguous")
    open_rows = (done["reason"].isna()).to_numpy()
    codes, names = _column(done, "typecode"), _column(done, "name")
    for said in (
        classify_amap(codes[open_rows], names[open_rows], rules),
        _classify_tags(done.loc[open_rows, keys], rules),
        classify_names(names[open_rows & codes.isna().to_numpy()], rules),
    ):
        fresh = said.index[
            said["reason"].notna() & done.loc[said.index, "reason"].isna()
        ]
        for column in ("category", "ambiguous", "reason"):
            done.loc[fresh, column] = said.loc[fresh, column]
    status, word = _read_status(names)
    told = _column(done, "status")
    done["status"] = told.where(told.notna(), status)
    done["status_word"] = word.where(told.isna(), None)
    verdict = ["category", "ambiguous", "reason", "status", "status_word"]
    return done.assign(**{column: _none(done[column]) for column in verdict})


def classify_amap(codes: pd.Series, names: pd.Series, rules: RuleBook) -> pd.DataFrame:
    """Classify by AMap type codes together with names.

    Parameters
    ----------
    codes
        Six-digit codes, several with ``|``; None where there is none.
    names
        Names, on the same index.
    rules
        Rule tables.

    Returns
    -------
    pandas.DataFrame
        `category`, `ambiguous` and `reason` on the index of `codes`; None where
        no row of the table fits. Entrances have only a reason (``entrance:...``).
    """
    code = codes.astype("object").where(codes.notna(), "").map(_clean_codes)
    exact, loose = _match_rows(code, names, rules.poi_mapping, by_code=True)
    label = code + " " + names.astype("object").fillna("").astype(str)
    said = _decide(exact, "amap_name:" + label.str.strip(), codes.index)
    other = _decide(loose, "amap:" + code, codes.index)
    said = said.where(said["reason"].notna(), other)
    school = _has_code(code, _SCHOOL_CODES) & _contains(names, _WHOLE_SCHOOL)
    said = _set(said, school, SEPARATOR.join(_SCHOOLS), "whole_school:" + label)
    door = _only_codes(code, ENTRANCE_CODES)
    return _set(said, door, None, "entrance:" + code).apply(_none)


def classify_names(names: pd.Series, rules: RuleBook) -> pd.DataFrame:
    """Classify by names alone, where a source has no codes.

    Parameters
    ----------
    names
        Names.
    rules
        Rule tables.

    Returns
    -------
    pandas.DataFrame
        `category`, `ambiguous` and `reason` on the index of `names`; None where
        no pattern fits.
    """
    exact, _ = _match_rows(names, names, rules.poi_mapping, by_code=False)
    label = names.astype("object").fillna("").astype(str)
    said = _decide(exact, "name:" + label, names.index)
    school = _contains(names, _WHOLE_SCHOOL)
    both = SEPARATOR.join(_SCHOOLS)
    return _set(said, school, both, "whole_school:" + label).apply(_none)


def find_duplicates(
    frame: gpd.GeoDataFrame, *, max_m: float = DUPLICATE_MAX_M
) -> pd.Series:
    """Find facilities that repeat an earlier one.

    Parameters
    ----------
    frame
        Facilities in a metric CRS with `name` and `category`.
    max_m
        Greatest distance of two rows for one place, in metres.

    Returns
    -------
    pandas.Series
        For each row the index label of the first earlier row with the same name
        and category within `max_m`; None for most. Rows without a name or
        category repeat nothing.
    """
    found = pd.Series(None, index=frame.index, dtype=object)
    known = np.flatnonzero(
        (frame["name"].notna() & frame["category"].notna()).to_numpy()
    )
    shapes = frame.geometry.to_numpy()[known]
    near, other = shapely.STRtree(shapes).query(
        shapes, predicate="dwithin", distance=max_m
    )
    key = (frame["category"].astype(str) + "\t" + frame["name"].astype(str)).to_numpy()
    earlier = (other < near) & (key[known[near]] == key[known[other]])
    pairs = pd.Series(known[other[earlier]]).groupby(known[near[earlier]]).min()
    found.iloc[pairs.index.to_numpy(dtype=int)] = frame.index[pairs.to_numpy(dtype=int)]
    return _none(found)


def _none(cells: pd.Series) -> pd.Series:
    """Return cells as objects with None for what is missing."""
    plain = cells.astype(object)
    return plain.where(plain.notna(), None)


def _column(frame: pd.DataFrame, name: str) -> pd.Series:
    """Return a column as objects with None for what is missing or blank."""
    if name not in frame:
        return pd.Series(None, index=frame.index, dtype=object)
    cells = frame[name].astype(object)
    blank = cells.isna() | cells.astype(str).str.strip().eq("")
    return cells.where(~blank, None)


def _check_given(
    given: pd.Series, reason: pd.Series, rules: RuleBook
) -> tuple[pd.Series, pd.Series]:
    """Return the keys of given categories, and what to think of each."""
    words = {
        rules.category_name(key, lang).casefold(): key
        for lang in ("en", "zh")
        for key in rules.facility_categories
    }
    words |= {key.casefold(): key for key in rules.facility_categories}
    key = given.astype(object).map(lambda word: words.get(_plain(word)))
    key = key.astype(object).where(key.notna(), None)
    told = given.notna()
    note = pd.Series(None, index=given.index, dtype=object)
    note[told & key.notna()] = "given:"
    note[told & key.isna()] = "unknown:" + given[told & key.isna()].astype(str)
    return key, reason.where(reason.notna(), note)


def _plain(word: object) -> str:
    return str(word).strip().casefold()


def _tag_keys(rules: RuleBook) -> frozenset[str]:
    """Return the OSM keys that a table may have as columns."""
    rows = make_tag_table(rules.osm_tags).rules
    keys = {condition.key for row in rows for condition in row.conditions}
    return frozenset(keys - {"name", "building", "access"})


def _clean_codes(cell: object) -> str:
    """Return the six-digit codes of a cell; numbers may have lost a zero."""
    parts = re.findall(r"\d+", re.sub(r"\.0+$", "", str(cell)))
    return SEPARATOR.join(part.zfill(6) for part in parts)


def _has_code(codes: pd.Series, wanted: tuple[str, ...] | list[str]) -> Bools:
    pattern = r"(?<!\d)(?:" + SEPARATOR.join(wanted) + r")(?!\d)"
    found = codes.astype(str).str.contains(pattern, regex=True).to_numpy(dtype=bool)
    return found if wanted else np.zeros(len(codes), dtype=bool)


def _only_codes(codes: pd.Series, wanted: tuple[str, ...]) -> Bools:
    one = SEPARATOR.join(wanted)
    pattern = rf"(?:{one})(?:\|(?:{one}))*"
    return codes.astype(str).str.fullmatch(pattern).to_numpy(dtype=bool)


def _contains(names: pd.Series, pattern: str) -> Bools:
    text = names.astype(object).where(names.notna(), "").astype(str)
    if not pattern:
        return np.zeros(len(names), dtype=bool)
    return text.str.contains(_uncaptured(pattern), regex=True).to_numpy(dtype=bool)


def _uncaptured(pattern: str) -> str:
    """Return a pattern without capturing groups, which pandas would warn of."""
    return re.sub(r"(?<!\\)\((?!\?)", "(?:", pattern)


def _match_rows(
    codes: pd.Series, names: pd.Series, table: pd.DataFrame, *, by_code: bool
) -> tuple[dict[str, Bools], dict[str, Bools]]:
    """Return which categories fit by name, and which by code alone."""
    exact: dict[str, Bools] = {}
    loose: dict[str, Bools] = {}
    rows = table[table["layer"] == "facilities"].fillna("")
    for row in rows.to_dict("records"):
        key = str(row["category"])
        if not by_code and key in _NEEDS_CODE:
            continue
        include, exclude = str(row["name_include"]), str(row["name_exclude"])
        barred = _contains(names, exclude)
        if by_code:
            coded = _has_code(codes, _list(row["amap_codes"])) & ~_has_code(
                codes, _list(row["amap_codes_excluded"])
            )
            exact[key] = coded & _contains(names, include) & ~barred
            free = row["name_required"] not in {"yes", True}
            loose[key] = coded & ~barred & free
        elif include:
            exact[key] = _contains(names, f"(?:{include}){_NAME_END}") & ~barred
    return exact, loose


def _list(cell: object) -> list[str]:
    """Return the codes of a table cell."""
    return re.findall(r"\d{6}", str(cell))


def _decide(fits: dict[str, Bools], label: pd.Series, index: pd.Index) -> pd.DataFrame:
    """Make one verdict of all categories that fit each row."""
    said = _nothing(index)
    if not fits or len(index) == 0:
        return said
    keys = np.array(list(fits), dtype=object)
    table = np.column_stack(list(fits.values()))
    count = table.sum(axis=1)
    one = count == 1
    said.loc[one, "category"] = keys[table.argmax(axis=1)[one]]
    many = np.flatnonzero(count > 1)
    said.loc[index[many], "ambiguous"] = pd.Series(
        [SEPARATOR.join(keys[table[row]]) for row in many], index[many], dtype=object
    )
    said.loc[count > 0, "reason"] = label[count > 0]
    return said


def _nothing(index: pd.Index) -> pd.DataFrame:
    columns = ("category", "ambiguous", "reason")
    return pd.DataFrame(None, index=index, columns=list(columns), dtype=object)


def _set(
    said: pd.DataFrame, rows: Bools, ambiguous: str | None, reason: pd.Series
) -> pd.DataFrame:
    """Overrule the verdict of some rows: no category, and why."""
    done = said.copy()
    done.loc[rows, "category"] = None
    done.loc[rows, "ambiguous"] = ambiguous
    done.loc[rows, "reason"] = reason[rows]
    return done


def _classify_tags(tags: pd.DataFrame, rules: RuleBook) -> pd.DataFrame:
    """Classify by columns that are named after OSM keys."""
    if not len(tags.columns) or tags.empty:
        return _nothing(tags.index)
    table = make_tag_table(rules.osm_tags)
    among = frozenset(rules.facility_categories)
    verdicts = [
        classify_osm(
            {str(key): str(value) for key, value in row.items() if pd.notna(value)},
            table,
            among=among,
        )
        for row in tags.to_dict("records")
    ]
    columns = ["category", "ambiguous", "reason"]
    return pd.DataFrame(verdicts, index=tags.index, columns=columns, dtype=object)


def _read_status(names: pd.Series) -> tuple[pd.Series, pd.Series]:
    """Return the status that names speak of, and the word that says so."""
    status = pd.Series(None, index=names.index, dtype=object)
    word = status.copy()
    text = names.astype(object).where(names.notna(), "").astype(str)
    for value, pattern in _STATUS_WORDS.items():
        found = text.str.extract(f"({pattern})", expand=False).astype(object)
        fresh = found.notna() & status.isna()
        status[fresh] = value
        word[fresh] = found[fresh]
    return status, word
