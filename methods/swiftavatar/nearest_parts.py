"""A start of the inversion that is put together from parts of similar samples.

This deviates from SwiftAvatar, section 3.2, where every inversion starts at the mean
latent code. No single sample is similar to a render in all parts. Here each row of the
code comes from the sample whose realistic face is most similar around its part, by the
descriptions that the coverage of the adaptation compares. So the start of a render with
glasses has the rows of a sample with glasses.
"""

from __future__ import annotations

import torch
from torch import Tensor

from methods.generator.coverage import BATCH
from methods.generator.sampling import draw_latents
from methods.networks.semantic_stylegan import SemanticGenerator
from methods.shared.pictures import as_tensor
from methods.shared.randomness import seed_of
from methods.shared.renders import Renders
from methods.swiftavatar.part_matching import (
    GRID,
    HAIR,
    colour_distances,
    comparable,
    describe,
    describe_samples,
    joined_rows,
    on_grid,
    standardised,
)

REFERENCE = 1024
"""Renders whose mean and variance are those of the domain."""


class NearestParts:
    """Samples of the avatar generator, searched part by part."""

    @torch.no_grad()
    def __init__(
        self,
        avatar: SemanticGenerator,
        realistic: SemanticGenerator,
        renders: Renders,
        samples: int,
        seed: int,
    ) -> None:
        """Draw `samples` samples; describe their realistic faces and the renders."""
        latents = draw_latents(avatar, samples, seed_of(seed, "starts"))
        found, places = describe_samples(realistic, latents.split(BATCH))
        self._places = on_grid(places)
        pictures = as_tensor(renders.pictures[:REFERENCE])
        self._reference = torch.cat([describe(x) for x in pictures.split(BATCH)])
        self._samples = standardised(found)
        self._latents = latents.cpu()
        whole = torch.ones(1, GRID, GRID)
        known = standardised(self._reference)
        self._maps = [
            comparable(known, self._samples, place)
            for place in torch.cat([whole, self._places])
        ]
        self._base_layers = avatar.layout.base_layers

    @torch.no_grad()
    def most_similar(self, renders: Tensor) -> Tensor:
        """The (n, rows, D) latent codes of (n, 3, S, S) renders in [-1, 1]."""
        found = standardised(describe(renders.cpu()), self._reference)
        samples = self._samples.flatten(1)
        whole, *shapes = (
            torch.cdist(found.flatten(1) @ ours, samples @ theirs).argmin(1)
            for ours, theirs in self._maps
        )
        place = self._places[HAIR]
        hair = colour_distances(found, self._samples, place).argmin(1)
        chosen = joined_rows(self._base_layers, whole, shapes, hair)
        return self._latents[chosen, torch.arange(chosen.shape[1])].to(renders.device)
