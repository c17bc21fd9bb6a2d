"""The precision in which networks are computed."""

from __future__ import annotations

from typing import Literal

import torch

Precision = Literal["32-true", "bf16-mixed"]
"""The names of Lightning Fabric: 32 bits throughout, or bfloat16 where PyTorch's
autocast allows it, with weights in 32 bits."""


def autocast(device: torch.device | str, precision: Precision) -> torch.autocast:
    """The context in which operations on `device` have the precision."""
    kind = torch.device(device).type
    return torch.autocast(kind, torch.bfloat16, enabled=precision == "bf16-mixed")
