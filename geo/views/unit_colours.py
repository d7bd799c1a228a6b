"""Colours of units (片区): soft, safe for colour-blind eyes, neighbours unlike."""

from collections import Counter, defaultdict
from collections.abc import Hashable, Mapping
from heapq import heapify, heappop, heappush
from itertools import count

import pandas as pd

from geo.maps import INK, Look

#: Paul Tol's qualitative scheme "light" without its grey: fills that keep black
#: labels legible and that colour-blind eyes tell apart (personal.sron.nl/~pault).
UNIT_FILLS = (
    "#77AADD",
    "#EEDD88",
    "#44BB99",
    "#FFAABB",
    "#99DDFF",
    "#BBCC33",
    "#EE8866",
    "#AAAA00",
)
#: The first of them are used evenly, the strong ones only where these run out.
_EVEN = 6
#: Communities that take no part.
EXCLUDED_LOOK = Look("#F4F6F8", hatch="#AEB7C0", stroke="#8A96A1")
#: Share of white in the fill of a community on its own, and of what is the same in
#: two schemes (``units.js`` covers these with as much white).
_LIGHTER = {"single": 0.62, "same": 0.72}

Neighbours = Mapping[Hashable, set[Hashable]]


def unit_look(colour: int, *, kind: str = "joint") -> Look:
    """Return how the communities of a unit look.

    Parameters
    ----------
    colour
        Number from `colour_units`; from the length of `UNIT_FILLS` on the same
        fills come again, hatched.
    kind
        ``"single"``: the same colour, lighter; ``"same"``: paler still, as the map
        draws what two schemes have in common; ``"excluded"``: no colour, hatched.

    Returns
    -------
    geo.maps.Look
        Fill and thin outline.
    """
    if kind == "excluded":
        return EXCLUDED_LOOK
    fill = UNIT_FILLS[colour % len(UNIT_FILLS)]
    stroke = _mix(fill, INK, 0.45)
    hatch = stroke if colour >= len(UNIT_FILLS) else None
    if kind in _LIGHTER:
        fill = _mix(fill, "#FFFFFF", _LIGHTER[kind])
    return Look(fill, hatch, stroke)


def colour_units(
    unit_of: pd.Series,
    pairs: pd.DataFrame,
    *,
    before: Mapping[str, int] | None = None,
) -> pd.Series:
    """Give each unit a colour that no neighbouring unit has.

    The unit with the fewest colours left comes first (DSATUR, Brélaz 1979), and of
    the colours left it takes the one used least so far, so that all fills occur.

    Parameters
    ----------
    unit_of
        Community id to unit id; communities without a unit are left out.
    pairs
        Columns ``a`` and ``b``: communities that lie side by side, whether they
        may be joined or not.
    before
        Community id to colour number so far; a unit keeps the colour of most of
        its communities where no neighbour keeps the same.

    Returns
    -------
    pandas.Series
        Colour numbers, index unit id (sorted).

    Examples
    --------
    >>> unit_of = pd.Series({"a": "U001", "b": "U001", "c": "U002"})
    >>> colour_units(unit_of, pd.DataFrame({"a": ["b"], "b": ["c"]})).to_dict()
    {'U001': 0, 'U002': 1}
    """
    known = unit_of.dropna()
    beside = _beside(known, pairs)
    names = sorted(set(known), key=str)
    kept = _keep(known, beside, before or {})
    found = _dsatur(names, beside, kept, even=True)
    if max(found.values(), default=0) >= len(UNIT_FILLS):
        found = _dsatur(names, beside, {}, even=False)
    return pd.Series(
        [found[name] for name in names],
        index=pd.Index(names, name="unit_id", dtype="object"),
        name="colour",
        dtype="int64",
    )


def colours_of(unit_of: pd.Series, colours: pd.Series) -> dict[str, int]:
    """Return the colour of each community, for ``before`` of the next colouring.

    Parameters
    ----------
    unit_of
        Community id to unit id.
    colours
        Colour numbers of the units, from `colour_units`.

    Returns
    -------
    dict
        Community id to colour number.
    """
    found = unit_of.map(colours).dropna().astype("int64")
    return {str(community): int(colour) for community, colour in found.items()}


def _beside(unit_of: pd.Series, pairs: pd.DataFrame) -> Neighbours:
    found: dict[Hashable, set[Hashable]] = defaultdict(set)
    ends = zip(pairs["a"].map(unit_of), pairs["b"].map(unit_of), strict=True)
    for one, other in ends:
        if one != other and not pd.isna(one) and not pd.isna(other):
            found[one].add(other)
            found[other].add(one)
    return found


def _keep(
    unit_of: pd.Series, beside: Neighbours, before: Mapping[str, int]
) -> dict[Hashable, int]:
    votes: dict[Hashable, Counter[int]] = defaultdict(Counter)
    for community, unit in unit_of.items():
        colour = before.get(str(community))
        if colour is not None and colour < len(UNIT_FILLS):
            votes[unit][colour] += 1
    # who has most members of the colour keeps it
    wishes = sorted(
        (-most, str(unit), unit, colour)
        for unit, counter in votes.items()
        for colour, most in [min(counter.items(), key=lambda one: (-one[1], one[0]))]
    )
    kept: dict[Hashable, int] = {}
    for _, _, unit, colour in wishes:
        if all(kept.get(other) != colour for other in beside.get(unit, ())):
            kept[unit] = colour
    return kept


def _dsatur(
    names: list[Hashable],
    beside: Neighbours,
    kept: Mapping[Hashable, int],
    *,
    even: bool,
) -> dict[Hashable, int]:
    found = dict(kept)
    used = Counter(found.values())
    taken: dict[Hashable, set[int]] = {
        name: {found[other] for other in beside.get(name, ()) if other in found}
        for name in names
    }

    def urgency(at: int) -> tuple[int, int, int]:
        name = names[at]
        return -len(taken[name]), -len(beside.get(name, ())), at

    rank = {name: at for at, name in enumerate(names)}
    heap = [urgency(at) for at, name in enumerate(names) if name not in found]
    heapify(heap)
    while heap:
        name = names[heappop(heap)[-1]]
        if name in found:
            continue
        colour = _choose(taken[name], used, even=even)
        found[name] = colour
        used[colour] += 1
        for other in beside.get(name, ()):
            if other not in found and colour not in taken[other]:
                taken[other].add(colour)
                heappush(heap, urgency(rank[other]))
    return found


def _choose(taken: set[int], used: Counter[int], *, even: bool) -> int:
    free = [at for at in range(len(UNIT_FILLS)) if at not in taken]
    if not free:
        return next(at for at in count(len(UNIT_FILLS)) if at not in taken)
    return min(free, key=lambda at: (at // _EVEN, used[at])) if even else free[0]


def _mix(colour: str, other: str, share: float) -> str:
    ends = ((colour, 1 - share), (other, share))
    parts = [
        sum(int(one[at : at + 2], 16) * weight for one, weight in ends)
        for at in (1, 3, 5)
    ]
    return "#" + "".join(f"{round(part):02X}" for part in parts)
