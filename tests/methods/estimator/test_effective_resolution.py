"""The effective resolution of the pictures that an estimator gets."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from benchmark.avatars import AvatarVectors
from benchmark.system.progress import Silent
from methods.baseline import Baseline
from methods.estimator.augmentation import Augmentation, augment
from methods.estimator.estimation import EstimatorMethod, training_stage
from methods.estimator.examples import (
    Pairs,
    cached_batches,
    fresh_batches,
    row_order,
    view_features,
)
from methods.estimator.options import EstimatorOptions
from methods.shared.pictures import as_tensor, at_effective_resolution
from methods.shared.randomness import generator_of

SMALL = {
    "input_size": 64,
    "backbone": "efficientnet_lite0",
    "backbone_stages": 2,
    "pretrained": False,
    "reading": "grid",
    "grid_channels": 4,
    "head_width": 16,
    "batch_size": 16,
    "steps": 4,
}
STILL = dict.fromkeys(("light", "blur", "crop", "colour"), False)


class Given(EstimatorMethod):
    """The estimator trained on pairs of the test."""

    meta = Baseline.meta

    def __init__(self, options, pairs=None):
        super().__init__(options)
        self.given = pairs

    def pairs(self, context):
        return self.given


@pytest.fixture
def fine(mixed_engine):
    """Uniformly random pictures of 32 px with vectors."""
    pictures = np.random.default_rng(1).integers(0, 256, (24, 32, 32, 3), np.uint8)
    return Pairs(pictures, AvatarVectors.sample(mixed_engine.spec, 24, 0), "fine")


def larger(pictures):
    return pictures.repeat(2, axis=1).repeat(2, axis=2)


def trained(context, pairs, **extra):
    method = Given(EstimatorOptions(**SMALL | extra), pairs)
    method.fit(context)
    return method


@given(
    side=st.integers(8, 40),
    size=st.integers(8, 40),
    resolution=st.none() | st.integers(8, 40),
    grey=st.floats(-1, 1, width=32),
)
def test_any_size_is_resized_and_flat_pictures_stay_flat(side, size, resolution, grey):
    found = at_effective_resolution(
        torch.full((2, 3, side, side), grey), size, resolution
    )
    assert found.shape == (2, 3, size, size)
    torch.testing.assert_close(found, torch.full_like(found, grey))


def test_pictures_of_the_right_size_stay_as_they_are():
    pictures = torch.rand(2, 3, 16, 16)
    assert at_effective_resolution(pictures, 16) is pictures
    assert at_effective_resolution(pictures, 16, 16) is pictures


def test_detail_is_averaged_away():
    small = torch.rand(2, 3, 16, 16)
    blocks = small.repeat_interleave(2, 2).repeat_interleave(2, 3)
    checks = 0.1 * (-1) ** (torch.arange(32)[:, None] + torch.arange(32))
    torch.testing.assert_close(at_effective_resolution(blocks + checks, 16, 16), small)
    torch.testing.assert_close(
        at_effective_resolution(blocks + checks, 32, 16),
        at_effective_resolution(small, 32),
    )


def test_batches_hold_augmented_pictures_at_the_effective_resolution(fine):
    transform = EstimatorOptions(input_size=64, effective_resolution=16).network_input
    shared = (5, 0, "cpu")
    augmentation = Augmentation(**STILL)
    views = (0, "cpu", 24, Silent())
    features = view_features(fine, transform, augmentation, *views)
    fresh, _ = fresh_batches(fine, transform, augmentation, *shared)(0)
    cached, _ = cached_batches(features, fine.vectors, 5, 0, "cpu")(0)
    rows = row_order(24, 5, 0)(0)
    expected = transform(as_tensor(fine.pictures[rows.numpy()]))
    assert expected.shape == (5, 3, 64, 64)
    torch.testing.assert_close(fresh, expected)
    torch.testing.assert_close(cached, expected)
    lit, _ = fresh_batches(fine, transform, Augmentation(), *shared)(0)
    disturbed = augment(
        as_tensor(fine.pictures[rows.numpy()]),
        Augmentation(),
        generator_of("augment", 0, 0),
    )
    torch.testing.assert_close(lit, transform(disturbed))
    assert not torch.allclose(lit, fresh)


def test_larger_pairs_of_equal_detail_give_the_same_method(
    mixed_engine, make_context, fine
):
    same = Pairs(larger(fine.pictures), fine.vectors, "the same, larger")
    faces = as_tensor(same.pictures)
    small, large = (
        trained(
            make_context(mixed_engine),
            pairs,
            effective_resolution=32,
            augmentation=STILL,
        )
        for pairs in (fine, same)
    )
    assert small.predict(faces) == large.predict(faces)


def test_faces_that_differ_only_in_detail_get_the_same_vector(
    mixed_engine, make_context, fine, tmp_path
):
    method = trained(make_context(mixed_engine), fine, effective_resolution=16)
    faces = as_tensor(larger(fine.pictures)) * 0.8
    checks = 0.1 * (-1) ** (torch.arange(64)[:, None] + torch.arange(64))
    plain, checked = (method.predict(f).continuous for f in (faces, faces + checks))
    np.testing.assert_allclose(plain, checked, atol=1e-5)
    method.save(tmp_path / "saved")
    loaded = Given.load(tmp_path / "saved")
    assert loaded.options.effective_resolution == 16
    np.testing.assert_array_equal(loaded.predict(faces).continuous, plain)


def test_keys_and_saved_options_keep_the_old_name(mixed_engine, make_context):
    def stage(**extra):
        options = EstimatorOptions(**SMALL | extra)
        context = make_context(mixed_engine)
        return training_stage(mixed_engine.spec, "pairs", options, context)

    assert "see_size" not in stage().options
    assert "see_size" not in Baseline.Options(**SMALL).model_dump(mode="json")
    assert stage(effective_resolution=None).key == stage().key
    assert stage(effective_resolution=32).options["see_size"] == 32
    assert "effective_resolution" not in stage(effective_resolution=32).options
    options = EstimatorOptions(**SMALL, effective_resolution=32)
    for data in (options.model_dump(mode="json"), options.model_dump()):
        assert data["see_size"] == 32
        assert EstimatorOptions.model_validate(data) == options


def test_suites_may_use_either_name():
    old, new = (
        EstimatorOptions.model_validate({**SMALL, name: 32})
        for name in ("see_size", "effective_resolution")
    )
    assert old == new
    assert old.effective_resolution == 32
    names = EstimatorOptions.accepted_names()
    assert {"see_size", "effective_resolution", "steps"} <= names
    assert names - {"see_size"} == set(EstimatorOptions.model_fields)


def test_more_than_the_input_size_is_refused():
    message = "effective_resolution: 65 px is more than the"
    with pytest.raises(ValidationError, match=message):
        EstimatorOptions(**SMALL, effective_resolution=65)
