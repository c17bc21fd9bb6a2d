"""The machine that figures of speed belong to."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

from benchmark.system.openmp import waiting


def hardware(device: str, threads: int) -> dict[str, Any]:
    """This machine as speed depends on it; two speeds compare only where these agree.

    Keys: `name` (what tables print), processor, cores (that this process may use),
    memory_gib, device, accelerator (None on a processor), threads, waiting (how these
    wait for each other).
    """
    import psutil

    accelerator = _accelerator(device)
    plural = "s" if threads > 1 else ""
    return {
        "name": accelerator or f"{processor()}, {threads} thread{plural}",
        "processor": processor(),
        "cores": _cores(),
        "memory_gib": round(psutil.virtual_memory().total / 2**30),
        "device": device,
        "accelerator": accelerator,
        "threads": threads,
        "waiting": waiting(),
    }


@cache
def processor() -> str:
    """The processor's name as the system gives it."""
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.is_file():
        for line in cpuinfo.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    if sys.platform == "darwin":
        command = ("sysctl", "-n", "machdep.cpu.brand_string")
        return subprocess.run(command, capture_output=True, text=True).stdout.strip()
    return platform.processor() or platform.machine()


def _cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _accelerator(device: str) -> str | None:
    if device == "cpu":
        return None
    if device == "mps":
        return f"{processor()} (mps)"
    import torch

    return torch.cuda.get_device_name(device)
