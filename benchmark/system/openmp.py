"""How torch's OpenMP threads wait between two parallel regions.

A thread that sleeps at once wakes slowly; one that spins for long keeps the core from
other processes. Seconds of F2P's search for one face on two cores:

    spins               sleep at once   SPINS   300,000 (GNU's default)
    alone               2.4             1.3     1.2
    beside a second one 1.9             2.9     10.8
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

SPINS = "1000"
"""Iterations that a waiting thread spins before it sleeps."""


def limit_spinning() -> None:
    """Limit how long waiting threads spin, unless the environment already sets it.

    Call before torch is imported. Only on Linux does torch use GNU's OpenMP library,
    which accepts a number of spins; on other systems threads sleep at once.
    """
    if sys.platform != "linux":
        os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    elif "OMP_WAIT_POLICY" not in os.environ:
        os.environ.setdefault("GOMP_SPINCOUNT", SPINS)


@contextmanager
def one_torch_thread() -> Iterator[int]:
    """Let torch use one thread meanwhile; gives the number of threads it used before.

    For work on many pictures that is spread over the cores by threads of our own.
    """
    import torch

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield threads
    finally:
        torch.set_num_threads(threads)


def wait_policy() -> str:
    """How threads wait, in words; part of the machine's description (`hardware`)."""
    spins = os.environ.get("GOMP_SPINCOUNT")
    if spins is not None and sys.platform == "linux":
        return f"{spins} spins"
    return os.environ.get("OMP_WAIT_POLICY", "the library's own").lower()
