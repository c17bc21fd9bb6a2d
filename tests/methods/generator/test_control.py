import math

import pytest
import torch

from methods.generator.control import (
    grown,
    measure_control,
    missed_targets,
    part_names,
)


def test_independent_parts_have_all_the_energy_in_their_region(striped):
    controls = measure_control(striped, count=20, batch=8)
    assert [c.name for c in controls] == [f"part {i}" for i in range(4)]
    for control in controls[:3]:
        assert control.share_of_energy == 1
        assert control.median_share == 1
        assert (control.n, control.absent) == (20, 0)
        assert math.isnan(control.absent_energy)
    # A stripe of 16 rows, and a margin of two rows on either side.
    assert controls[1].share_of_area == pytest.approx(20 / 64)
    assert controls[1].ratio == pytest.approx(64 / 20)


def test_a_hidden_part_has_no_share(striped):
    hidden = measure_control(striped, count=6)[3]
    assert (hidden.n, hidden.absent) == (0, 6)
    assert math.isnan(hidden.share_of_energy)
    assert math.isnan(hidden.ratio)


def test_energy_outside_the_region_lowers_the_share(leaky):
    tidy, untidy = measure_control(leaky, count=20)[1:3]
    assert tidy.share_of_energy == 1
    # 0.9 of the code inside its 16 rows, 0.4 everywhere else; the region has 20 rows.
    inside, outside = 16 * 0.9**2 + 4 * 0.4**2, 44 * 0.4**2
    assert untidy.share_of_energy == pytest.approx(
        inside / (inside + outside), rel=1e-3
    )
    assert untidy.median_share == pytest.approx(untidy.share_of_energy, rel=1e-3)


def test_missed_targets_name_the_part(leaky):
    controls = measure_control(leaky, count=20)
    missed = missed_targets(controls, share=0.7, of=("part 2",), ratio=4.0)
    assert any(line.startswith("part 2: ") and "energy" in line for line in missed)
    assert not any("part 3" in line for line in missed)
    assert missed_targets(controls[1:2], of=("part 1",), ratio=3.0) == []


def test_an_unreachable_target_is_reported(striped):
    (missed,) = missed_targets(measure_control(striped, count=8)[:2], of=())
    # Part 0 covers the upper and lower quarter, and a margin of two rows.
    assert missed == (
        "part 0: 1.78 times its area, target 2 "
        "(1.78 is the maximum for 56% of the picture)"
    )


@pytest.mark.parametrize(("size", "reach"), [(64, 2), (128, 4), (256, 8)])
def test_the_region_grows_with_the_picture(size, reach):
    mask = torch.zeros(1, size, size, dtype=torch.bool)
    mask[0, size // 2, size // 2] = True
    region = grown(mask)[0]
    places = region.nonzero() - size // 2
    assert places.abs().max() == reach
    assert places.double().norm(dim=1).max() == reach
    assert region.sum() > 2 * reach**2


def test_thirteen_parts_have_names():
    assert part_names(13)[7] == "hair"
    assert part_names(3) == ("part 0", "part 1", "part 2")
