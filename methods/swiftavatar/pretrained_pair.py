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
        discriminator: initial weights of the adaptation's discriminator; None where the
            adaptation does not use it.
        channels: the options of the discriminator.
        digest: covers the weights and the options of the networks in use.
    """

    realistic: SemanticGenerator
    discriminator: SemanticDiscriminator | None
    channels: DiscriminatorOptions
    digest: str


def pair_files(generator: str, with_discriminator: bool = True) -> tuple[str, ...]:
    """The weight files of the pretrained generator (SwiftAvatar, section 3.1).

    `generator` is a folder of weights or the name of one.
    """
    names = (GENERATOR, DISCRIMINATOR) if with_discriminator else (GENERATOR,)
    return tuple(f"{generator}/{name}" for name in names)


def open_pair(
    files: Mapping[str, Path], device: str, with_discriminator: bool = True
) -> PretrainedPair:
    """Open the pretrained pair (SwiftAvatar, section 3.1), both networks frozen.

    `files` has the names of `pair_files`.

    Raises:
        MethodError: if `files` does not hold exactly one pair, or if the generator does
            not have the 13 parts of CelebAMask-HQ.
        WeightsError: if a file does not match its card.
    """
    folder = _folder(files, with_discriminator)
    card = read_card(folder)
    if not with_discriminator:
        card = _without_discriminator(card)
    realistic = load_generator(folder, device).requires_grad_(False)
    _check_generator(folder, realistic)
    discriminator = None
    if with_discriminator:
        discriminator = load_discriminator(folder, device).requires_grad_(False)
        _check_discriminator(folder, realistic, discriminator)
    arguments = dict(card.discriminator or {})
    known = DiscriminatorOptions.model_fields.keys() & arguments.keys()
    return PretrainedPair(
        realistic,
        discriminator,
        DiscriminatorOptions(**{key: arguments[key] for key in known}),
        _digest(card),
    )


def _folder(files: Mapping[str, Path], with_discriminator: bool) -> Path:
    """The folder that holds the files of the pair."""
    needed = [GENERATOR, DISCRIMINATOR] if with_discriminator else [GENERATOR]
    folders = [
        {path.parent for path in files.values() if path.name == name} for name in needed
    ]
    if len(folders[0]) != 1 or any(found != folders[0] for found in folders):
        names = ", ".join(files) or "none"
        raise MethodError(
            f"SwiftAvatar needs the weight files {' and '.join(needed)} of one folder, "
            f"got: {names}; give the folder as option generator"
        )
    return folders[0].pop()


def _check_generator(folder: Path, realistic: SemanticGenerator) -> None:
    config = realistic.config
    if config.seg_dim != len(PART_NAMES):
        raise MethodError(
            f"the generator in {folder} has {config.seg_dim} parts, and SwiftAvatar "
            f"needs the {len(PART_NAMES)} of CelebAMask-HQ: give another generator"
        )


def _check_discriminator(
    folder: Path, realistic: SemanticGenerator, discriminator: SemanticDiscriminator
) -> None:
    size = realistic.config.size
    if discriminator.size != size:
        raise MethodError(
            f"the discriminator in {folder} has {discriminator.size} px and the "
            f"generator {size} px: give another generator"
        )


def _without_discriminator(card: WeightsCard) -> WeightsCard:
    digests = {name: x for name, x in card.digests.items() if name == GENERATOR}
    return card.model_copy(update={"discriminator": None, "digests": digests})


def _digest(card: WeightsCard) -> str:
    """SHA-256 (hex) of the files' digests and the options of the networks."""
    fields = {"digests", "generator", "discriminator"}
    text = json.dumps(card.model_dump(mode="json", include=fields), sort_keys=True)
    return bytes_digest(text.encode())
