"""Random numbers by counter: what step k draws depends on its seed and on k alone."""

from __future__ import annotations

import hashlib

import torch


def seed_of(*parts: int | str) -> int:
    """A 63-bit seed made of whole numbers and words; each of them counts."""
    digest = hashlib.sha256(repr(parts).encode()).digest()
    return int.from_bytes(digest[:8], "big") >> 1


def generator_of(*parts: int | str) -> torch.Generator:
    """A torch generator on the CPU, seeded by `seed_of` these parts."""
    return torch.Generator().manual_seed(seed_of(*parts))
