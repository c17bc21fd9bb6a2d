"""A sheet that compares an imitator's drawings with the engine's renders."""

from __future__ import annotations

import numpy as np
import torch

from benchmark.avatars import AvatarVectors
from benchmark.engines.base import Engine
from methods.f2p.imitation import TrainedImitator
from methods.generator.page import Panel, draw_page, fitted
from methods.generator.sheets import Sheet
from methods.shared.pictures import as_images
from methods.shared.randomness import seed_of

COLUMNS = ("engine", "imitator", "difference")


def imitator_sheet(
    engine: Engine, imitator: TrainedImitator, count: int = 16, seed: int = 0
) -> Sheet:
    """(H, W, 3) uint8: random avatars as rendered and as drawn by the imitator.

    The third column is the absolute difference of both, black where they agree. The
    vectors are uniform draws from a seed that no imitator is trained with.
    """
    vectors = AvatarVectors.sample(engine.spec, count, seed_of("imitator sheet", seed))
    rendered = engine.render(vectors, imitator.network.size)
    drawn = imitations(imitator, vectors)
    difference = np.abs(rendered.astype(np.int16) - drawn).astype(np.uint8)
    columns = [fitted(pictures) for pictures in (rendered, drawn, difference)]
    tiles = np.stack(columns, axis=1)
    middle = -(-count // 2)
    panels = [
        Panel("one avatar a line", half.reshape(-1, *half.shape[2:]), 3, COLUMNS)
        for half in (tiles[:middle], tiles[middle:])
        if len(half)
    ]
    return draw_page(_title(engine, imitator), panels)


@torch.inference_mode()
def imitations(imitator: TrainedImitator, vectors: AvatarVectors) -> Sheet:
    """(n, S, S, 3) uint8: the imitator's pictures of n vectors."""
    device = next(imitator.network.parameters()).device
    flat = torch.from_numpy(vectors.flat()).to(device)
    return as_images(imitator.draw(flat))


def _title(engine: Engine, imitator: TrainedImitator) -> str:
    error, mean = (
        imitator.measures[name] * 100 for name in ("error_unseen", "error_mean_picture")
    )
    return (
        f"{engine.meta.title}: mean absolute difference on avatars outside the "
        f"training set {error:.1f} % (the mean picture: {mean:.1f} %)"
    )
