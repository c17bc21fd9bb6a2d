"""How the process gets its memory: large pages, and pages that are kept.

A training gets and returns hundreds of MiB in each iteration. With pages of 4 KiB the
kernel needs a quarter of the processor time to provide them (`make bench`).
"""

from __future__ import annotations

import ctypes
import os

HUGE_PAGES = "THP_MEM_ALLOC_ENABLE"
"""Torch asks Linux for pages of 2 MiB where this variable is 1."""
ALLOCATOR = ("GLIBC_TUNABLES", "MALLOC_MMAP_THRESHOLD_", "MALLOC_TRIM_THRESHOLD_")
"""Variables by which a user chooses what `keep_freed_memory` would."""
M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3
KEPT, LARGE = 256 * 2**20, 32 * 2**20
"""Free memory in bytes that each thread's heap keeps, and the size of blocks that do
not come from a heap."""


def use_huge_pages() -> None:
    """Let torch use large pages, unless the environment already decides it.

    Call before torch is imported. Other systems than Linux ignore it.
    """
    os.environ.setdefault(HUGE_PAGES, "1")


def keep_freed_memory() -> None:
    """Let the process keep memory that it frees, unless the environment decides it.

    A network for one picture gets and frees blocks of a few MiB. By default, the C
    library gives them back each time, and the kernel clears them again: a fifth of the
    processor time of `avatarbench create`. For commands that end soon: the memory is
    never given back. Other C libraries than glibc are left alone.
    """
    if any(name in os.environ for name in ALLOCATOR):
        return
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError, TypeError):
        return
    mallopt(M_MMAP_THRESHOLD, LARGE)
    mallopt(M_TRIM_THRESHOLD, KEPT)
