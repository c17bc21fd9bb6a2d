"""A generator that starts from the weights of one with smaller pictures."""

import pytest
import torch
from tiny_training import make_recipe

from methods.generator.growing import can_grow, grown_weights
from methods.generator.recipe import read_recipe
from methods.networks.generator_config import GeneratorConfig
from methods.networks.semantic_stylegan import SemanticGenerator
from methods.networks.stylegan_layers import upsample

SMALL = {**make_recipe().generator, "size": 16}
LARGE = {**SMALL, "size": 64, "channels": {**SMALL["channels"], 32: 4, 64: 4}}


def test_a_grown_generator_draws_the_same_pictures_enlarged():
    torch.manual_seed(0)
    small, large = SemanticGenerator(**SMALL), SemanticGenerator(**LARGE)
    large.load_state_dict(grown_weights(small, large))
    z = torch.randn(3, small.config.style_dim)
    with torch.no_grad():
        ours, theirs = large([z]), small([z])
    for made, source in (("image", "image"), ("seg", "seg")):
        wanted = upsample(upsample(getattr(theirs, source)))
        torch.testing.assert_close(getattr(ours, made), wanted, rtol=1e-4, atol=1e-4)


def test_the_new_layers_learn():
    torch.manual_seed(0)
    small, large = SemanticGenerator(**SMALL), SemanticGenerator(**LARGE)
    large.load_state_dict(grown_weights(small, large))
    optimiser = torch.optim.SGD(large.parameters(), lr=0.1)
    z, target = torch.randn(2, small.config.style_dim), torch.rand(2, 3, 64, 64)
    before = {name: value.clone() for name, value in large.named_parameters()}
    for _ in range(2):
        optimiser.zero_grad()
        (large([z]).image - target).square().mean().backward()
        optimiser.step()
    new = set(large.state_dict()) - set(small.state_dict())
    trained = {n for n, p in large.named_parameters() if not torch.equal(p, before[n])}
    weights = {n for n in new if n.endswith("weight") and "to_segs" not in n}
    assert weights <= trained


@pytest.mark.parametrize(
    ("changes", "fits"),
    [
        ({}, True),
        ({"channels": {**SMALL["channels"], 64: 8}}, True),
        ({"size": 16}, False),
        ({"n_mlp": SMALL["n_mlp"] + 1}, False),
        ({"channels": {**SMALL["channels"], 16: 7}}, False),
    ],
)
def test_only_the_size_may_differ(changes, fits):
    small, large = GeneratorConfig(**SMALL), GeneratorConfig(**{**LARGE, **changes})
    assert can_grow(small, large) == fits


def test_the_128_px_recipe_grows_from_the_shipped_generator():
    small, large = (
        read_recipe(name).config for name in ("portraits64", "portraits128-projected")
    )
    assert can_grow(small, large)
