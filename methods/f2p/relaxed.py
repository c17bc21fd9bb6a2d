"""Relaxed avatar vectors: differentiable, with probabilities instead of choices.

A relaxed vector is a row of `spec.flat_size` numbers in the layout of
`AvatarVectors.flat`: scalars first, then one block for each discrete parameter (Shi et
al., TPAMI 2022, section 3.3: continuous parameters and one-hot codes, concatenated).
"""

from __future__ import annotations

import torch
from torch import Tensor

from benchmark.avatars import AvatarSpec, AvatarVectors, Discrete

SEARCH_SHARPNESS = 100.0
"""b of the softmax smoothing in the search (F2P)."""

ONE_SHOT_SHARPNESS = 1.0
"""b of the softmax smoothing of the translator's output (F2P v2)."""


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
    """(n, flat_size) in [0, 1]: the probability that each number is active.

    For a conditional parameter this is its owner's relaxed probability of the options
    that activate it. For every other parameter it is 1. For one-hot blocks the result
    equals `AvatarVectors.active`. Gradients reach the owner: detach the result where it
    weights a loss, or hiding a parameter would lower the loss.
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


def entropy(spec: AvatarSpec, vectors: Tensor) -> Tensor:
    """The mean entropy of the choices of (n, flat_size) relaxed vectors; 0 without."""
    blocks = [vectors[:, spec.flat_slices[choice.name]] for choice in spec.discrete]
    if not blocks:
        return vectors.new_zeros(())
    each = [-(block * (block + 1e-8).log()).sum(dim=1).mean() for block in blocks]
    return torch.stack(each).mean()


def mean_avatar(spec: AvatarSpec, count: int, device: str = "cpu") -> Tensor:
    """(count, flat_size) float32: the mean of uniform vectors, the start of a search.

    Scalars are 0.5, and each option of a choice of K is 1 / K. `relaxed` maps this
    point to itself.
    """
    blocks = [torch.full((len(spec.continuous),), 0.5)]
    for choice in spec.discrete:
        options = len(choice.options)
        blocks.append(torch.full((options,), 1 / options))
    return torch.cat(blocks).to(device).repeat(count, 1)


def clamp_(x: Tensor) -> Tensor:
    """Clamp `x` to [0, 1] in place, without gradients.

    F2P does this after each step of a search, before the next `relaxed`.
    """
    with torch.no_grad():
        return x.clamp_(0, 1)


def strict(spec: AvatarSpec, x: Tensor) -> AvatarVectors:
    """Avatar vectors: scalars are clamped, and each block's largest number is chosen.

    `x` holds free numbers or relaxed vectors. Prefer free numbers, because a saturated
    softmax can have ties. Raises AvatarError where numbers are not finite.
    """
    _check(spec, x)
    return AvatarVectors.from_flat(spec, x.detach().cpu().numpy())


def _check(spec: AvatarSpec, x: Tensor) -> None:
    if x.ndim != 2 or x.shape[1] != spec.flat_size:
        raise ValueError(
            f"{spec.name}: relaxed vectors must be (n, {spec.flat_size}), "
            f"got {tuple(x.shape)}"
        )
