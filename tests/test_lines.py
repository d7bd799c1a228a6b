import numpy as np
import pytest
from hamlet import make_streets

from geo.lines import complete_streets, part_lines


def test_streets_of_which_nothing_is_said():
    done = complete_streets(make_streets())
    assert done["level"].tolist() == [0, 0]
    assert not done[["bridge", "tunnel", "crossing"]].any().any()
    assert done["node_ids"].tolist() == [None, None]
    assert done[["foot", "access"]].isna().all().all()


@pytest.mark.parametrize(
    ("cell", "said"),
    [
        ("yes", True),
        ("viaduct", True),
        ("是", True),
        (True, True),
        ("no", False),
        ("", False),
        (None, False),
        (np.nan, False),
        (False, False),
        ("F", False),
    ],
)
def test_bridges(cell, said):
    frame = make_streets()
    frame["bridge"] = np.array([cell, None], dtype=object)
    assert complete_streets(frame)["bridge"].tolist() == [said, False]


@pytest.mark.parametrize(
    ("cell", "said"), [("是", "yes"), ("否", "no"), ("designated", "designated")]
)
def test_who_may_walk(cell, said):
    assert complete_streets(make_streets().assign(foot=cell))["foot"].iloc[0] == said


@pytest.mark.parametrize("column", ["level", "layer"])
def test_levels(column):
    done = complete_streets(make_streets().assign(**{column: ["1", "-1;0"]}))
    assert done["level"].tolist() == [1, 0]


def test_node_ids_as_text_as_lists_and_as_arrays():
    frame = make_streets()
    frame["node_ids"] = ["1 2", [3, 4]]
    done = complete_streets(frame)["node_ids"]
    assert [ids.tolist() for ids in done] == [[1, 2], [3, 4]]
    assert done.iloc[0].dtype == np.int64


def test_single_lines_stay():
    assert len(part_lines(complete_streets(make_streets()))) == 2
