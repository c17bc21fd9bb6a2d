"""Small configurations that between them reach every branch of the networks."""

from __future__ import annotations

import torch
from hypothesis import strategies as st
from seeded import fill, normal
from sequential import SequentialGenerator
from sequential_discriminator import SequentialDiscriminator

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
}


@st.composite
def configurations(draw):
    """Any valid small configuration."""
    parts = draw(st.integers(2, 13))
    layers = draw(st.integers(1, 5))
    # Where W+ has as many rows as the expanded form, a tensor could be either.
    base = draw(
        st.integers(0, layers).filter(lambda n: n + 2 * parts != parts * layers)
    )
    smallest = draw(st.sampled_from([2, 4, 8]))
    coarse = smallest * draw(st.sampled_from([2, 4]))
    return {
        "size": coarse * (2 if coarse == 32 else draw(st.sampled_from([2, 4]))),
        "style_dim": draw(st.integers(1, 9)),
        "n_mlp": draw(st.integers(1, 3)),
        "seg_dim": parts,
        "local_layers": layers,
        "local_channel": draw(st.integers(1, 7)),
        "base_layers": base,
        "depth_layers": draw(st.integers(1, layers)),
        "coarse_size": coarse,
        "coarse_channel": draw(st.integers(1, 6)),
        "min_feat_size": smallest,
        "residual_refine": draw(st.booleans()),
        "detach_texture": draw(st.booleans()),
        "transparent_dims": tuple(draw(st.sets(st.integers(0, parts - 1)))),
        "channels": {2**k: draw(st.integers(1, 6)) for k in range(2, 8)},
    }


COUNT = 2
"""Samples in a batch, where nothing else is said."""


def both(dtype=torch.float64, **options):
    """Our generator and the oracle with the same seeded weights."""
    config = PLAIN | options
    ours = fill(SemanticGenerator(**config), dtype)
    oracle = fill(SequentialGenerator(**config), dtype)
    return ours, oracle


def judges(size=16, seg_dim=3, dtype=torch.float64):
    """Our discriminator and the oracle's with the same seeded weights."""
    options = {"channel_multiplier": 1, "channels": PLAIN["channels"]}
    ours = fill(SemanticDiscriminator(size, seg_dim, **options), dtype)
    oracle = fill(SequentialDiscriminator(size, seg_dim, **options), dtype)
    return ours, oracle


def latents(oracle, rows=None, seed=2, count=COUNT):
    """(count, rows, D) codes, W+ where nothing else is said."""
    return normal(seed, count, rows or oracle.n_latent, style_dim(oracle))


def style_dim(oracle):
    return oracle.style[1].weight.shape[0]


def agree(ours, oracle, tolerance=1e-9):
    """Equal up to `tolerance` of the largest value (of 1, where all are smaller)."""
    assert ours.shape == oracle.shape
    assert ours.dtype == oracle.dtype
    bound = tolerance * max(1.0, float(oracle.detach().abs().max()))
    torch.testing.assert_close(ours, oracle, rtol=0, atol=bound)


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


def agree_by_name(ours, oracle, tolerance=1e-8):
    """`agree` for each of two mappings' tensors; a disagreement names its tensor."""
    assert ours.keys() == oracle.keys()
    for name, value in oracle.items():
        try:
            agree(ours[name], value, tolerance)
        except AssertionError as error:
            raise AssertionError(f"{name}: {error}") from error
