"""Part control: does redrawing the code of one part change that part, and it alone?"""

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
    draw_codes,
    redrawn,
    render,
)
from methods.networks.semantic_stylegan import SemanticGenerator

GROWTH = 2 / 64
"""How far a part's region reaches beyond its pixels, as a share of the picture."""


@dataclass(frozen=True)
class PartControl:
    """What redrawing one part's shape and texture codes did to the pictures.

    Energy is the squared difference over RGB of the pictures before and after. The
    region holds the pixels of the part in either picture, and those within the growth.
    Shares are pooled over the `n` samples that show the part in either picture; they
    are NaN where none does.

    Attributes:
        name: the part.
        share_of_energy: energy inside the region over all energy.
        share_of_area: pixels of the region over all pixels.
        ratio: the first over the second; 1 / share_of_area at most.
        median_share: median over samples of each one's own share of energy.
        n: samples that show the part before or after.
        absent: samples that show it in neither picture, left out of the shares.
        absent_energy: mean energy of an absent sample over that of a shown one; NaN
            unless there are both.
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
    """Names of a generator's parts; numbers where it has other parts than ours."""
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
    """Redraw each part of `count` samples by the same second codes; a figure a part.

    The background is one of the parts.
    """
    codes = draw_codes(generator, count, seed, truncation)
    others = draw_codes(generator, count, seed + 1, truncation)
    parts = generator.layout.parts
    found: list[list[Tensor]] = [[] for _ in range(parts)]
    with (progress or Silent()).task("part control", count) as task:
        for first, second in zip(codes.split(batch), others.split(batch), strict=True):
            before = render(generator, first)
            for part in range(parts):
                changed = redrawn(generator.layout, first, second, part)
                found[part].append(change(before, render(generator, changed), part))
            task.advance(len(first))
    return [
        summarise(name, torch.cat(rows).cpu().numpy())
        for name, rows in zip(part_names(parts), found, strict=True)
    ]


def change(before: Rendered, after: Rendered, part: int) -> Tensor:
    """(n, 4) a sample: energy inside, energy in all, region's share, part shown."""
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
    """(n, S, S) bool: places within the growth (2 px at 64 px) of the mask's."""
    reach = round(GROWTH * mask.shape[-1])
    steps = torch.arange(-reach, reach + 1, device=mask.device)
    disc = steps[:, None] ** 2 + steps[None] ** 2 <= reach**2
    reached = functional.conv2d(
        mask[:, None].float(), disc[None, None].float(), padding=reach
    )
    return reached[:, 0] > 0.5


def summarise(name: str, rows: NDArray[np.float64]) -> PartControl:
    """One part's figures from `change`'s (n, 4) rows."""
    shown = rows[:, 3] > 0
    inside, total, area = rows[shown, :3].T
    share, cover = _over(inside.sum(), total.sum()), _over(area.sum(), len(area))
    moved = total > 0
    own = inside[moved] / total[moved]
    seen, unseen = _over(total.sum(), len(total)), rows[~shown, 1]
    return PartControl(
        name=name,
        share_of_energy=share,
        share_of_area=cover,
        ratio=_over(share, cover),
        median_share=float(np.median(own)) if len(own) else math.nan,
        n=len(total),
        absent=len(unseen),
        absent_energy=_over(_over(unseen.sum(), len(unseen)), seen),
    )


def missed_targets(
    controls: Sequence[PartControl],
    share: float = 0.7,
    of: Sequence[str] = ("hair", "skin"),
    ratio: float = 2.0,
) -> list[str]:
    """Sentences on shown parts under a share of energy or under a ratio.

    Where a region is so large that not even all the energy inside it would make the
    ratio, the sentence says so.
    """
    shown = [control for control in controls if control.n]
    low = [
        f"{c.name}: {c.share_of_energy:.0%} of the energy, {share:.0%} wanted"
        for c in shown
        if c.name in of and not c.share_of_energy >= share
    ]
    weak = [
        f"{c.name}: {c.ratio:.2f} times its area, {ratio:g} wanted{_limit(c, ratio)}"
        for c in shown
        if not c.ratio >= ratio
    ]
    return low + weak


def _limit(control: PartControl, ratio: float) -> str:
    """What to add where the ratio is out of reach."""
    if control.share_of_area * ratio <= 1:
        return ""
    most = 1 / control.share_of_area
    return f" ({most:.2f} is the most on {control.share_of_area:.0%} of the picture)"


def _over(above: float, below: float) -> float:
    return float(above / below) if below else math.nan
