"""The pretrained realistic generator and its discriminator (SwiftAvatar, 3.1)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from benchmark.avatars.part_classes import PART_NAMES
from benchmark.storage.digests import bytes_digest
from benchmark.weights.folders import DISCRIMINATOR, GENERATOR
from methods.base import MethodError
from methods.generator.pretrained import (
    WeightsCard,
    load_discriminator,
    load_generator,
    read_card,
)
from methods.generator.recipe import DiscriminatorOptions
from methods.networks.discriminator import SemanticDiscriminator
from methods.networks.semantic_stylegan import SemanticGenerator


@dataclass(frozen=True)
class PretrainedPair:
    """A generator of realistic faces and its discriminator (SwiftAvatar, section 3.1).

    Attributes:
        realistic: the realistic generator G_real; it is never trained.
        discriminator: initial weights of the adaptation's discriminator.
        channels: the options of the discriminator.
        digest: covers the weights and the options of both networks.
    """

    realistic: SemanticGenerator
    discriminator: SemanticDiscriminator
    channels: DiscriminatorOptions
    digest: str


def pair_files(generator: str) -> tuple[str, ...]:
    """The weight files of the pretrained generator (SwiftAvatar, section 3.1).

    `generator` is a folder of weights or the name of one.
    """
    return f"{generator}/{GENERATOR}", f"{generator}/{DISCRIMINATOR}"


def open_pair(files: Mapping[str, Path], device: str) -> PretrainedPair:
    """Open the pretrained pair (SwiftAvatar, section 3.1), both networks frozen.

    `files` has the names of `pair_files`.

    Raises:
        MethodError: if `files` does not hold exactly one pair, or if the generator does
            not have the 13 parts of CelebAMask-HQ.
        WeightsError: if a file does not match its card.
    """
    folder = _folder(files)
    card = read_card(folder)
    realistic = load_generator(folder, device).requires_grad_(False)
    discriminator = load_discriminator(folder, device).requires_grad_(False)
    _check(folder, realistic, discriminator)
    arguments = dict(card.discriminator or {})
    known = DiscriminatorOptions.model_fields.keys() & arguments.keys()
    return PretrainedPair(
        realistic,
        discriminator,
        DiscriminatorOptions(**{key: arguments[key] for key in known}),
        _digest(card),
    )


def _folder(files: Mapping[str, Path]) -> Path:
    """The folder that holds both files of the pair."""
    found = {path.parent for path in files.values() if path.name == GENERATOR}
    others = {path.parent for path in files.values() if path.name == DISCRIMINATOR}
    if len(found) != 1 or found != others:
        names = ", ".join(files) or "none"
        raise MethodError(
            f"SwiftAvatar needs the weight files {GENERATOR} and {DISCRIMINATOR} of "
            f"one folder, got: {names}; give the folder as option generator"
        )
    return found.pop()


def _check(
    folder: Path, realistic: SemanticGenerator, discriminator: SemanticDiscriminator
) -> None:
    config = realistic.config
    if config.seg_dim != len(PART_NAMES):
        raise MethodError(
            f"the generator in {folder} has {config.seg_dim} parts, and SwiftAvatar "
            f"needs the {len(PART_NAMES)} of CelebAMask-HQ: give another generator"
        )
    if discriminator.size != config.size:
        raise MethodError(
            f"the discriminator in {folder} has {discriminator.size} px and the "
            f"generator {config.size} px: give another generator"
        )


def _digest(card: WeightsCard) -> str:
    """SHA-256 (hex) of the files' digests and the options of the networks."""
    fields = {"digests", "generator", "discriminator"}
    text = json.dumps(card.model_dump(mode="json", include=fields), sort_keys=True)
    return bytes_digest(text.encode())
