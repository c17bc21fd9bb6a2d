"""On what a run was made: machine, packages, code; and who is at work in a folder."""

from __future__ import annotations

import os
import platform
import socket
import subprocess
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, distributions, version
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent


def git_record(root: Path = ROOT) -> dict[str, Any]:
    """The code's commit and whether files differ from it; None outside a checkout."""
    if not (root / ".git").exists():
        return {"sha": None, "dirty": None}
    sha = _output("git", "-C", str(root), "rev-parse", "HEAD")
    status = _output("git", "-C", str(root), "status", "--porcelain")
    return {"sha": sha, "dirty": None if status is None else bool(status)}


def packages() -> dict[str, str]:
    """Every installed distribution and its version, sorted by name."""
    found = {d.metadata["Name"]: d.version for d in distributions()}
    return {name: found[name] for name in sorted(found, key=str.lower) if name}


def own_version() -> str:
    """The version of avatarbench itself."""
    try:
        return version("avatarbench")
    except PackageNotFoundError:
        return "unknown"


def made_with() -> dict[str, Any]:
    """What a stage's record says of the code and packages that built it."""
    numeric = ("torch", "torchvision", "numpy", "pillow", "lpips", "scikit-learn")
    found = {name.lower(): number for name, number in packages().items()}
    return {
        "avatarbench": own_version(),
        "git": git_record(),
        "python": platform.python_version(),
        **{name: found.get(name) for name in numeric},
    }


def environment(hardware: Mapping[str, Any]) -> dict[str, Any]:
    """All that `environment.json` holds about one invocation."""
    return {
        "avatarbench": own_version(),
        "python": platform.python_version(),
        "system": platform.platform(),
        "host": socket.gethostname(),
        "hardware": dict(hardware),
        "git": git_record(),
        "packages": packages(),
    }


def process_name() -> dict[str, Any]:
    """This process, as others may look it up: host, pid and its start (seconds)."""
    import psutil

    return {
        "host": socket.gethostname(),
        "pid": os.getpid(),
        "started": round(psutil.Process().create_time()),
    }


def is_alive(name: dict[str, Any]) -> bool:
    """Whether a process that `process_name` named still runs.

    A process on another host counts as alive: nothing can be known about it.
    """
    import psutil

    if name.get("host") != socket.gethostname():
        return True
    try:
        started = psutil.Process(int(name["pid"])).create_time()
    except (psutil.Error, KeyError, ValueError):
        return False
    return abs(started - float(name.get("started", started))) < 2


def _output(*command: str) -> str | None:
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, check=True, timeout=20
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip()
