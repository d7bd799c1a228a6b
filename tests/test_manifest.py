import pytest

from geo.errors import InputError
from geo.manifest import Manifest, read_manifest


def write(folder, text):
    (folder / "district.toml").write_text(text, encoding="utf-8")
    return folder


def test_no_manifest_says_nothing(tmp_path):
    assert read_manifest(tmp_path) == Manifest()
    assert read_manifest(tmp_path / "a.osm.pbf").declared("gates") is None


def test_everything_it_may_say(tmp_path):
    text = """
    name = "老城"
    [layers]
    communities = "小区.shp"
    [columns.communities]
    households = "户数"
    [datum]
    facilities = "gcj02"
    [crs]
    streets = 4547
    working = "EPSG:4547"
    [settings]
    attach_max_m = 80
    [rules.F001]
    max_distance_m = 900
    """
    manifest = read_manifest(write(tmp_path, text))
    assert manifest.name == "老城"
    assert manifest.layers == {"communities": "小区.shp"}
    assert manifest.columns == {"communities": {"households": "户数"}}
    assert manifest.declared("facilities") == "gcj02"
    assert manifest.declared("streets") == "4547"
    assert manifest.settings == {"attach_max_m": 80}


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("name = ", "manifest_unreadable"),
        ('layers = "x"', "manifest_section"),
        ('[columns]\ncommunities = "x"', "manifest_section"),
        ("[layers]\ngates = true", "manifest_value"),
        ("[columns.gates]\nid = [1]", "manifest_value"),
        ('[layers]\nparks = "x.shp"', "manifest_layer"),
        ('[columns.parks]\nid = "x"', "manifest_layer"),
        ('[datum]\nworking = "gcj02"', "manifest_layer"),
    ],
)
def test_a_wrong_manifest_is_refused(tmp_path, text, code):
    with pytest.raises(InputError) as caught:
        read_manifest(write(tmp_path, text))
    assert caught.value.code == code
    assert caught.value.message("en")
    assert caught.value.action("zh")


def test_a_manifest_in_gbk_is_refused_with_the_reason(tmp_path):
    (tmp_path / "district.toml").write_bytes('name = "老城"'.encode("gbk"))
    with pytest.raises(InputError, match="UTF-8"):
        read_manifest(tmp_path)


def test_tables_of_evidence_may_be_named(tmp_path):
    text = '[layers]\nconsent = "征询.xlsx"\n[columns.consent]\nvote_yes = "赞成"'
    manifest = read_manifest(write(tmp_path, text))
    assert manifest.layers == {"consent": "征询.xlsx"}
    assert manifest.columns == {"consent": {"vote_yes": "赞成"}}
    with pytest.raises(InputError):
        read_manifest(write(tmp_path, '[datum]\nconsent = "gcj02"'))
