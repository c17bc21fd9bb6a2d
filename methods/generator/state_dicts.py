"""Whether weights fit the networks that settings describe, told before any is built.

Settings come from files, and a wrong number in them could ask for any amount of memory.
So they are held against the shapes of the weights first; the listing that is compared
in full then comes from networks on torch's meta device, which have no memory at all.
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
"""Keys that a sentence names before it counts the others."""


def shapes_of(network: nn.Module) -> dict[str, tuple[int, ...]]:
    """Key and shape of every entry of a network's state dict."""
    return {key: tuple(value.shape) for key, value in network.state_dict().items()}


def generator_misfit(config: GeneratorConfig, shapes: Shapes) -> str | None:
    """What keeps entries of these shapes from loading strictly; None where nothing."""
    wrong = [
        f"{name} is {getattr(config, name)}, but the weights have {found}"
        for name, found in _told_by(shapes).items()
        if getattr(config, name) != found
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


def _told_by(shapes: Shapes) -> dict[str, int]:
    """Settings that the shapes of a generator's entries tell by themselves.

    Numbers of modules are always told, for they could make building endless; widths
    only where the entry that tells them is there.
    """
    told = {
        "seg_dim": _numbered(shapes, "local_nets."),
        "local_layers": _numbered(shapes, "local_nets.0.linears."),
        "n_mlp": _numbered(shapes, "style."),
    }
    widths = {
        "style_dim": ("style.1.weight", 1),
        "local_channel": ("pos_embed.weights", 0),
        "coarse_channel": ("local_nets.0.to_feat.conv.weight", 0),
    }
    for name, (key, axis) in widths.items():
        if axis < len(shapes.get(key, ())):
            told[name] = shapes[key][axis]
    noises = [
        shape[-1]
        for key, shape in shapes.items()
        if key.startswith("render_net.noises.") and shape
    ]
    return told | ({"size": max(noises)} if noises else {})


def _numbered(keys: Iterable[str], start: str) -> int:
    """How many different numbers follow `start` in the keys."""
    ends = (key[len(start) :] for key in keys if key.startswith(start))
    return len({end.partition(".")[0] for end in ends})


def _difference(found: Shapes, expected: Shapes) -> str | None:
    """Missing, unexpected and misshapen keys, the first few of each by name."""
    missing = [key for key in expected if key not in found]
    unexpected = [key for key in found if key not in expected]
    misshapen = [
        f"{key} is {found[key]} instead of {shape}"
        for key, shape in expected.items()
        if key in found and found[key] != shape
    ]
    parts = [("missing ", missing), ("not expected ", unexpected), ("", misshapen)]
    said = [start + name_few(keys) for start, keys in parts if keys]
    return "; ".join(said) or None


def name_few(names: Iterable[str]) -> str:
    """The first few names, without anything a terminal obeys, and how many more."""
    names = [ascii(name[:120])[1:-1] for name in names]
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    return ", ".join(names[:NAMED]) + more
