"""How torch's threads wait for each other between two pieces of work.

A thread that sleeps at once is slow to wake; one that spins for long keeps the core
from others. On two cores F2P's search for one face took 2.4 s with threads that sleep
at once, 1.3 s with the spins below and 1.2 s with the library's own 300,000; beside
another such program 1.9, 2.9 and 10.8 s.
"""

from __future__ import annotations

import os
import sys

SPINS = "1000"
"""Rounds before a waiting thread sleeps."""


def limit_spinning() -> None:
    """Let waiting threads spin shortly, unless the environment says how they wait.

    Takes effect where torch has not been imported yet. Only on Linux does torch come
    with GNU's OpenMP library, which knows a number of spins; elsewhere threads sleep.
    """
    if sys.platform != "linux":
        os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    elif "OMP_WAIT_POLICY" not in os.environ:
        os.environ.setdefault("GOMP_SPINCOUNT", SPINS)


def waiting() -> str:
    """How threads wait, in words: speeds compare only where it is the same."""
    spins = os.environ.get("GOMP_SPINCOUNT")
    if spins is not None and sys.platform == "linux":
        return f"{spins} spins"
    return os.environ.get("OMP_WAIT_POLICY", "the library's own").lower()
