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

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional

from benchmark.faces.parsed import ParsedFaces
from methods.generator.examples import one_hot
from methods.generator.losses import WeightedLoss
from methods.generator.recipe import GeneratorRecipe
from methods.generator.state import TrainingState
from methods.networks.part_latents import PartLayout
from methods.networks.semantic_stylegan import SemanticGenerator, Synthesis
from methods.shared.matching import matched_all
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
    of_parts = torch.stack([shapes, colours], 1).flatten(0, 1)
    base, *others = matched_all([shapes.sum(0), *of_parts])
    return torch.stack([base] * layout.base_layers + others, 1)


class Group(NamedTuple):
    """The samples and pictures that are assigned to each other, and an iteration's.

    Attributes:
        number: of the group in the training.
        place: of the iteration in the group; 0 begins it.
        latents: (n, D) latents z of the group's samples.
        chosen: (n,) its pictures.
        mixed: indices of the iteration's pictures that mixed samples follow.
        whole: indices of its whole samples.
    """

    number: int
    place: int
    latents: Tensor
    chosen: Tensor
    mixed: Tensor
    whole: Tensor


def current_group(
    size: int,
    share: float,
    batch: int,
    iteration: int,
    seed: int,
    dimensions: int,
    pictures: int,
) -> Group:
    """The group of an iteration, which depends on the arguments only.

    Args:
        size: n, samples and pictures of a group.
        share: of a batch that is mixed.
        batch: samples of an iteration.
        iteration: its number.
        seed: of the training.
        dimensions: D of the latents.
        pictures: how many there are to choose from.
    """
    count = round(share * batch)
    number, place = divmod(iteration, size // count)
    draws = generator_of(seed, "coverage", number)
    latents = torch.randn((size, dimensions), generator=draws)
    chosen = torch.randint(pictures, (size,), generator=draws)
    mixed = torch.arange(place * count, (place + 1) * count)
    whole = (torch.arange(batch - count) + place * (batch - count)) % size
    return Group(number, place, latents, chosen, mixed, whole)


class Pull(NamedTuple):
    """The samples of an iteration that are pulled towards pictures.

    Attributes:
        rows: (n, rows, D) latents z of the mixed samples, one for each row of W+.
        whole: (m, D) latents z of the whole samples.
        losses: gives the distances of the n + m samples from what pulls them.
    """

    rows: Tensor
    whole: Tensor
    losses: Callable[[Synthesis], list[WeightedLoss]]


class Covered(NamedTuple):
    """n mixed and m whole samples of an iteration, and what pulls them.

    Attributes:
        picture: (n, 3, S, S) faces of the mixed samples, in [-1, 1].
        seg: (n, K, S, S) their part maps of -1 and 1.
        rows: (n, rows, D) latents z of the mixed samples, one for each row of W+.
        whole: (m, D) latents z of the whole samples.
        colours: (n + m, K - 1, 3) mean colours wanted of all parts but the background.
        shown: (n + m, K - 1) whether a colour is wanted.
    """

    picture: Tensor
    seg: Tensor
    rows: Tensor
    whole: Tensor
    colours: Tensor
    shown: Tensor


class Coverage:
    """Assigns samples to train faces in groups; gives their latents and distances.

    Mixed samples are pulled towards whole faces. Each of their rows comes from the
    sample that is assigned to the face on that row. But a part can change its colour
    among parts of other samples. So whole samples are pulled as well, each of their
    parts towards the mean colour of the face that has their texture row.

    The assignment of the current group is part of the training's state.
    """

    def __init__(
        self, recipe: GeneratorRecipe, state: TrainingState, faces: ParsedFaces
    ) -> None:
        assert recipe.coverage is not None
        self.recipe, self.options = recipe, recipe.coverage
        self.state, self.faces = state, faces
        self._wanted = -1, torch.zeros(0, dtype=torch.bool), torch.zeros(0)

    @property
    def alone(self) -> bool:
        """Whether the discriminator takes no part in this iteration yet."""
        return self.state.iteration < -(-self.options.first // self.recipe.batch)

    def pull(self, rank: int, ranks: int) -> Pull:
        """This process's share of an iteration's samples, and what pulls them."""
        covered = self.examples(rank, ranks)
        return Pull(covered.rows, covered.whole, partial(self.losses, covered=covered))

    def examples(self, rank: int, ranks: int) -> Covered:
        """This process's share of an iteration's samples, and the faces they follow.

        A new group is assigned where the iteration begins one.
        """
        state, recipe = self.state, self.recipe
        number, place, latents, chosen, mixed, whole = current_group(
            self.options.group,
            self.options.share,
            recipe.batch,
            state.iteration,
            recipe.seed,
            recipe.config.style_dim,
            len(self.faces),
        )
        mixed, whole = mixed[rank::ranks], whole[rank::ranks]
        if self._wanted[0] != number or place == 0:
            described = self._describe(chosen)
            self._wanted = number, *_mean_colours(described)
            if place == 0:
                samples = _describe_samples(state.generator, latents.to(state.device))
                layout = state.generator.layout
                state.assignment = assign(described, samples.cpu(), layout).cpu()
        shown, colours = (x[1:].transpose(0, 1) for x in self._wanted[1:])
        faces = self._faces_of(whole)
        parts = torch.arange(colours.shape[1])
        device = state.device
        return Covered(
            *self._read(chosen[mixed]),
            latents[state.assignment[mixed]].to(device),
            latents[whole].to(device),
            torch.cat([colours[mixed], colours[faces, parts]]).to(device),
            torch.cat([shown[mixed], shown[faces, parts]]).to(device),
        )

    def _faces_of(self, samples: Tensor) -> Tensor:
        """(m, K - 1) the face that has each part's texture row of m samples."""
        layout = self.state.generator.layout
        rows = [layout.texture_row(k) for k in range(1, self.recipe.config.seg_dim)]
        return self.state.assignment[:, rows].argsort(0)[samples]

    def _describe(self, chosen: Tensor) -> Tensor:
        parts = [describe(*self._read(part)).cpu() for part in chosen.split(BATCH)]
        return torch.cat(parts)

    def _read(self, chosen: Tensor) -> tuple[Tensor, Tensor]:
        pictures, parsing = self.faces.batch(chosen.numpy())
        maps = one_hot(torch.from_numpy(parsing), self.recipe.config.seg_dim)
        device = self.state.device
        return as_tensor(pictures).to(device), maps.to(device)

    def losses(self, made: Synthesis, covered: Covered) -> list[WeightedLoss]:
        """Distances of samples from what pulls them.

        `pixels` is the mean squared error of pictures outside the faces' backgrounds,
        and `maps` the mean cross-entropy of part scores, both of the mixed samples.
        `colours` is the error of the parts' mean colours in all samples.

        Args:
            made: n mixed and m whole samples.
            covered: what pulls them.
        """
        count = len(covered.picture)
        visible = (1 - covered.seg[:, BACKGROUND, None]) / 2
        errors = (made.image[:count].float() - covered.picture).square() * visible
        pixels = errors.sum() / (3 * visible.sum()).clamp(min=1)
        scores = made.seg[:count].float() * SHARPNESS
        maps = functional.cross_entropy(scores, covered.seg.argmax(1))
        colours = colour_errors(made, covered.colours, covered.shown)
        return [
            WeightedLoss("pixels", self.options.pixels, pixels),
            WeightedLoss("colours", self.options.colours, colours),
            WeightedLoss("maps", self.options.maps, maps),
        ]


def colour_errors(made: Synthesis, colours: Tensor, wanted: Tensor) -> Tensor:
    """The mean squared distance of parts' mean colours from wanted ones: a scalar.

    It counts the parts that cover more than `LEAST_SHARE` of a sample, background
    apart, and is 0 without any. The samples' hard part maps carry no gradient.

    Args:
        made: n samples.
        colours: (n, K - 1, 3) in [-1, 1].
        wanted: (n, K - 1) whether a colour counts.
    """
    picture, seg = made.image.float(), made.seg
    parts = torch.zeros_like(seg, dtype=picture.dtype)
    parts = parts.scatter_(1, seg.argmax(1, keepdim=True), 1.0)[:, BACKGROUND + 1 :]
    sums = torch.einsum("nchw,nkhw->nkc", picture, parts)
    areas = parts.sum((2, 3))
    means = sums / areas[..., None].clamp(min=1)
    counts = wanted & (areas > LEAST_SHARE * seg[0, 0].numel())
    squares = (means - colours).square().sum(2) * counts
    return squares.sum() / counts.sum().clamp(min=1)


@torch.no_grad()
def _describe_samples(generator: SemanticGenerator, latents: Tensor) -> Tensor:
    """Descriptions of the samples of (n, D) latents z."""
    found: list[Tensor] = []
    for z in latents.split(BATCH):
        made = generator([z])
        found.append(describe(made.image.float(), made.seg.float()))
    return torch.cat(found)
