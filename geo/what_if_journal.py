"""What a step overwrote, so that it can be undone exactly."""

from collections.abc import Callable
from functools import partial
from typing import Any, TypeAlias, TypeVar

import numpy as np
import numpy.typing as npt

K = TypeVar("K")
V = TypeVar("V")
#: Where something is written in an array.
Index: TypeAlias = int | slice | list[int] | tuple[Any, ...]


class Journal:
    """Changes of one step, last first when they are undone."""

    def __init__(self) -> None:
        self._undo: list[Callable[[], object]] = []

    def write(
        self, array: npt.NDArray[Any], index: Index, values: npt.ArrayLike
    ) -> None:
        """Write into an array.

        Parameters
        ----------
        array
            The array.
        index
            Where; no place twice.
        values
            What.
        """
        old = np.copy(array[index])
        array[index] = values
        self._undo.append(partial(array.__setitem__, index, old))

    def swap(self, holder: object, name: str, value: object) -> None:
        """Set an attribute.

        Parameters
        ----------
        holder
            An object.
        name
            Name of the attribute.
        value
            Its new value; the old one must not be changed any more.
        """
        old = getattr(holder, name)
        setattr(holder, name, value)
        self._undo.append(partial(setattr, holder, name, old))

    def put(self, table: dict[K, V], key: K, value: V | None) -> None:
        """Set, or with None remove, an entry of a dictionary.

        Parameters
        ----------
        table
            The dictionary.
        key
            The key.
        value
            Its new value.
        """
        old = table.get(key)
        _enter(table, key, value)
        self._undo.append(partial(_enter, table, key, old))

    def swap_item(self, holder: list[V], at: int, value: V) -> None:
        """Set an item of a list.

        Parameters
        ----------
        holder
            The list.
        at
            Which item.
        value
            Its new value; the old one must not be changed any more.
        """
        self._undo.append(partial(holder.__setitem__, at, holder[at]))
        holder[at] = value

    def later(self, undo: Callable[[], object]) -> None:
        """Remember how something that was done elsewhere is undone.

        Parameters
        ----------
        undo
            Undoes it.
        """
        self._undo.append(undo)

    def undo(self) -> None:
        """Undo everything, last first."""
        while self._undo:
            self._undo.pop()()


def _enter(table: dict[K, V], key: K, value: V | None) -> None:
    if value is None:
        table.pop(key, None)
    else:
        table[key] = value
