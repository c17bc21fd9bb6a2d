"""Counter-based seeds: the random numbers of step k depend only on the seed and k."""

from __future__ import annotations

import hashlib

import torch
from torch import Tensor


def seed_of(*parts: int | str) -> int:
    """Hash integers and strings into a 63-bit seed."""
    digest = hashlib.sha256(repr(parts).encode()).digest()
    return int.from_bytes(digest[:8], "big") >> 1


def generator_of(*parts: int | str) -> torch.Generator:
    """Return a torch generator on the CPU, seeded with `seed_of(*parts)`."""
    return torch.Generator().manual_seed(seed_of(*parts))


def uniform(generator: torch.Generator, like: Tensor, *shape: int) -> Tensor:
    """Draw (n, *shape) numbers in [0, 1) for n pictures, on the device of `like`."""
    return torch.rand(len(like), *shape, generator=generator).to(like.device)
