"""Provenance: code version, packages and machine of a run; identity of a process."""

from __future__ import annotations

import os
import platform
import socket
import subprocess
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache
from importlib.metadata import PackageNotFoundError, distributions, version
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
"""Root of the checkout, if the package is installed from one."""


def git_record(root: Path = ROOT) -> dict[str, Any]:
    """`sha` of HEAD and whether files are `dirty`; both None outside a git checkout."""
    if not (root / ".git").exists():
        return {"sha": None, "dirty": None}
    sha = _output("git", "-C", str(root), "rev-parse", "HEAD")
    status = _output("git", "-C", str(root), "status", "--porcelain")
    return {"sha": sha, "dirty": None if status is None else bool(status)}


@cache
def packages() -> dict[str, str]:
    """Name and version of every installed distribution, sorted by name.

    Read once in a process, because each distribution's metadata must be parsed.
    """
    every = [distribution.metadata for distribution in distributions()]
    found = {metadata["Name"]: metadata["Version"] for metadata in every}
    return {name: found[name] for name in sorted(found, key=str.lower) if name}


def own_version() -> str:
    """The installed version of avatarbench, or `unknown`."""
    try:
        return version("avatarbench")
    except PackageNotFoundError:
        return "unknown"


def made_with() -> dict[str, Any]:
    """Versions of the code and numeric packages, as a stage's record stores them."""
    numeric = ("torch", "torchvision", "numpy", "pillow", "lpips", "scikit-learn")
    found = {name.lower(): number for name, number in packages().items()}
    return {
        "avatarbench": own_version(),
        "git": git_record(),
        "python": platform.python_version(),
        **{name: found.get(name) for name in numeric},
    }


def environment(hardware: Mapping[str, Any]) -> dict[str, Any]:
    """The content of `environment.json`, which describes one invocation.

    `started` is the time in UTC, such as `2026-11-26T09:30:00+00:00`.
    """
    return {
        "avatarbench": own_version(),
        "started": datetime.now(UTC).isoformat(timespec="seconds"),
        "python": platform.python_version(),
        "system": platform.platform(),
        "host": socket.gethostname(),
        "hardware": dict(hardware),
        "git": git_record(),
        "packages": packages(),
    }


def process_identity() -> dict[str, Any]:
    """Host, pid and start time (seconds since the epoch) of this process."""
    import psutil

    return {
        "host": socket.gethostname(),
        "pid": os.getpid(),
        "started": round(psutil.Process().create_time()),
    }


def is_alive(identity: dict[str, Any]) -> bool:
    """Whether the process that `process_identity` described still runs.

    A process on another host counts as alive, since it cannot be checked from here.
    """
    import psutil

    if identity.get("host") != socket.gethostname():
        return True
    try:
        started = psutil.Process(int(identity["pid"])).create_time()
    except (psutil.Error, KeyError, ValueError):
        return False
    return abs(started - float(identity.get("started", started))) < 2


def _output(*command: str) -> str | None:
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, check=True, timeout=20
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip()
