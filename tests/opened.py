"""Openings against the plain way: add the gate to the district and measure it anew."""

import dataclasses
from typing import Any

import geopandas as gpd
import pandas as pd

from geo.district import District
from geo.lifecircle import LifeCircle, measure_life_circle
from geo.network import build_network
from geo.openings import Openings
from geo.rules import RuleBook
from geo.settings import Settings

#: Distances are told to the centimetre and lengths kept to the millimetre.
TOLERANCE_M = 0.015
KEYS = ["community_id", "category"]
TOLD = ["state", "distance_state", "distance_m"]


def measure(
    district: District, rules: RuleBook, settings: Settings | None = None
) -> LifeCircle:
    settings = settings or Settings()
    network = build_network(district, rules, settings)
    return measure_life_circle(district, network, rules, settings)


def add_gate(district: District, found: Openings, opening: str) -> District:
    """Return the district with the rows of one opening in its gates layer."""
    new = found.gates[found.gates["opening_id"] == opening]
    gates = pd.concat([district.gates, new.reindex(columns=district.gates.columns)])
    for column, kind in district.gates.dtypes.items():
        if column != "geometry":
            gates[column] = gates[column].astype(kind)
    gates.index.name = "id"
    frame = gpd.GeoDataFrame(gates, geometry="geometry", crs=district.gates.crs)
    return dataclasses.replace(district, gates=frame)


def differ(found: Openings, opening: str, rules: RuleBook) -> list[Any]:
    """Return where a new run sees otherwise than the opening states."""
    circle = found.circle
    stated = circle.gaps.set_index(KEYS)[TOLD].copy()
    changes = found.changes[found.changes["opening_id"] == opening].set_index(KEYS)
    for name in ("state", "distance_state"):
        stated.loc[changes.index, name] = changes[f"{name}_after"]
    stated.loc[changes.index, "distance_m"] = changes["distance_after_m"]
    opened = add_gate(circle.district, found, opening)
    seen = measure(opened, rules, circle.settings).gaps.set_index(KEYS)[TOLD]
    seen = seen.loc[stated.index]
    near = (seen["distance_m"] - stated["distance_m"]).abs() <= TOLERANCE_M
    near |= seen["distance_m"].isna() & stated["distance_m"].isna()
    same = near & (seen["state"] == stated["state"])
    same &= seen["distance_state"] == stated["distance_state"]
    return [
        (opening, key, stated.loc[key].tolist(), seen.loc[key].tolist())
        for key in stated.index[~same]
    ]
