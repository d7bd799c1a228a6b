"""Every sentence the tool speaks, by key and language.

The sentences stand in ``data/text/<area>.<lang>.toml``; tables of the same
name in different files are one table. Chinese is the first language, English
the second; both hold the same keys (tested).
"""

import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

LANGUAGES = ("zh", "en")
DEFAULT_LANGUAGE = "zh"


def data_dir() -> Path:
    """Return the folder of rules, profiles, texts and the sample district.

    Returns
    -------
    pathlib.Path
        ``geo/data`` in an installed wheel, else ``data`` beside ``geo`` in a
        checkout.
    """
    package = Path(__file__).resolve().parent
    packaged = package / "data"
    return packaged if packaged.is_dir() else package.parent / "data"


@cache
def texts(lang: str) -> Mapping[str, str]:
    """Return all texts of one language under their dotted keys.

    Parameters
    ----------
    lang
        ``"zh"`` or ``"en"``.

    Returns
    -------
    collections.abc.Mapping
        Dotted key (``"finding.no_crs.message"``) to template.

    Raises
    ------
    ValueError
        If the language is not one of `LANGUAGES`, or a key is written twice.
    """
    if lang not in LANGUAGES:
        msg = f"lang is {lang!r}, but must be one of {LANGUAGES}"
        raise ValueError(msg)
    found: dict[str, str] = {}
    for path in sorted((data_dir() / "text").glob(f"*.{lang}.toml")):
        for key, value in _flatten(tomllib.loads(path.read_text(encoding="utf-8"))):
            if key in found:
                msg = f"{path.name} defines {key!r}, which another file defines too"
                raise ValueError(msg)
            found[key] = value
    return found


def tr(key: str, lang: str = DEFAULT_LANGUAGE, /, **values: Any) -> str:
    """Return the text of `key` in `lang`, filled with `values`.

    Parameters
    ----------
    key
        Dotted key of the text.
    lang
        ``"zh"`` or ``"en"``.
    **values
        Values for the ``{named}`` places of the template.

    Returns
    -------
    str
        The filled text.

    Raises
    ------
    KeyError
        If there is no such text, or a named place has no value.

    Examples
    --------
    >>> tr("state.short", "en")
    'Lacking'
    """
    template = texts(lang)[key]
    return template.format_map(values) if values else template


def _flatten(table: Mapping[str, Any], prefix: str = "") -> list[tuple[str, str]]:
    pairs = []
    for name, value in table.items():
        key = f"{prefix}{name}"
        if isinstance(value, Mapping):
            pairs += _flatten(value, f"{key}.")
        else:
            pairs.append((key, str(value)))
    return pairs
