"""Pull samples towards train faces, so that every kind of face stays among them.

Li and Malik, "Implicit Maximum Likelihood Estimation" (arXiv 1809.09087). Each face has
a nearest sample in a pool of random ones, and this sample must become more like the
face. An adversarial loss alone can forget rare hair, beards and glasses.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from methods.generator.losses import WeightedLoss
from methods.generator.recipe import CoverageOptions
from methods.generator.state import TrainingState
from methods.networks.semantic_stylegan import SemanticGenerator, Synthesis
from methods.shared.randomness import generator_of

GRID = 8
"""Side of the grid of a description."""
SHARPNESS = 4
"""Factor of part scores in the cross-entropy."""
BATCH = 64
BACKGROUND = 0


def describe(picture: Tensor, seg: Tensor) -> Tensor:
    """Colours and parts on a coarse grid, without the background's colours.

    Args:
        picture: (n, 3, S, S) pictures in [-1, 1].
        seg: (n, K, S, S) part scores; the argmax gives the class.

    Returns:
        (n, (3 + K) * GRID * GRID) values. Squared distances compare faces.
    """
    parts = torch.zeros_like(seg).scatter_(1, seg.argmax(1, keepdim=True), 1.0)
    colours = picture.clamp(-1, 1) * (1 - parts[:, BACKGROUND, None])
    pooled = functional.adaptive_avg_pool2d(torch.cat([colours, parts], 1), GRID)
    return pooled.flatten(1)


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
        """(n, D) latents z of the samples nearest to n faces.

        Draws a new pool where the iteration needs one.
        """
        options, state = self.options, self.state
        number, rest = divmod(state.iteration, options.every)
        draws = generator_of(self.seed, "pool", number)
        shape = (options.pool, state.generator.config.style_dim)
        latents = torch.randn(shape, generator=draws).to(state.device)
        if rest == 0:
            state.pool = _describe_samples(state.generator, latents)
        distances = torch.cdist(describe(picture, seg), state.pool)
        return latents[distances.argmin(1)]

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
