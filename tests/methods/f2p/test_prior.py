"""The facial prior: an affine space per group of parameters."""

from __future__ import annotations

import pytest
import torch
from avatar_strategies import specs
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.torch import load_file, save_file

from benchmark.avatars import AvatarSpec, AvatarVectors, Continuous, Discrete
from methods.f2p.prior import Prior, fit_prior

FACE = AvatarSpec(
    "face",
    (
        Continuous("width", "head"),
        Continuous("nose", "nose"),
        Continuous("length", "head"),
        Discrete("glasses", "glasses", ("none", "worn"), optional=True),
    ),
)


def sample(spec, count=40, seed=0):
    return torch.from_numpy(AvatarVectors.sample(spec, count, seed).flat().copy())


@settings(max_examples=25)
@given(specs(), st.integers(2, 20), st.floats(0.1, 1))
def test_directions_are_orthonormal_and_the_nearest_points_stay(spec, count, share):
    vectors = sample(spec, count)
    prior = fit_prior(spec, vectors, share)
    own = prior.directions.T @ prior.directions
    torch.testing.assert_close(own, torch.eye(len(own)), atol=1e-5, rtol=0)
    near = prior.nearest(vectors)
    torch.testing.assert_close(prior.nearest(near), near, atol=1e-5, rtol=0)
    left, whole = ((v - prior.mean).square().sum() for v in (near, vectors))
    assert left >= (share - 1e-4) * whole


@settings(max_examples=25)
@given(specs())
def test_full_variance_restores_vectors(spec):
    vectors = sample(spec)
    prior = fit_prior(spec, vectors, 1.0)
    torch.testing.assert_close(prior.nearest(vectors), vectors, atol=1e-5, rtol=0)


def test_correlated_parameters_of_a_group_share_a_direction():
    width = torch.linspace(0.2, 0.8, 30)
    nose = torch.rand(30, generator=torch.Generator().manual_seed(1))
    vectors = torch.stack([width, nose, 1 - width, nose, 1 - nose], dim=1)
    prior = fit_prior(FACE, vectors, 0.99)
    assert prior.directions.shape == (5, 3)  # head, nose, glasses
    moved = prior.nearest(torch.tensor([[0.8, 0.5, 0.5, 1.0, 0.0]]))
    torch.testing.assert_close(moved[0, 0] + moved[0, 2], torch.tensor(1.0))
    assert 0.5 < moved[0, 0] < 0.8


def test_groups_do_not_move_each_other():
    prior = fit_prior(FACE, sample(FACE), 1.0)
    groups = [{0, 2}, {1}, {3, 4}]
    for direction in prior.directions.T:
        moved = set(direction.nonzero()[:, 0].tolist())
        assert any(moved <= group for group in groups)


def test_constant_parameters_stay_at_their_mean():
    vectors = sample(FACE)
    vectors[:, 1] = 0.25
    prior = fit_prior(FACE, vectors, 0.9)
    assert prior.nearest(torch.ones(1, 5))[0, 1] == 0.25
    still = fit_prior(FACE, vectors[:1].repeat(3, 1), 0.9)
    assert still.directions.shape == (5, 0)
    torch.testing.assert_close(still.nearest(torch.ones(1, 5)), vectors[:1])


def test_zero_coordinates_are_the_mean():
    prior = fit_prior(FACE, sample(FACE), 0.9)
    origin = torch.zeros(1, prior.directions.shape[1])
    torch.testing.assert_close(prior.vectors(origin)[0], prior.mean)


def test_a_prior_is_restored_from_a_file(tmp_path):
    prior = fit_prior(FACE, sample(FACE)[:1].repeat(2, 1), 0.9)
    save_file(prior.tensors(), tmp_path / "prior.safetensors")
    again = Prior.of(load_file(tmp_path / "prior.safetensors"))
    assert torch.equal(again.mean, prior.mean)
    assert again.directions.shape == prior.directions.shape


def test_too_few_vectors_are_an_error():
    with pytest.raises(ValueError, match=r"two or more vectors of 5 numbers"):
        fit_prior(FACE, torch.zeros(1, 5), 0.9)
