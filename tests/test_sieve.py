import json

import pandas as pd
from hamlet import make_communities

from geo.schema import Severity
from geo.sieve import Sieve


def make_sieve():
    frame = make_communities()
    return Sieve("communities", frame, frame.assign(name=["a", "b", "c"]))


def test_a_row_set_aside_keeps_its_content_as_it_stood():
    sieve = make_sieve()
    sieve.set_aside((sieve.frame["id"] == "c2").to_numpy(), "id_duplicate")
    assert sieve.frame["id"].tolist() == ["c1", "c3"]
    (found,) = sieve.noticed
    assert (found.row, found.id, found.severity) == (1, "c2", Severity.ERROR)
    assert json.loads(found.content)["name"] == "b"


def test_a_row_noticed_stays_in_use():
    sieve = make_sieve()
    cells = pd.Series(["x" * 100, "y", "z"])
    mask = (sieve.frame["id"] != "c2").to_numpy()
    sieve.note(mask, "value_unreadable", Severity.WARNING, cells, column="name")
    assert len(sieve.frame) == 3
    assert [found.row for found in sieve.noticed] == [0, 2]
    assert sieve.noticed[0].params == {"column": "name", "value": "x" * 60}
    assert sieve.noticed[0].content is None


def test_a_layer_noticed_has_no_row():
    sieve = make_sieve()
    sieve.note_layer("buildings_placed", Severity.INFO, count=3)
    assert (sieve.noticed[0].row, sieve.noticed[0].params) == (None, {"count": 3})


def test_rows_without_ids_are_known_by_their_row():
    frame = make_communities().drop(columns="id")
    sieve = Sieve("idle", frame, frame)
    sieve.set_aside((frame["name"] == "西苑").to_numpy(), "geometry_missing")
    assert (sieve.noticed[0].row, sieve.noticed[0].id) == (1, None)


def test_another_column_may_name_the_rows():
    frame = make_communities()
    sieve = Sieve("consent", frame, frame, ident="name")
    sieve.note((frame["id"] == "c2").to_numpy(), "found_by_name", Severity.INFO)
    assert sieve.noticed[0].id == "西苑"
