"""The trace of AgileAvatar: the imitator, and what each stage draws of faces."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from benchmark.avatars import AvatarVectors
from benchmark.engines.base import Engine
from methods.agileavatar.state import Fitted
from methods.f2p.imitator_sheet import imitations, imitator_sheet
from methods.shared.pictures import as_images
from methods.tracing import SimilarityProbe, Step, Trace


def traced(
    engine: Engine, fitted: Fitted, predict: Callable[[Tensor], AvatarVectors]
) -> Trace:
    """The stages, the imitator's sheet, and a probe of the likeness.

    `predict` gives the vectors of faces.
    """
    measures = fitted.imitator.measures
    avatars = measures["unseen"] + measures["trained_on"]
    steps = (
        Step("renders", {"avatars": avatars}),
        Step("imitator", dict(measures)),
        Step("adaptation", {"used": float(fitted.stylist is not None)}),
        Step("dual-pictures", {"used": float(fitted.stylist is not None)}),
        Step("stylisation", {"used": float(fitted.stylist is not None)}),
        Step("mapper", {"numbers": float(fitted.imitator.spec.flat_size)}),
    )
    sheets = {"imitator": imitator_sheet(engine, fitted.imitator)}
    return Trace(steps, sheets, face_similarity=_probe(fitted, predict))


def _probe(
    fitted: Fitted, predict: Callable[[Tensor], AvatarVectors]
) -> SimilarityProbe:
    @torch.no_grad()
    def distances(faces: Tensor, pictures: Tensor) -> Tensor:
        rows = [
            fitted.likeness.distances(
                picture[None].to(fitted.device),
                fitted.likeness.targets(fitted.stylise(face[None].to(fitted.device))),
            ).cpu()
            for face, picture in zip(faces, pictures, strict=True)
        ]
        return torch.cat([torch.zeros(0), *rows])[:, None]

    @torch.no_grad()
    def draw(faces: Tensor, vectors: AvatarVectors) -> dict[str, NDArray[np.uint8]]:
        stylised = fitted.stylise(faces.to(fitted.device))
        relaxed = fitted.imitator.draw(fitted.relaxed(stylised))
        return {
            "stylised": as_images(stylised),
            "relaxed": as_images(relaxed),
            "searched": imitations(fitted.imitator, vectors),
        }

    size = fitted.imitator.network.size
    return SimilarityProbe(("likeness",), size, predict, draw, distances)
