"""Web assets come out of installed packages and are complete."""

import tomllib
from pathlib import Path

import pytest

from geo import assets
from geo.assets import (
    FOLIUM_ASSETS,
    LIVE_ASSETS,
    SERVER_OPTIONS,
    asset_path,
    asset_text,
    fill_static,
    server_options,
    static_files,
    static_folder,
)
from geo.errors import OutputError

ROOT = Path(__file__).resolve().parents[1]


def test_every_asset_is_installed() -> None:
    for package, name in [*LIVE_ASSETS.values(), *filter(None, FOLIUM_ASSETS.values())]:
        assert asset_path(package, name).is_file()


def test_a_missing_asset_says_which_package_brings_it() -> None:
    with pytest.raises(OutputError, match="XStatic-leaflet") as told:
        asset_path("leaflet", "no_such.js")
    assert "no_such.js" in told.value.message("en")
    with pytest.raises(OutputError):
        asset_path("no_such_package", "leaflet.js")


def test_no_asset_points_to_a_source_map_or_to_the_internet() -> None:
    for name, text in static_files().items():
        assert "sourceMappingURL" not in text, name
    assert "@import" not in asset_text("leaflet", "leaflet.css")


def test_static_is_filled_once_and_repaired(tmp_path: Path) -> None:
    folder = tmp_path / "static"
    fill_static(folder)
    names = {f"{path.relative_to(folder)}" for path in folder.rglob("*.*")}
    assert names == set(static_files())
    assert {"map.js", "table.js", "panel.js", "store.js", "leaflet.js"} <= {
        name.split("/")[1] for name in names
    }
    leaflet = folder / static_folder() / "leaflet.js"
    before = leaflet.stat().st_mtime_ns
    (folder / static_folder() / "map.js").write_text("damaged", encoding="utf-8")
    fill_static(folder)
    assert leaflet.stat().st_mtime_ns == before
    text = (folder / static_folder() / "map.js").read_text(encoding="utf-8")
    assert text == static_files()[f"{static_folder()}/map.js"]


def test_static_that_cannot_be_written_is_explained(tmp_path: Path) -> None:
    file = tmp_path / "static"
    file.write_text("a file, not a folder", encoding="utf-8")
    with pytest.raises(OutputError, match="static"):
        fill_static(file)


def test_nothing_in_static_is_a_users() -> None:
    web = Path(assets.__file__).parent / "views" / "web"
    own = {path.name for path in web.iterdir()} | set(LIVE_ASSETS)
    assert {name.split("/")[1] for name in static_files()} <= own


def test_config_of_the_checkout_says_what_the_command_passes() -> None:
    content = tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text("utf-8"))
    told = {
        f"{section}.{name}": str(value).lower()
        if isinstance(value, bool)
        else str(value)
        for section, values in content.items()
        for name, value in values.items()
    }
    assert told == SERVER_OPTIONS
    assert "--server.fileWatcherType=none" in server_options()
