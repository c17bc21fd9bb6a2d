"""The trace of TOS: the emulator, and what g, c and e draw of validation faces."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from benchmark.avatars import AvatarVectors
from benchmark.engines.base import Engine
from methods.f2p.alignment import TEMPLATES
from methods.f2p.imitator_sheet import imitator_sheet
from methods.shared.pictures import as_images
from methods.tos.setup import TiedSetup
from methods.tos.training import TrainedTos
from methods.tracing import SimilarityProbe, Step, Trace

GENERATED, EMULATED = "generated", "emulated"
"""Names of G(x) and of e(c(G(x)))."""


def traced(
    engine: Engine,
    setup: TiedSetup,
    trained: TrainedTos,
    predict: Callable[[Tensor], AvatarVectors],
) -> Trace:
    """The stages with their figures, the emulator's sheet, and a probe of f.

    `predict` gives the vectors of faces.
    """
    avatars = setup.emulator.measures["unseen"] + setup.emulator.measures["trained_on"]
    steps = (
        Step("renders", {"avatars": avatars}),
        Step("imitator", dict(setup.emulator.measures)),
        Step("descriptors", {f"{k}_numbers": v for k, v in _lengths(setup).items()}),
        Step("tied-output", dict(trained.measures)),
    )
    sheets = {"imitator": imitator_sheet(engine, setup.emulator)}
    return Trace(steps, sheets, face_similarity=_probe(setup, trained, predict))


def _lengths(setup: TiedSetup) -> dict[str, float]:
    return {name: float(size) for name, size in setup.descriptor.sizes.items()}


def _probe(
    setup: TiedSetup, trained: TrainedTos, predict: Callable[[Tensor], AvatarVectors]
) -> SimilarityProbe:
    descriptor, networks, device = setup.descriptor, trained.networks, setup.device
    frame = TEMPLATES[setup.options.descriptor.template]

    @torch.no_grad()
    def distances(faces: Tensor, pictures: Tensor) -> Tensor:
        # One by one: activations of many pictures would not fit into memory.
        rows = [
            descriptor.distances(
                descriptor.of(face[None].to(device), frame),
                descriptor.of(picture[None].to(device), setup.avatars),
            ).cpu()
            for face, picture in zip(faces, pictures, strict=True)
        ]
        return torch.cat([torch.zeros(0, len(descriptor.sizes)), *rows])

    @torch.no_grad()
    def draw(faces: Tensor, vectors: AvatarVectors) -> dict[str, NDArray[np.uint8]]:
        pictures = torch.cat(
            [
                networks.decoder(descriptor.of(face[None].to(device), frame))
                for face in faces
            ]
        )
        emulated = setup.emulator.draw(networks.relaxed(pictures))
        return {GENERATED: as_images(pictures), EMULATED: as_images(emulated)}

    return SimilarityProbe(
        tuple(descriptor.sizes), setup.options.imitator.size, predict, draw, distances
    )
