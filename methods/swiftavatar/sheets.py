"""What there is to look at in the chain: the paper's Figures 4 and 5."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from methods.generator.page import Panel, draw_page, fitted
from methods.generator.sampling import draw_codes, synthesise
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
    """The paper's Figure 4: the two pictures of one code, with their parts, a line.

    Codes are mapped by the avatar generator, in whose space inversion finds them.
    """
    codes = draw_codes(avatar, count, seed, truncation)
    face, drawn = synthesise(realistic, codes), synthesise(avatar, codes)
    lines = [face.pictures, coloured(face.parts), drawn.pictures, coloured(drawn.parts)]
    title = f"{count} codes, each drawn twice; truncation {truncation:g}, seed {seed}"
    return draw_page(title, _halves("one code a line", lines, TWO_DOMAINS))


def pairs_sheet(
    renders: NDArray[np.uint8],
    latents: Tensor,
    avatar: SemanticGenerator,
    realistic: SemanticGenerator,
    pairs: FacePairs,
    rows: Sequence[int],
    copies: int = 4,
) -> Sheet:
    """The paper's Figure 5, a line an avatar: from its render to its realistic faces.

    Args:
        renders: (n or more, S, S, 3) uint8 pictures of the engine.
        latents: (n, rows, D) codes of the first n.
        avatar: the generator that reconstructs the renders.
        realistic: the one that draws faces.
        pairs: the pairs that were produced from the codes.
        rows: which avatars to show.
        copies: how many of each one's copies, where there are so many.
    """
    chosen, count = list(rows), len(latents)
    codes = latents[chosen].to(avatar.grid.device)
    lines = [np.stack([renders[row] for row in chosen])]
    lines += [synthesise(each, codes).pictures for each in (avatar, realistic)]
    shown = range(min(copies, len(pairs.vectors) // count))
    for copy in shown:
        faces = pairs.pictures[[copy * count + row for row in chosen]]
        lines.append(resized(faces, renders.shape[1]))
    captions = (*PRODUCED, *(f"in pairs, copy {copy + 1}" for copy in shown))
    title = f"{len(chosen)} avatars and the faces that stand for them"
    heading = "one avatar a line; at its right, copies as the estimator gets them"
    return draw_page(title, _halves(heading, lines, captions))


def _halves(
    heading: str, lines: Sequence[NDArray[np.uint8]], captions: tuple[str, ...]
) -> list[Panel]:
    """Two panels, a line an example, of columns of (n, S, S, 3) pictures."""
    tiles = np.stack([fitted(column) for column in lines], axis=1)
    middle = -(-len(tiles) // 2)
    return [
        Panel(heading, half.reshape(-1, *half.shape[2:]), len(captions), captions)
        for half in (tiles[:middle], tiles[middle:])
        if len(half)
    ]
