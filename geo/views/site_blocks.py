"""Small blocks that the panels beside the map of sites are made of."""

from typing import Any

from geo.views.panels import Block
from geo.views.widgets import say


def sub(text: str) -> Block:
    """Return a heading between blocks.

    Parameters
    ----------
    text
        Its words.

    Returns
    -------
    dict
        Block for ``panel.js``.
    """
    return {"kind": "text", "text": text, "strong": True}


def text(text: str, *, soft: bool = False) -> Block:
    """Return a paragraph.

    Parameters
    ----------
    text
        Its words.
    soft
        Whether it is a remark beside.

    Returns
    -------
    dict
        Block for ``panel.js``.
    """
    return {"kind": "text", "text": text, "soft": soft}


def alarm(text: str) -> Block:
    """Return a paragraph that must be seen.

    Parameters
    ----------
    text
        Its words.

    Returns
    -------
    dict
        Block for ``panel.js``.
    """
    return {"kind": "text", "text": text, "alarm": True}


def verdict(title: str, look: dict[str, Any], texts: list[str]) -> Block:
    """Return a verdict and its reasons.

    Parameters
    ----------
    title
        What it is about.
    look
        Colour, sign and word of the state.
    texts
        The reasons.

    Returns
    -------
    dict
        Block for ``panel.js``.
    """
    return {
        "kind": "verdict",
        "title": title,
        "look": look,
        "certainty": "",
        "texts": texts,
    }


def button(act: str, site: str) -> dict[str, Any]:
    """Return a button of a heading.

    Parameters
    ----------
    act
        What it does, below ``view.sites.act``.
    site
        Id of the proposal that it is for.

    Returns
    -------
    dict
        Its label and event.
    """
    event = {"kind": act, "id": site}
    return {"label": say(f"view.sites.act.{act}"), "event": event}


def buttons_of(act: str) -> Block:
    """Return a line with one button.

    Parameters
    ----------
    act
        What it does.

    Returns
    -------
    dict
        Block for ``panel.js``.
    """
    return {"kind": "heading", "title": "", "buttons": [button(act, "")]}
