"""Semantic augmentation (SwiftAvatar, section 3.2, equation 7).

An engine has few hair shapes and no backgrounds. Noise in the rows of such an ambiguous
part changes it in the realistic face. All other rows and the avatar vector stay.
"""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from benchmark.avatars.part_classes import PART_IDS
from methods.base import MethodError
from methods.networks.semantic_stylegan import SemanticGenerator
from methods.shared.randomness import generator_of
from methods.swiftavatar.options import SemanticOptions

AMBIGUOUS = ("background", "hair", "glasses")
"""The parts that are augmented, in the order in which their noise is drawn."""


def augmented_latents(
    latents: Tensor,
    avatars: NDArray[np.int64],
    copies: NDArray[np.int64],
    realistic: SemanticGenerator,
    options: SemanticOptions,
    seed: int,
) -> Tensor:
    """Augment latent codes (SwiftAvatar, equation 7): copy `copies[i]` of `avatars[i]`.

    The shape and texture rows of an ambiguous part become (1 - lambda) w + lambda n.
    The noise n is a latent code in W ("Implementation Details") from the realistic
    generator's mapping network, the same for both rows. Every copy is augmented, the
    first one too. The noise of a copy depends only on the seed, the avatar and the
    number of the copy.

    Args:
        latents: (n, rows, D) latent codes in W+ of all avatars, on the CPU.
        avatars: (m,) rows of `latents`.
        copies: (m,) numbers of the copies, from 0.
        realistic: the realistic generator.
        options: lambda_aug by part.
        seed: the seed of the noise.

    Returns:
        (m, rows, D) float32 latent codes. Rows of other parts, and of parts with
        lambda 0, equal those of `latents` bit by bit.

    Raises:
        MethodError: if the generator lacks a part whose lambda is above 0.
    """
    shares = _shares(realistic, options)
    augmented = latents[torch.from_numpy(avatars)].float()
    if not shares:
        return augmented
    for index, (avatar, copy) in enumerate(zip(avatars, copies, strict=True)):
        noise = _noise(
            realistic, generator_of("semantic", seed, int(avatar), int(copy))
        )
        for part, share in shares.items():
            rows = realistic.layout.part_rows(PART_IDS[part])
            own = noise[AMBIGUOUS.index(part)]
            w = augmented[index, rows]
            augmented[index, rows] = (1 - share) * w + share * own
    return augmented


def _shares(realistic: SemanticGenerator, options: SemanticOptions) -> dict[str, float]:
    """The lambdas above 0, by part."""
    every = {part: float(getattr(options, part)) for part in AMBIGUOUS}
    shares = {part: share for part, share in every.items() if share}
    for part in shares:
        if PART_IDS[part] >= realistic.layout.parts:
            raise MethodError(
                f"semantic.{part}: the generator has {realistic.layout.parts} parts "
                f"and none of them is {part}: set it to 0"
            )
    return shares


def _noise(realistic: SemanticGenerator, rng: torch.Generator) -> Tensor:
    """Draw the (3, D) noise of the ambiguous parts of one copy.

    One copy at a time, since the batch size can change the last bits.
    """
    z = torch.randn(len(AMBIGUOUS), realistic.config.style_dim, generator=rng)
    with torch.no_grad():
        return realistic.style(z.to(realistic.grid.device)).cpu()
