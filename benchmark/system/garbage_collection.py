"""Python's cyclic garbage collector, kept out of the start and the end of a process.

Importing torch makes half a million objects that live until the end. Looking through
them again and again takes a third of the time of a short command.
"""

from __future__ import annotations

import atexit
import gc
from collections.abc import Iterator
from contextlib import contextmanager


def skip_final_collection() -> None:
    """Leave the objects that live at the end of the process to the system.

    Functions that are registered with `atexit` run as usual.
    """
    atexit.register(gc.freeze)


@contextmanager
def no_collection() -> Iterator[None]:
    """Collect nothing meanwhile, nor later what was made meanwhile; for imports."""
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()
