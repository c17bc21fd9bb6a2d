"""Weights as integers of few bits with one scale per output channel.

Each integer takes a byte. Git and wheels compress their files, so fewer levels take
less space there. Small tensors, the first and the depthwise convolutions among them,
change the predictions most and take little space, so they keep more bits.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from methods.shared.tensors import halved_state, storable

SMALL, SMALL_BITS, BITS = 60_000, 8, 5
"""Weights below which a tensor is small, and the bits of small and of other ones."""
TINY = 8_000
"""Tensors of fewer weights stay in half precision."""
PRECISION = (
    f"{BITS}-bit integers ({SMALL_BITS} bits in tensors below {SMALL:,} weights), one "
    f"scale per output channel; half precision below {TINY:,} weights and in all else"
)
SCALE = ".scale"
SCALE_TYPE = torch.bfloat16
"""Takes two bytes, and is exact enough for tiny scales too."""


def quantised_state(network: nn.Module) -> dict[str, Tensor]:
    """The state dict as it is stored.

    A weight NAME of `TINY` or more numbers becomes int8 values of the same shape and
    NAME.scale, (channels,) in bfloat16; values times scale give the weights. All else
    is in half precision, except integers. A network that was quantised before gives
    the same numbers again.
    """
    stored = halved_state(network)
    for name, weight in storable(network.state_dict()).items():
        if weight.ndim > 1 and weight.numel() >= TINY:
            bits = SMALL_BITS if weight.numel() < SMALL else BITS
            stored[name], stored[name + SCALE] = _quantise(weight, bits)
    return stored


def dequantised(stored: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The state dict of stored tensors; weights with a scale are in single precision.

    Tensors without a scale are kept, so that older files in half precision load too.
    """
    state = dict(stored)
    for name in [name for name in stored if name + SCALE in stored]:
        values, scales = stored[name].float(), state.pop(name + SCALE).float()
        state[name] = (values.flatten(1) * scales[:, None]).view_as(values)
    return state


def _quantise(weight: Tensor, bits: int) -> tuple[Tensor, Tensor]:
    """Values and scales; the errors of a channel add up to half a step at most.

    Rounding to the nearest value would shift the mean of a channel's output. Where its
    errors add up to n steps, the n weights that are nearest to the middle between two
    values are therefore rounded the other way (SQuant, Guo et al. 2022).
    """
    top = 2 ** (bits - 1) - 1
    rows = weight.flatten(1).float()
    scales = rows.abs().amax(1) / top
    scales = scales.clamp(min=torch.finfo(SCALE_TYPE).tiny).to(SCALE_TYPE)
    exact = rows / scales[:, None].float()
    values = exact.round()
    error = exact - values
    total = error.sum(1, keepdim=True).round()
    # The largest weight stays, so that the scale of the result is the same.
    benefit = (error * total.sign()).masked_fill(values.abs() >= top, -1)
    rank = benefit.argsort(1, descending=True).argsort(1)
    values += total.sign() * (rank < total.abs())
    return values.to(torch.int8).view_as(weight), scales
