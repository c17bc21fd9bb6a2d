"""Semantic augmentation: ambiguous parts of latent codes made other (equation 7).

An engine has few hair shapes and no backgrounds, people have countless ones. Noise in
the rows of such a part changes it in the realistic face, while the avatar vector, and
all other rows, stay.
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
"""Parts that are made other, in the order in which their noise is drawn."""


def augmented_codes(
    latents: Tensor,
    avatars: NDArray[np.int64],
    copies: NDArray[np.int64],
    realistic: SemanticGenerator,
    options: SemanticOptions,
    seed: int,
) -> Tensor:
    """Copy `copies[i]` of avatar `avatars[i]`, for each of m pairs of numbers.

    The shape and texture rows of an ambiguous part become (1 - lambda) w + lambda n,
    where n is one mapped code of the realistic generator, whose faces it shall change,
    for both rows. Every copy is augmented, the first too (the paper: "10 augmented
    images per latent"). The noise of a copy depends on the seed, the avatar's row and
    the copy's number alone: neither on the other rows nor on the lambdas.

    Args:
        latents: (n, rows, D) float32 W+ codes of all avatars, on the CPU.
        avatars: (m,) rows of `latents`.
        copies: (m,) numbers of copies, from 0.
        realistic: the generator whose mapping network makes the noise.
        options: lambda by part.
        seed: of the noise.

    Returns:
        (m, rows, D) codes; rows of other parts, and of parts whose lambda is 0, are
        those of `latents` to the last bit.

    Raises:
        MethodError: where a part with a lambda is not among the generator's.
    """
    shares = _shares(realistic, options)
    codes = latents[torch.from_numpy(avatars)]
    if not shares:
        return codes
    for index, (avatar, copy) in enumerate(zip(avatars, copies, strict=True)):
        noise = _noise(
            realistic, generator_of("semantic", seed, int(avatar), int(copy))
        )
        for part, share in shares.items():
            rows = realistic.layout.part_rows(PART_IDS[part])
            own = noise[AMBIGUOUS.index(part)]
            codes[index, rows] = (1 - share) * codes[index, rows] + share * own
    return codes


def _shares(realistic: SemanticGenerator, options: SemanticOptions) -> dict[str, float]:
    """Lambda of each part that has one above 0."""
    every = {part: float(getattr(options, part)) for part in AMBIGUOUS}
    shares = {part: share for part, share in every.items() if share}
    for part in shares:
        if PART_IDS[part] >= realistic.layout.parts:
            raise MethodError(
                f"semantic.{part}: the generator draws {realistic.layout.parts} parts "
                f"and no {part} among them: set it to 0"
            )
    return shares


def _noise(realistic: SemanticGenerator, rng: torch.Generator) -> Tensor:
    """(3, D) mapped codes, one an ambiguous part.

    Mapped a copy at a time, for in a larger batch the last bits could be others.
    """
    z = torch.randn(len(AMBIGUOUS), realistic.config.style_dim, generator=rng)
    with torch.no_grad():
        return realistic.style(z.to(realistic.grid.device)).cpu()
