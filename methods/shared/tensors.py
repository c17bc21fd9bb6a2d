"""Tensors in the form that safetensors files hold."""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor


def storable(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The tensors detached, on the CPU and contiguous, as safetensors requires."""
    return {name: t.detach().cpu().contiguous() for name, t in tensors.items()}
