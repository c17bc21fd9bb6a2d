"""A face parser in a folder of weights, with a card.

card.json            what it is, where from, under which licence, how good
parser.safetensors   the entries of its network's state dict; FaceParser's in half
                     precision
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Literal

import torch
from pydantic import BaseModel, ConfigDict, ValidationError
from safetensors import SafetensorError
from safetensors.torch import load_file, save
from torch import Tensor

from benchmark.storage.digests import file_digest
from benchmark.weights.folders import CARD, PARSER, WeightsError, check_member
from methods.f2p.alignment import Template
from methods.generator.pretrained import require_free
from methods.networks.bisenet import BiSeNet
from methods.networks.face_parser import FaceParser, ParserConfig

__all__ = [
    "ParserCard",
    "halved",
    "load_parser",
    "read_parser_card",
    "require_free",
    "write_parser",
    "write_tensors",
]

AGAIN = "train it again with `avatarbench train parser`"


class ParserCard(BaseModel):
    """What a folder of a face parser is; what an import cannot know is None.

    Attributes:
        title: a name for people.
        network: its kind: our own FaceParser, or BiSeNet.
        parser: keyword arguments of ParserConfig; BiSeNet has none.
        template: how the faces that it was trained on are aligned.
        licence: what one may do with the weights.
        data: what it was trained on.
        encoder: where its encoder started.
        command: what made it.
        hours: machine hours of training.
        steps: of the optimiser.
        faces: pictures shown in training, each disturbed anew.
        validation: the faces that it was measured on.
        mean_iou: mean over the classes that those faces show, in [0, 1].
        iou: intersection over union of each class; None where no face shows it.
        accuracy: share of pixels that got their class.
        made_with: the program and version that wrote the folder.
        notes: what else a user should know.
        parameters: learned numbers; filled in by `write_tensors`.
        digests: SHA-256 (hex) of the file; filled in by `write_tensors`.
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
    """Write a parser and its card into a new folder; the card as written.

    Raises WeightsError where the folder exists or cannot be written.
    """
    whole = card.model_copy(update={"parser": asdict(parser.config)})
    return write_tensors(folder, _halved(parser), whole)


def write_tensors(
    folder: Path, tensors: Mapping[str, Tensor], card: ParserCard
) -> ParserCard:
    """Write a parser's state dict and its card into a new folder; the card as written.

    Raises WeightsError where the folder exists or cannot be written.
    """
    require_free(folder)
    partial = folder.with_name(f".{folder.name}.{os.getpid()}.partial")
    try:
        partial.mkdir(parents=True)
        (partial / PARSER).write_bytes(save(dict(tensors)))
        written = card.model_copy(
            update={
                "parameters": {PARSER: _learned(card)},
                "digests": {PARSER: file_digest(partial / PARSER)},
            }
        )
        (partial / CARD).write_text(written.model_dump_json(indent=2) + "\n")
        partial.rename(folder)
    except OSError as error:
        raise WeightsError(
            f"cannot write {folder}: {error.strerror}; make its parent writable, free "
            "some space, or give another folder"
        ) from error
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return written


def halved(parser: FaceParser) -> FaceParser:
    """A copy as `load_parser` gives it back: rounded to half precision, evaluating."""
    copy = FaceParser(parser.config)
    copy.load_state_dict(_halved(parser))
    return copy.eval()


def read_parser_card(folder: Path) -> ParserCard:
    """The card of a parser's folder; raises WeightsError where it holds none."""
    path = folder / CARD
    try:
        return ParserCard.model_validate_json(path.read_bytes())
    except OSError as error:
        raise WeightsError(f"{path} cannot be read: {error.strerror}") from error
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"])) or "the whole"
        raise WeightsError(
            f"{path} is no card of a face parser: {place}: {first['msg']}; name the "
            f"weights of a parser, or {AGAIN}"
        ) from error


def load_parser(folder: Path, device: str = "cpu") -> FaceParser | BiSeNet:
    """The frozen parser of a folder, in single precision.

    Raises WeightsError where the folder is no whole, unchanged one.
    """
    card = read_parser_card(folder)
    path = folder / PARSER
    if not path.is_file():
        raise WeightsError(f"{path} is missing; {AGAIN}")
    check_member(path)
    try:
        parser = _empty(card)
        parser.load_state_dict(load_file(path))
    except (SafetensorError, RuntimeError, TypeError, ValueError) as error:
        reason = str(error).splitlines()[0]
        raise WeightsError(
            f"{path} does not fit its card: {reason}; {AGAIN}"
        ) from error
    return parser.eval().requires_grad_(False).to(device)


def _empty(card: ParserCard) -> FaceParser | BiSeNet:
    """The network of a card, untrained."""
    if card.network == "bisenet":
        return BiSeNet()
    return FaceParser(ParserConfig(**card.parser))  # type: ignore[arg-type]


def _learned(card: ParserCard) -> int:
    return sum(parameter.numel() for parameter in _empty(card).parameters())


def _halved(parser: FaceParser) -> dict[str, Tensor]:
    state = {k: v.detach().cpu().contiguous() for k, v in parser.state_dict().items()}
    return {
        key: value.to(torch.float16) if value.is_floating_point() else value
        for key, value in state.items()
    }
