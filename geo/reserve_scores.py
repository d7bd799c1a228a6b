"""Sub-scores of the reserve library (METHODS §5), each between 0 and 1.

*Facilities* (小区配套设施状况): the weighted share of what is lacking among what is
asked for, and of the hazards; what must be mended (应改尽改, 基础类) counts
`must_factor` times. *Scheme* (改造方案的完整性、针对性): half the completeness of the
archive, half the share of the shortfalls and hazards found that the scheme does
something about. *Willingness* (居民改造意愿): :mod:`geo.reserve_willing`.

A point counts only where it is proven: what is unknown adds nothing, and the columns
``<part>_most`` say what it could still come to.
"""

import numpy as np
import pandas as pd

from geo.archive import measure_archive
from geo.policy_settings import ReserveSettings
from geo.reserve_willing import measure_willingness
from geo.rulings import Ground
from geo.shortfalls import find_shortfalls

#: The three factors that the evaluation standard names.
PARTS = ("facilities", "scheme", "willingness")
#: By how much a weight moves to see what becomes of the order.
MOVES = (0.8, 1.2)


def measure_parts(
    ground: Ground, settings: ReserveSettings
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Measure every sub-score of every community.

    Parameters
    ----------
    ground
        Facts, verdicts, tables and units.
    settings
        Factors and bonuses; the weights are not asked for here.

    Returns
    -------
    pandas.DataFrame
        Index community id, sorted: `facilities`, `scheme`, `willingness` and the
        same with ``_most``, `gap_part`, `hazard_part`, `targeting` (NaN: no scheme on
        record), `shortfalls`, `hazards`, `found` (both together) and `addressed` of
        them, `unaddressed` and `unknown_needs` (needs that the scheme leaves out, and
        of which nobody can tell), and the columns of
        :func:`geo.archive.measure_archive` and
        :func:`geo.reserve_willing.measure_willingness`.
    pandas.DataFrame
        What is lacking, see :func:`geo.shortfalls.find_shortfalls`.
    """
    needs = find_shortfalls(ground)
    index = ground.facts.sort_index().index
    archive = measure_archive(ground)
    table = _measure_facilities(needs, settings, index)
    table = table.join(_measure_targeting(needs, index)).join(archive)
    table["scheme"] = (table["completeness"] + table["targeting"].fillna(0.0)) / 2
    table["scheme_most"] = (1.0 + table["targeting_most"]) / 2
    return table.join(measure_willingness(ground, settings)), needs


def _measure_facilities(
    needs: pd.DataFrame, settings: ReserveSettings, index: pd.Index
) -> pd.DataFrame:
    community = needs["community_id"]
    must = needs["item_class"] == "basic"
    weight = pd.Series(np.where(must, settings.must_factor, 1.0), needs.index)
    lacking, unknown = needs["state"] == "lacking", needs["state"] == "unknown"
    table = pd.DataFrame(index=index)
    for part, counts in (("gap", needs["facility"]), ("hazard", needs["hazard"])):
        whole = weight.where(counts, 0.0).groupby(community).sum()
        least = weight.where(counts & lacking, 0.0).groupby(community).sum() / whole
        most = weight.where(counts & (lacking | unknown), 0.0).groupby(community).sum()
        table[f"{part}_part"] = least.reindex(index).fillna(0.0)
        table[f"{part}_most"] = (most / whole).reindex(index).fillna(0.0)
    share = min(settings.hazard_share, 1.0)
    for ending, gap, hazard in (
        ("", "gap_part", "hazard_part"),
        ("_most", "gap_most", "hazard_most"),
    ):
        both = (1 - share) * table[gap] + share * table[hazard]
        table[f"facilities{ending}"] = both
    counted = {
        "shortfalls": lacking & needs["facility"],
        "hazards": lacking & needs["hazard"],
    }
    for name, flags in counted.items():
        table[name] = (
            flags.groupby(community).sum().reindex(index).fillna(0).astype(int)
        )
    table["unknown_needs"] = _list_needs(needs[unknown], index)
    return table


def _measure_targeting(needs: pd.DataFrame, index: pd.Index) -> pd.DataFrame:
    """Return which share of what is lacking the scheme does something about."""
    lacking = needs[needs["state"] == "lacking"]
    community = lacking["community_id"]
    found = community.value_counts().reindex(index).fillna(0)
    done = (lacking["addressed"] == "yes").groupby(community).sum()
    done = done.reindex(index).fillna(0)
    silent = (lacking["addressed"] == "unknown").groupby(community).any()
    silent = silent.reindex(index).fillna(value=False).astype(bool)
    unsure = (needs["state"] == "unknown").groupby(needs["community_id"]).any()
    unsure = unsure.reindex(index).fillna(value=False).astype(bool)
    share = (done / found).where((found > 0) & ~silent)
    # nothing is lacking, and everything was looked at: the scheme leaves nothing out
    share = share.mask((found == 0) & ~unsure, 1.0)
    settled = share.notna() & ~silent & (found > 0)
    left = lacking[lacking["addressed"] == "no"]
    return pd.DataFrame(
        {
            "found": found.astype(int),
            "addressed": done.astype(int),
            "targeting": share,
            "targeting_most": share.where(settled, 1.0),
            "unaddressed": _list_needs(left, index),
        }
    )


def _list_needs(rows: pd.DataFrame, index: pd.Index) -> pd.Series:
    listed = rows.groupby("community_id")["need"].agg(tuple)
    found = [listed.get(one, ()) for one in index]
    return pd.Series(found, index=index, dtype=object)
