"""The names that the steps agree on are those of the contract."""

import pytest

from geo.schema import (
    FINDING_COLUMNS,
    FIRM_CERTAINTY,
    GAP_COLUMNS,
    LAYERS,
    NEEDED_LAYERS,
    RULE_CERTAINTY,
    Certainty,
    Severity,
    State,
)
from geo.text import LANGUAGES, tr

# ARCHITECTURE, "A district folder"
CONTRACT = {
    "communities": "id name jurisdiction built_year households population elderly_60"
    " infants_0_3 floor_area_m2 parking_spaces walled",
    "facilities": "id name category floor_area_m2 land_area_m2 capacity serves status"
    " surveyed",
    "streets": "foot",
    "gates": "community_id open_to",
    "buildings": "community_id households storeys",
    "idle": "name kind land_area_m2 floor_area_m2 owner allowed_uses cost_cny",
    "barriers": "kind",
    "utilities": "kind year owner",
    "protected": "kind",
    "extent": "layer",
    "neighbourhoods": "name",
}
GAPS = (
    "community_id, category, threshold_m, distance_m, nearest_facility_id,"
    " coverage_share, households_uncovered, distance_state, size_state,"
    " capacity_state, state, certainty, reason"
)


def test_layers_are_those_of_the_contract():
    assert set(LAYERS) == set(CONTRACT)
    assert all(name == layer.name for name, layer in LAYERS.items())
    assert NEEDED_LAYERS == ("communities", "facilities", "streets")


@pytest.mark.parametrize("name", CONTRACT)
def test_layers_have_the_columns_of_the_contract(name):
    own = [column.name for column in LAYERS[name].columns]
    assert len(own) == len(set(own))
    assert set(CONTRACT[name].split()) <= set(own)


@pytest.mark.parametrize("name", CONTRACT)
def test_columns_are_well_formed(name):
    kinds = {"text", "number", "count", "year", "flag"}
    for column in LAYERS[name].columns:
        assert column.kind in kinds
        assert column.default is None or column.default in column.choices
        assert not column.choices or column.kind == "text"
        if column.least is not None and column.most is not None:
            assert column.least < column.most


@pytest.mark.parametrize("name", CONTRACT)
def test_layers_hold_known_geometry(name):
    assert set(LAYERS[name].geometry) <= {"point", "line", "polygon"}
    assert LAYERS[name].geometry


def test_missing_cells_mean_what_the_contract_says():
    defaults = {
        (layer.name, column.name): column.default
        for layer in LAYERS.values()
        for column in layer.columns
        if column.default is not None
    }
    assert defaults == {
        ("facilities", "serves"): "all",
        ("facilities", "status"): "open",
        ("gates", "open_to"): "residents",
    }


def test_output_columns_are_those_of_the_contract():
    assert ", ".join(GAP_COLUMNS) == GAPS
    assert (
        ", ".join(FINDING_COLUMNS) == "layer, row, id, severity, code, message, action"
    )


def test_states_and_certainties_are_those_of_the_contract():
    assert set(State) == {"met", "short", "unknown", "no_data", "not_required", "open"}
    assert set(Certainty) == {"certain", "borderline", "edge"}
    assert set(Severity) == {"error", "warning", "info"}


def test_firm_numbers_are_policy_text_or_published():
    assert FIRM_CERTAINTY == ("policy_text", "published")
    assert RULE_CERTAINTY[:2] == FIRM_CERTAINTY


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_name_has_a_text(lang):
    for group, words in (
        ("state", State),
        ("certainty", Certainty),
        ("severity", Severity),
        ("layer", LAYERS),
        ("rule_certainty", RULE_CERTAINTY),
    ):
        assert len({tr(f"{group}.{word}", lang) for word in words}) == len(words)
