"""Pull avatars towards renders, so that no kind of avatar is lost (not in the paper).

An adversarial loss alone can forget glasses and beards, which few renders show. Then no
latent code of a face with glasses draws an avatar with glasses. Here random samples are
assigned to renders, one to one, for each part on its own, and each sample must become
more like its render. methods.generator.coverage does the same for faces with part maps;
here the renders are pictures only.

The realistic faces of the samples are compared with the renders. Both sets of pictures
are described around the place of a part, and each description is standardised within
its set. So faces with the darkest surroundings of the eyes follow renders with the
darkest ones, although the two domains look different.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional

from benchmark.avatars.part_classes import PART_IDS
from methods.generator.adversarial import Pull
from methods.generator.coverage import BATCH, matched
from methods.generator.losses import WeightedLoss
from methods.generator.sampling import draw_latents, render
from methods.generator.state import TrainingState
from methods.networks.semantic_stylegan import SemanticGenerator, Synthesis
from methods.shared.pictures import as_tensor
from methods.shared.randomness import generator_of, seed_of
from methods.shared.renders import Renders
from methods.swiftavatar.options import RenderCoverageOptions

GRID = 16
"""Side of the grid of a description."""
PLACED = 512
"""Samples whose mean part maps are the places of the parts."""
COMPONENTS = 2
"""Principal components of a part's surroundings that are compared."""
HAIR = PART_IDS["hair"]
"""The part whose texture follows colours alone: a style of hair has any colour. The
texture of other parts changes their look together with the shape, as beards do."""


def describe(picture: Tensor) -> Tensor:
    """Colours and edges on a coarse grid: (n, 4, GRID, GRID).

    The first three channels are mean colours, the last is the mean absolute difference
    of the luminance from the pixel on the right and the one below.

    Args:
        picture: (n, 3, S, S) in [-1, 1].
    """
    grey = picture.mean(1, keepdim=True)
    right = functional.pad(grey.diff(dim=3), (0, 1)).abs()
    below = functional.pad(grey.diff(dim=2), (0, 0, 0, 1)).abs()
    return functional.adaptive_avg_pool2d(torch.cat([picture, right + below], 1), GRID)


def standardised(found: Tensor, reference: Tensor | None = None) -> Tensor:
    """Descriptions without the mean of their set, each channel with unit variance.

    Mean and variance are those of `reference`, or of the descriptions themselves.
    """
    whole = found if reference is None else reference
    mean = whole.mean(0)
    scale = (whole - mean).square().mean((0, 2, 3), keepdim=True).sqrt()
    return (found - mean) / scale.clamp(1e-6)


def comparable(
    renders: Tensor, samples: Tensor, place: Tensor
) -> tuple[Tensor, Tensor]:
    """Linear maps that make two sets of descriptions comparable around a place.

    They give the largest principal components of both sets together, each with unit
    variance in each set, so that the tone of the skin does not hide the rest.

    Args:
        renders: (n, 4, GRID, GRID) standardised descriptions.
        samples: (m, 4, GRID, GRID).
        place: (GRID, GRID) weights of cells.

    Returns:
        (4 * GRID * GRID, COMPONENTS) for renders, and the same for samples.
    """
    weights = place.sqrt().expand(4, -1, -1).flatten()
    sets = [x.flatten(1) * weights for x in (renders, samples)]
    _, _, axes = torch.linalg.svd(torch.cat(sets), full_matrices=False)
    axes = axes[:COMPONENTS].T
    scales = ((x @ axes).std(0, correction=0).clamp(min=1e-6) for x in sets)
    ours, theirs = (weights[:, None] * axes / scale for scale in scales)
    return ours, theirs


def distances(renders: Tensor, samples: Tensor, place: Tensor) -> Tensor:
    """(n, m) squared distances of two standardised descriptions around a place.

    Arguments as of `comparable`.
    """
    ours, theirs = comparable(renders, samples, place)
    return torch.cdist(renders.flatten(1) @ ours, samples.flatten(1) @ theirs).square()


def colour_distances(renders: Tensor, samples: Tensor, place: Tensor) -> Tensor:
    """(n, m) squared distances of the mean colours in the core of a place.

    The core are the cells with at least half of the largest weight. Arguments as of
    `comparable`.
    """
    core = (place >= place.max() / 2).float()
    ours, theirs = (
        (x[:, :3] * core).sum((2, 3)) / core.sum() for x in (renders, samples)
    )
    return torch.cdist(ours, theirs).square()


def describe_samples(
    generator: SemanticGenerator, latents: Iterable[Tensor]
) -> tuple[Tensor, Tensor]:
    """Descriptions of samples, and where their parts are.

    Args:
        generator: draws the samples, with its stored noise.
        latents: batches of latent codes in W or W+.

    Returns:
        (n, 4, GRID, GRID) descriptions and (K, S, S) mean shares of the parts.
    """
    found: list[Tensor] = []
    size, count = generator.config.size, generator.config.seg_dim
    places = torch.zeros(count, size, size)
    for batch in latents:
        made = render(generator, generator.layout.repeat(batch))
        found.append(describe(made.image).cpu())
        places += functional.one_hot(made.parts, count).sum(0).permute(2, 0, 1).cpu()
    described = torch.cat(found)
    return described, places / len(described)


def on_grid(places: Tensor) -> Tensor:
    """(K, GRID, GRID) places from (K, S, S) ones."""
    return functional.adaptive_avg_pool2d(places, GRID)


class Covered(NamedTuple):
    """What pulls the samples of an iteration.

    Attributes:
        picture: (n, 3, S, S) renders of the mixed samples, in [-1, 1].
        rows: (n, rows, D) latents z of the mixed samples, one for each row of W+.
        whole: (m, D) latents z of the other samples.
    """

    picture: Tensor
    rows: Tensor
    whole: Tensor


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
        """This process's share of an iteration's samples, and what pulls them."""
        covered = self.examples(rank, ranks)
        return Pull(covered.rows, covered.whole, partial(self.losses, covered=covered))

    def examples(self, rank: int, ranks: int) -> Covered:
        """This process's share of an iteration's samples, and the renders they follow.

        A new group is assigned where the iteration begins one.
        """
        state, group = self.state, self.options.group
        count = round(self.options.share * self.batch)
        number, place = divmod(state.iteration, group // count)
        draws = generator_of(self.seed, "coverage", number)
        latents = torch.randn(
            (group, state.generator.config.style_dim), generator=draws
        )
        chosen = torch.randint(len(self.renders.vectors), (group,), generator=draws)
        if place == 0:
            state.assignment = self._assign(chosen, latents)
        mixed = torch.arange(place * count, (place + 1) * count)[rank::ranks]
        rest = torch.arange(self.batch - count) + place * (self.batch - count)
        return Covered(
            self._read(chosen[mixed]),
            latents[state.assignment[mixed]].to(state.device),
            latents[rest[rank::ranks] % group].to(state.device),
        )

    def losses(self, made: Synthesis, covered: Covered) -> list[WeightedLoss]:
        """The mean squared error of the mixed samples' pictures.

        The places of all parts count alike, whatever their size.
        """
        picture = made.image[: len(covered.picture)].float()
        errors = (picture - covered.picture).square().mean((0, 1)) * self._weights
        return [WeightedLoss("pixels", self.options.pixels, errors.mean())]

    @torch.no_grad()
    def _assign(self, chosen: Tensor, latents: Tensor) -> Tensor:
        """(n, rows) the sample of each render, for each row of W+."""
        ours = torch.cat([describe(self._read(x)).cpu() for x in chosen.split(BATCH)])
        generator, device = self.state.generator, self.state.device
        codes = (generator.style(z.to(device)) for z in latents.split(BATCH))
        theirs, _ = describe_samples(self.realistic, codes)
        renders, samples = standardised(ours), standardised(theirs)
        whole = matched(distances(renders, samples, torch.ones(GRID, GRID)))
        rows = [whole] * generator.layout.base_layers
        for part, place in enumerate(self._places):
            shape = matched(distances(renders, samples, place))
            texture = shape
            if part == HAIR:
                texture = matched(colour_distances(renders, samples, place))
            rows += [shape, texture]
        return torch.stack(rows, 1)

    def _read(self, chosen: Tensor) -> Tensor:
        pictures = as_tensor(self.renders.pictures[chosen.numpy()])
        return pictures.to(self.state.device)
