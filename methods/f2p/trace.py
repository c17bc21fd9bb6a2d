"""The trace of a fit of F2P and F2P v2: the imitator, and the similarity reached."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from benchmark.avatars import AvatarVectors
from benchmark.engines.base import Engine
from methods.f2p.comparison import TERMS, SimilarityNetwork
from methods.f2p.imitation import TrainedImitator
from methods.f2p.imitator_sheet import imitations, imitator_sheet
from methods.f2p.relaxed import mean_avatar
from methods.shared.pictures import as_images
from methods.tracing import SimilarityProbe, Step, Trace


def traced(
    engine: Engine,
    imitator: TrainedImitator,
    similarity: SimilarityNetwork,
    predict: Callable[[Tensor], AvatarVectors],
    later: tuple[Step, ...] = (),
) -> Trace:
    """The imitator with its sheet, the later steps, and a probe of the similarity.

    `predict` gives the vectors of faces after all steps.
    """
    avatars = imitator.measures["unseen"] + imitator.measures["trained_on"]
    steps = (
        Step("renders", {"avatars": avatars}),
        Step("imitator", dict(imitator.measures)),
        *later,
    )
    sheets = {"imitator": imitator_sheet(engine, imitator)}
    return Trace(steps, sheets, face_similarity=_probe(imitator, similarity, predict))


def _probe(
    imitator: TrainedImitator,
    similarity: SimilarityNetwork,
    predict: Callable[[Tensor], AvatarVectors],
) -> SimilarityProbe:
    device = next(imitator.network.parameters()).device
    columns = [TERMS.index(name) for name in TERMS if name in similarity.terms]

    @torch.no_grad()
    def distances(faces: Tensor, pictures: Tensor) -> Tensor:
        # One by one: features of many pictures would not fit into memory.
        rows = [
            similarity.against(face[None].to(device))(picture[None].to(device)).cpu()
            for face, picture in zip(faces, pictures, strict=True)
        ]
        return torch.cat([torch.zeros(0, len(TERMS)), *rows])[:, columns]

    def draw(faces: Tensor, vectors: AvatarVectors) -> dict[str, NDArray[np.uint8]]:
        """The mean avatar, where a search starts, and the found vectors, imitated."""
        with torch.inference_mode():
            start = imitator.draw(mean_avatar(imitator.spec, 1, str(device)))
        return {
            "start": as_images(start).repeat(len(vectors), axis=0),
            "imitated": imitations(imitator, vectors),
        }

    return SimilarityProbe(
        tuple(TERMS[column] for column in columns),
        imitator.network.size,
        predict,
        draw,
        distances,
    )
