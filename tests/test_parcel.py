"""A district handed from one process to another arrives as it was sent."""

import pandas as pd
import pytest
from geopandas.testing import assert_geodataframe_equal
from hamlet import RULES, write_folder
from papers import write_csv

from geo.district import DISTRICT_LAYERS, read_district
from geo.evidence_schema import EVIDENCE
from geo.findings import render_findings
from geo.parcel import pack_district, unpack_district


@pytest.fixture
def district(tmp_path):
    folder = write_folder(tmp_path / "district")
    text = "小区编码,参与户数,表决日期,确认文件,备注,参与率\n"
    text += "c1,121,2026-03-01,有,好,x\nc2,,,,,\n,1,,,,\n"
    write_csv(folder / "consent.csv", text)
    write_csv(folder / "台账.csv", "小区编码,供水\nc1,破损\n")
    return read_district(folder, rules=RULES)


def test_layers_tables_and_findings_arrive(district, tmp_path):
    pack_district(district, tmp_path / "parcel")
    arrived = unpack_district(tmp_path / "parcel")
    for layer in DISTRICT_LAYERS:
        assert_geodataframe_equal(getattr(arrived, layer), getattr(district, layer))
    for name in EVIDENCE:
        pd.testing.assert_frame_equal(
            arrived.evidence.tables[name], district.evidence.tables[name]
        )
    assert arrived.evidence.files == {"consent": "consent.csv", "ledger": "台账.csv"}
    assert arrived.evidence.fingerprint == district.evidence.fingerprint
    assert arrived.fingerprint == district.fingerprint
    assert (arrived.name, arrived.crs) == (district.name, district.crs)
    for one in ("zh", "en"):
        pd.testing.assert_frame_equal(
            render_findings(arrived.evidence.findings, one),
            render_findings(district.evidence.findings, one),
        )
        pd.testing.assert_frame_equal(
            render_findings(arrived.findings, one),
            render_findings(district.findings, one),
        )
    assert len(district.evidence.findings) >= 4
