"""Two tiny generators of thirteen parts, and latents like those of the inversion."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
import tiny_pair
import torch


def make_generator(seed, **changes):
    generator, _ = tiny_pair.make_networks(seed, tiny_pair.GENERATOR | changes)
    return generator.eval()


@pytest.fixture(scope="session")
def realistic():
    return make_generator(0)


@pytest.fixture(scope="session")
def avatar():
    return make_generator(1)


@pytest.fixture(scope="session")
def few_parts():
    return make_generator(0, seg_dim=8, transparent_dims=())


@pytest.fixture(scope="session")
def make_latents(realistic):
    """Latents of n avatars, exact in half precision like stored ones."""

    def make(count, seed=3):
        rng = torch.Generator().manual_seed(seed)
        shape = (count, realistic.layout.rows, realistic.config.style_dim)
        latents = torch.randn(shape, generator=rng).half().float()
        return SimpleNamespace(latents=latents, digest=f"codes {count} {seed}")

    return make
