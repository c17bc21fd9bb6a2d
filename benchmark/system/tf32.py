"""TF32 on GPUs."""

from __future__ import annotations


def allow_tf32(device: str) -> None:
    """Let operations in 32 bits use TF32 on a CUDA device; others are unchanged.

    TF32 rounds the factors of products to 10 bits of mantissa. PyTorch allows it for
    convolutions, and for matrix products only after this call.
    """
    if not device.startswith("cuda"):
        return
    import torch

    torch.set_float32_matmul_precision("high")
    torch.backends.cudnn.allow_tf32 = True
