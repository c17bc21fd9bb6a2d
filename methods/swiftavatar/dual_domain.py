"""Agreement of the dual-domain generators (SwiftAvatar, section 3.1).

Both generators render the same latent codes w of the avatar generator's mapping
network. Paired data production does the same: inversion finds w with the avatar
generator, and the realistic generator renders it.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from benchmark.avatars.colour import ciede2000, srgb_to_lab
from benchmark.avatars.part_classes import PART_IDS, PART_NAMES
from methods.generator.sampling import Samples, draw_latents, synthesise
from methods.networks.semantic_stylegan import SemanticGenerator
from methods.swiftavatar.colour_matching import (
    REGIONS,
    region_colours,
    shown_in_both,
)


class DualSamples(NamedTuple):
    """Samples of both generators for the same latent codes (SwiftAvatar, Figure 4)."""

    realistic: Samples
    avatar: Samples


class Agreement(NamedTuple):
    """The similarity of two stacks of part maps.

    SwiftAvatar shows it in Figure 4 and does not measure it.

    Attributes:
        pixel_accuracy: share of pixels with the same part.
        mean_iou: mean of `iou`.
        iou: by part id, the intersection over union of its pixels in the whole stack;
            parts that neither stack shows are left out.
    """

    pixel_accuracy: float
    mean_iou: float
    iou: dict[int, float]


def dual_samples(
    realistic: SemanticGenerator, avatar: SemanticGenerator, count: int, seed: int
) -> DualSamples:
    """Render `count` seeded latent codes with both generators (Figure 4)."""
    latents = draw_latents(avatar, count, seed)
    return DualSamples(synthesise(realistic, latents), synthesise(avatar, latents))


def agreement(one: NDArray[np.uint8], other: NDArray[np.uint8]) -> Agreement:
    """Compare two (n, S, S) stacks of part ids, such as those of Figure 4; n >= 1."""
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
    """Distances of the mean colours of hair and skin (SwiftAvatar, equation 2).

    For hair and for skin:

    - `colour/hair_share`: share of latent codes whose hair covers `least_share` or more
      of both pictures. If it is 0, the other figures are missing.
    - `colour/hair`: mean Euclidean distance over these latent codes, in [0, 1] RGB.
    - `colour/hair_ciede2000`: mean CIEDE2000 difference over the same.
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
    """The (n, 3) mean colours of a part in [0, 1] RGB and its (n,) shares."""
    pictures = torch.from_numpy(samples.pictures).permute(0, 3, 1, 2).double() / 255
    colours, shares = region_colours(pictures, torch.from_numpy(samples.parts), part)
    return colours.numpy(), shares


def dual_measures(
    realistic: SemanticGenerator,
    avatar: SemanticGenerator,
    least_share: float,
    count: int,
    seed: int = 0,
) -> dict[str, float]:
    """Measure how well the dual-domain generators agree (SwiftAvatar, section 3.1).

    Returns `agreement/pixel_accuracy`, `agreement/mean_iou`, `agreement/iou_<part>` and
    the figures of `colour_distances`, over `count` seeded latent codes.
    """
    samples = dual_samples(realistic, avatar, count, seed)
    found = agreement(samples.realistic.parts, samples.avatar.parts)
    return {
        "agreement/pixel_accuracy": found.pixel_accuracy,
        "agreement/mean_iou": found.mean_iou,
        **{f"agreement/iou_{PART_NAMES[k]}": v for k, v in found.iou.items()},
        **colour_distances(samples, least_share),
    }
