"""Web assets out of installed Python packages, so that no page asks the internet.

Leaflet and jQuery come as wheels that hold just the files; they are never
committed. The map code of the app stands in ``geo/views/web``. Both are copied
into ``static`` beside ``app.py`` when the app starts; nothing of a user's lies
there, because whoever reaches the server can read it.
"""

import hashlib
import importlib.util
import re
from functools import cache
from pathlib import Path

from geo.errors import OutputError
from geo.files import replace_file

#: File name under ``static`` -> package of the wheel and file in it.
LIVE_ASSETS = {
    "leaflet.js": ("leaflet", "leaflet.js"),
    "leaflet.css": ("leaflet", "leaflet.css"),
}

#: What folium's classes ask for by name -> package and file, or None where the
#: map works without it (points are plain circles, so no icon fonts, and pop-ups
#: of our maps are plain elements, so no Bootstrap).
FOLIUM_ASSETS: dict[str, tuple[str, str] | None] = {
    "leaflet": ("leaflet", "leaflet.js"),
    "leaflet_css": ("leaflet", "leaflet.css"),
    "jquery": ("jquery", "jquery.min.js"),
    "markerclusterjs": ("leaflet_markercluster", "leaflet.markercluster.js"),
    "markerclustercss": ("leaflet_markercluster", "MarkerCluster.css"),
    "markerclusterdefaultcss": ("leaflet_markercluster", "MarkerCluster.Default.css"),
    "bootstrap": None,
    "bootstrap_css": None,
    "glyphicons_css": None,
    "awesome_markers": None,
    "awesome_markers_css": None,
    "awesome_markers_font_css": None,
    "awesome_rotate_css": None,
}

#: What the app's server must be told; ``.streamlit/config.toml`` says the same.
SERVER_OPTIONS = {
    "browser.gatherUsageStats": "false",
    "client.showErrorDetails": "none",
    "client.toolbarMode": "minimal",
    "runner.magicEnabled": "false",
    # a full collection after every click took half of what the server did
    "runner.postScriptGC": "false",
    "server.enableStaticServing": "true",
    "server.fileWatcherType": "none",
    "server.maxUploadSize": "200",
    "server.showEmailPrompt": "false",
    "theme.base": "light",
    "theme.baseFontSize": "14",
    "theme.font": '"Noto Sans CJK SC", "Microsoft YaHei", "PingFang SC", sans-serif',
    "theme.primaryColor": "#0B5CAD",
    "theme.textColor": "#1F2933",
}

_SOURCE_MAP = re.compile(r"(//|/\*)# sourceMappingURL=\S+( \*/)?")


def server_options() -> list[str]:
    """Return the options with which Streamlit must serve the app.

    Returns
    -------
    list of str
        ``--name=value`` for ``streamlit run``.
    """
    return [f"--{name}={value}" for name, value in SERVER_OPTIONS.items()]


def asset_path(package: str, name: str) -> Path:
    """Return the path of one file of an installed asset wheel.

    Parameters
    ----------
    package
        Name below ``xstatic.pkg``, such as ``"leaflet"``.
    name
        File name in the wheel.

    Returns
    -------
    pathlib.Path
        The installed file.

    Raises
    ------
    OutputError
        If the wheel is not installed or lacks the file.
    """
    spec = importlib.util.find_spec(f"xstatic.pkg.{package}")
    if spec is not None and spec.origin is not None:
        path = Path(spec.origin).parent / "data" / name
        if path.is_file():
            return path
    raise OutputError("asset_missing", name=name, package=package)


@cache
def asset_text(package: str, name: str) -> str:
    """Return the text of one asset, without its link to a source map.

    Parameters
    ----------
    package
        Name below ``xstatic.pkg``.
    name
        File name in the wheel.

    Returns
    -------
    str
        The text.

    Raises
    ------
    OutputError
        If the wheel is not installed or lacks the file.
    """
    return _SOURCE_MAP.sub("", asset_path(package, name).read_text(encoding="utf-8"))


@cache
def static_files() -> dict[str, str]:
    """Return what ``static`` must hold: relative path to text.

    Returns
    -------
    dict
        Leaflet, and the app's own scripts in a folder that is named after their
        content, so that no browser keeps an old one.
    """
    own = {
        path.name: path.read_text(encoding="utf-8")
        for path in sorted((Path(__file__).parent / "views" / "web").iterdir())
        if path.suffix in {".js", ".css"}
    }
    files = {name: asset_text(*source) for name, source in LIVE_ASSETS.items()}
    digest = hashlib.sha256(repr((own, files)).encode()).hexdigest()[:12]
    return {f"{digest}/{name}": text for name, text in (own | files).items()}


def static_folder() -> str:
    """Return the folder below ``static`` that holds the present assets.

    Returns
    -------
    str
        Name of the folder.
    """
    return next(iter(static_files())).split("/")[0]


def fill_static(folder: Path) -> None:
    """Copy the assets into the folder that Streamlit serves.

    Parameters
    ----------
    folder
        ``static`` beside ``app.py``; files that are right already are left.

    Raises
    ------
    OutputError
        If the folder cannot be written or an asset wheel is not installed.
    """
    for name, text in static_files().items():
        path = folder / name
        if path.is_file() and path.read_text(encoding="utf-8") == text:
            continue
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise OutputError("static_folder", path=folder.name) from error
        with replace_file(path) as temporary:
            temporary.write_text(text, encoding="utf-8")
