"""What there is to look at in a generator: samples, truncation, parts redrawn."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray

from benchmark.avatars.part_classes import PART_COLOURS, colour_parts
from methods.generator.control import part_names
from methods.generator.page import Panel, draw_page, fitted, paired
from methods.generator.sampling import (
    Samples,
    centre,
    draw_codes,
    redrawn,
    sample,
    synthesise,
)
from methods.networks.part_latents import truncate
from methods.networks.semantic_stylegan import SemanticGenerator

Sheet = NDArray[np.uint8]
"""An (H, W, 3) picture."""

TRUNCATION = 0.7
"""The usual share for pictures that are shown (Shi et al.'s scripts)."""
PSIS = tuple(round(0.1 * step, 1) for step in range(11))
GAIN = 4
"""How many times larger than life differences are drawn."""


def coloured(parts: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """(..., 3) uint8 colours of part ids; past the thirteenth, colours come again."""
    again = len(PART_COLOURS) - 1
    return colour_parts(np.where(parts > again, (parts - 1) % again + 1, parts))


def sample_grid(heading: str, samples: Samples, columns: int) -> Panel:
    """Each picture with its parts at its right."""
    tiles = paired(fitted(samples.pictures), fitted(coloured(samples.parts)))
    return Panel(heading, tiles, columns)


def sample_sheet(
    generator: SemanticGenerator,
    count: int = 64,
    truncation: float = 1.0,
    seed: int = 0,
) -> Sheet:
    """Seeded samples, each with its segmentation."""
    title = f"{count} samples, truncation {truncation:g}, seed {seed}"
    samples = sample(generator, count, seed, truncation)
    grid = sample_grid("picture | parts", samples, max(1, round(math.sqrt(count))))
    return draw_page(title, [grid])


def comparison_sheet(
    generator: SemanticGenerator, real: Samples, name: str, seed: int = 0
) -> Sheet:
    """As many samples as real pictures, at truncation 1 and 0.7, beside the latter.

    `name` says in the heading what the real pictures are.
    """
    count = len(real.pictures)
    columns = max(1, round(math.sqrt(count) / 2))
    panels = [
        sample_grid(
            f"generated, truncation {psi:g}",
            sample(generator, count, seed, psi),
            columns,
        )
        for psi in (1.0, TRUNCATION)
    ]
    panels.append(sample_grid(name, real, columns))
    return draw_page(f"{count} samples, seed {seed}, beside {name}", panels)


def truncation_sheet(
    generator: SemanticGenerator,
    codes: int = 8,
    seed: int = 0,
    psis: Sequence[float] = PSIS,
) -> Sheet:
    """A row a code, a column a truncation."""
    middle, drawn = centre(generator), draw_codes(generator, codes, seed)
    rows = [[truncate(code[None], psi, middle) for psi in psis] for code in drawn]
    made = synthesise(generator, torch.cat([code for row in rows for code in row]))
    captions = tuple(f"{psi:g}" for psi in psis)
    panel = Panel("truncation", fitted(made.pictures), len(psis), captions)
    return draw_page(f"Truncation of {codes} codes, seed {seed}", [panel])


def redraw_sheet(
    generator: SemanticGenerator, codes: int = 6, seed: int = 0, truncation: float = 1.0
) -> Sheet:
    """Two lines a code: the picture and what redrawing each part makes of it.

    Under the picture stand its parts, under each redrawn one what changed: black where
    nothing did.
    """
    layout = generator.layout
    drawn = draw_codes(generator, codes, seed, truncation)
    others = draw_codes(generator, codes, seed + 1, truncation)
    before = synthesise(generator, drawn)
    columns = [(before.pictures, coloured(before.parts))]
    for part in range(layout.parts):
        after = synthesise(generator, redrawn(layout, drawn, others, part)).pictures
        columns.append((after, amplified(before.pictures, after)))
    lines = np.stack([np.stack(column, axis=1) for column in columns], axis=2)
    tiles = fitted(lines.reshape(-1, *before.pictures.shape[1:]))
    captions = ("as drawn, parts", *part_names(layout.parts))
    heading = f"a part's shape and texture drawn anew; below, the change x {GAIN}"
    panel = Panel(heading, tiles, len(columns), captions)
    title = f"Parts of {codes} codes redrawn, truncation {truncation:g}, seed {seed}"
    return draw_page(title, [panel])


def interpolation_sheet(
    generator: SemanticGenerator, codes: int = 6, seed: int = 0, steps: int = 9
) -> Sheet:
    """A row a pair of codes, from the first to the second in W."""
    first, last = (draw_codes(generator, codes, seed + i) for i in (0, 1))
    shares = [step / (steps - 1) for step in range(steps)]
    between = torch.stack([torch.lerp(first, last, share) for share in shares], dim=1)
    made = synthesise(generator, between.flatten(0, 1))
    captions = tuple(f"{share:.2f}" for share in shares)
    panel = Panel("share of the second code", fitted(made.pictures), steps, captions)
    return draw_page(f"Between {codes} pairs of codes, seed {seed}", [panel])


def amplified(before: NDArray[np.uint8], after: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """(n, S, S, 3) greys: the largest difference over RGB, times `GAIN`."""
    apart = np.abs(after.astype(int) - before.astype(int)).max(axis=3, keepdims=True)
    grey = np.minimum(GAIN * apart, 255).astype(np.uint8)
    return np.broadcast_to(grey, before.shape)
