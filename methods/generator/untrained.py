"""Untrained networks of the published size, to try code that needs the real ones."""

from __future__ import annotations

from pathlib import Path

import torch

from benchmark.system.environment import own_version
from benchmark.weights.folders import require_free
from methods.generator.pretrained import WeightsCard, write_pair
from methods.networks.discriminator import SemanticDiscriminator
from methods.networks.semantic_stylegan import SemanticGenerator


def write_untrained(folder: Path, seed: int) -> WeightsCard:
    """Write the 512-px generator and discriminator with random weights.

    Returns the card. Raises WeightsError where the folder exists or cannot be written.
    """
    require_free(folder)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        generator = SemanticGenerator()
        discriminator = SemanticDiscriminator(generator.config.size)
    card = WeightsCard(
        title="untrained",
        generator=vars(generator.config),
        discriminator={"size": generator.config.size},
        source="random weights",
        licence="CC0-1.0",
        data="none",
        command=f"avatarbench weights random {folder.name} --seed {seed}",
        made_with=f"avatarbench {own_version()}",
        notes="Untrained: its pictures are noise.",
    )
    return write_pair(folder, generator, discriminator, card)
