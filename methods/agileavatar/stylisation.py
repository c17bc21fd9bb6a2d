"""Stage 1: a face is drawn as an avatar without expression.

The dual-domain generators of SwiftAvatar draw the same latent codes, as a realistic
face and as an avatar. The avatar gets the mean shape of eyes, brows and mouth, which
removes the expression. A U-Net learns to map the first picture to the second one. No
face is paired with a vector.

Stages: `dual-pictures` (pairs of pictures) and `stylisation` (the U-Net).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import load_file, save_file
from torch import Tensor
from torch.nn import functional

from benchmark.avatars.part_classes import PART_IDS
from benchmark.storage.batch_files import fill_array
from benchmark.storage.store import Stage
from methods.agileavatar.options import AgileAvatarOptions, StylisationOptions
from methods.base import FitContext
from methods.estimator.augmentation import Augmentation, augment
from methods.estimator.examples import row_order
from methods.estimator.training import Recipe, train
from methods.generator.sampling import centre, draw_latents, synthesise
from methods.networks.semantic_stylegan import SemanticGenerator
from methods.networks.stylist import Stylist
from methods.shared.pictures import as_tensor, at_effective_resolution
from methods.shared.randomness import generator_of, seed_of
from methods.shared.tensors import restored, storable
from methods.swiftavatar.chain import Chain
from methods.swiftavatar.options import SwiftAvatarOptions

DUAL_VERSION = STYLISATION_VERSION = "1"
PICTURES, NETWORK = "pictures.npy", "stylist.safetensors"
SHARD = 16
NEUTRAL_PARTS = ("eyes", "brows", "mouth")
"""Parts whose shape shows the expression."""


@dataclass(frozen=True)
class DualPictures:
    """Pairs of a realistic face and an avatar of one latent code.

    Attributes:
        pictures: (n, 2, S, S, 3) uint8, the face first.
        digest: the key of the stage.
    """

    pictures: NDArray[np.uint8]
    digest: str


@dataclass(frozen=True)
class TrainedStylist:
    """The U-Net, frozen, in evaluation mode, and the key of its stage."""

    network: Stylist
    digest: str


def generators_of(options: AgileAvatarOptions, context: FitContext) -> Chain:
    """The dual-domain generators, whose stages SwiftAvatar shares."""
    own = {
        "generator": options.generator,
        "samples": options.adaptation_samples or options.samples,
        "absent": options.absent,
        "adaptation": options.adaptation,
        "chain_seed": options.chain_seed,
    }
    return Chain(SwiftAvatarOptions.model_validate(own), context)


def dual_pictures(
    chain: Chain, options: StylisationOptions, seed: int, context: FitContext
) -> DualPictures:
    """Pairs of pictures, cached in the store; a killed run resumes."""
    stage = Stage(
        "dual-pictures",
        DUAL_VERSION,
        {
            "samples": options.samples,
            "neutral": list(NEUTRAL_PARTS) if options.neutral else [],
            "device": context.device,
            "threads": torch.get_num_threads(),
        },
        {"realistic": chain.pair.digest, "avatar": chain.adapted.digest},
        seed,
    )

    def build(folder: Path, scratch: Path) -> None:
        avatar, realistic = chain.adapted.generator, chain.pair.realistic
        latents = draw_latents(avatar, options.samples, seed_of("dual", seed))
        plain = neutral(avatar, latents) if options.neutral else latents

        def pairs(rows: slice) -> NDArray[np.uint8]:
            faces = synthesise(realistic, latents[rows]).pictures
            return np.stack([faces, synthesise(avatar, plain[rows]).pictures], axis=1)

        file, count = scratch / PICTURES, options.samples
        label = "faces drawn as avatars"
        fill_array(file, count, SHARD, np.uint8, pairs, context.progress, label)
        file.rename(folder / PICTURES)

    folder = context.store.get_or_build(stage, build)
    return DualPictures(np.load(folder / PICTURES, mmap_mode="r"), stage.key)


def neutral(generator: SemanticGenerator, latents: Tensor) -> Tensor:
    """(n, rows, D) latent codes with the mean shape of `NEUTRAL_PARTS`."""
    middle, changed = centre(generator), latents.clone()
    for part in NEUTRAL_PARTS:
        changed[:, generator.layout.shape_row(PART_IDS[part])] = middle
    return changed


def trained_stylist(
    pairs: DualPictures,
    size: int,
    options: StylisationOptions,
    augmentation: Augmentation,
    context: FitContext,
) -> TrainedStylist:
    """The U-Net for pictures of `size` px; cached in the store.

    A build that was killed resumes from its checkpoint and ends with the same bytes.
    Raises FloatingPointError where the loss is not finite.
    """
    seed, device = context.seed, context.device
    stage = Stage(
        "stylisation",
        STYLISATION_VERSION,
        {
            **options.model_dump(
                mode="json",
                exclude={"checkpoint_steps", "active", "neutral", "samples"},
            ),
            "size": size,
            "augmentation": augmentation.model_dump(mode="json"),
            "device": device,
            "threads": torch.get_num_threads(),
        },
        {"pictures": pairs.digest},
        seed,
    )

    def build(folder: Path, scratch: Path) -> None:
        network = make_stylist(options.width, seed).to(device)
        loss = _loss(network, pairs, size, options.batch, augmentation, seed, device)
        recipe = Recipe(
            options.steps, options.learning_rate, "cosine", options.checkpoint_steps
        )
        label = f"{context.engine.meta.name} stylisation"
        train(network, loss, recipe, scratch, context.progress, label)
        save_file(storable(network.state_dict()), folder / NETWORK)

    folder = context.store.get_or_build(stage, build)
    network = restore_stylist(options.width, load_file(folder / NETWORK), device)
    return TrainedStylist(network, stage.key)


def stylised(faces: Tensor, stylist: Stylist | None, size: int) -> Tensor:
    """(n, 3, size, size) stylised pictures of (n, 3, H, H) faces, both in [-1, 1].

    Without a stylist, they are the faces.
    """
    small = at_effective_resolution(faces, size).clamp(-1, 1)
    return small if stylist is None else stylist(small)


def make_stylist(width: int, seed: int) -> Stylist:
    """The untrained U-Net."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed_of("stylist", seed))
        return Stylist(width)


def restore_stylist(width: int, tensors: dict[str, Tensor], device: str) -> Stylist:
    """The U-Net with the given tensors, frozen, in evaluation mode, on `device`."""
    return restored(make_stylist(width, 0), tensors, device)


def _loss(
    network: Stylist,
    pairs: DualPictures,
    size: int,
    batch: int,
    augmentation: Augmentation,
    seed: int,
    device: str,
) -> Callable[[int], Tensor]:
    """The mean absolute difference of a step's drawings and avatars."""
    rows_at = row_order(len(pairs.pictures), batch, seed)

    def loss_at(step: int) -> Tensor:
        rows = pairs.pictures[rows_at(step).numpy()]
        generator = generator_of("stylisation", seed, step)
        faces = augment(as_tensor(rows[:, 0], device), augmentation, generator)
        avatars = at_effective_resolution(as_tensor(rows[:, 1], device), size)
        drawn = network(at_effective_resolution(faces, size))
        return functional.l1_loss(drawn, avatars)

    return loss_at
