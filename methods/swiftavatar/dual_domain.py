"""How well two generators agree on what one latent code shows.

A code goes to both generators as it is, after the avatar generator's mapping network:
that is how production uses the pair, since inversion finds codes of the avatar
generator, and the realistic generator then renders them.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from benchmark.avatars.colour import ciede2000, srgb_to_lab
from benchmark.avatars.part_classes import PART_IDS, PART_NAMES
from methods.generator.quality import QualityJudge
from methods.generator.sampling import Samples, draw_codes, sample, synthesise
from methods.networks.semantic_stylegan import SemanticGenerator
from methods.swiftavatar.colour_matching import (
    REGIONS,
    region_colours,
    shown_in_both,
)

MEASURED_CODES = 256
"""Codes that the measures of a pair are taken on."""


class DualSamples(NamedTuple):
    """What both generators make of the same codes, picture by picture."""

    realistic: Samples
    avatar: Samples


class Agreement(NamedTuple):
    """How alike two stacks of part maps are.

    Attributes:
        pixel_accuracy: share of pixels with the same part.
        mean_iou: mean of `iou`.
        iou: for each part id that either stack shows, intersection over union of its
            pixels in the whole stack.
    """

    pixel_accuracy: float
    mean_iou: float
    iou: dict[int, float]


def dual_samples(
    realistic: SemanticGenerator, avatar: SemanticGenerator, count: int, seed: int
) -> DualSamples:
    """Pictures and parts of `count` seeded codes from both generators."""
    codes = draw_codes(avatar, count, seed)
    return DualSamples(synthesise(realistic, codes), synthesise(avatar, codes))


def agreement(one: NDArray[np.uint8], other: NDArray[np.uint8]) -> Agreement:
    """How alike two (n, S, S) stacks of part ids are, n of 1 or more."""
    classes = len(PART_NAMES)
    pairs = one.astype(np.int64).ravel() * classes + other.ravel()
    table = np.bincount(pairs, minlength=classes**2).reshape(classes, classes)
    both = np.diagonal(table)
    either = table.sum(axis=0) + table.sum(axis=1) - both
    iou = {
        int(part): float(both[part] / either[part]) for part in np.flatnonzero(either)
    }
    return Agreement(
        float(both.sum() / table.sum()), float(np.mean(list(iou.values()))), iou
    )


def colour_distances(samples: DualSamples, least_share: float) -> dict[str, float]:
    """How far the mean colours of hair and skin are apart between the two pictures.

    For each region: `colour/hair`, the mean Euclidean distance in [0, 1] RGB;
    `colour/hair_ciede2000`, the mean CIEDE2000 difference; and `colour/hair_share`, the
    share of codes that both are means over: those whose region covers `least_share` or
    more of both pictures. Where there are none, the share is all that is told.
    """
    found: dict[str, float] = {}
    for region in REGIONS:
        part = PART_IDS[region]
        (one, shares), (other, others) = (_mean_colours(some, part) for some in samples)
        counts = shown_in_both(shares, others, least_share).numpy()
        found[f"colour/{region}_share"] = float(counts.mean())
        if counts.any():
            ours, theirs = one[counts], other[counts]
            gaps = np.linalg.norm(ours - theirs, axis=1)
            shades = ciede2000(srgb_to_lab(ours), srgb_to_lab(theirs))
            found[f"colour/{region}"] = float(gaps.mean())
            found[f"colour/{region}_ciede2000"] = float(shades.mean())
    return found


def _mean_colours(
    samples: Samples, part: int
) -> tuple[NDArray[np.float64], torch.Tensor]:
    """(n, 3) mean colours of a part in [0, 1] RGB, and its (n,) shares."""
    pictures = torch.from_numpy(samples.pictures).permute(0, 3, 1, 2).double() / 255
    colours, shares = region_colours(pictures, torch.from_numpy(samples.parts), part)
    return colours.numpy(), shares


def dual_measures(
    realistic: SemanticGenerator,
    avatar: SemanticGenerator,
    least_share: float,
    count: int = MEASURED_CODES,
    seed: int = 0,
) -> dict[str, float]:
    """Agreement of parts and distance of colours over `count` seeded codes, by name.

    `agreement/pixel_accuracy`, `agreement/mean_iou`, `agreement/iou_<part>`, and what
    `colour_distances` tells.
    """
    samples = dual_samples(realistic, avatar, count, seed)
    found = agreement(samples.realistic.parts, samples.avatar.parts)
    return {
        "agreement/pixel_accuracy": found.pixel_accuracy,
        "agreement/mean_iou": found.mean_iou,
        **{f"agreement/iou_{PART_NAMES[k]}": v for k, v in found.iou.items()},
        **colour_distances(samples, least_share),
    }


def sample_quality(
    avatar: SemanticGenerator,
    renders: NDArray[np.uint8],
    file: Path,
    seed: int = 0,
    device: str = "cpu",
) -> dict[str, float]:
    """How far as many samples of the avatar generator are from renders.

    Four figures of `methods.generator.quality.QualityJudge.score`, as `quality/…`:
    kernel distance (times 1000) with its error, Frechet distance, diversity.

    Args:
        avatar: the generator.
        renders: (n, S, S, 3) uint8 renders of the engine, some hundreds.
        file: weights of EfficientNet-Lite0, whose features are compared.
        seed: of the samples.
        device: of the features.
    """
    judge = QualityJudge(renders, file, device)
    found = judge.score(sample(avatar, len(renders), seed).pictures)
    return {f"quality/{name}": value for name, value in found.items()}
