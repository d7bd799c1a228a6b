"""Pieces of the network and what hangs on each."""

import numpy as np
import pytest

from geo.edges import Edges
from geo.pieces import find_pieces


def test_pieces_are_sorted_and_counted():
    x = np.array([0.0, 10, 100, 110, 130, 500])
    u, v = np.array([0, 2, 3]), np.array([1, 3, 4])
    street, inside = np.array([0, 1, -1]), np.array([-1, 5, 5])
    none = np.full(3, -1)
    edges = Edges(x, np.zeros(6), u, v, street, none > 0, inside, none)
    pieces, piece = find_pieces(edges, {"gates": np.array([2, 4, 0, -1])})
    assert piece.tolist() == [1, 1, 0, 0, 0, 2]
    assert pieces["nodes"].tolist() == [3, 2, 1]
    assert pieces["length_m"].tolist() == pytest.approx([30, 10, 0])
    assert pieces["gates"].tolist() == [2, 1, 0]
    # the first holds inner edges and a connector, the last nothing at all
    assert pieces["walled"].tolist() == [True, False, True]
