"""Small configurations that together cover every branch of the networks."""

from __future__ import annotations

import random

import torch
from seeded import fill, normal

from methods.networks.discriminator import SemanticDiscriminator
from methods.networks.semantic_stylegan import SemanticGenerator

PLAIN = {
    "size": 32,
    "style_dim": 8,
    "n_mlp": 2,
    "channel_multiplier": 1,
    "seg_dim": 3,
    "local_layers": 4,
    "local_channel": 6,
    "base_layers": 2,
    "depth_layers": 3,
    "coarse_size": 8,
    "coarse_channel": 5,
    "min_feat_size": 4,
    "residual_refine": True,
    "detach_texture": False,
    "transparent_dims": (1,),
    "channels": {4: 9, 8: 7, 16: 6, 32: 4},
}
VARIED = {
    "plain": {},
    "no-refinement": {"residual_refine": False},
    "detached": {"detach_texture": True},
    "nothing-transparent": {"transparent_dims": ()},
    "two-transparent": {"seg_dim": 5, "transparent_dims": (2, 4)},
    "transparent-background": {"transparent_dims": (0,)},
    "all-transparent": {"seg_dim": 2, "transparent_dims": (0, 1)},
    "one-base-layer": {"base_layers": 1},
    "base-up-to-depth": {"base_layers": 3},
    "base-beyond-depth": {"base_layers": 3, "depth_layers": 2},
    "depth-is-last": {"depth_layers": 4},
    "depth-is-last-detached": {"depth_layers": 4, "detach_texture": True},
    "depth-is-first": {"depth_layers": 1, "base_layers": 1, "detach_texture": True},
    "one-layer": {"local_layers": 1, "depth_layers": 1, "base_layers": 1},
    "thirteen-parts": {"seg_dim": 13, "transparent_dims": (10, 12)},
    "coarse-at-the-last": {"coarse_size": 16, "min_feat_size": 8},
    "pooled-by-four": {"coarse_size": 16, "coarse_channel": 3},
    "many-stages": {"min_feat_size": 2, "coarse_size": 4},
    "other-mapping": {"style_dim": 5, "n_mlp": 4, "lr_mlp": 0.1},
    "larger": {
        "size": 64,
        "style_dim": 16,
        "n_mlp": 3,
        "seg_dim": 5,
        "local_layers": 6,
        "local_channel": 8,
        "depth_layers": 4,
        "coarse_size": 32,
        "coarse_channel": 12,
        "min_feat_size": 8,
        "transparent_dims": (3,),
        "channels": {4: 12, 8: 12, 16: 12, 32: 10, 64: 6},
    },
}
PUBLISHED = {
    "size": 512,
    "style_dim": 512,
    "n_mlp": 8,
    "channel_multiplier": 2,
    "seg_dim": 13,
    "local_layers": 10,
    "local_channel": 64,
    "base_layers": 2,
    "depth_layers": 6,
    "coarse_size": 64,
    "coarse_channel": 512,
    "min_feat_size": 16,
    "transparent_dims": (10, 12),
}
"""The published 512-px model."""
COUNT = 2
"""Samples in a batch, where nothing else is said."""


def random_configuration(seed):
    """A valid small configuration."""
    draw = random.Random(seed)
    parts, layers = draw.randint(2, 13), draw.randint(1, 5)
    # Where W+ has as many rows as the expanded form, a tensor could be either.
    bases = [n for n in range(layers + 1) if n + 2 * parts != parts * layers]
    smallest = draw.choice([2, 4, 8])
    coarse = smallest * draw.choice([2, 4])
    return {
        "size": coarse * (2 if coarse == 32 else draw.choice([2, 4])),
        "style_dim": draw.randint(1, 9),
        "n_mlp": draw.randint(1, 3),
        "seg_dim": parts,
        "local_layers": layers,
        "local_channel": draw.randint(1, 7),
        "base_layers": draw.choice(bases),
        "depth_layers": draw.randint(1, layers),
        "coarse_size": coarse,
        "coarse_channel": draw.randint(1, 6),
        "min_feat_size": smallest,
        "residual_refine": draw.choice([False, True]),
        "detach_texture": draw.choice([False, True]),
        "transparent_dims": tuple(p for p in range(parts) if draw.random() < 0.2),
        "channels": {2**k: draw.randint(1, 6) for k in range(2, 8)},
    }


def generator(dtype=torch.float64, kind=SemanticGenerator, **options):
    """A generator of `PLAIN` and `options`, with seeded weights."""
    return fill(kind(**PLAIN | options), dtype)


def discriminator(
    size=16, seg_dim=3, dtype=torch.float64, kind=SemanticDiscriminator, **options
):
    """A discriminator with the channels of `PLAIN` and seeded weights."""
    options = {"channel_multiplier": 1, "channels": PLAIN["channels"]} | options
    return fill(kind(size, seg_dim, **options), dtype)


def latents(seed=2, count=COUNT, **options):
    """(count, rows, D) latents in W+ for a generator of `PLAIN` and `options`."""
    config = PLAIN | options
    rows = config["base_layers"] + 2 * config["seg_dim"]
    return normal(seed, count, rows, config["style_dim"])


def agree(ours, wanted, tolerance=1e-9):
    """Equal up to `tolerance` of the largest value (of 1, where all are smaller)."""
    assert ours.shape == wanted.shape
    assert ours.dtype == wanted.dtype
    bound = tolerance * max(1.0, float(wanted.detach().abs().max()))
    torch.testing.assert_close(ours, wanted, rtol=0, atol=bound)


def listing(module):
    """(key, shape, what it is) of every entry of a state dict, in order."""
    trained = dict(module.named_parameters())
    return [
        (key, tuple(value.shape), "param" if key in trained else "buffer")
        for key, value in module.state_dict().items()
    ]


def gradients(value, module, *inputs):
    """Gradients of a scalar by name: to `inputs` and to every parameter, zero if none.

    The graph is kept, so a scalar may itself be made of gradients.
    """
    named = {f"input {i}": x for i, x in enumerate(inputs)}
    named |= dict(module.named_parameters())
    found = torch.autograd.grad(value, list(named.values()), allow_unused=True)
    return {
        name: torch.zeros_like(to) if grad is None else grad
        for (name, to), grad in zip(named.items(), found, strict=True)
    }
