"""A face parser in a folder of weights, with a card.

card.json            origin, licence and quality of the weights
parser.safetensors   the network's state dict; that of FaceParser in half precision
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, ValidationError
from safetensors import SafetensorError
from safetensors.torch import load_file, save
from torch import Tensor

from benchmark.storage.digests import file_digest
from benchmark.weights.folders import (
    CARD,
    PARSER,
    WeightsError,
    check_member,
    new_weights_folder,
)
from methods.f2p.alignment import Template
from methods.networks.bisenet import BiSeNet
from methods.networks.face_parser import FaceParser, ParserConfig
from methods.shared.tensors import halved_state

__all__ = [
    "ParserCard",
    "halved",
    "load_parser",
    "read_parser_card",
    "write_parser",
    "write_tensors",
]

AGAIN = "train it again with `avatarbench train parser`"


class ParserCard(BaseModel):
    """Description of a face parser's weights; None means unknown (after an import).

    Attributes:
        title: display name.
        network: architecture: FaceParser ("face-parser") or BiSeNet.
        parser: keyword arguments of ParserConfig; empty for BiSeNet.
        template: alignment of the training faces.
        licence: of the weights.
        data: training data.
        encoder: initial weights of the encoder.
        command: the command that made the folder.
        hours: machine hours of training.
        steps: optimiser steps.
        faces: training pictures shown, with a new augmentation each time.
        validation: the faces that were measured.
        mean_iou: mean IoU over the classes that those faces show, in [0, 1].
        iou: intersection over union of each class; None where no face shows it.
        accuracy: share of pixels with the right class.
        made_with: program and version that wrote the folder.
        notes: other information for users.
        parameters: number of learned parameters; set by `write_tensors`.
        digests: SHA-256 (hex) of the file; set by `write_tensors`.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    title: str
    network: Literal["face-parser", "bisenet"] = "face-parser"
    parser: dict[str, int | tuple[int, ...]]
    template: Template
    licence: str
    data: str
    encoder: str
    command: str
    hours: float | None
    steps: int | None
    faces: int | None
    validation: str
    mean_iou: float | None
    iou: dict[str, float | None]
    accuracy: float | None
    made_with: str = ""
    notes: str = ""
    parameters: dict[str, int] = {}
    digests: dict[str, str] = {}


def write_parser(folder: Path, parser: FaceParser, card: ParserCard) -> ParserCard:
    """Write a parser and its card into a new folder; returns the card as written.

    Raises WeightsError where the folder exists or cannot be written.
    """
    whole = card.model_copy(update={"parser": asdict(parser.config)})
    return write_tensors(folder, halved_state(parser), whole)


def write_tensors(
    folder: Path, tensors: Mapping[str, Tensor], card: ParserCard
) -> ParserCard:
    """Write a parser's state dict and its card into a new folder; returns the card.

    Raises WeightsError where the folder exists or cannot be written.
    """
    with new_weights_folder(folder) as partial:
        (partial / PARSER).write_bytes(save(dict(tensors)))
        written = card.model_copy(
            update={
                "parameters": {PARSER: _parameter_count(card)},
                "digests": {PARSER: file_digest(partial / PARSER)},
            }
        )
        (partial / CARD).write_text(written.model_dump_json(indent=2) + "\n")
    return written


def halved(parser: FaceParser) -> FaceParser:
    """A copy with weights rounded to half precision, as `load_parser` returns it."""
    copy = FaceParser(parser.config)
    copy.load_state_dict(halved_state(parser))
    return copy.eval()


def read_parser_card(folder: Path) -> ParserCard:
    """The card of a parser's folder; WeightsError where there is none."""
    path = folder / CARD
    try:
        return ParserCard.model_validate_json(path.read_bytes())
    except OSError as error:
        raise WeightsError(f"{path} cannot be read: {error.strerror}") from error
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(map(str, first["loc"])) or "the whole"
        raise WeightsError(
            f"{path} is not the card of a face parser: {key}: {first['msg']}; give the "
            f"weights of a parser, or {AGAIN}"
        ) from error


def load_parser(folder: Path, device: str = "cpu") -> FaceParser | BiSeNet:
    """The frozen parser of a folder, in single precision.

    Raises WeightsError where the folder is incomplete or was changed.
    """
    card = read_parser_card(folder)
    path = folder / PARSER
    if not path.is_file():
        raise WeightsError(f"{path} is missing; {AGAIN}")
    check_member(path)
    try:
        parser = _untrained(card)
        parser.load_state_dict(load_file(path))
    except (SafetensorError, RuntimeError, TypeError, ValueError) as error:
        reason = str(error).splitlines()[0]
        raise WeightsError(
            f"{path} does not fit its card: {reason}; {AGAIN}"
        ) from error
    return parser.eval().requires_grad_(False).to(device)


def _untrained(card: ParserCard) -> FaceParser | BiSeNet:
    """The network of a card, with random weights."""
    if card.network == "bisenet":
        return BiSeNet()
    return FaceParser(ParserConfig(**card.parser))  # type: ignore[arg-type]


def _parameter_count(card: ParserCard) -> int:
    return sum(parameter.numel() for parameter in _untrained(card).parameters())
