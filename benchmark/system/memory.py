"""Large pages for torch's memory.

A training gets and returns hundreds of MiB in each iteration. With pages of 4 KiB the
kernel needs a quarter of the processor time to provide them (`make bench`).
"""

from __future__ import annotations

import os

HUGE_PAGES = "THP_MEM_ALLOC_ENABLE"
"""Torch asks Linux for pages of 2 MiB where this variable is 1."""


def use_huge_pages() -> None:
    """Let torch use large pages, unless the environment already decides it.

    Call before torch is imported. Other systems than Linux ignore it.
    """
    os.environ.setdefault(HUGE_PAGES, "1")
