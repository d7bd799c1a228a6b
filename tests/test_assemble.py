import pytest
from hamlet import CRS, RULES, make_layers, make_streets, write_folder

from geo.assemble import assemble_layers
from geo.errors import CrsError, InputError
from geo.manifest import Manifest
from geo.progress import no_progress
from geo.sources import read_sources


def assemble(folder, manifest=None):
    said = manifest or Manifest()
    source = read_sources(folder, said, RULES, no_progress)
    return assemble_layers(source, said, RULES, no_progress)


def test_layers_in_different_systems_meet_in_one(tmp_path):
    layers = make_layers()
    layers["streets"] = layers["streets"].to_crs(32650)
    layers["facilities"] = layers["facilities"].to_crs(4490)
    done = assemble(write_folder(tmp_path / "d", **layers))
    assert done.crs.to_epsg() == CRS
    assert {part.frame.crs.to_epsg() for part in done.layers.values()} == {CRS}
    first = done.layers["streets"].frame.geometry.iloc[0]
    assert first.hausdorff_distance(make_streets().geometry.iloc[0]) < 1e-3


def test_the_manifest_may_set_the_working_crs(tmp_path):
    done = assemble(
        write_folder(tmp_path / "d"), Manifest(crs={"working": "EPSG:4546"})
    )
    assert done.crs.to_epsg() == 4546


def test_faults_of_one_kind_keep_their_kind(tmp_path):
    folder = write_folder(tmp_path / "d", ".shp")
    for layer in ("streets", "facilities"):
        (folder / f"{layer}.prj").unlink()
    with pytest.raises(CrsError) as caught:
        assemble(folder)
    assert caught.value.params["codes"] == ["no_crs_metres", "no_crs_metres"]


def test_communities_without_places_are_refused(tmp_path):
    layers = make_layers()
    far = layers["communities"].translate(2e7, 0)
    layers["communities"] = layers["communities"].set_geometry(far)
    with pytest.raises(InputError):
        assemble(write_folder(tmp_path / "d", **layers))
