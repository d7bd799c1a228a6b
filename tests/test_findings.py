import json

import geopandas as gpd
import pandas as pd
import pytest
import shapely

from geo.findings import (
    FINDINGS_RAW,
    Finding,
    concat_findings,
    layer_names,
    make_findings,
    render_findings,
    row_json,
)
from geo.schema import FINDING_COLUMNS, Severity
from geo.text import texts


def test_no_findings_are_a_frame_with_all_columns():
    assert list(make_findings().columns) == list(FINDINGS_RAW)
    assert list(concat_findings().columns) == list(FINDINGS_RAW)
    assert list(render_findings(make_findings(), "zh").columns) == [
        *FINDING_COLUMNS,
        "content",
    ]


def test_a_row_number_stays_a_whole_number():
    found = make_findings(
        [
            Finding("gates", "id_duplicate", Severity.ERROR, row=3, id="g1"),
            Finding("gates", "axes_swapped", Severity.WARNING),
        ]
    )
    assert found["row"].tolist() == [3, pd.NA]
    assert found["severity"].tolist() == ["error", "warning"]


def test_joining_keeps_order_and_numbers_anew():
    one = make_findings([Finding("gates", "axes_swapped", Severity.WARNING)])
    two = make_findings([Finding("idle", "axes_swapped", Severity.INFO)])
    joined = concat_findings(one, make_findings(), two)
    assert joined["layer"].tolist() == ["gates", "idle"]
    assert joined.index.tolist() == [0, 1]


def test_a_finding_speaks_both_languages():
    found = make_findings(
        [Finding("gates", "id_duplicate", Severity.ERROR, row=3, id="g7", content="{}")]
    )
    zh, en = render_findings(found, "zh"), render_findings(found, "en")
    assert "编号 g7" in zh.loc[0, "message"]
    assert "The id g7" in en.loc[0, "message"]
    assert en.loc[0, "content"] == "{}"


def test_a_text_key_in_the_params_is_translated():
    params = {"text": "@layer.gates"}
    found = make_findings(
        [Finding("idle", "file_warning", Severity.INFO, params=params)]
    )
    assert render_findings(found, "en").loc[0, "message"].endswith("Gates")
    assert render_findings(found, "zh").loc[0, "message"].endswith("出入口")


def test_an_address_that_begins_with_at_is_left_alone():
    found = make_findings(
        [Finding("idle", "file_warning", Severity.INFO, params={"text": "@nobody"})]
    )
    assert render_findings(found, "en").loc[0, "message"].endswith("@nobody")


def test_a_finding_without_text_is_refused():
    found = make_findings([Finding("idle", "no_such_code", Severity.INFO)])
    with pytest.raises(KeyError):
        render_findings(found, "en")


def test_a_missing_cell_is_left_out_of_the_content():
    row = {"a": 1, "b": None, "c": float("nan"), "d": pd.NA, "户数": "约", "e": [1, 2]}
    assert json.loads(row_json(row)) == {"a": 1, "户数": "约", "e": [1, 2]}


def test_geometry_is_kept_as_wkt():
    frame = gpd.GeoDataFrame({"a": [1]}, geometry=[shapely.Point(1, 2)])
    assert json.loads(row_json(frame.iloc[0].to_dict()))["geometry"] == "POINT (1 2)"


def test_a_layer_is_named_in_both_languages():
    names = layer_names("gates")
    assert names == {"layer": "gates", "layer_zh": "出入口", "layer_en": "Gates"}
    assert layer_names("elsewhere")["layer_zh"] == "elsewhere"


def test_every_finding_has_message_and_action_in_both_languages():
    for lang in ("zh", "en"):
        keys = {key for key in texts(lang) if key.startswith("finding.")}
        codes = {key.split(".")[1] for key in keys}
        missing = [
            code
            for code in codes
            for part in ("message", "action")
            if f"finding.{code}.{part}" not in keys
        ]
        assert missing == []
