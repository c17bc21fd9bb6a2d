"""Untrained networks in the files that the similarity reads: small and seeded."""

from __future__ import annotations

import torch

from methods.f2p.parser_weights import ParserCard, write_parser
from methods.networks.face_parser import FaceParser, ParserConfig
from methods.networks.lightcnn import LightCNN29, LightCNNV4

FORMS = {"lightcnn-v4": LightCNNV4, "lightcnn-29-v2": LightCNN29}


def write_lightcnn(path, name="lightcnn-v4", seed=0):
    """A checkpoint as the authors release it, with random weights; the network."""
    torch.manual_seed(seed)
    network = FORMS[name]().eval()
    prefix = "module." if name == "lightcnn-29-v2" else ""
    state = {f"{prefix}{k}": v for k, v in network.state_dict().items()}
    if prefix:
        state["module.fc2.weight"] = torch.zeros(7, 256)
    torch.save({"epoch": 1, "arch": name, "state_dict": state}, path)
    return network


def card(**changes):
    """A card that claims nothing."""
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
    """A weights folder of an untrained parser; the parser."""
    torch.manual_seed(seed)
    parser = FaceParser(ParserConfig(size=size, widths=(8, 8, 8, 8))).eval()
    write_parser(folder, parser, card())
    return parser
