"""What there is to look at in an imitator: the engine's pictures beside its own."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from benchmark.avatars import AvatarVectors
from benchmark.engines.base import Engine
from methods.f2p.imitation import Imitated
from methods.generator.page import Panel, draw_page, fitted
from methods.generator.sheets import Sheet
from methods.shared.randomness import seed_of

COLUMNS = ("engine", "imitator", "difference")


def imitator_sheet(
    engine: Engine, imitated: Imitated, count: int = 16, seed: int = 0
) -> Sheet:
    """(H, W, 3) uint8: random avatars as the engine draws them and as imitated.

    The third column is the absolute difference of both, black where they agree. Vectors
    are uniform draws of their own: of no seed did an imitator learn them.
    """
    vectors = AvatarVectors.sample(engine.spec, count, seed_of("imitator sheet", seed))
    drawn = engine.render(vectors, imitated.network.size)
    guessed = imitations(imitated, vectors)
    apart = np.abs(drawn.astype(np.int16) - guessed).astype(np.uint8)
    tiles = np.stack([fitted(each) for each in (drawn, guessed, apart)], axis=1)
    middle = -(-count // 2)
    panels = [
        Panel("one avatar a line", half.reshape(-1, *half.shape[2:]), 3, COLUMNS)
        for half in (tiles[:middle], tiles[middle:])
        if len(half)
    ]
    return draw_page(_title(engine, imitated), panels)


@torch.inference_mode()
def imitations(imitated: Imitated, vectors: AvatarVectors) -> Sheet:
    """(n, S, S, 3) uint8: the imitator's pictures of n vectors."""
    device = next(imitated.network.parameters()).device
    flat = torch.from_numpy(vectors.flat()).to(device)
    return as_pictures(imitated.draw(flat))


def as_pictures(drawn: Tensor) -> NDArray[np.uint8]:
    """(n, S, S, 3) uint8 of (n, 3, S, S) pictures in [-1, 1]."""
    pictures = ((drawn + 1) * 127.5).round().byte()
    return pictures.permute(0, 2, 3, 1).cpu().numpy()


def _title(engine: Engine, imitated: Imitated) -> str:
    found, mean = (
        imitated.measures[name] * 100 for name in ("error_unseen", "error_mean_picture")
    )
    return (
        f"{engine.meta.title}: mean absolute difference on avatars that the imitator "
        f"never saw {found:.1f} % (the mean picture: {mean:.1f} %)"
    )
