"""Pull avatars towards renders, so that no kind of avatar is lost (not in the paper).

An adversarial loss alone can forget glasses and beards, which few renders show. Then no
latent code of a face with glasses draws an avatar with glasses. Here random samples are
assigned to renders, one to one, for each part on its own, and each sample must become
more like its render. methods.generator.coverage does the same for faces with part maps;
here the renders are pictures only (methods.swiftavatar.part_matching).
"""

from __future__ import annotations

from functools import partial

import torch
from torch import Tensor

from methods.generator.coverage import BATCH, Pull, current_group
from methods.generator.losses import WeightedLoss
from methods.generator.sampling import draw_latents
from methods.generator.state import TrainingState
from methods.networks.semantic_stylegan import SemanticGenerator, Synthesis
from methods.shared.matching import matched_all
from methods.shared.pictures import as_tensor
from methods.shared.randomness import seed_of
from methods.shared.renders import Renders
from methods.swiftavatar.options import RenderCoverageOptions
from methods.swiftavatar.part_matching import (
    GRID,
    HAIR,
    colour_distances,
    describe,
    describe_samples,
    distances,
    joined_rows,
    on_grid,
    standardised,
)

PLACED = 512
"""Samples whose mean part maps are the places of the parts."""


def _weights(places: Tensor) -> Tensor:
    """(S, S) weights of pixels with mean 1, from (K, S, S) places."""
    shares = places.mean((1, 2))
    shown = shares > 0
    each = places[shown] / shares[shown, None, None]
    return each.mean(0)


class RenderCoverage:
    """Assigns samples to renders in groups; gives their latents and distances.

    Each part of a mixed sample comes from the sample that is assigned to the render for
    this part. The assignment of the current group is part of the training's state.

    Attributes:
        alone: whether the discriminator takes no part.
    """

    alone = False

    def __init__(
        self,
        realistic: SemanticGenerator,
        renders: Renders,
        options: RenderCoverageOptions,
        state: TrainingState,
        batch: int,
        seed: int,
    ) -> None:
        self.realistic, self.renders = realistic, renders
        self.options, self.state = options, state
        self.batch, self.seed = batch, seed
        latents = draw_latents(realistic, PLACED, seed_of(seed, "places"))
        _, places = describe_samples(realistic, latents.split(BATCH))
        self._places = on_grid(places)
        self._weights = _weights(places).to(state.device)

    def pull(self, rank: int, ranks: int) -> Pull:
        """This process's share of an iteration's samples, and the renders they follow.

        A new group is assigned where the iteration begins one.
        """
        state, device = self.state, self.state.device
        _, place, latents, chosen, mixed, whole = current_group(
            self.options.group,
            self.options.share,
            self.batch,
            state.iteration,
            self.seed,
            state.generator.config.style_dim,
            len(self.renders.vectors),
        )
        if place == 0:
            state.assignment = self._assign(chosen, latents)
        mixed, whole = mixed[rank::ranks], whole[rank::ranks]
        return Pull(
            latents[state.assignment[mixed]].to(device),
            latents[whole].to(device),
            partial(self._losses, renders=self._read(chosen[mixed])),
        )

    def _losses(self, made: Synthesis, renders: Tensor) -> list[WeightedLoss]:
        """The mean squared error of the first samples to (n, 3, S, S) renders.

        The places of all parts count alike, whatever their size.
        """
        picture = made.image[: len(renders)].float()
        errors = (picture - renders).square().mean((0, 1)) * self._weights
        return [WeightedLoss("pixels", self.options.pixels, errors.mean())]

    @torch.no_grad()
    def _assign(self, chosen: Tensor, latents: Tensor) -> Tensor:
        """(n, rows) the sample of each render, for each row of W+."""
        ours = torch.cat([describe(self._read(x)).cpu() for x in chosen.split(BATCH)])
        generator, device = self.state.generator, self.state.device
        codes = (generator.style(z.to(device)) for z in latents.split(BATCH))
        theirs, _ = describe_samples(self.realistic, codes)
        renders, samples = standardised(ours), standardised(theirs)
        costs = [
            distances(renders, samples, torch.ones(GRID, GRID)),
            *(distances(renders, samples, place) for place in self._places),
            colour_distances(renders, samples, self._places[HAIR]),
        ]
        whole, *shapes, hair = matched_all(costs)
        return joined_rows(generator.layout.base_layers, whole, shapes, hair)

    def _read(self, chosen: Tensor) -> Tensor:
        pictures = as_tensor(self.renders.pictures[chosen.numpy()])
        return pictures.to(self.state.device)
