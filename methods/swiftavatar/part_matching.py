"""Which samples are similar to a render, part by part (not in the paper).

Renders are pictures without part maps. They are compared with the realistic faces of
samples. Both sets of pictures are described around the place of a part, and each
description is standardised within its set. So faces with the darkest surroundings of
the eyes match renders with the darkest ones, although the two domains look different.
"""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import Tensor
from torch.nn import functional

from benchmark.avatars.part_classes import PART_IDS
from methods.generator.sampling import render
from methods.networks.semantic_stylegan import SemanticGenerator

GRID = 16
"""Side of the grid of a description."""
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


def joined_rows(
    base_layers: int, whole: Tensor, shapes: Iterable[Tensor], hair: Tensor
) -> Tensor:
    """(n, rows) the sample of each render, for each row of W+.

    Args:
        base_layers: number of base rows.
        whole: (n,) the samples of the base rows.
        shapes: for each part, the (n,) samples of its rows.
        hair: (n,) the samples of the texture of `HAIR`.
    """
    rows = [whole] * base_layers
    for part, shape in enumerate(shapes):
        rows += [shape, hair if part == HAIR else shape]
    return torch.stack(rows, 1)
