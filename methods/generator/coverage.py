"""Pull samples towards train faces, so that every kind of face stays among them.

Li and Malik, "Implicit Maximum Likelihood Estimation" (arXiv 1809.09087): each face has
a nearest sample in a pool of random ones, and this sample must become more like the
face. An adversarial loss alone can forget rare hair, beards and glasses. Here the
nearest sample is found for each row of the latent code on its own, so that the hair
comes from the sample with the most similar hair.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from methods.generator.losses import WeightedLoss
from methods.generator.recipe import CoverageOptions
from methods.generator.state import TrainingState
from methods.networks.part_latents import PartLayout
from methods.networks.semantic_stylegan import SemanticGenerator, Synthesis
from methods.shared.randomness import generator_of

GRID = 8
"""Side of the grid of a description."""
SHARPNESS = 4
"""Factor of part scores in the cross-entropy."""
BATCH = 64
BACKGROUND = 0
MISSING = 0.2
"""Squared colour distance of a place where only one of two faces shows the part."""
TIE = 1e-4
"""Weight of the shapes' distance where colours decide."""


def describe(picture: Tensor, seg: Tensor) -> Tensor:
    """Where each part is, and its colours there, on a coarse grid.

    Args:
        picture: (n, 3, S, S) pictures in [-1, 1].
        seg: (n, K, S, S) part scores; the argmax gives the class.

    Returns:
        (n, K, 4, GRID * GRID): the share of a cell that the part covers, and its mean
        colour there in [-1, 1], 0 where it is absent. In half precision.
    """
    parts = torch.zeros_like(seg).scatter_(1, seg.argmax(1, keepdim=True), 1.0)
    shares = functional.adaptive_avg_pool2d(parts, GRID)[:, :, None]
    tinted = (parts[:, :, None] * picture.clamp(-1, 1)[:, None]).flatten(0, 1)
    sums = functional.adaptive_avg_pool2d(tinted, GRID).unflatten(0, parts.shape[:2])
    colours = sums / shares.clamp(min=1e-3)
    return torch.cat([shares, colours], 2).flatten(3).half()


def shape_distances(faces: Tensor, pool: Tensor) -> Tensor:
    """(K, n, m) squared distances of the parts' places in two descriptions."""
    ours, theirs = (x[:, :, 0].float().transpose(0, 1) for x in (faces, pool))
    return torch.cdist(ours, theirs).square()


def colour_distances(faces: Tensor, pool: Tensor) -> Tensor:
    """(K, n, m) mean squared distances of the parts' colours where `faces` show them.

    A place where only the face shows the part counts as `MISSING`. A part that a face
    does not show has distance 0.
    """
    (share, colour), (other, tint) = (
        (x[:, :, 0].transpose(0, 1), x[:, :, 1:].permute(1, 0, 3, 2))
        for x in (faces.float(), pool.float())
    )
    weighted, tinted = share[..., None] * colour, other[..., None] * tint
    ours = torch.cat([(weighted * colour).sum(3), weighted.flatten(2), share], 2)
    squares = (tinted * tint).sum(3)
    theirs = torch.cat([other, -2 * tinted.flatten(2), squares], 2)
    total = share.sum(2)[..., None]
    overlap = share @ other.transpose(1, 2)
    missing = MISSING * (total - overlap)
    return (ours @ theirs.transpose(1, 2) + missing) / total.clamp(min=1e-3)


def nearest_rows(faces: Tensor, pool: Tensor, layout: PartLayout) -> Tensor:
    """(n, rows) indices of the pool's nearest samples, one for each row of W+.

    The parts' places choose the rows of shape, all of them together the base rows, and
    the parts' colours the rows of texture.
    """
    shapes = shape_distances(faces, pool)
    colours = colour_distances(faces, pool) + TIE * shapes
    base = shapes.sum(0).argmin(1)[:, None].expand(-1, layout.base_layers)
    parts = torch.stack([shapes.argmin(2), colours.argmin(2)], 2)
    return torch.cat([base, parts.transpose(0, 1).flatten(1)], 1)


class Coverage:
    """Finds the samples nearest to faces, and their distances.

    The descriptions of the pool are part of the training's state.
    """

    def __init__(
        self, options: CoverageOptions, state: TrainingState, seed: int
    ) -> None:
        self.options, self.state, self.seed = options, state, seed

    def alone(self, shown: int) -> bool:
        """Whether the discriminator takes no part yet, after `shown` pictures."""
        return shown < self.options.first

    def near_latents(self, picture: Tensor, seg: Tensor) -> Tensor:
        """(n, rows, D) latents z for each row of W+, those nearest to n faces.

        Draws a new pool where the iteration needs one.
        """
        options, state = self.options, self.state
        number, rest = divmod(state.iteration, options.every)
        draws = generator_of(self.seed, "pool", number)
        shape = (options.pool, state.generator.config.style_dim)
        latents = torch.randn(shape, generator=draws).to(state.device)
        if rest == 0:
            state.pool = _describe_samples(state.generator, latents)
        described = describe(picture, seg)
        return latents[nearest_rows(described, state.pool, state.generator.layout)]

    def losses(
        self, made: Synthesis, picture: Tensor, seg: Tensor
    ) -> list[WeightedLoss]:
        """Distances of the first m samples from m faces.

        `pixels` is the mean squared error of pictures outside the faces' backgrounds,
        `maps` the mean cross-entropy of part scores.

        Args:
            made: n samples.
            picture: (m, 3, S, S) faces in [-1, 1].
            seg: (m, K, S, S) their part maps of -1 and 1.
        """
        count = len(picture)
        visible = (1 - seg[:, BACKGROUND, None]) / 2
        errors = (made.image[:count].float() - picture).square() * visible
        pixels = errors.sum() / (3 * visible.sum()).clamp(min=1)
        scores = made.seg[:count].float() * SHARPNESS
        maps = functional.cross_entropy(scores, seg.argmax(1))
        return [
            WeightedLoss("pixels", self.options.pixels, pixels),
            WeightedLoss("maps", self.options.maps, maps),
        ]


@torch.no_grad()
def _describe_samples(generator: SemanticGenerator, latents: Tensor) -> Tensor:
    """Descriptions of the samples of (n, D) latents z."""
    found: list[Tensor] = []
    for z in latents.split(BATCH):
        made = generator([z])
        found.append(describe(made.image.float(), made.seg.float()))
    return torch.cat(found)
