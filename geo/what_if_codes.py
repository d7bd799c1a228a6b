"""States and certainties as small numbers, which are counted faster than words."""

from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from geo.schema import Certainty, State
from geo.scores import TIERS_MIN

Codes: TypeAlias = npt.NDArray[np.int8]

#: Columns of states and of certainty: counted as numbers, not as words.
CODED = (
    "state",
    "distance_state",
    "size_state",
    "capacity_state",
    "certainty",
    "elder_state",
    *(f"{pace}state_{minutes}min" for pace in ("", "elder_") for minutes in TIERS_MIN),
)
#: Their words, sorted: a code is a position here.
WORDS = np.array(sorted(["", *State, *Certainty]), dtype=np.str_)


def encode(values: npt.NDArray[Any]) -> Codes:
    """Turn states or certainties into numbers.

    Parameters
    ----------
    values
        Words of `WORDS`.

    Returns
    -------
    numpy.ndarray
        Their positions there.
    """
    return np.searchsorted(WORDS, values.astype(np.str_)).astype(np.int8)
