"""Seeded weights: equal on every machine, and no term is trivial.

Each tensor is drawn by numpy's frozen RandomState from a seed made of its state-dict
key, so the order of keys does not matter. Biases, modulations and noise strengths are
far from their first values: a forgotten one shows.
"""

from __future__ import annotations

import zlib

import numpy as np
import torch


def normal(seed, *shape):
    """Standard normal float64 numbers."""
    return torch.from_numpy(np.random.RandomState(seed).standard_normal(shape))


def drawn(key, like):
    """Draw the values of one tensor of a state dict; FIR kernels stay."""
    if key.endswith("kernel"):
        return like
    values = normal(zlib.crc32(key.encode()), *like.shape)
    if key.startswith("style."):
        # Stored 100 times larger than used (lr_mlp 0.01).
        return values * (100 if key.endswith("weight") else 20)
    if key.endswith("modulation.bias") or key.endswith("modulation"):
        return 1 + 0.3 * values
    return values * (0.3 if key.endswith(("bias", "noise.weight")) else 1)


def fill(module, dtype=torch.float64):
    """Load the seeded weights into `module`, in the given precision."""
    module.to(dtype)
    state = module.state_dict()
    module.load_state_dict({key: drawn(key, value) for key, value in state.items()})
    return module.eval()
