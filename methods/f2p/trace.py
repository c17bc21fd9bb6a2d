"""What F2P and F2P v2 show of a fit: the imitator, and how like faces they get."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from benchmark.avatars import AvatarVectors
from benchmark.engines.base import Engine
from methods.f2p.comparison import TERMS, Judge
from methods.f2p.imitation import Imitated
from methods.f2p.imitator_sheet import as_pictures, imitations, imitator_sheet
from methods.f2p.relaxed import mean_avatar
from methods.shared.tracing import Likeness, Step, Trace


def traced(
    engine: Engine,
    imitated: Imitated,
    judge: Judge,
    predict: Callable[[Tensor], AvatarVectors],
    later: tuple[Step, ...] = (),
) -> Trace:
    """The imitator with its sheet, steps after it, and the likeness as `judge` sees it.

    `predict` gives the vectors of faces once all steps are done.
    """
    avatars = imitated.measures["unseen"] + imitated.measures["trained_on"]
    steps = (
        Step("renders", {"avatars": avatars}),
        Step("imitator", dict(imitated.measures)),
        *later,
    )
    sheets = {"imitator": imitator_sheet(engine, imitated)}
    return Trace(steps, sheets, likeness=_likeness(imitated, judge, predict))


def _likeness(
    imitated: Imitated, judge: Judge, predict: Callable[[Tensor], AvatarVectors]
) -> Likeness:
    device = next(imitated.network.parameters()).device
    read = [TERMS.index(name) for name in TERMS if name in judge.terms]

    @torch.no_grad()
    def apart(faces: Tensor, pictures: Tensor) -> Tensor:
        # One by one: the networks' features of many would fill the memory.
        rows = [
            judge.against(face[None].to(device))(picture[None].to(device)).cpu()
            for face, picture in zip(faces, pictures, strict=True)
        ]
        return torch.cat([torch.zeros(0, len(TERMS)), *rows])[:, read]

    with torch.inference_mode():
        start = imitated.draw(mean_avatar(imitated.spec, 1, str(device)))
    return Likeness(
        tuple(TERMS[column] for column in read),
        as_pictures(start)[0],
        predict,
        lambda vectors: imitations(imitated, vectors),
        apart,
    )
