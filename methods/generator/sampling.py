"""Samples of a generator: latent codes from seeds, and pictures with part maps."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from methods.networks.part_latents import PartLayout, truncate
from methods.networks.semantic_stylegan import SemanticGenerator

CENTRE_COUNT = 10_000
"""Mapped latent codes whose mean is the truncation centre (as in the paper's code)."""
CENTRE_SEED = 0
BATCH = 16


class Samples(NamedTuple):
    """Generated pictures (n, S, S, 3) and their part ids (n, S, S), both uint8."""

    pictures: NDArray[np.uint8]
    parts: NDArray[np.uint8]


class Rendered(NamedTuple):
    """(n, 3, S, S) pictures clamped to [-1, 1] and (n, S, S) part ids."""

    image: Tensor
    parts: Tensor


def centre(generator: SemanticGenerator) -> Tensor:
    """The (D,) truncation centre; the same for the same weights."""
    rng = torch.Generator().manual_seed(CENTRE_SEED)
    return generator.mean_latent(CENTRE_COUNT, rng)


def draw_latents(
    generator: SemanticGenerator,
    count: int,
    seed: int,
    truncation: float = 1.0,
    middle: Tensor | None = None,
) -> Tensor:
    """(count, rows, D) W+ latents of `count` seeded z.

    `truncation` scales the distance of latents to the truncation centre. `middle` is
    that centre; without it, the centre is computed if `truncation` is not 1.
    """
    rng = torch.Generator().manual_seed(seed)
    z = torch.randn(count, generator.config.style_dim, generator=rng)
    with torch.inference_mode():
        latents = generator.layout.repeat(generator.style(z.to(generator.grid.device)))
        if truncation == 1.0:
            return latents
        return truncate(
            latents, truncation, centre(generator) if middle is None else middle
        )


def redrawn(layout: PartLayout, latents: Tensor, others: Tensor, part: int) -> Tensor:
    """W+ `latents` with one part's shape and texture rows taken from `others`."""
    changed = latents.clone()
    rows = layout.part_rows(part)
    changed[:, rows] = others[:, rows]
    return changed


def render(generator: SemanticGenerator, latents: Tensor) -> Rendered:
    """Pictures and part ids of a batch of latent codes, with the stored noise."""
    with torch.inference_mode():
        made = generator([latents], input_is_latent=True, randomize_noise=False)
        return Rendered(made.image.float().clamp(-1, 1), made.seg.argmax(1))


def synthesise(
    generator: SemanticGenerator, latents: Tensor, batch: int = BATCH
) -> Samples:
    """Pictures and part ids of any number of latent codes."""
    pictures, parts = [], []
    for some in latents.split(batch):
        made = render(generator, some)
        pictures.append(_as_bytes(made.image))
        parts.append(made.parts.cpu().numpy().astype(np.uint8))
    return Samples(np.concatenate(pictures), np.concatenate(parts))


def sample(
    generator: SemanticGenerator,
    count: int,
    seed: int,
    truncation: float = 1.0,
    batch: int = BATCH,
) -> Samples:
    """Draw and render `count` seeded samples."""
    latents = draw_latents(generator, count, seed, truncation)
    return synthesise(generator, latents, batch)


def _as_bytes(image: Tensor) -> NDArray[np.uint8]:
    """(n, S, S, 3) uint8 of (n, 3, S, S) in [-1, 1], rounded down (as in the paper)."""
    scaled = image.permute(0, 2, 3, 1).mul(127.5).add(127.5)
    return scaled.cpu().numpy().astype(np.uint8)
