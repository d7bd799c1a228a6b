"""What one session has chosen; the address bar says the same.

The link holds category, tier, pace, test, community, profile and language; the
page is the address's path. What a user uploaded is in no link.
"""

from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlsplit

import streamlit as st

from geo.text import DEFAULT_LANGUAGE, LANGUAGES

#: Tiers of the life circle, minutes; 0: each category's own threshold.
TIERS = (0, 5, 10, 15)
PACES = ("adult", "elder")
TESTS = ("distance", "size", "capacity", "state")

_SHORT = {
    "lang": "lang",
    "profile": "profile",
    "category": "c",
    "tier": "t",
    "pace": "pace",
    "test": "test",
    "community": "at",
}


@dataclass(frozen=True, slots=True)
class Choice:
    """What is shown, and how.

    Attributes
    ----------
    lang, profile
        Language of the page and key of the profile.
    category
        Facility category; ``""``: all required ones together.
    tier
        5, 10 or 15 minutes, or 0: each category's own threshold.
    pace
        Walking profile, ``"adult"`` or ``"elder"``.
    test
        Which verdict colours the map.
    community
        The chosen community's id, or None.
    """

    lang: str = DEFAULT_LANGUAGE
    profile: str = "national"
    category: str = ""
    tier: int = 0
    pace: str = "adult"
    test: str = "distance"
    community: str | None = None

    def address(self) -> dict[str, str]:
        """Return the parameters of the link that restores this.

        Returns
        -------
        dict
            Short names and values; what is as by default is left out, but never
            all of it.
        """
        default = Choice()
        found = {"lang": self.lang}
        for name, short in _SHORT.items():
            value = getattr(self, name)
            if value not in {getattr(default, name), None}:
                found[short] = str(value)
        return found


def read_address(values: dict[str, str], now: Choice) -> Choice:
    """Return the choice that a link stands for.

    Parameters
    ----------
    values
        Parameters of the address.
    now
        The choice so far; it stays if the address names nothing.

    Returns
    -------
    Choice
        The choice; words that the app does not know are as by default. Whether
        category, profile and community exist is for the page to see.
    """
    given = {name: values[short] for name, short in _SHORT.items() if short in values}
    if not given:
        return now
    allowed = {"lang": LANGUAGES, "pace": PACES, "test": TESTS}
    kept: dict[str, Any] = {
        name: value
        for name, value in given.items()
        if name not in allowed or value in allowed[name]
    }
    tier = kept.pop("tier", "0")
    kept["tier"] = int(tier) if tier in {str(known) for known in TIERS} else 0
    return Choice(**kept)


def choice() -> Choice:
    """Return what this session has chosen.

    Returns
    -------
    Choice
        The choice.
    """
    found: Choice = st.session_state.setdefault("pq_choice", Choice())
    return found


def choose(**changes: Any) -> None:
    """Change what this session has chosen.

    Parameters
    ----------
    **changes
        Fields of `Choice` and their new values.
    """
    st.session_state["pq_choice"] = replace(choice(), **changes)


def go_to(**where: Any) -> None:
    """Ask the map to move, once.

    Parameters
    ----------
    **where
        ``id`` of a community, ``point`` (longitude, latitude) or ``whole``.
    """
    count = st.session_state.get("pq_go", {}).get("n", 0) + 1
    st.session_state["pq_go"] = {"n": count, **where}


def going() -> dict[str, Any]:
    """Return where the map was last asked to go.

    Returns
    -------
    dict
        Its count ``n`` and the place.
    """
    found: dict[str, Any] = st.session_state.get("pq_go", {"n": 0})
    return found


def follow_address() -> None:
    """Take over a link, or the browser's way back, if the address was changed."""
    given = st.query_params.to_dict()
    if _turned_by_link(given) or given == st.session_state.get("pq_address"):
        return
    first = "pq_address" not in st.session_state
    found = read_address(given, choice())
    if first and found.community:
        go_to(id=found.community)
    st.session_state["pq_choice"] = found
    st.session_state["pq_address"] = given


def tell_links() -> dict[str, str]:
    """Return the parameters for links to other pages, and note them.

    Returns
    -------
    dict
        Short names and values. Links stay as they are while only a part of the page
        runs again, so they may say less than what was chosen since.
    """
    found = choice().address()
    st.session_state["pq_linked"] = found
    return found


def _turned_by_link(given: dict[str, str]) -> bool:
    """Return whether a link of our own led to another page: the choice stays then."""
    path = urlsplit(st.context.url or "").path
    before = st.session_state.get("pq_path")
    st.session_state["pq_path"] = path
    linked = given == st.session_state.get("pq_linked")
    return linked and before is not None and path != before


def tell_address() -> None:
    """Write the choice into the address bar."""
    wanted = choice().address()
    if st.query_params.to_dict() != wanted:
        st.query_params.from_dict(wanted)
    st.session_state["pq_address"] = wanted
