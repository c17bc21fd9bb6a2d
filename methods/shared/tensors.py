"""Tensors in the form that safetensors files hold."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn


def storable(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The tensors detached, on the CPU and contiguous, as safetensors requires."""
    return {name: t.detach().cpu().contiguous() for name, t in tensors.items()}


def halved_state(network: nn.Module) -> dict[str, Tensor]:
    """The state dict in half precision, as it is stored; integers stay."""
    return {
        key: value.to(torch.float16) if value.is_floating_point() else value
        for key, value in storable(network.state_dict()).items()
    }
