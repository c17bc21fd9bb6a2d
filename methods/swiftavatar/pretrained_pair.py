"""The pretrained pair that SwiftAvatar starts from: a generator of faces, its judge."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from benchmark.avatars.part_classes import PART_NAMES
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
class Pair:
    """G_real of the paper and the discriminator that was trained with it.

    Attributes:
        realistic: the generator of faces; it is never trained further.
        discriminator: where the adaptation's discriminator starts.
        channels: what the discriminator was built with.
        digest: names the weights of both and how their networks are built.
    """

    realistic: SemanticGenerator
    discriminator: SemanticDiscriminator
    channels: DiscriminatorOptions
    digest: str


def pair_files(generator: str) -> tuple[str, ...]:
    """The names of a pair's weight files, for a folder of weights or its name."""
    return f"{generator}/{GENERATOR}", f"{generator}/{DISCRIMINATOR}"


def open_pair(files: Mapping[str, Path], device: str) -> Pair:
    """The pair among `files` (names as `pair_files` has them), both networks frozen.

    Raises MethodError where there is no pair, more than one, or one that does not know
    the 13 parts, and WeightsError where the files are not as their card says.
    """
    folder = _folder(files)
    card = read_card(folder)
    realistic = load_generator(folder, device).requires_grad_(False)
    discriminator = load_discriminator(folder, device).requires_grad_(False)
    _check(folder, realistic, discriminator)
    arguments = dict(card.discriminator or {})
    known = DiscriminatorOptions.model_fields.keys() & arguments.keys()
    return Pair(
        realistic,
        discriminator,
        DiscriminatorOptions(**{key: arguments[key] for key in known}),
        _digest(card),
    )


def _folder(files: Mapping[str, Path]) -> Path:
    """The folder that both files of the one pair lie in."""
    found = {path.parent for path in files.values() if path.name == GENERATOR}
    others = {path.parent for path in files.values() if path.name == DISCRIMINATOR}
    if len(found) != 1 or found != others:
        names = ", ".join(files) or "none"
        raise MethodError(
            f"SwiftAvatar wants the weight files {GENERATOR} and {DISCRIMINATOR} of "
            f"one folder, got: {names}; name the folder in the option generator"
        )
    return found.pop()


def _check(
    folder: Path, realistic: SemanticGenerator, discriminator: SemanticDiscriminator
) -> None:
    config = realistic.config
    if config.seg_dim != len(PART_NAMES):
        raise MethodError(
            f"the generator in {folder} knows {config.seg_dim} parts, and SwiftAvatar "
            f"wants the {len(PART_NAMES)} of CelebAMask-HQ: take another generator"
        )
    if discriminator.size != config.size:
        raise MethodError(
            f"the discriminator in {folder} judges {discriminator.size}-px pictures "
            f"and the generator makes {config.size}-px ones: take another pair"
        )


def _digest(card: WeightsCard) -> str:
    """SHA-256 (hex) of the files' digests and of what the networks are built with."""
    fields = {"digests", "generator", "discriminator"}
    text = json.dumps(card.model_dump(mode="json", include=fields), sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()
