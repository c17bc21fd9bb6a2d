"""Weights of a generator and its discriminator, in a folder with a card.

    card.json                  origin and licence, network arguments, file digests
    generator.safetensors      the state dict of SemanticGenerator
    discriminator.safetensors  the state dict of SemanticDiscriminator (optional)

A folder is written atomically.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, ValidationError
from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file, save
from torch import nn

from benchmark.storage.digests import file_digest
from benchmark.storage.unwritable import cannot_write
from benchmark.weights.folders import (
    CARD,
    DISCRIMINATOR,
    GENERATOR,
    WeightsError,
    new_weights_folder,
)
from methods.generator.state_dicts import (
    Shapes,
    discriminator_misfit,
    generator_misfit,
    shapes_of,
)
from methods.networks.discriminator import SemanticDiscriminator
from methods.networks.generator_config import GeneratorConfig
from methods.networks.semantic_stylegan import SemanticGenerator
from methods.shared.tensors import storable

PartOfPair = Literal["generator.safetensors", "discriminator.safetensors"]


class WeightsCard(BaseModel):
    """Description of a folder of weights.

    Attributes:
        title: display name.
        generator: keyword arguments of SemanticGenerator.
        discriminator: those of SemanticDiscriminator; None without a discriminator.
        source: origin of the weights: a file's name, or "trained here".
        sha256: SHA-256 (hex) of that file, if any.
        bytes: its size.
        licence: of the weights.
        data: training data.
        command: the command that made the folder.
        hours: machine hours of training, if known.
        images: real pictures shown in training, if known.
        made_with: program and version that wrote the folder.
        notes: other information for users.
        parameters: number of learned parameters in each file; set by `write_pair`.
        digests: SHA-256 (hex) of each file; set by `write_pair`.
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


def write_pair(
    folder: Path,
    generator: SemanticGenerator,
    discriminator: SemanticDiscriminator | None,
    card: WeightsCard,
    half: bool = False,
) -> WeightsCard:
    """Write both networks and their card into a new folder; returns the card.

    `half` stores weights in half precision; they are loaded in single precision.

    Raises WeightsError where the folder exists, cannot be written, or where the card's
    arguments do not describe these networks.
    """
    networks: dict[PartOfPair, nn.Module] = {GENERATOR: generator}
    if discriminator is not None:
        networks[DISCRIMINATOR] = discriminator
    with new_weights_folder(folder) as partial:
        for name, network in networks.items():
            _check_fit(folder / name, name, card, shapes_of(network))
        try:
            return _write_files(partial, networks, card, half)
        except SafetensorError as error:
            raise WeightsError(
                cannot_write(folder, error, "give another folder")
            ) from error


def _write_files(
    partial: Path,
    networks: Mapping[PartOfPair, nn.Module],
    card: WeightsCard,
    half: bool,
) -> WeightsCard:
    for name, network in networks.items():
        plain = storable(network.state_dict())
        if half:
            plain = {key: value.half() for key, value in plain.items()}
        # Written as bytes, because files of save_file are readable by their owner only.
        (partial / name).write_bytes(save(plain))
    counts = {n: sum(p.numel() for p in w.parameters()) for n, w in networks.items()}
    digests = {name: file_digest(partial / name) for name in networks}
    written = card.model_copy(update={"parameters": counts, "digests": digests})
    (partial / CARD).write_text(written.model_dump_json(indent=2) + "\n")
    return written


def read_card(folder: Path) -> WeightsCard:
    """The card of a weights folder; WeightsError where there is none."""
    path = folder / CARD
    if not path.is_file():
        raise WeightsError(
            f"{folder} is not a folder of weights: it has no {CARD}; make one with "
            "`avatarbench weights import` or `avatarbench train generator`"
        )
    try:
        card = WeightsCard.model_validate_json(path.read_bytes())
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(map(str, first["loc"])) or "the whole"
        raise WeightsError(
            f"{path} is not a card of weights: {key}: {first['msg']}; import or train "
            "the weights again"
        ) from error
    except OSError as error:
        raise WeightsError(f"{path} cannot be read: {error.strerror}") from error
    if GENERATOR not in card.digests:
        raise WeightsError(f"{path} has no digest of {GENERATOR}; import it again")
    return card


def verify(folder: Path) -> WeightsCard:
    """Compare every file with its digest and return the card; raises WeightsError."""
    card = read_card(folder)
    for name in card.digests:
        _checked(folder, name, card)
    return card


def load_generator(folder: Path, device: str = "cpu") -> SemanticGenerator:
    """The generator of a weights folder, in evaluation mode.

    Raises WeightsError where the folder is incomplete or was changed.
    """
    card = read_card(folder)
    path = _checked(folder, GENERATOR, card)
    _check_fit(path, GENERATOR, card, _shapes_in(path))
    network = SemanticGenerator(**card.generator)
    network.load_state_dict(load_file(path))
    return network.to(device).eval()


def load_discriminator(folder: Path, device: str = "cpu") -> SemanticDiscriminator:
    """The discriminator of a weights folder, in evaluation mode.

    Raises WeightsError where there is none, or the folder is incomplete or was changed.
    """
    card = read_card(folder)
    if card.discriminator is None or DISCRIMINATOR not in card.digests:
        raise WeightsError(
            f"{folder} has a generator without a discriminator; import a checkpoint of "
            "train.py, which has one under 'd'"
        )
    path = _checked(folder, DISCRIMINATOR, card)
    _check_fit(path, DISCRIMINATOR, card, _shapes_in(path))
    network = SemanticDiscriminator(**card.discriminator)
    network.load_state_dict(load_file(path))
    return network.to(device).eval()


def _checked(folder: Path, name: PartOfPair, card: WeightsCard) -> Path:
    """The path of a file whose digest matches the card; raises WeightsError."""
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
    """Key and shape of every entry, from the header of a safetensors file."""
    try:
        with safe_open(path, framework="pt") as file:
            keys = file.keys()
            return {key: tuple(file.get_slice(key).get_shape()) for key in keys}
    except SafetensorError as error:
        raise WeightsError(f"{path} is not a safetensors file: {error}") from error


def _check_fit(path: Path, name: PartOfPair, card: WeightsCard, shapes: Shapes) -> None:
    """Raise WeightsError where the card's arguments do not describe these entries."""
    try:
        if name == GENERATOR:
            misfit = generator_misfit(GeneratorConfig(**card.generator), shapes)
        elif card.discriminator is None:
            misfit = "it has no arguments of the discriminator"
        else:
            misfit = discriminator_misfit(card.discriminator, shapes)
    except (TypeError, ValueError, KeyError) as error:
        misfit = str(error)
    if misfit:
        raise WeightsError(f"{path} does not fit its card: {misfit}")
