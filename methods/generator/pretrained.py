"""Weights of a generator and its discriminator, in a folder with a card.

    card.json                  what they are, where from, under which licence
    generator.safetensors      the entries of SemanticGenerator's state dict
    discriminator.safetensors  the same of SemanticDiscriminator, where there is one

The card holds the networks' arguments and the digests of both files. A folder appears
whole or not at all.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, ValidationError
from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file, save
from torch import nn

from benchmark.storage.digests import file_digest
from benchmark.weights.folders import CARD, DISCRIMINATOR, GENERATOR, WeightsError
from methods.generator.state_dicts import (
    Shapes,
    discriminator_misfit,
    generator_misfit,
    shapes_of,
)
from methods.networks.discriminator import SemanticDiscriminator
from methods.networks.generator_config import GeneratorConfig
from methods.networks.semantic_stylegan import SemanticGenerator

PartOfPair = Literal["generator.safetensors", "discriminator.safetensors"]


class WeightsCard(BaseModel):
    """What a folder of weights is.

    Attributes:
        title: a name for people.
        generator: keyword arguments of SemanticGenerator.
        discriminator: those of SemanticDiscriminator; None where there is none.
        source: where the weights come from: a file's name, or "trained here".
        sha256: SHA-256 (hex) of that file, where it is one.
        bytes: its size.
        licence: what one may do with the weights.
        data: what they were trained on.
        command: what made them.
        hours: machine hours of training, where known.
        images: real pictures shown in training, where known.
        made_with: the program and version that wrote the folder.
        notes: what else a user should know.
        parameters: learned numbers in each file; filled in by `write_pair`.
        digests: SHA-256 (hex) of each file; filled in by `write_pair`.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    title: str
    generator: dict[str, Any]
    discriminator: dict[str, Any] | None = None
    source: str
    sha256: str | None = None
    bytes: int | None = None
    licence: str
    data: str
    command: str
    hours: float | None = None
    images: int | None = None
    made_with: str = ""
    notes: str = ""
    parameters: dict[PartOfPair, int] = {}
    digests: dict[PartOfPair, str] = {}


def require_free(folder: Path) -> None:
    """Raise WeightsError where a weights folder cannot be made, for it is taken."""
    if folder.exists() or folder.is_symlink():
        raise WeightsError(
            f"{folder} exists already; remove it first, or give another folder"
        )


def write_pair(
    folder: Path,
    generator: SemanticGenerator,
    discriminator: SemanticDiscriminator | None,
    card: WeightsCard,
    half: bool = False,
) -> WeightsCard:
    """Write both networks and their card into a new folder; the card as written.

    In half precision they take half the room; loading makes single precision of them.

    Raises WeightsError where the folder exists, cannot be written, or where the card's
    arguments would not build these networks.
    """
    require_free(folder)
    networks: dict[PartOfPair, nn.Module] = {GENERATOR: generator}
    if discriminator is not None:
        networks[DISCRIMINATOR] = discriminator
    for name, network in networks.items():
        _check_fit(folder / name, name, card, shapes_of(network))
    partial = folder.with_name(f".{folder.name}.{os.getpid()}.partial")
    try:
        partial.mkdir(parents=True)
        written = _fill(partial, networks, card, half)
        partial.rename(folder)
    except (OSError, SafetensorError) as error:
        reason = getattr(error, "strerror", None) or error
        raise WeightsError(
            f"cannot write {folder}: {reason}; make its parent "
            "writable, free some space, or give another folder"
        ) from error
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return written


def _fill(
    partial: Path,
    networks: Mapping[PartOfPair, nn.Module],
    card: WeightsCard,
    half: bool,
) -> WeightsCard:
    for name, network in networks.items():
        state = network.state_dict()
        plain = {k: v.detach().cpu().contiguous() for k, v in state.items()}
        if half:
            plain = {key: value.half() for key, value in plain.items()}
        # Written as bytes, for save_file makes files that only their owner can read.
        (partial / name).write_bytes(save(plain))
    counts = {n: sum(p.numel() for p in w.parameters()) for n, w in networks.items()}
    digests = {name: file_digest(partial / name) for name in networks}
    written = card.model_copy(update={"parameters": counts, "digests": digests})
    (partial / CARD).write_text(written.model_dump_json(indent=2) + "\n")
    return written


def read_card(folder: Path) -> WeightsCard:
    """The card of a weights folder; raises WeightsError where it holds none."""
    path = folder / CARD
    if not path.is_file():
        raise WeightsError(
            f"{folder} is no folder of weights: there is no {CARD} in it; make one "
            "with `avatarbench weights import` or `avatarbench train generator`"
        )
    try:
        card = WeightsCard.model_validate_json(path.read_bytes())
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"])) or "the whole"
        raise WeightsError(
            f"{path} is no card of weights: {place}: {first['msg']}; import or train "
            "the weights again"
        ) from error
    except OSError as error:
        raise WeightsError(f"{path} cannot be read: {error.strerror}") from error
    if GENERATOR not in card.digests:
        raise WeightsError(f"{path} names no digest of {GENERATOR}; import it again")
    return card


def verify(folder: Path) -> WeightsCard:
    """The card, after every file was held against its digest; raises WeightsError."""
    card = read_card(folder)
    for name in card.digests:
        _checked(folder, name, card)
    return card


def load_generator(folder: Path, device: str = "cpu") -> SemanticGenerator:
    """The generator of a weights folder, in evaluation mode.

    Raises WeightsError where the folder is no whole, unchanged one.
    """
    card = read_card(folder)
    path = _checked(folder, GENERATOR, card)
    _check_fit(path, GENERATOR, card, _shapes_in(path))
    network = SemanticGenerator(**card.generator)
    network.load_state_dict(load_file(path))
    return network.to(device).eval()


def load_discriminator(folder: Path, device: str = "cpu") -> SemanticDiscriminator:
    """The discriminator of a weights folder, in evaluation mode.

    Raises WeightsError where there is none, or where the folder is no whole one.
    """
    card = read_card(folder)
    if card.discriminator is None or DISCRIMINATOR not in card.digests:
        raise WeightsError(
            f"{folder} holds a generator without a discriminator; import a checkpoint "
            "of train.py, which has one under 'd'"
        )
    path = _checked(folder, DISCRIMINATOR, card)
    _check_fit(path, DISCRIMINATOR, card, _shapes_in(path))
    network = SemanticDiscriminator(**card.discriminator)
    network.load_state_dict(load_file(path))
    return network.to(device).eval()


def _checked(folder: Path, name: PartOfPair, card: WeightsCard) -> Path:
    """The file of a part, if it holds the bytes that the card names."""
    path = folder / name
    if not path.is_file():
        raise WeightsError(f"{path} is missing; import or train the weights again")
    digest = file_digest(path)
    if digest != card.digests[name]:
        raise WeightsError(
            f"{path} is damaged or was changed: its SHA-256 begins with {digest[:8]}, "
            f"the card says {card.digests[name][:8]}; import or train it again"
        )
    return path


def _shapes_in(path: Path) -> Shapes:
    """Key and shape of every entry, from the head of a safetensors file."""
    try:
        with safe_open(path, framework="pt") as file:
            keys = file.keys()
            return {key: tuple(file.get_slice(key).get_shape()) for key in keys}
    except SafetensorError as error:
        raise WeightsError(f"{path} is no safetensors file: {error}") from error


def _check_fit(path: Path, name: PartOfPair, card: WeightsCard, shapes: Shapes) -> None:
    """Raise WeightsError where the card's arguments do not describe these entries."""
    try:
        if name == GENERATOR:
            misfit = generator_misfit(GeneratorConfig(**card.generator), shapes)
        elif card.discriminator is None:
            misfit = "it holds no arguments of the discriminator"
        else:
            misfit = discriminator_misfit(card.discriminator, shapes)
    except (TypeError, ValueError, KeyError) as error:
        misfit = str(error)
    if misfit:
        raise WeightsError(f"{path} does not fit its card: {misfit}")
