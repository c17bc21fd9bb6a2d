"""The translator: published layers, specs of all kinds and ranges."""

from __future__ import annotations

import pytest
import torch

from benchmark.avatars import AvatarSpec, Continuous, Discrete
from methods.networks.translator import ResidualAttention, Translator

SHAPE = Discrete("shape", "head", ("round", "square", "oval"))
MIXED = AvatarSpec("mixed", (SHAPE, Continuous("width", "head")))
DISCRETE = AvatarSpec("discrete", (SHAPE,))
SCALARS = AvatarSpec("scalars", (Continuous("width", "head"),))


def make(spec, **options):
    torch.manual_seed(0)
    return Translator(spec, **options)


def test_has_the_published_layers():
    shapes = [tuple(p.shape) for p in make(MIXED).parameters() if p.ndim == 2]
    block = [(1024, 512), (512, 1024), (16, 512), (512, 16)]
    assert shapes == [(512, 256), *3 * block, (1, 512), (3, 512)]


@pytest.mark.parametrize("spec", [MIXED, DISCRETE, SCALARS], ids=lambda s: s.name)
def test_gives_every_number_of_a_spec(spec):
    network = make(spec, embedding=8, width=16)
    vectors = network(torch.randn(5, 8))
    assert vectors.shape == (5, spec.flat_size)
    vectors.sum().backward()
    assert all(p.grad is not None for p in network.parameters())


def test_scalars_lie_in_their_range_or_start_in_its_middle():
    embeddings = 20 * torch.randn(50, 8)
    within = make(SCALARS, embedding=8, width=16)(embeddings).detach()
    assert 0 <= float(within.min()) < float(within.max()) <= 1
    free = make(SCALARS, embedding=8, width=16, scalars="clamp")
    with torch.no_grad():
        free.heads["scalars"].weight.zero_()
    assert free(embeddings).tolist() == [[0.5]] * 50


def test_a_closed_gate_changes_nothing():
    block = ResidualAttention(32)
    with torch.no_grad():
        block.gate[-2].bias.fill_(-1e4)
    features = torch.rand(4, 32)
    torch.testing.assert_close(block(features), features)
    with torch.no_grad():
        block.gate[-2].bias.fill_(1e4)
    expected = (features + block.layers(features)).relu()
    torch.testing.assert_close(block(features), expected)
