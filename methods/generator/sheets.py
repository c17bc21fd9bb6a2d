"""Contact sheets of a generator: samples, truncation, redrawn parts."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray

from benchmark.avatars.counting import counted
from benchmark.avatars.part_classes import PART_COLOURS, colour_parts
from methods.generator.control import part_names
from methods.generator.page import Panel, draw_page, fitted, paired
from methods.generator.sampling import (
    Samples,
    centre,
    draw_latents,
    redrawn,
    sample,
    synthesise,
)
from methods.networks.part_latents import truncate
from methods.networks.semantic_stylegan import SemanticGenerator

Sheet = NDArray[np.uint8]
"""An (H, W, 3) uint8 picture."""

TRUNCATION = 0.7
"""The default truncation of shown pictures (as in the paper's code)."""
PSIS = tuple(round(0.1 * step, 1) for step in range(11))
GAIN = 4
"""Factor by which differences are amplified."""


def coloured(parts: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """(..., 3) uint8 colours of part ids; colours repeat after the thirteenth."""
    again = len(PART_COLOURS) - 1
    return colour_parts(np.where(parts > again, (parts - 1) % again + 1, parts))


def sample_grid(heading: str, samples: Samples, columns: int) -> Panel:
    """Each picture, with its part map to its right."""
    tiles = paired(fitted(samples.pictures), fitted(coloured(samples.parts)))
    return Panel(heading, tiles, columns)


def sample_sheet(
    generator: SemanticGenerator,
    count: int = 64,
    truncation: float = 1.0,
    seed: int = 0,
) -> Sheet:
    """Seeded samples, each with its part map."""
    title = f"{counted(count, 'sample')}, truncation {truncation:g}, seed {seed}"
    samples = sample(generator, count, seed, truncation)
    grid = sample_grid("picture | parts", samples, max(1, round(math.sqrt(count))))
    return draw_page(title, [grid])


def comparison_sheet(
    generator: SemanticGenerator, real: Samples, name: str, seed: int = 0
) -> Sheet:
    """Real pictures next to as many samples at truncation 1 and 0.7.

    `name` is the heading of the real pictures.
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
    return draw_page(f"{count} samples, seed {seed}, next to {name}", panels)


def truncation_sheet(
    generator: SemanticGenerator,
    count: int = 8,
    seed: int = 0,
    psis: Sequence[float] = PSIS,
) -> Sheet:
    """One row per latent code, one column per truncation."""
    middle, drawn = centre(generator), draw_latents(generator, count, seed)
    rows = [[truncate(code[None], psi, middle) for psi in psis] for code in drawn]
    made = synthesise(generator, torch.cat([code for row in rows for code in row]))
    captions = tuple(f"{psi:g}" for psi in psis)
    panel = Panel("truncation", fitted(made.pictures), len(psis), captions)
    return draw_page(f"Truncation of {counted(count, 'latent')}, seed {seed}", [panel])


def redraw_sheet(
    generator: SemanticGenerator, count: int = 6, seed: int = 0, truncation: float = 1.0
) -> Sheet:
    """Two rows per latent code: the picture, and the picture with each part redrawn.

    The second row shows the part map, and the change made by each redrawn part, black
    where nothing changed.
    """
    layout = generator.layout
    drawn = draw_latents(generator, count, seed, truncation)
    others = draw_latents(generator, count, seed + 1, truncation)
    before = synthesise(generator, drawn)
    columns = [(before.pictures, coloured(before.parts))]
    for part in range(layout.parts):
        after = synthesise(generator, redrawn(layout, drawn, others, part)).pictures
        columns.append((after, amplified(before.pictures, after)))
    lines = np.stack([np.stack(column, axis=1) for column in columns], axis=2)
    tiles = fitted(lines.reshape(-1, *before.pictures.shape[1:]))
    captions = ("as drawn, parts", *part_names(layout.parts))
    heading = f"a part's shape and texture redrawn; below, the change x {GAIN}"
    panel = Panel(heading, tiles, len(columns), captions)
    latents = counted(count, "latent")
    title = f"Parts of {latents} redrawn, truncation {truncation:g}, seed {seed}"
    return draw_page(title, [panel])


def amplified(before: NDArray[np.uint8], after: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """(n, S, S, 3) uint8 greys: the maximum difference over RGB, times `GAIN`."""
    apart = np.abs(after.astype(int) - before.astype(int)).max(axis=3, keepdims=True)
    grey = np.minimum(GAIN * apart, 255).astype(np.uint8)
    return np.broadcast_to(grey, before.shape)
