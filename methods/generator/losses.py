"""The losses of generator and discriminator.

SemanticStyleGAN (Shi et al., CVPR 2022); R1 and path lengths as in StyleGAN2 (Karras et
al., CVPR 2020).
"""

from __future__ import annotations

import math
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional

from methods.networks.discriminator import SemanticDiscriminator
from methods.networks.semantic_stylegan import SemanticGenerator


class WeightedLoss(NamedTuple):
    """A loss with its name in the curves and its weight in the sum."""

    name: str
    weight: float
    value: Tensor


def discriminator_loss(real: Tensor, fake: Tensor) -> Tensor:
    """Non-saturating logistic loss of (n, 1) logits of real and generated pictures."""
    return functional.softplus(-real).mean() + functional.softplus(fake).mean()


def generator_loss(fake: Tensor) -> Tensor:
    """Non-saturating logistic loss of the generator."""
    return functional.softplus(-fake).mean()


def gradient_penalties(
    discriminator: SemanticDiscriminator, image: Tensor, seg: Tensor | None
) -> tuple[Tensor, Tensor]:
    """R1 penalties: mean squared norms of the logits' gradients at real pictures, maps.

    Without `seg` the second is 0. Both can be differentiated.
    """
    inputs = [image.detach().requires_grad_(True)]
    if seg is not None:
        inputs.append(seg.detach().requires_grad_(True))
    logits = discriminator(*inputs)
    gradients = torch.autograd.grad(logits.sum(), inputs, create_graph=True)
    norms = [g.square().flatten(1).sum(1).mean() for g in gradients]
    return norms[0], norms[1] if seg is not None else norms[0].new_zeros(())


def path_lengths(
    generator: SemanticGenerator, latents: Tensor, directions: Tensor
) -> Tensor:
    """(n,) path lengths at expanded latent codes (n, rows, D), as in SemanticStyleGAN.

    The square root of the mean, over rows, of the squared gradient norm of
    <image, directions>. `directions` are N(0, 1) pictures (n, 3, S, S), divided by S.
    The mapping network gets no gradient.
    """
    latents = latents.detach().requires_grad_(True)
    image = generator([latents], input_is_latent=True, randomize_noise=True).image
    (gradient,) = torch.autograd.grad(
        (image * directions).sum(), latents, create_graph=True
    )
    return gradient.square().sum(2).mean(1).sqrt()


def directions_like(count: int, size: int, draws: torch.Generator) -> Tensor:
    """Random (count, 3, size, size) directions for `path_lengths`."""
    return torch.randn(count, 3, size, size, generator=draws) / math.sqrt(size * size)


def mask_loss(seg_coarse: Tensor, seg: Tensor) -> Tensor:
    """Mean squared distance between the coarse map and the pooled final map."""
    pooled = functional.adaptive_avg_pool2d(seg, seg_coarse.shape[-1])
    return functional.mse_loss(seg_coarse, pooled)


def mask_entropy(depths: Tensor, seg: Tensor) -> Tensor:
    """Mean cross-entropy between the parts' shares and the pooled final map.

    Not in the paper. The gradient of `mask_loss` vanishes with a part's share, so a
    part that has lost all its points stays lost. Here it is share minus target.

    Args:
        depths: (n, K, c, c) pseudo-depth logits.
        seg: (n, K, S, S) scores of about -1 to 1; gets no gradient.
    """
    pooled = functional.adaptive_avg_pool2d(seg.detach(), depths.shape[-1])
    present = ((pooled + 1) / 2).clamp(min=0)
    target = present / present.sum(1, keepdim=True).clamp(min=1e-8)
    return -(target * depths.log_softmax(1)).sum(1).mean()
