"""The tests of a category at a community, as pure functions of arrays.

Arrays are ``(communities, categories)`` unless said otherwise; what is given per
category has shape ``(categories,)`` and per community ``(communities, 1)``.
Distances are metres on the walk network, ``NaN`` where nothing is in reach.
Meaning and precedence of all states: METHODS, What is measured.
"""

from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from geo.schema import Certainty, State

Floats: TypeAlias = npt.NDArray[np.float64]
Ints: TypeAlias = npt.NDArray[np.int64]
Bools: TypeAlias = npt.NDArray[np.bool_]
Words: TypeAlias = npt.NDArray[np.str_]

#: Distances are compared, shown and written to this many decimals of a metre.
DECIMALS = 2


@dataclass(frozen=True, eq=False)
class Access:
    """Distances from where communities are entered and where their people live.

    Attributes
    ----------
    communities
        Number of communities.
    gate_community, door_community
        Row position of the community of each gate and door; shapes (g,), (d,).
    gate_attached, door_attached
        Whether the gate or door is on the network; shapes (g,), (d,).
    door_households
        Households behind each door, all known and positive; shape (d,).
    """

    communities: int
    gate_community: Ints
    gate_attached: Bools
    door_community: Ints
    door_attached: Bools
    door_households: Floats

    @property
    def households_counted(self) -> Floats:
        """Return the households behind doors, NaN where none are known; (c,)."""
        total = np.bincount(
            self.door_community, self.door_households, minlength=self.communities
        ).astype(np.float64)
        return np.where(total > 0, total, np.nan)

    @property
    def entered(self) -> Bools:
        """Return whether any gate of the community is on the network; (c,)."""
        counts = np.bincount(
            self.gate_community[self.gate_attached], minlength=self.communities
        )
        return np.asarray(counts > 0, dtype=np.bool_)


@dataclass(frozen=True, eq=False)
class Share:
    """Share of a community within a threshold, from below and from above.

    The two differ only where a door is on no street, so that nobody can say
    whether its households are within the threshold.
    """

    low: Floats
    high: Floats

    def verdict(self, least: float) -> Words:
        """Return ``met``, ``short`` or ``unknown`` against the share `least`."""
        return select(
            (self.low >= least, State.MET),
            (self.high < least, State.SHORT),
            default=State.UNKNOWN,
        )


@dataclass(frozen=True, eq=False)
class Test:
    """State of one test and what brought it about (``reason.<test>.<cause>``)."""

    __test__ = False  # not one of pytest's

    state: Words
    cause: Words


def select(*cases: tuple[Any, str], default: str = "") -> Words:
    """Return the word of the first case that holds, element by element.

    Parameters
    ----------
    *cases
        Pairs of a boolean array and a word; shapes broadcast.
    default
        Word where no case holds.

    Returns
    -------
    numpy.ndarray
        Words.

    Examples
    --------
    >>> select((np.array([True, False]), "met"), default="short").tolist()
    ['met', 'short']
    """
    masks = np.broadcast_arrays(*(mask for mask, _ in cases))
    words = [np.asarray(str(word)) for _, word in cases]
    chosen = np.select(masks, words, default=np.asarray(str(default)))
    return np.asarray(chosen, dtype=np.str_)


def find_least(
    distance_m: Floats, community: Ints, communities: int
) -> tuple[Floats, Ints]:
    """Return the least distance of each community, and the row it stands in.

    Parameters
    ----------
    distance_m
        Distances from places; shape (places, categories).
    community
        Row position of the community of each place; shape (places,).
    communities
        Number of communities.

    Returns
    -------
    least_m : numpy.ndarray
        Least distance, NaN where no place reaches anything.
    row : numpy.ndarray
        Row of the first place that has it, -1 where there is none.

    Examples
    --------
    >>> find_least(np.array([[5.0], [3.0]]), np.array([0, 0]), 1)[0].tolist()
    [[3.0]]
    """
    shape = (communities, distance_m.shape[1])
    filled = np.where(np.isnan(distance_m), np.inf, distance_m)
    least = np.full(shape, np.inf)
    np.minimum.at(least, community, filled)
    row = np.full(shape, -1, dtype=np.int64)
    place, category = np.nonzero(np.isfinite(filled) & (filled == least[community]))
    # backwards, so that the first place of several wins
    row[community[place[::-1]], category[::-1]] = place[::-1]
    return np.where(np.isinf(least), np.nan, least), row


def measure_share(
    access: Access, gate_m: Floats, door_m: Floats, threshold_m: Floats
) -> Share:
    """Measure which share of each community is within a threshold.

    With doors (buildings with known households) it is the share of their
    households; without, it is 1 or 0 as the nearest gate is within or not.

    Parameters
    ----------
    access
        Gates and doors.
    gate_m
        Least distance over the gates.
    door_m
        Distance from each door; shape (doors, categories).
    threshold_m
        Threshold of each category; shape (categories,).

    Returns
    -------
    Share
        Bounds of the share.
    """
    by_gate = (gate_m <= threshold_m).astype(np.float64)
    counted = access.households_counted[:, None]
    households = access.door_households[:, None]
    within = np.zeros_like(by_gate)
    np.add.at(within, access.door_community, households * (door_m <= threshold_m))
    unsure = np.zeros((access.communities, 1))
    np.add.at(
        unsure, access.door_community, households * ~access.door_attached[:, None]
    )
    doors = ~np.isnan(counted)
    low = np.where(doors, within / counted, by_gate)
    return Share(low, np.where(doors, (within + unsure) / counted, low))


def judge_distance(
    share: Share,
    least: float,
    *,
    doors: Bools,
    entered: Bools,
    hidden: Bools,
) -> Test:
    """Judge the distance test.

    Parameters
    ----------
    share
        Share of the community within the threshold.
    least
        Share from which the test is met.
    doors
        Whether the share counts households behind doors; shape (communities, 1).
    entered
        Whether any gate is on the network; shape (communities, 1).
    hidden
        Whether a facility that is on no street (or behind a wall without a gate
        for strangers) stands within the threshold in a straight line.

    Returns
    -------
    Test
        ``met``, ``short`` or ``unknown`` with the cause.
    """
    verdict = share.verdict(least)
    met, short = verdict == State.MET, verdict == State.SHORT
    cause = select(
        (~entered, "no_gate"),
        (met & doors, "doors_met"),
        (met, "gate_met"),
        (short & hidden, "hidden"),
        (short & doors, "doors_short"),
        (short, "gate_far"),
        default="doors_unknown",
    )
    state = np.where(entered & ~(short & hidden), verdict, State.UNKNOWN.value)
    return Test(state.astype(np.str_), cause)


def judge_size(
    all_m: Floats,
    large_m: Floats,
    maybe_m: Floats,
    reach_m: Floats,
    *,
    entered: Bools,
    hidden: Bools,
) -> Test:
    """Judge the size test, whether one in reach is large enough.

    Parameters
    ----------
    all_m
        Least distance to any facility.
    large_m
        Least distance to one that is known to be large enough.
    maybe_m
        Least distance to one that is not known to be too small.
    reach_m
        What is in reach; shape (categories,).
    entered
        Whether any gate is on the network; shape (communities, 1).
    hidden
        Whether a facility that cannot be walked to, and is not known to be too
        small, stands within reach in a straight line.

    Returns
    -------
    Test
        ``met``, ``short`` or ``unknown`` with the cause.
    """
    too_small = (all_m <= reach_m) & ~(maybe_m <= reach_m)
    cases = (
        (~entered, State.UNKNOWN, "no_gate"),
        (large_m <= reach_m, State.MET, "large_enough"),
        (~(all_m <= reach_m), State.UNKNOWN, "none_in_reach"),
        (too_small & hidden, State.UNKNOWN, "hidden"),
        (too_small, State.SHORT, "too_small"),
    )
    shape = all_m.shape
    state = select(*((m, s) for m, s, _ in cases), default=State.UNKNOWN)
    cause = select(*((m, c) for m, _, c in cases), default="area_missing")
    return Test(np.broadcast_to(state, shape), np.broadcast_to(cause, shape))


def set_presence(
    test: Test,
    *,
    ruled: Bools,
    required: Bools,
    present: Bools,
    ambiguous: Bools,
) -> Test:
    """Replace the verdicts of categories that cannot be judged at all.

    Parameters
    ----------
    test
        Verdicts as if every category had a rule and facilities.
    ruled
        Whether the category has a rule for this test; shape (categories,).
    required
        Whether the category is required; shape (categories,).
    present
        Whether the input holds a facility of the category; shape (categories,).
    ambiguous
        Whether the input holds an object that may be one; shape (categories,).

    Returns
    -------
    Test
        Verdicts with ``not_required``, ``no_data`` and ``unknown`` set.
    """
    cases = (
        (~required, State.NOT_REQUIRED, "switched_off"),
        (~ruled, State.NOT_REQUIRED, "no_rule"),
        (~present & ambiguous, State.UNKNOWN, "ambiguous"),
        (~present, State.NO_DATA, "no_data"),
    )
    state, cause = test.state, test.cause
    for mask, word, why in reversed(cases):
        state = np.where(mask, word.value, state)
        cause = np.where(mask, why, cause)
    return Test(state.astype(np.str_), cause.astype(np.str_))


def combine_states(*tests: Words, required: Bools) -> Words:
    """Combine the states of the tests of a category into its state.

    Parameters
    ----------
    *tests
        States of the tests; ``not_required`` ones are left out.
    required
        Whether the category is required; shape (categories,).

    Returns
    -------
    numpy.ndarray
        The first of ``not_required``, ``no_data``, ``short``, ``unknown`` and
        ``met`` that applies. Required without a single rule is ``unknown``: there
        is nothing that it could be held against.

    Examples
    --------
    >>> tests = np.array(["met"]), np.array(["unknown"])
    >>> combine_states(*tests, required=np.array([True])).tolist()
    ['unknown']
    """
    stack = np.stack(tests)
    order = (State.NO_DATA, State.SHORT, State.UNKNOWN, State.MET)
    cases = ((np.any(stack == state, axis=0), state) for state in order)
    return select((~required, State.NOT_REQUIRED), *cases, default=State.UNKNOWN)


def find_borderline(
    distance_m: Floats,
    threshold_m: Floats,
    narrow: Share,
    wide: Share,
    *,
    doors: Bools,
    least: float,
    share: float,
) -> Bools:
    """Find verdicts that a small change of the distance would turn.

    Parameters
    ----------
    distance_m
        Least distance over the gates.
    threshold_m
        Threshold, or what is in reach, of each category; shape (categories,).
    narrow, wide
        Shares within the threshold lessened and widened by `share`.
    doors
        Whether households behind doors are counted; shape (communities, 1).
    least
        Share of households from which the distance test is met.
    share
        What counts as small: 0.1 means 0.9 and 1.1 times.

    Returns
    -------
    numpy.ndarray
        ``(1 - share) d <= threshold < (1 + share) d``; with doors: whether the
        verdict differs between the two shares.
    """
    nearer = np.round((1 - share) * distance_m, 6)
    farther = np.round((1 + share) * distance_m, 6)
    by_gate = (nearer <= threshold_m) & (threshold_m < farther)
    by_door = narrow.verdict(least) != wide.verdict(least)
    return np.where(doors, by_door, by_gate)


def judge_certainty(
    state: Words, borderline: Bools, edge_m: Floats, reach_m: Floats
) -> Words:
    """Say how sure each state is.

    Parameters
    ----------
    state
        States.
    borderline
        Whether a small change of distance would turn the distance test.
    edge_m
        Distance from the nearest gate to where the network leaves the data.
    reach_m
        Threshold, or what is in reach, of each category; shape (categories,).

    Returns
    -------
    numpy.ndarray
        ``edge`` (only of ``short``), ``borderline`` or ``certain``; empty where
        the state is neither ``met`` nor ``short``.
    """
    short = state == State.SHORT
    return select(
        (~short & (state != State.MET), ""),
        (short & (edge_m < reach_m), Certainty.EDGE),
        (borderline, Certainty.BORDERLINE),
        default=Certainty.CERTAIN,
    )
