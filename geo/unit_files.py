"""Units as the tables and the layer that are written (ARCHITECTURE, output files)."""

from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd

from geo.units import Units

#: Columns of ``unit_summary.csv`` that others may rely on; further ones follow.
UNIT_COLUMNS = (
    "unit_id",
    "communities",
    "households",
    "area_m2",
    "shared_shortfalls",
    "idle_area_m2",
    "reason",
)
_FURTHER = (
    "kind",
    "members",
    "member_names",
    "households_unknown",
    "households_closed",
    "closable",
    "works",
    "size",
    "unlike",
    "spread",
    "score",
    "broken",
)


def make_unit_of_table(units: Units) -> pd.DataFrame:
    """Return the table of ``units.csv``.

    Parameters
    ----------
    units
        The units.

    Returns
    -------
    pandas.DataFrame
        One row per community, sorted by id: `community_id`, `unit_id`,
        `community_name`, `unit_kind`, and eligibility now that units exist
        (`eligibility`, `eligibility_rule`).
    """
    unit_of = units.unit_of
    eligible = units.eligibility.reindex(unit_of.index)
    return pd.DataFrame(
        {
            "community_id": unit_of.index,
            "unit_id": unit_of.to_numpy(),
            "community_name": units.basis.names.reindex(unit_of.index).to_numpy(),
            "unit_kind": unit_of.map(units.table["kind"]).to_numpy(),
            "eligibility": eligible["state"].to_numpy(),
            "eligibility_rule": eligible["rule_id"].to_numpy(),
        }
    )


def make_unit_table(units: Units, lang: str) -> pd.DataFrame:
    """Return the table of ``unit_summary.csv``.

    Parameters
    ----------
    units
        The units.
    lang
        Language of the reasons.

    Returns
    -------
    pandas.DataFrame
        One row per unit: first `UNIT_COLUMNS`, then kind, members, the terms of the
        score in equivalent households and broken bounds; lists joined by ``|``.
    """
    table = units.table.copy()
    names = units.basis.names
    table["reason"] = units.explain(lang)
    table["member_names"] = ["|".join(names[list(ids)]) for ids in table["members"]]
    table["members"] = ["|".join(ids) for ids in table["members"]]
    # a sum over nothing known is not known
    unknown = table["households_unknown"] == table["communities"]
    table["households"] = table["households"].where(~unknown)
    return table.reset_index()[[*UNIT_COLUMNS, *_FURTHER]]


def unit_shapes(units: Units, lang: str) -> gpd.GeoDataFrame:
    """Return the layer ``units``.

    Parameters
    ----------
    units
        The units.
    lang
        Language of the reasons.

    Returns
    -------
    geopandas.GeoDataFrame
        The table of `make_unit_table` with the members' outlines put together, in
        the working CRS.
    """
    table = make_unit_table(units, lang)
    outlines = units.basis.district.communities.geometry.reindex(units.unit_of.index)
    merged = (
        gpd.GeoSeries(outlines)
        .groupby(units.unit_of.to_numpy())
        .agg(lambda shapes: shapes.union_all())
    )
    return gpd.GeoDataFrame(
        table,
        geometry=merged.reindex(table["unit_id"]).to_numpy(),
        crs=units.basis.district.crs,
    )


def summarise_units(units: Units) -> dict[str, Any]:
    """Return what ``summary.json`` says of the units.

    Parameters
    ----------
    units
        The units.

    Returns
    -------
    dict
        Counts, score, bound (None where there is none), how many pieces are proved,
        and whether the search was stopped (then it cannot be reproduced).
    """
    states = units.pieces["state"].value_counts()
    bound, gap = units.bound, units.gap_share
    joint = units.table["communities"] > 1
    return {
        "units": len(units.table),
        "joint_units": int(joint.sum()),
        "communities_in_joint_units": int(units.table.loc[joint, "communities"].sum()),
        "score": round(units.score, 2),
        "bound": None if np.isnan(bound) else round(bound, 2),
        "gap_share": None if np.isnan(gap) else round(gap, 6),
        "pieces": {str(state): int(count) for state, count in states.items()},
        "reproducible": units.finished,
        "scheme": units.decisions.name,
    }
