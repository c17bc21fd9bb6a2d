"""The objective of Projected GANs (Sauer et al., NeurIPS 2021), with part maps."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from methods.generator.differentiable_augmentation import augment_alike
from methods.generator.recipe import ProjectedOptions
from methods.networks.projected_discriminator import ProjectedDiscriminator

SHARPNESS = 4
"""Factor of the part scores in the softmax that gives hard maps a gradient."""

Judged = tuple[list[Tensor], Tensor | None]
"""What the heads see: features by scale, and part maps or None."""


def hinge_discriminator_loss(real: Tensor, fake: Tensor) -> Tensor:
    """Hinge loss of (n, scales) logits, summed over scales."""
    losses = functional.relu(1 - real) + functional.relu(1 + fake)
    return losses.mean(0).sum()


def hinge_generator_loss(fake: Tensor) -> Tensor:
    """Hinge loss of the generator, summed over scales."""
    return -fake.mean(0).sum()


def hard_maps(seg: Tensor) -> Tensor:
    """One-hot maps of -1 and 1 from (n, K, S, S) scores of about -1 to 1.

    Real maps are one-hot, so soft ones would tell real from generated. The gradient is
    that of a softmax (straight-through estimator).
    """
    soft = (seg * SHARPNESS).softmax(1)
    hard = torch.zeros_like(soft).scatter_(1, seg.argmax(1, keepdim=True), 1.0)
    return (hard + soft - soft.detach()) * 2 - 1


def project(
    network: ProjectedDiscriminator,
    picture: Tensor,
    seg: Tensor | None,
    options: ProjectedOptions,
) -> Judged:
    """Augment pictures and one-hot maps, add noise, and project the pictures.

    Random numbers come from torch's global generator, anew in each call.
    """
    picture, seg = augment_alike(picture, seg, options.augmentation)
    picture = picture + options.picture_noise * torch.randn_like(picture)
    if seg is not None:
        seg = seg + options.map_noise * torch.randn_like(seg)
    return network.features(picture), seg


def without_gradient(judged: Judged) -> Judged:
    """The same values, detached from the generator."""
    scales, seg = judged
    return [x.detach() for x in scales], None if seg is None else seg.detach()
