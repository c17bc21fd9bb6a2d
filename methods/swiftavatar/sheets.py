"""Contact sheets like Figures 4 and 5 of SwiftAvatar."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from benchmark.avatars.counting import counted
from methods.generator.page import Panel, draw_page, fitted
from methods.generator.sampling import draw_latents, synthesise
from methods.generator.sheets import Sheet, coloured
from methods.networks.semantic_stylegan import SemanticGenerator
from methods.shared.pictures import resized
from methods.swiftavatar.pairs import FacePairs

TWO_DOMAINS = ("realistic face", "its parts", "avatar", "its parts")
PRODUCED = ("render", "reconstruction", "realistic face")


def dual_domain_sheet(
    realistic: SemanticGenerator,
    avatar: SemanticGenerator,
    count: int = 16,
    seed: int = 0,
    truncation: float = 1.0,
) -> Sheet:
    """Draw both pictures of a latent code and their parts (SwiftAvatar, Figure 4).

    The latent codes w come from the avatar generator's mapping network.
    """
    latents = draw_latents(avatar, count, seed, truncation)
    face, drawn = synthesise(realistic, latents), synthesise(avatar, latents)
    lines = [face.pictures, coloured(face.parts), drawn.pictures, coloured(drawn.parts)]
    title = f"{counted(count, 'latent code')}; truncation {truncation:g}, seed {seed}"
    return draw_page(title, _halves("one latent code a line", lines, TWO_DOMAINS))


def pairs_sheet(
    renders: NDArray[np.uint8],
    latents: Tensor,
    avatar: SemanticGenerator,
    realistic: SemanticGenerator,
    pairs: FacePairs,
    rows: Sequence[int],
    copies: int = 4,
) -> Sheet:
    """Draw the path of avatars from render to realistic faces (SwiftAvatar, Figure 5).

    Args:
        renders: n or more (S, S, 3) uint8 renders.
        latents: (n, rows, D) latent codes of the first n renders.
        avatar: the avatar generator, which reconstructs the renders.
        realistic: the realistic generator.
        pairs: the pairs of these latent codes.
        rows: the avatars to show, one a line.
        copies: the largest number of copies to show for each.
    """
    chosen, count = list(rows), len(latents)
    shown_latents = latents[chosen].to(avatar.grid)
    lines = [np.stack([renders[row] for row in chosen])]
    lines += [synthesise(each, shown_latents).pictures for each in (avatar, realistic)]
    shown = range(min(copies, len(pairs.vectors) // count))
    for copy in shown:
        faces = pairs.pictures[np.array([copy * count + row for row in chosen])]
        lines.append(resized(faces, renders.shape[1]))
    captions = (*PRODUCED, *(f"in pairs, copy {copy + 1}" for copy in shown))
    title = f"{counted(len(chosen), 'avatar')}, each with its realistic face"
    heading = "one avatar a line; on the right the pairs of the estimator"
    return draw_page(title, _halves(heading, lines, captions))


def _halves(
    heading: str, lines: Sequence[NDArray[np.uint8]], captions: tuple[str, ...]
) -> list[Panel]:
    """Split columns of (n, S, S, 3) pictures into two panels, one example a line."""
    tiles = np.stack([fitted(column) for column in lines], axis=1)
    middle = -(-len(tiles) // 2)
    return [
        Panel(heading, half.reshape(-1, *half.shape[2:]), len(captions), captions)
        for half in (tiles[:middle], tiles[middle:])
        if len(half)
    ]
