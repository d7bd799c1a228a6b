"""What is compiled ahead of time."""

from geo.site_warm import warm_sites


def test_warming_up_tells_its_progress():
    told = []
    warm_sites(lambda stage, share: told.append((stage, share)))
    assert told == [("stage.warm", 0.0), ("stage.warm", 0.5), ("stage.warm", 1.0)]
