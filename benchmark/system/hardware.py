"""Description of the machine; measured times are only comparable on the same one."""

from __future__ import annotations

import platform
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

from benchmark.system.cpu_load import usable_cores
from benchmark.system.openmp import wait_policy


def hardware(device: str, threads: int) -> dict[str, Any]:
    """Everything about this machine that measured times depend on.

    Times are comparable only between equal descriptions. Keys: `name` (shown in
    tables), `processor`, `cores` (available to this process), `memory_gib`, `device`,
    `accelerator` (None on a CPU), `threads`, `waiting` (see `openmp.wait_policy`).
    """
    import psutil

    accelerator = _accelerator(device)
    plural = "s" if threads > 1 else ""
    return {
        "name": accelerator or f"{processor()}, {threads} thread{plural}",
        "processor": processor(),
        "cores": usable_cores(),
        "memory_gib": round(psutil.virtual_memory().total / 2**30),
        "device": device,
        "accelerator": accelerator,
        "threads": threads,
        "waiting": wait_policy(),
    }


@cache
def processor() -> str:
    """The CPU's model name, as reported by the operating system."""
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.is_file():
        for line in cpuinfo.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    if sys.platform == "darwin":
        command = ("sysctl", "-n", "machdep.cpu.brand_string")
        return subprocess.run(command, capture_output=True, text=True).stdout.strip()
    return platform.processor() or platform.machine()


def _accelerator(device: str) -> str | None:
    if device == "cpu":
        return None
    if device == "mps":
        return f"{processor()} (mps)"
    import torch

    return torch.cuda.get_device_name(device)
