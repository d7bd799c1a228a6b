"""Modules between the smallest and the largest size, and what stock they take."""

import numpy as np
import pytest
from gridtown import make_layer, point

from geo.idle import list_resources
from geo.rules import load_rules
from geo.site_rules import list_sited
from geo.site_sizes import build_modules, measure_stock

RULES = load_rules()
SIZING = list_sited(RULES, ["elderly_daycare"])["elderly_daycare"].sizings["floor"]


@pytest.mark.parametrize(
    ("area", "least", "modules", "module_m2"),
    [
        (350.0, 350.0, (7, 7), 50.0),
        (349.999999999, 350.0, (7, 7), 50.0),  # a rounding of areas is no lack
        (399.0, 350.0, (7, 7), 50.0),
        (400.0, 350.0, (7, 8), 50.0),
        (9000.0, 350.0, (7, 15), 50.0),
        (380.0, 360.0, (1, 1), 360.0),
        # the law asks for more than the table thinks sensible
        (1000.0, 800.0, (16, 16), 50.0),
        (830.0, 810.0, (1, 1), 810.0),
        (60.0, 30.0, (1, 1), 50.0),
        (45.0, 30.0, (1, 1), 30.0),
    ],
)
def test_modules(area, least, modules, module_m2):
    built = build_modules(np.array([area]), np.array([least]), SIZING, limited=True)
    assert (built.least[0], built.most[0]) == modules
    assert built.module_m2[0] == module_m2
    assert built.capacity[0] == module_m2  # m2 of floor are the capacity
    free = build_modules(np.array([area]), np.array([least]), SIZING, limited=False)
    assert (free.least[0], free.most[0]) == (1, 1)
    assert free.module_m2[0] == least
    assert np.isinf(free.capacity[0])


def test_modules_keep_within_all_sizes():
    rng = np.random.default_rng(3)
    least = rng.uniform(10, 900, 500)
    area = least + rng.uniform(0, 900, 500)
    built = build_modules(area, least, SIZING, limited=True)
    near = 1e-6
    assert (built.least >= 1).all()
    assert (built.least <= built.most).all()
    assert (built.least * built.module_m2 >= least - near).all()
    assert (built.most * built.module_m2 <= area + near).all()


def test_stock_of_every_kind():
    rows = {
        "house": {"kind": "闲置房屋", "floor_area_m2": 600.0, "land_area_m2": 300.0},
        "plot": {"kind": "空闲用地", "floor_area_m2": 50.0, "land_area_m2": 900.0},
        "corner": {"kind": "边角地"},
        "what": {"floor_area_m2": 70.0},
        "where": {"kind": "屋顶", "land_area_m2": 80.0},
    }
    idle = make_layer("idle", {k: row | {"at": point(0, 0)} for k, row in rows.items()})
    resources = list_resources(idle)
    stock = measure_stock(resources, RULES)
    pairs = zip(stock.kind, stock.area_m2, strict=True)
    found = dict(zip(resources.ids, pairs, strict=True))
    assert found["house"] == ("floor", 600.0)
    assert found["plot"] == ("land", 900.0)
    assert found["corner"][0] == "land"
    assert np.isnan(found["corner"][1])
    assert found["what"] == ("floor", 70.0)
    assert found["where"] == ("land", 80.0)
