"""Relaxed vectors: ranges, activity, and conversion to avatar vectors."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from avatar_strategies import batches, specs
from hypothesis import given
from hypothesis import strategies as st

from benchmark.avatars import (
    AvatarError,
    AvatarSpec,
    AvatarVectors,
    Condition,
    Continuous,
    Discrete,
)
from methods.f2p.relaxed import (
    SEARCH_SHARPNESS,
    activity,
    clamp_,
    mean_avatar,
    relaxed,
    strict,
)

SCALARS = AvatarSpec("scalars", (Continuous("width", "head"), Continuous("top", "hat")))
BEARD = AvatarSpec(
    "beard",
    (
        Discrete("beard", "facial_hair", ("none", "full"), optional=True),
        Continuous("length", "facial_hair", active_when=Condition("beard", ("full",))),
    ),
)


@st.composite
def free_numbers(draw):
    """A spec and up to five rows of numbers well outside of [0, 1]."""
    spec, seed = draw(specs()), draw(st.integers(0, 2**32 - 1))
    generator = torch.Generator().manual_seed(seed)
    rows = draw(st.integers(0, 5))
    return spec, 3 * torch.randn(rows, spec.flat_size, generator=generator)


@given(free_numbers(), st.sampled_from([1.0, 5.0, SEARCH_SHARPNESS]))
def test_every_block_is_a_distribution(drawn, sharpness):
    spec, x = drawn
    vectors = relaxed(spec, x, sharpness)
    assert vectors.shape == x.shape
    assert bool(((vectors >= 0) & (vectors <= 1)).all())
    for choice in spec.discrete:
        total = vectors[:, spec.flat_slices[choice.name]].sum(dim=1)
        torch.testing.assert_close(total, torch.ones(len(x)))


@given(batches())
def test_avatar_vectors_are_restored(vectors):
    x = torch.from_numpy(vectors.flat().copy())
    assert strict(vectors.spec, x) == vectors
    assert strict(vectors.spec, relaxed(vectors.spec, x, 1.0)) == vectors


@given(batches())
def test_sharp_blocks_of_strict_vectors_are_one_hot(vectors):
    x = torch.from_numpy(vectors.flat().copy())
    torch.testing.assert_close(relaxed(vectors.spec, x, SEARCH_SHARPNESS), x)


@given(batches())
def test_strict_activity_is_that_of_the_vectors(vectors):
    spec = vectors.spec
    mask = activity(spec, torch.from_numpy(vectors.flat().copy())).numpy()
    active = vectors.active()
    for parameter in spec.parameters:
        scalar = isinstance(parameter, Continuous)
        column = spec.columns[parameter.name]
        expected = (active.continuous if scalar else active.discrete)[:, column]
        block = mask[:, spec.flat_slices[parameter.name]]
        np.testing.assert_array_equal(
            block, np.repeat(expected[:, None], block.shape[1], axis=1)
        )


@given(free_numbers())
def test_activity_is_a_share(drawn):
    spec, x = drawn
    mask = activity(spec, relaxed(spec, x, 1.0))
    assert bool(((mask >= 0) & (mask <= 1)).all())


@given(specs(), st.integers(0, 3))
def test_relaxing_does_not_change_the_mean_avatar(spec, count):
    x = mean_avatar(spec, count)
    assert x.shape == (count, spec.flat_size)
    torch.testing.assert_close(relaxed(spec, x, SEARCH_SHARPNESS), x)


@given(specs())
def test_the_mean_avatar_is_the_mean_of_uniform_ones(spec):
    drawn = AvatarVectors.sample(spec, 4000, seed=1).flat().mean(axis=0)
    np.testing.assert_allclose(mean_avatar(spec, 1)[0].numpy(), drawn, atol=0.05)


def test_activity_is_the_owners_probability():
    vectors = torch.tensor([[0.9, 0.25, 0.75]])
    torch.testing.assert_close(
        activity(BEARD, vectors), torch.tensor([[0.75, 1.0, 1.0]])
    )


def test_scalars_at_their_bounds_have_gradients():
    x = torch.tensor([[0.0, 1.0]], requires_grad=True)
    relaxed(SCALARS, x, 1.0).sum().backward()
    assert x.grad is not None
    assert x.grad.tolist() == [[1.0, 1.0]]


def test_choices_have_gradients():
    x = mean_avatar(BEARD, 1).requires_grad_()
    relaxed(BEARD, x, SEARCH_SHARPNESS)[:, 2].sum().backward()
    assert x.grad is not None
    assert x.grad[0, 2] > 0 > x.grad[0, 1]


def test_a_leaf_is_clamped_in_place():
    x = torch.tensor([[-0.5, 1.5]], requires_grad=True)
    assert clamp_(x) is x
    assert x.detach().tolist() == [[0.0, 1.0]]
    assert x.requires_grad


def test_specs_with_scalars_only_work():
    x = torch.tensor([[-1.0, 0.3]])
    vectors = strict(SCALARS, relaxed(SCALARS, x, 1.0))
    np.testing.assert_allclose(vectors.continuous, [[0.0, 0.3]])
    assert activity(SCALARS, x).tolist() == [[1.0, 1.0]]


def test_wrong_widths_and_nan_are_refused():
    for call in (lambda x: relaxed(SCALARS, x, 1.0), lambda x: activity(SCALARS, x)):
        with pytest.raises(ValueError, match=r"\(n, 2\), got \(1, 3\)"):
            call(torch.zeros(1, 3))
    with pytest.raises(AvatarError, match="finite"):
        strict(SCALARS, torch.full((1, 2), float("nan")))
