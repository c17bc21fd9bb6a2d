"""Relaxed avatar vectors: what gradients flow through before a choice is made.

A relaxed vector is a row of `spec.flat_size` numbers laid out as `AvatarVectors.flat`:
scalars first, then a block a discrete parameter. F2P calls this the concatenation of
continuous parameters and one-hot codes (Shi et al., TPAMI 2022, section 3.3).
"""

from __future__ import annotations

import torch
from torch import Tensor

from benchmark.avatars import AvatarSpec, AvatarVectors, Discrete

SEARCH_SHARPNESS = 100.0
"""b of the softmax smoothing while faces are searched one by one (F2P)."""

ONE_SHOT_SHARPNESS = 1.0
"""b of the softmax smoothing where a network makes the vector (F2P v2)."""


def relaxed(spec: AvatarSpec, x: Tensor, sharpness: float) -> Tensor:
    """(n, flat_size) relaxed vectors of (n, flat_size) free numbers `x`.

    Scalars are clamped to [0, 1] (at 0 and 1 themselves gradients still pass); each
    block becomes softmax(sharpness · x), which sums to 1. Raises ValueError for
    another width.
    """
    _check(spec, x)
    blocks = [x[:, : len(spec.continuous)].clamp(0, 1)]
    for choice in spec.discrete:
        block = x[:, spec.flat_slices[choice.name]]
        blocks.append((sharpness * block).softmax(dim=1))
    return torch.cat(blocks, dim=1)


def activity(spec: AvatarSpec, vectors: Tensor) -> Tensor:
    """(n, flat_size) in [0, 1]: how far each number of relaxed vectors matters.

    It is the expected mask: a conditional parameter counts as much as its owner's
    relaxed probability of the options that make it active; every other one counts 1.
    For one-hot blocks this is `AvatarVectors.active`. Gradients flow into the owner:
    detach it where it weighs a loss, else hiding a parameter would lower the loss.
    """
    _check(spec, vectors)
    mask = torch.ones_like(vectors)
    for parameter in spec.parameters:
        condition = parameter.active_when
        if condition is None:
            continue
        owner = spec[condition.parameter]
        assert isinstance(owner, Discrete)
        start = spec.flat_slices[owner.name].start
        columns = [
            start + owner.index(name) for name in dict.fromkeys(condition.options)
        ]
        share = vectors[:, columns].sum(dim=1, keepdim=True).clamp(max=1)
        mask[:, spec.flat_slices[parameter.name]] = share
    return mask


def mean_avatar(spec: AvatarSpec, count: int, device: str = "cpu") -> Tensor:
    """(count, flat_size) float32: the mean of uniformly drawn vectors, the start.

    Scalars are 0.5 and a choice of K options is 1 / K each, a point that `relaxed`
    leaves where it is.
    """
    blocks = [torch.full((len(spec.continuous),), 0.5)]
    for choice in spec.discrete:
        options = len(choice.options)
        blocks.append(torch.full((options,), 1 / options))
    return torch.cat(blocks).to(device).repeat(count, 1)


def clamp_(x: Tensor) -> Tensor:
    """Bring every number of `x` back into [0, 1], in place and outside of gradients.

    F2P does so after each step of a search, before the next `relaxed`.
    """
    with torch.no_grad():
        return x.clamp_(0, 1)


def strict(spec: AvatarSpec, x: Tensor) -> AvatarVectors:
    """What an engine can draw: clamped scalars, the largest number of each block.

    `x` may be free numbers or relaxed vectors; free ones are the safer choice, as a
    saturated softmax can tie. Raises AvatarError where numbers are not finite.
    """
    _check(spec, x)
    return AvatarVectors.from_flat(spec, x.detach().cpu().numpy())


def _check(spec: AvatarSpec, x: Tensor) -> None:
    if x.ndim != 2 or x.shape[1] != spec.flat_size:
        raise ValueError(
            f"{spec.name}: relaxed vectors must be (n, {spec.flat_size}), "
            f"got {tuple(x.shape)}"
        )
