"""Lets torchvision be imported beside a CPU-only torch; call before importing it."""

from __future__ import annotations

import importlib.util
from pathlib import Path

SCHEMA = "(Tensor dets, Tensor scores, float iou_threshold) -> Tensor"
OPERATORS = ("nms", "qnms")


def declare_missing_operators() -> None:
    """Declare torchvision's box operators where its own library cannot.

    torchvision wheels are built against CUDA; beside a CPU build of torch their
    library does not load, and `import torchvision` stops at these names. Nothing here
    calls them, so a schema without a kernel is enough. Where the library loads, or a
    second time, this changes nothing.
    """
    import torch

    if _own_library_loads():
        return
    for name in OPERATORS:
        if not hasattr(torch.ops.torchvision, name):
            torch.library.define(f"torchvision::{name}", SCHEMA)


def _own_library_loads() -> bool:
    """Whether torchvision's own operators work here: declaring them would clash."""
    import torch

    spec = importlib.util.find_spec("torchvision")
    if spec is None or spec.origin is None:
        return False
    library = next(Path(spec.origin).parent.glob("_C*.so"), None)
    if library is None:
        return False
    try:
        torch.ops.load_library(library)
    except OSError:
        return False
    return True
