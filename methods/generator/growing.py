"""Start a generator from the weights of one that makes smaller pictures.

Karras et al., "Progressive Growing of GANs" (ICLR 2018) train small pictures first.
Here the larger generator begins with the smaller one's pictures, enlarged: its new
layers add nothing at first.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import torch
from torch import Tensor

from methods.networks.generator_config import GeneratorConfig
from methods.networks.semantic_stylegan import SemanticGenerator

OCTAVES = "pos_embed.weights"
"""The layer with two more octaves' columns for each doubling of the side."""

READ_OUTS = ("render_net.to_rgbs.", "render_net.to_segs.")
"""Layers that add colours and part scores to the enlarged ones of the size below."""


def can_grow(small: GeneratorConfig, large: GeneratorConfig) -> bool:
    """Whether `large` is `small` with more layers for larger pictures."""
    return small.size < large.size and _at(small, small.size) == _at(large, small.size)


def _at(config: GeneratorConfig, size: int) -> dict[str, Any]:
    """The fields for pictures of a size, with the channels up to it."""
    used = {edge: count for edge, count in config.table.items() if edge <= size}
    return asdict(config) | {"size": size, "channels": used, "channel_multiplier": 0}


def grown_weights(
    small: SemanticGenerator, large: SemanticGenerator
) -> dict[str, Tensor]:
    """The weights with which `large` draws what `small` draws, enlarged.

    Layers that only `large` has keep their random weights, except for the last ones,
    which give colours and part scores: they are 0. `can_grow` must hold.
    """
    found = small.state_dict()
    old, new = found[OCTAVES], large.state_dict()[OCTAVES]
    columns = torch.zeros_like(new)
    # The layer divides by the square root of the number of its inputs.
    columns[:, : old.shape[1]] = old * (new.shape[1] / old.shape[1]) ** 0.5
    weights = large.state_dict() | found | {OCTAVES: columns}
    for name in weights.keys() - found.keys():
        if name.startswith(READ_OUTS) and name.endswith((".conv.weight", ".bias")):
            weights[name] = torch.zeros_like(weights[name])
    return weights
