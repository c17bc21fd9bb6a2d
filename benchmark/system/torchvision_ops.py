"""Makes torchvision importable with a CPU-only torch."""

from __future__ import annotations

import importlib.util
from pathlib import Path

SCHEMA = "(Tensor dets, Tensor scores, float iou_threshold) -> Tensor"
OPERATORS = ("nms", "qnms")


def declare_missing_operators() -> None:
    """Declare torchvision's box operators if its own library cannot be loaded.

    Call before torchvision is imported. Its wheels are built against CUDA; with a CPU
    build of torch their library does not load, and `import torchvision` fails because
    these operators are missing. Nothing here calls them, so a schema without a kernel
    is enough. Does nothing where the library loads, or on a second call.
    """
    import torch

    if _own_library_loads():
        return
    for name in OPERATORS:
        if not hasattr(torch.ops.torchvision, name):
            torch.library.define(f"torchvision::{name}", SCHEMA)


def _own_library_loads() -> bool:
    """Whether torchvision's operators are available; declaring them would clash."""
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
