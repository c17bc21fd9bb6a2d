import math

import numpy as np
import pytest
import torch

from benchmark.avatars import AvatarVectors
from methods.estimator.losses import (
    LossWeights,
    Targets,
    estimator_loss,
    log_shares,
    masked_l1,
    symmetric_cross_entropy,
)


def test_symmetric_cross_entropy_by_hand():
    logits = torch.log(torch.tensor([[0.7, 0.2, 0.1]]))
    loss = symmetric_cross_entropy(logits, torch.tensor([0]), alpha=0.1, beta=1.0)
    forward = -math.log(0.7)
    reverse = -(0.2 + 0.1) * math.log(1e-4)
    assert float(loss) == pytest.approx(0.1 * forward + reverse, rel=1e-5)


def test_symmetric_cross_entropy_is_finite_for_hopeless_logits():
    logits = torch.tensor([[-1e4, 1e4]], requires_grad=True)
    loss = symmetric_cross_entropy(logits, torch.tensor([0]), 0.1, 1.0).sum()
    loss.backward()
    assert torch.isfinite(loss)
    assert logits.grad is not None
    assert torch.isfinite(logits.grad).all()


def test_masked_l1_leaves_inactive_scalars_out():
    predicted = torch.tensor([[0.5, 0.0]])
    target = torch.tensor([[0.25, 1.0]])
    active = torch.tensor([[True, False]])
    assert float(masked_l1(predicted, target, active)) == pytest.approx(0.25)


@pytest.fixture
def beardless(mixed_engine):
    records = [{"width": 0.2, "length": 0.9, "beard": "none"}]
    return AvatarVectors.from_records(mixed_engine.spec, records)


def test_an_inactive_parameter_has_no_gradient(mixed_engine, beardless):
    spec = mixed_engine.spec
    predicted = torch.full((1, spec.flat_size), 0.5, requires_grad=True)
    loss = estimator_loss(spec, predicted, Targets.of(beardless), LossWeights())
    loss.backward()
    assert predicted.grad is not None
    pull = predicted.grad[0].abs()
    assert float(pull[spec.flat_slices["beard_colour"]].sum()) == 0
    assert float(pull[spec.flat_slices["beard"]].sum()) > 0
    assert float(pull[spec.flat_slices["width"]].sum()) > 0


def test_a_perfect_prediction_has_no_loss(engine):
    vectors = AvatarVectors.sample(engine.spec, 6, seed=1)
    flat = torch.from_numpy(vectors.flat())
    flat[:, len(engine.spec.continuous) :] *= 100
    loss = estimator_loss(engine.spec, flat, Targets.of(vectors), LossWeights())
    assert float(loss) == pytest.approx(0, abs=1e-4)


def test_the_weights_scale_their_terms(mixed_engine):
    vectors = AvatarVectors.sample(mixed_engine.spec, 4, seed=1)
    predicted = torch.full((4, mixed_engine.spec.flat_size), 0.3)
    targets = Targets.of(vectors)

    def loss(weights):
        return float(estimator_loss(mixed_engine.spec, predicted, targets, weights))

    scalars = loss(LossWeights(1, 0))
    choices = loss(LossWeights(0, 1))
    assert scalars == pytest.approx(
        np.abs(vectors.continuous - 0.3).sum(axis=1).mean(), rel=1e-5
    )
    assert loss(LossWeights(2, 10)) == pytest.approx(2 * scalars + 10 * choices)


def test_log_shares_count_active_options(mixed_engine):
    spec = mixed_engine.spec
    vectors = AvatarVectors.sample(spec, 60, seed=2)
    logs = log_shares(vectors)
    assert logs.shape == (spec.flat_size,)
    assert float(logs[: len(spec.continuous)].abs().sum()) == 0
    active = vectors.active().discrete
    for column, choice in enumerate(spec.discrete):
        block = logs[spec.flat_slices[choice.name]]
        assert float(block.exp().sum()) == pytest.approx(1)
        shown = vectors.discrete[active[:, column], column]
        wanted = ((shown == 0).sum() + 1) / (len(shown) + len(choice.options))
        assert float(block[0].exp()) == pytest.approx(wanted)


def test_adjusted_logits_of_an_ignorant_network_are_already_optimal(mixed_engine):
    """The prior is in the adjustment, so the network itself learns no preference."""
    spec = mixed_engine.spec
    vectors = AvatarVectors.sample(spec, 400, seed=3)
    ignorant = torch.zeros(spec.flat_size, requires_grad=True)
    weights = LossWeights(continuous=0, discrete=1, alpha=1, beta=0)
    loss = estimator_loss(
        spec,
        (ignorant + log_shares(vectors)).expand(400, -1),
        Targets.of(vectors),
        weights,
    )
    (pull,) = torch.autograd.grad(loss, ignorant)
    assert float(pull.abs().max()) < 0.01
