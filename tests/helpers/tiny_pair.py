"""A tiny pretrained pair: an iteration of its adaptation takes milliseconds."""

from __future__ import annotations

import numpy as np
import torch
from tiny_recipe import NETWORKS, SIZE

from benchmark.avatars import AvatarSpec, AvatarVectors, Discrete
from methods.generator.pretrained import WeightsCard, write_pair
from methods.networks.discriminator import SemanticDiscriminator
from methods.networks.semantic_stylegan import SemanticGenerator
from methods.shared.renders import Renders
from methods.swiftavatar.pretrained_pair import open_pair

GENERATOR = {**NETWORKS["generator"], "lr_mlp": 1.0}
DISCRIMINATOR = {**NETWORKS["discriminator"], "size": SIZE, "seg_dim": 13}
SPEC = AvatarSpec("tiny", (Discrete("shape", "head", ("round", "square")),))


def make_card(**changes):
    card = WeightsCard(
        title="tiny",
        generator=GENERATOR,
        discriminator=DISCRIMINATOR,
        source="here",
        licence="CC0-1.0",
        data="nothing",
        command="none",
    )
    return card.model_copy(update=changes)


def make_networks(seed=0, generator=GENERATOR, discriminator=DISCRIMINATOR):
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return SemanticGenerator(**generator), SemanticDiscriminator(**discriminator)


def write(folder, seed=0, generator=GENERATOR, discriminator=DISCRIMINATOR, **changes):
    """Names and paths of the files of a written pair."""
    networks = make_networks(seed, generator, discriminator)
    card = make_card(generator=generator, discriminator=discriminator, **changes)
    write_pair(folder, *networks, card)
    files = ("generator.safetensors", "discriminator.safetensors")
    return {f"{folder.name}/{file}": folder / file for file in files}


def make_pair(folder, **changes):
    return open_pair(write(folder, **changes), "cpu")


def make_renders(count=10, size=SIZE, seed=0):
    """Random pictures, each of one colour with a little noise."""
    rng = np.random.default_rng(seed)
    colours = rng.integers(0, 240, (count, 1, 1, 3), dtype=np.uint8)
    noise = rng.integers(0, 16, (count, size, size, 3), dtype=np.uint8)
    vectors = AvatarVectors.sample(SPEC, count, seed)
    digest = f"{count} renders of {size} px, {seed}"
    return Renders(vectors, size, digest, lambda: colours + noise)
