"""Build the entry of a stage: a folder that is whole or absent, with its record."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from pathlib import Path
from typing import Any

from benchmark.storage.digests import file_digest
from benchmark.storage.entries import STAGE_FILE, mark_intact
from benchmark.storage.rebuilds import mark_rebuilt
from benchmark.system.peak_memory import peak_memory

Build = Callable[[Path, Path], None]
"""build(folder, scratch) writes the result to `folder`. Checkpoints go to `scratch`,
which survives a kill and is deleted on success."""

_uses: ContextVar[list[str] | None] = ContextVar("uses", default=None)
"""The stages that the build under way has requested."""


def note_use(name: str) -> None:
    """Note that the build under way, if any, uses the entry of this name."""
    if (uses := _uses.get()) is not None:
        uses.append(name)


def scratch_folder(target: Path) -> Path:
    """The folder of checkpoints of an entry's build."""
    return target.with_name(f"{target.name}.scratch")


def build_entry(
    description: Mapping[str, Any],
    target: Path,
    build: Build,
    made_with: Mapping[str, Any],
    rebuilds: frozenset[str],
    spent: float,
) -> None:
    """Build into a partial folder and rename it; the caller holds the stage's lock.

    Args:
        description: of the stage: everything that its key hashes.
        target: folder of the entry.
        build: writes the result.
        made_with: versions for the record.
        rebuilds: in which the stage is built.
        spent: seconds of work before, which the record counts, too.
    """
    partial = target.with_name(f"{target.name}.partial")
    scratch = scratch_folder(target)
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    scratch.mkdir(exist_ok=True)
    mark_rebuilt(scratch, rebuilds)
    uses: list[str] = []
    outer = _uses.set(uses)
    started = time.monotonic()
    try:
        with peak_memory() as peak:
            build(partial, scratch)
        took = spent + time.monotonic() - started
        mark_rebuilt(partial, rebuilds)
        paths = {
            path.relative_to(partial).as_posix(): path
            for path in sorted(partial.rglob("*"))
            if path.is_file()
        }
        record = {
            **description,
            "seconds": took,
            "peak_mib": peak.mib,
            "files": {name: path.stat().st_size for name, path in paths.items()},
            "digests": {name: file_digest(path) for name, path in paths.items()},
            "uses": sorted(set(uses)),
            "made_with": dict(made_with),
        }
        text = json.dumps(record, indent=2, sort_keys=True)
        (partial / STAGE_FILE).write_text(text + "\n")
        shutil.rmtree(target, ignore_errors=True)
        partial.rename(target)
    except BaseException:
        shutil.rmtree(partial, ignore_errors=True)
        raise
    finally:
        _uses.reset(outer)
    mark_intact(target)
    shutil.rmtree(scratch, ignore_errors=True)
