"""Which rebuilds (`run --fresh`) a folder was written in.

Rebuilds have identifiers, because the clocks of two machines or file systems differ.
"""

from __future__ import annotations

import json
from collections.abc import Collection
from pathlib import Path

MARK = ".rebuilds.json"


def mark_rebuilt(folder: Path, rebuilds: Collection[str]) -> None:
    """Note that the content of a folder was made in these rebuilds."""
    if rebuilds:
        text = json.dumps(sorted(rebuilds))
        (folder / MARK).write_text(text + "\n", encoding="utf-8")


def is_outdated(folder: Path, rebuilds: Collection[str]) -> bool:
    """Whether a folder exists and was made before any of these rebuilds."""
    if not rebuilds or not folder.exists():
        return False
    try:
        made_in = json.loads((folder / MARK).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return True
    return not set(rebuilds) <= set(made_in)
