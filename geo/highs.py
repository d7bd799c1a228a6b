"""HiGHS, if it is installed, and sheets of columns and rows to hand to it."""

from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from scipy.sparse import coo_array, csc_array

from geo.chains import FloatArray, Int64Array

if TYPE_CHECKING:
    import highspy

__all__ = ["Sheet", "load_solver", "make_solver"]


def load_solver() -> ModuleType | None:
    """Load HiGHS.

    Returns
    -------
    types.ModuleType or None
        The module ``highspy``, None if it is not installed.
    """
    try:
        return import_module("highspy")
    except ImportError:
        return None


def make_solver(solver: ModuleType, seconds_most: float) -> "highspy.Highs":
    """Make a silent HiGHS on one thread that always does the same.

    Parameters
    ----------
    solver
        The module ``highspy``.
    seconds_most
        For how long it may work.

    Returns
    -------
    highspy.Highs
        A solver without a model.
    """
    highs: highspy.Highs = solver.Highs()
    for name, value in (
        ("output_flag", False),
        ("threads", 1),
        ("parallel", "off"),
        ("random_seed", 1),
        ("time_limit", float(seconds_most)),
        ("primal_feasibility_tolerance", 1e-9),
        ("dual_feasibility_tolerance", 1e-9),
        ("mip_feasibility_tolerance", 1e-9),
        ("mip_rel_gap", 0.0),
    ):
        highs.setOptionValue(name, value)
    return highs


class Sheet:
    """A model in the making: columns, rows, and entries where they meet.

    Rows hold what their entries come to between `lower` and `upper`.
    """

    def __init__(self) -> None:
        self._width, self._height = 0, 0
        self._columns: list[FloatArray] = []
        self._rows: list[FloatArray] = []
        self._entries: list[FloatArray] = []

    def add_columns(
        self,
        count: int,
        *,
        lower: npt.ArrayLike = 0.0,
        upper: npt.ArrayLike = 1.0,
        cost: npt.ArrayLike = 0.0,
        whole: bool = False,
    ) -> Int64Array:
        """Add columns; return their numbers."""
        block = np.zeros((4, count))
        block[0], block[1], block[2], block[3] = lower, upper, cost, whole
        self._columns.append(block)
        self._width += count
        return np.arange(self._width - count, self._width)

    def add_rows(
        self, count: int, *, lower: npt.ArrayLike = -np.inf, upper: npt.ArrayLike
    ) -> Int64Array:
        """Add rows; return their numbers."""
        block = np.zeros((2, count))
        block[0], block[1] = lower, upper
        self._rows.append(block)
        self._height += count
        return np.arange(self._height - count, self._height)

    def put(
        self, row: Int64Array, column: Int64Array, value: npt.ArrayLike = 1.0
    ) -> None:
        """Let columns count in rows; entries of one place add up."""
        block = np.zeros((3, len(row)))
        block[0], block[1], block[2] = row, column, value
        self._entries.append(block)

    @property
    def width(self) -> int:
        """Return the number of columns."""
        return self._width

    @property
    def columns(self) -> FloatArray:
        """Return lower, upper, cost and whole of all columns; (4, columns)."""
        return np.hstack([np.zeros((4, 0)), *self._columns])

    def hand_over(self, solver: ModuleType, highs: "highspy.Highs") -> None:
        """Hand the model over, to be made as great as it can be."""
        lower, upper, cost, whole = self.columns
        row, column, value = np.hstack([np.zeros((3, 0)), *self._entries])
        places = (row.astype(np.int64), column.astype(np.int64))
        matrix = csc_array(
            coo_array((value, places), shape=(self._height, self._width))
        )
        model = solver.HighsLp()
        model.num_col_, model.num_row_ = self._width, self._height
        model.sense_ = solver.ObjSense.kMaximize
        model.col_cost_, model.col_lower_, model.col_upper_ = cost, lower, upper
        rows = np.hstack([np.zeros((2, 0)), *self._rows])
        model.row_lower_, model.row_upper_ = rows
        model.a_matrix_.format_ = solver.MatrixFormat.kColwise
        model.a_matrix_.start_ = matrix.indptr.astype(np.int32)
        model.a_matrix_.index_ = matrix.indices.astype(np.int32)
        model.a_matrix_.value_ = matrix.data
        if whole.any():
            kinds = solver.HighsVarType.kContinuous, solver.HighsVarType.kInteger
            model.integrality_ = [kinds[int(one)] for one in whole]
        highs.passModel(model)
