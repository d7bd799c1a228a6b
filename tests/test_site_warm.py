"""What is compiled ahead of time."""

from geo.site_warm import warm_sites


def test_warming_up_tells_its_progress():
    told = []
    warm_sites(lambda stage, share: told.append((stage, share)))
    assert {stage for stage, _ in told} == {"stage.warm"}
    assert [round(share, 2) for _, share in told] == [0.0, 0.33, 0.67, 1.0]
