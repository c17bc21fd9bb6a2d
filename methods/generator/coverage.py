"""Pull samples towards train faces, so that every kind of face stays among them.

An adversarial loss alone can forget rare hair, beards and glasses. Here random samples
are assigned to faces, one to one and with the least total distance, and each sample
must become more like its face. One to one keeps shares: if a quarter of the faces wear
glasses, a quarter of the samples is pulled towards glasses. (Li and Malik, "Implicit
Maximum Likelihood Estimation", arXiv 1809.09087, pull the nearest sample of each face.)
The assignment is made for each row of the latent code on its own, so that the hair
comes from a sample with similar hair.
"""

from __future__ import annotations

import numpy as np
import torch
from scipy.optimize import linear_sum_assignment
from torch import Tensor
from torch.nn import functional

from benchmark.faces.parsed import ParsedFaces
from methods.generator.examples import one_hot
from methods.generator.losses import WeightedLoss
from methods.generator.recipe import GeneratorRecipe
from methods.generator.state import TrainingState
from methods.networks.part_latents import PartLayout
from methods.networks.semantic_stylegan import SemanticGenerator, Synthesis
from methods.shared.pictures import as_tensor
from methods.shared.randomness import generator_of

GRID = 8
"""Side of the grid of a description."""
SHARPNESS = 4
"""Factor of part scores in the cross-entropy."""
BATCH = 64
BACKGROUND = 0
SHOWN = 0.25
"""Cells that a part must cover at least to be shown."""
MISSING = 0.2
"""Squared colour distance of a part that only the face shows."""
LEAST_SHARE = 0.002
"""Share of a picture that a part must exceed for its colour to count."""
TIE = 1e-4
"""Weight of the shapes' distance where colours decide."""


def describe(picture: Tensor, seg: Tensor) -> Tensor:
    """Where each part is, and its colours there, on a coarse grid.

    Args:
        picture: (n, 3, S, S) pictures in [-1, 1].
        seg: (n, K, S, S) part scores; the argmax gives the class.

    Returns:
        (n, K, 4, GRID * GRID): the share of a cell that the part covers, and its mean
        colour there in [-1, 1], 0 where it is absent.
    """
    parts = torch.zeros_like(seg).scatter_(1, seg.argmax(1, keepdim=True), 1.0)
    shares = functional.adaptive_avg_pool2d(parts, GRID)[:, :, None]
    tinted = (parts[:, :, None] * picture.clamp(-1, 1)[:, None]).flatten(0, 1)
    sums = functional.adaptive_avg_pool2d(tinted, GRID).unflatten(0, parts.shape[:2])
    colours = sums / shares.clamp(min=1e-3)
    return torch.cat([shares, colours], 2).flatten(3)


def shape_distances(faces: Tensor, samples: Tensor) -> Tensor:
    """(K, n, m) squared distances of the parts' places in two descriptions."""
    ours, theirs = (x[:, :, 0].transpose(0, 1) for x in (faces, samples))
    return torch.cdist(ours, theirs).square()


def colour_distances(faces: Tensor, samples: Tensor) -> Tensor:
    """(K, n, m) squared distances of the parts' mean colours in two descriptions.

    Places play no role: the latent row of a part's colours does not move it. A part
    that only the face shows counts as `MISSING`; one that it does not show as 0.
    """
    (shown, colour), (other, tint) = map(_mean_colours, (faces, samples))
    distances = torch.cdist(colour, tint).square()
    distances = torch.where(other[:, None], distances, MISSING)
    return distances * shown[..., None]


def _mean_colours(found: Tensor) -> tuple[Tensor, Tensor]:
    """(K, n) whether a description shows a part, and (K, n, 3) its mean colours."""
    shares, colours = found[:, :, 0].transpose(0, 1), found[:, :, 1:].transpose(0, 1)
    total = shares.sum(2)
    means = (shares[:, :, None] * colours).sum(3) / total[..., None].clamp(min=1e-3)
    return total > SHOWN, means


def assign(faces: Tensor, samples: Tensor, layout: PartLayout) -> Tensor:
    """(n, rows) the sample of each face, for each row of W+; one to one in each row.

    The parts' places decide on the rows of shape, all of them together on the base
    rows, and the parts' mean colours on the rows of texture.

    Args:
        faces: (n, K, 4, GRID * GRID) descriptions.
        samples: as many.
        layout: of W+.
    """
    shapes = shape_distances(faces, samples)
    colours = colour_distances(faces, samples) + TIE * shapes
    base = _matched(shapes.sum(0))
    rows = [base] * layout.base_layers
    for shape, colour in zip(shapes, colours, strict=True):
        rows += [_matched(shape), _matched(colour)]
    return torch.stack(rows, 1)


def _matched(costs: Tensor) -> Tensor:
    """(n,) the column of each row with the least total cost."""
    _, columns = linear_sum_assignment(costs.cpu().numpy())
    return torch.from_numpy(np.asarray(columns))


class Coverage:
    """Assigns samples to train faces in groups; gives their latents and distances.

    The assignment of the current group is part of the training's state.
    """

    def __init__(
        self, recipe: GeneratorRecipe, state: TrainingState, faces: ParsedFaces
    ) -> None:
        assert recipe.coverage is not None
        self.recipe, self.options = recipe, recipe.coverage
        self.state, self.faces = state, faces

    @property
    def alone(self) -> bool:
        """Whether the discriminator takes no part in this iteration yet."""
        return self.state.iteration < self._first

    @property
    def _first(self) -> int:
        return -(-self.options.first // self.recipe.batch)

    def examples(self, rank: int, ranks: int) -> tuple[Tensor, Tensor, Tensor]:
        """This process's share of the faces of an iteration, and their samples.

        Returns (n, 3, S, S) pictures, (n, K, S, S) part maps of -1 and 1, and (n, rows,
        D) latents z, one for each row of W+. A new group is assigned where the
        iteration begins one.
        """
        state, options, batch = self.state, self.options, self.recipe.batch
        count = batch if self.alone else round(options.share * batch)
        place = (state.iteration - (0 if self.alone else self._first)) * count
        number, start = divmod(place, options.group)
        draws = generator_of(self.recipe.seed, "coverage", self.alone, number)
        shape = (options.group, self.recipe.config.style_dim)
        latents = torch.randn(shape, generator=draws).to(state.device)
        chosen = torch.randint(len(self.faces), (options.group,), generator=draws)
        if start == 0:
            state.assignment = self._assign(chosen, latents)
        these = slice(start + rank, start + count, ranks)
        rows = state.assignment[these].to(state.device)
        return *self._read(chosen[these]), latents[rows]

    def _assign(self, chosen: Tensor, latents: Tensor) -> Tensor:
        faces = [describe(*self._read(part)) for part in chosen.split(BATCH)]
        generator = self.state.generator
        samples = _describe_samples(generator, latents)
        return assign(torch.cat(faces), samples, generator.layout)

    def _read(self, chosen: Tensor) -> tuple[Tensor, Tensor]:
        pictures, parsing = self.faces.batch(chosen.numpy())
        maps = one_hot(torch.from_numpy(parsing), self.recipe.config.seg_dim)
        device = self.state.device
        return as_tensor(pictures).to(device), maps.to(device)

    def losses(
        self, made: Synthesis, picture: Tensor, seg: Tensor
    ) -> list[WeightedLoss]:
        """Distances of the first m samples from m faces.

        `pixels` is the mean squared error of pictures outside the faces' backgrounds,
        `colours` that of the parts' mean colours, wherever the parts are, and `maps`
        the mean cross-entropy of part scores.

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
        colours = colour_errors(
            made._replace(image=made.image[:count], seg=made.seg[:count]), picture, seg
        )
        return [
            WeightedLoss("pixels", self.options.pixels, pixels),
            WeightedLoss("colours", self.options.colours, colours),
            WeightedLoss("maps", self.options.maps, maps),
        ]


def colour_errors(one: Synthesis, picture: Tensor, seg: Tensor) -> Tensor:
    """The mean squared distance of the parts' mean colours: a scalar.

    It counts the parts, background apart, that cover at least `LEAST_SHARE` of both
    pictures, and is 0 without any.

    Args:
        one: n samples; their hard part maps carry no gradient.
        picture: (n, 3, S, S) faces in [-1, 1].
        seg: (n, K, S, S) their part scores.
    """
    (ours, shown), (theirs, wanted) = (
        _part_colours(colours.float(), scores)
        for colours, scores in ((one.image, one.seg), (picture, seg))
    )
    counts = shown & wanted
    squares = (ours - theirs).square().sum(2) * counts
    return squares.sum() / counts.sum().clamp(min=1)


def _part_colours(picture: Tensor, seg: Tensor) -> tuple[Tensor, Tensor]:
    """(n, K - 1, 3) mean colours of parts, and (n, K - 1) whether they are shown."""
    parts = torch.zeros_like(seg, dtype=picture.dtype)
    parts = parts.scatter_(1, seg.argmax(1, keepdim=True), 1.0)[:, BACKGROUND + 1 :]
    sums = torch.einsum("nchw,nkhw->nkc", picture, parts)
    areas = parts.sum((2, 3))
    return sums / areas[..., None].clamp(min=1), areas > LEAST_SHARE * seg[0, 0].numel()


@torch.no_grad()
def _describe_samples(generator: SemanticGenerator, latents: Tensor) -> Tensor:
    """Descriptions of the samples of (n, D) latents z."""
    found: list[Tensor] = []
    for z in latents.split(BATCH):
        made = generator([z])
        found.append(describe(made.image.float(), made.seg.float()))
    return torch.cat(found)
