"""`latest` beside the runs of a suite: a link to the newest, or its name in a file.

Some file systems have no symbolic links, such as exFAT and many network drives.
"""

from __future__ import annotations

import os
from pathlib import Path

from benchmark.storage.store import atomic_write

LATEST = "latest"


class LatestError(ValueError):
    """`latest` cannot be replaced; the message says why and what to do."""


def point_latest(run: Path) -> None:
    """Point `latest` beside a run folder at it.

    Without symbolic links, `latest` is a text file with the name of the folder. Raises
    OSError if neither can be written, and LatestError if `latest` is a folder, as after
    a copy that followed links.
    """
    link = run.parent / LATEST
    if link.is_dir() and not link.is_symlink():
        raise LatestError(
            f"{link} is a folder, but a run writes a link there; rename or delete it"
        )
    temporary = run.parent / f".{LATEST}-{os.getpid()}"
    temporary.unlink(missing_ok=True)
    try:
        temporary.symlink_to(run.name, target_is_directory=True)
    except OSError:
        atomic_write(link, f"{run.name}\n".encode())
    else:
        os.replace(temporary, link)


def follow_latest(path: Path) -> Path:
    """The path with each text file `latest` in it replaced by the folder it names."""
    for place in (path, *path.parents):
        if place.name == LATEST and place.is_file():
            name = place.read_text(encoding="utf-8").strip()
            below = path.relative_to(place)
            return follow_latest(place.parent) / name / below
    return path
