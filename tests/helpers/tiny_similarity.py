"""Weight files for the similarity: small untrained networks, seeded."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import ClassVar

import pytest
import torch
from torch import nn
from torch.nn import functional

from methods.f2p.parser_weights import ParserCard, write_parser
from methods.networks import lightcnn
from methods.networks.face_parser import FaceParser, ParserConfig
from methods.networks.lightcnn import (
    LightCNN,
    LightCNN29,
    LightCNNName,
    LightCNNV4,
    MaxFeatureMap,
)

FORMS: dict[str, type[LightCNN]] = {
    "lightcnn-v4": LightCNNV4,
    "lightcnn-29-v2": LightCNN29,
}


class NarrowLightCNN(LightCNN):
    """One layer instead of ten blocks: the same shapes with little computation."""

    name: ClassVar[LightCNNName] = "lightcnn-v4"

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = MaxFeatureMap(3, 2, 3)
        self.fc = nn.Linear(2 * 8 * 8, 256)

    def prepare(self, faces: torch.Tensor) -> torch.Tensor:
        return (faces + 1) / 2

    def features(self, prepared: torch.Tensor) -> torch.Tensor:
        small = functional.avg_pool2d(prepared, 4)
        return functional.avg_pool2d(self.conv1(small), 4)


@contextmanager
def narrow_lightcnn() -> Iterator[None]:
    """Replace LightCNN V4 by a narrow network, for tests that need any embedding."""
    with pytest.MonkeyPatch.context() as patch:
        for forms in (FORMS, lightcnn._FORMS):
            patch.setitem(forms, "lightcnn-v4", NarrowLightCNN)
        yield


def write_lightcnn(path, name="lightcnn-v4", seed=0):
    """Write a checkpoint in the authors' format, with a random network; return it."""
    torch.manual_seed(seed)
    network = FORMS[name]().eval()
    prefix = "module." if name == "lightcnn-29-v2" else ""
    state = {f"{prefix}{k}": v for k, v in network.state_dict().items()}
    if prefix:
        state["module.fc2.weight"] = torch.zeros(7, 256)
    torch.save({"epoch": 1, "arch": name, "state_dict": state}, path)
    return network


def card(**changes):
    """A card with placeholder values."""
    fields = {
        "title": "tiny",
        "parser": {},
        "template": "portraits",
        "licence": "CC0-1.0",
        "data": "none",
        "encoder": "random",
        "command": "none",
        "hours": 0.0,
        "steps": 0,
        "faces": 0,
        "validation": "none",
        "mean_iou": 0.0,
        "iou": {},
        "accuracy": 0.0,
    }
    return ParserCard(**{**fields, **changes})


def write_tiny_parser(folder, seed=0, size=64):
    """Write a weights folder of an untrained parser; return the parser."""
    torch.manual_seed(seed)
    parser = FaceParser(ParserConfig(size=size, widths=(8, 8, 8, 8))).eval()
    write_parser(folder, parser, card())
    return parser
