"""Part control: how much of a change stays within the part whose code is redrawn."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from benchmark.avatars.part_classes import PART_NAMES
from benchmark.system.progress import Progress, Silent
from methods.generator.sampling import (
    BATCH,
    Rendered,
    draw_latents,
    redrawn,
    render,
)
from methods.networks.semantic_stylegan import SemanticGenerator

GROWTH = 2 / 64
"""Margin of a part's region around its pixels, as a share of the picture's side."""


@dataclass(frozen=True)
class PartControl:
    """The effect of redrawing one part's shape and texture latents.

    Energy is the squared difference over RGB of the pictures before and after. The
    region consists of the part's pixels in either picture and a margin of `GROWTH`.
    Shares are pooled over the `n` samples that show the part in either picture; they
    are NaN where no sample does.

    Attributes:
        name: the part.
        share_of_energy: energy inside the region over all energy.
        share_of_area: pixels of the region over all pixels.
        ratio: `share_of_energy` over `share_of_area`; at most 1 / `share_of_area`.
        median_share: median of the share of energy per sample.
        n: samples that show the part before or after.
        absent: samples that show it in neither picture, excluded from the shares.
        absent_energy: mean energy of an absent sample over that of a shown one; NaN
            without absent or shown samples.
    """

    name: str
    share_of_energy: float
    share_of_area: float
    ratio: float
    median_share: float
    n: int
    absent: int
    absent_energy: float


def part_names(count: int) -> tuple[str, ...]:
    """Names of a generator's parts; "part 0" and so on unless there are 13."""
    if count == len(PART_NAMES):
        return PART_NAMES
    return tuple(f"part {index}" for index in range(count))


def measure_control(
    generator: SemanticGenerator,
    count: int = 256,
    seed: int = 0,
    truncation: float = 1.0,
    batch: int = BATCH,
    progress: Progress | None = None,
) -> list[PartControl]:
    """Redraw each part of `count` samples from the same second latents and measure it.

    One result per part; the background is one of the parts.
    """
    latents = draw_latents(generator, count, seed, truncation)
    others = draw_latents(generator, count, seed + 1, truncation)
    parts = generator.layout.parts
    changes: list[list[Tensor]] = [[] for _ in range(parts)]
    with (progress or Silent()).task("part control", count) as task:
        for first, second in zip(
            latents.split(batch), others.split(batch), strict=True
        ):
            before = render(generator, first)
            for part in range(parts):
                changed = redrawn(generator.layout, first, second, part)
                after = render(generator, changed)
                changes[part].append(change(before, after, part))
            task.advance(len(first))
    return [
        summarise(name, torch.cat(rows).cpu().numpy())
        for name, rows in zip(part_names(parts), changes, strict=True)
    ]


def change(before: Rendered, after: Rendered, part: int) -> Tensor:
    """(n, 4) per sample: energy in the region, energy, region's share, part shown."""
    own = (before.parts == part) | (after.parts == part)
    region = grown(own)
    energy = (after.image - before.image).double().square().sum(1)
    return torch.stack(
        [
            (energy * region).sum((1, 2)),
            energy.sum((1, 2)),
            region.double().mean((1, 2)),
            own.any(2).any(1).double(),
        ],
        dim=1,
    )


def grown(mask: Tensor) -> Tensor:
    """(n, S, S) bool: the mask with a margin of `GROWTH` (2 px at 64 px)."""
    reach = round(GROWTH * mask.shape[-1])
    steps = torch.arange(-reach, reach + 1, device=mask.device)
    disc = steps[:, None] ** 2 + steps[None] ** 2 <= reach**2
    reached = functional.conv2d(
        mask[:, None].float(), disc[None, None].float(), padding=reach
    )
    return reached[:, 0] > 0.5


def summarise(name: str, rows: NDArray[np.float64]) -> PartControl:
    """One part's result from the (n, 4) rows of `change`."""
    shown = rows[:, 3] > 0
    inside, total, area = rows[shown, :3].T
    share, cover = _ratio(inside.sum(), total.sum()), _ratio(area.sum(), len(area))
    moved = total > 0
    own = inside[moved] / total[moved]
    shown_energy, absent = _ratio(total.sum(), len(total)), rows[~shown, 1]
    return PartControl(
        name=name,
        share_of_energy=share,
        share_of_area=cover,
        ratio=_ratio(share, cover),
        median_share=float(np.median(own)) if len(own) else math.nan,
        n=len(total),
        absent=len(absent),
        absent_energy=_ratio(_ratio(absent.sum(), len(absent)), shown_energy),
    )


def missed_targets(
    controls: Sequence[PartControl],
    share: float = 0.7,
    of: Sequence[str] = ("hair", "skin"),
    ratio: float = 2.0,
) -> list[str]:
    """Sentences about parts below the target share of energy or the target ratio.

    `share` applies to the parts `of`, `ratio` to every shown part. The sentence says
    where a region is so large that the ratio cannot be reached.
    """
    shown = [control for control in controls if control.n]
    low = [
        f"{c.name}: {c.share_of_energy:.0%} of the energy, target {share:.0%}"
        for c in shown
        if c.name in of and not c.share_of_energy >= share
    ]
    weak = [
        f"{c.name}: {c.ratio:.2f} times its area, target {ratio:g}{_limit(c, ratio)}"
        for c in shown
        if not c.ratio >= ratio
    ]
    return low + weak


def _limit(control: PartControl, ratio: float) -> str:
    """A remark where the ratio cannot be reached."""
    if control.share_of_area * ratio <= 1:
        return ""
    most = 1 / control.share_of_area
    area = control.share_of_area
    return f" ({most:.2f} is the maximum for {area:.0%} of the picture)"


def _ratio(above: float, below: float) -> float:
    return float(above / below) if below else math.nan
