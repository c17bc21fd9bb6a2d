"""Checks that weights fit the network that settings describe, before it is built.

Settings come from files, and a wrong number in them could allocate any amount of
memory. Therefore they are first compared with the shapes of the weights. The full list
of shapes then comes from a network on torch's meta device, which allocates no memory.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import torch
from torch import nn

from methods.networks.discriminator import SemanticDiscriminator
from methods.networks.generator_config import GeneratorConfig
from methods.networks.semantic_stylegan import SemanticGenerator

Shapes = Mapping[str, tuple[int, ...]]

NAMED = 3
"""Keys that a message names before it counts the others."""


def shapes_of(network: nn.Module) -> dict[str, tuple[int, ...]]:
    """Key and shape of every entry of a network's state dict."""
    return {key: tuple(value.shape) for key, value in network.state_dict().items()}


def generator_misfit(config: GeneratorConfig, shapes: Shapes) -> str | None:
    """Why entries of these shapes cannot be loaded strictly; None where they can."""
    wrong = [
        f"{name} is {getattr(config, name)}, but the weights have {value}"
        for name, value in _settings_from(shapes).items()
        if getattr(config, name) != value
    ]
    if wrong:
        return "; ".join(wrong)
    with torch.device("meta"):
        network = SemanticGenerator(**vars(config))
    return _difference(shapes, shapes_of(network))


def discriminator_misfit(options: Mapping[str, Any], shapes: Shapes) -> str | None:
    """The same for the discriminator and its keyword arguments."""
    with torch.device("meta"):
        network = SemanticDiscriminator(**options)
    return _difference(shapes, shapes_of(network))


def _settings_from(shapes: Shapes) -> dict[str, int]:
    """Settings that follow from the shapes of a generator's entries.

    Numbers of modules are always included, since they could make building endless.
    Widths are included where their entry exists.
    """
    settings = {
        "seg_dim": _count_modules(shapes, "local_nets."),
        "local_layers": _count_modules(shapes, "local_nets.0.linears."),
        "n_mlp": _count_modules(shapes, "style."),
    }
    widths = {
        "style_dim": ("style.1.weight", 1),
        "local_channel": ("pos_embed.weights", 0),
        "coarse_channel": ("local_nets.0.to_feat.conv.weight", 0),
    }
    for name, (key, axis) in widths.items():
        if axis < len(shapes.get(key, ())):
            settings[name] = shapes[key][axis]
    noises = [
        shape[-1]
        for key, shape in shapes.items()
        if key.startswith("render_net.noises.") and shape
    ]
    return settings | ({"size": max(noises)} if noises else {})


def _count_modules(keys: Iterable[str], start: str) -> int:
    """The number of different names that follow `start` in the keys."""
    ends = (key[len(start) :] for key in keys if key.startswith(start))
    return len({end.partition(".")[0] for end in ends})


def _difference(found: Shapes, expected: Shapes) -> str | None:
    """Missing, unexpected and misshapen keys, the first few of each; None if none."""
    missing = [key for key in expected if key not in found]
    unexpected = [key for key in found if key not in expected]
    misshapen = [
        f"{key} is {found[key]} instead of {shape}"
        for key, shape in expected.items()
        if key in found and found[key] != shape
    ]
    parts = [("missing ", missing), ("not expected ", unexpected), ("", misshapen)]
    sentences = [start + name_few(keys) for start, keys in parts if keys]
    return "; ".join(sentences) or None


def name_few(names: Iterable[str]) -> str:
    """The first few names, with control characters escaped, and how many more."""
    names = [ascii(name[:120])[1:-1] for name in names]
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    return ", ".join(names[:NAMED]) + more
