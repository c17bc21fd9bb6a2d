"""Pulling samples of the avatar generator towards renders."""

from __future__ import annotations

import pytest
import torch
from pydantic import ValidationError

from benchmark.system.progress import Silent
from methods.generator.curves import read_curves
from methods.shared.matching import matched_all
from methods.swiftavatar.adaptation_training import AdaptationTraining
from methods.swiftavatar.options import AdaptationOptions
from methods.swiftavatar.part_matching import (
    GRID,
    describe,
    distances,
    standardised,
)

SIZE = 64
PLACE = torch.zeros(GRID, GRID)
PLACE[6:9, 4:12] = 1
OPTIONS = {
    "batch": 4,
    "r1": 0,
    "path": 0,
    "check_every": 99,
    "projected": {"maps": False, "width": 4, "head_widths": (4, 4, 4)},
    "coverage": {"group": 16, "share": 0.5},
}


def heads(count: int, seed: int, glasses: float) -> tuple[torch.Tensor, torch.Tensor]:
    """(n, 3, S, S) heads of random tones and (n,) whether dark bars cross the eyes.

    `glasses` is the grey of the bars: both sets of a test draw them differently.
    """
    draws = torch.Generator().manual_seed(seed)
    tone = torch.rand(count, 1, 1, 1, generator=draws)
    picture = (tone - 0.3).expand(count, 3, SIZE, SIZE).clone()
    picture += 0.05 * torch.randn(picture.shape, generator=draws)
    wears = torch.arange(count) % 4 == 0
    for row in (26, 30, 34):
        picture[wears, :, row, 16:48] = glasses
    return picture, wears


def test_samples_with_glasses_follow_renders_with_glasses():
    """Although tones vary more, and glasses look different in the two domains."""
    renders, on_renders = heads(128, 1, glasses=-1.0)
    samples, on_samples = heads(128, 2, glasses=-0.6)
    ours, theirs = (standardised(describe(x)) for x in (renders, samples))
    (found,) = matched_all([distances(ours, theirs, PLACE)])
    assert sorted(found.tolist()) == list(range(128))
    assert float(on_samples[found][on_renders].float().mean()) > 0.8


def test_a_description_tells_colours_and_edges_of_cells():
    picture = torch.zeros(1, 3, SIZE, SIZE)
    picture[0, 0, :4, :4] = 0.6
    found = describe(picture)
    assert found.shape == (1, 4, GRID, GRID)
    assert found[0, :, 0, 0].tolist() == pytest.approx([0.6, 0, 0, 0.2 * 8 / 16])
    assert float(found[0, :, 1:].abs().max()) == 0


def test_equal_pictures_in_a_set_have_no_distance():
    flat = torch.zeros(8, 3, SIZE, SIZE)
    described = standardised(describe(flat))
    assert float(distances(described, described, PLACE).abs().max()) == 0


def trained(pair, renders, scratch, **changes) -> AdaptationTraining:
    scratch.mkdir(exist_ok=True)
    options = AdaptationOptions.model_validate({**OPTIONS, **changes})
    found = AdaptationTraining(pair, renders, options, 0, scratch, "test", "cpu")
    found.run(Silent())
    found.save()
    return found


@pytest.mark.slow
def test_training_records_the_distance_and_resumes_to_the_same_weights(
    pair, renders, tmp_path
):
    whole = trained(pair, renders, tmp_path / "whole", steps=4).state
    first = trained(pair, renders, tmp_path / "parts", steps=2)
    again = trained(pair, renders, tmp_path / "parts", steps=4).state
    assert first.state.assignment.shape == (16, pair.realistic.layout.rows)
    for name, value in whole.generator.state_dict().items():
        assert torch.equal(value, again.generator.state_dict()[name]), name
    records = read_curves(tmp_path / "whole")
    assert all(record["train/pixels"] > 0 for record in records)


@pytest.mark.slow
def test_coverage_brings_samples_nearer_to_renders(pair, renders, tmp_path):
    errors = []
    for weight in (0.0, 30.0):
        coverage = {"group": 16, "share": 0.5, "pixels": weight}
        scratch = tmp_path / str(weight)
        trained(pair, renders, scratch, steps=40, learning_rate=0.02, coverage=coverage)
        errors.append(read_curves(scratch)[-1]["train/pixels"])
    assert errors[1] < 0.8 * errors[0]


def test_coverage_needs_a_projected_discriminator():
    with pytest.raises(ValidationError, match="coverage needs a projected"):
        AdaptationOptions.model_validate({"coverage": {}})
