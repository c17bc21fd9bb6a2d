"""What `avatarbench store gc` can remove from a store, and its removal."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from benchmark.storage.entries import (
    STAGE_FILE,
    Entry,
    entries,
    folder_size,
    leftovers,
    quarantined,
)
from benchmark.storage.locks import Busy, lock
from benchmark.storage.store_users import alone_in_store

SECONDS_A_DAY = 86400

Reason = Literal["not used", "old", "unfinished", "quarantined"]


@dataclass(frozen=True)
class Removable:
    """A folder of a store that can be removed.

    Attributes:
        folder: of the entry, the checkpoints or the damaged entry.
        size: bytes of its files.
        reason: why it can be removed.
    """

    folder: Path
    size: int
    reason: Reason

    @property
    def kind(self) -> str:
        """The name of the stage."""
        return self.folder.parent.name


class UsageUnknown(ValueError):
    """What a fit uses is not recorded; the message names it and says what to do."""


def used_entries(all_entries: Collection[Entry], fits: Collection[str]) -> set[str]:
    """Names of all entries that trials use, given the names of their fits.

    These are the fits, what was made from them (predictions, renders, scores, speeds),
    and everything that any of these was made from. Raises UsageUnknown for a fit that
    an earlier version of avatarbench built, which did not record what it uses.
    """
    by_key = {entry.key: entry.name for entry in all_entries if entry.key is not None}
    records = {e.name: e.record for e in all_entries if e.record is not None}
    made_from: dict[str, set[str]] = {}
    made_into: defaultdict[str, set[str]] = defaultdict(set)
    for name, record in records.items():
        inputs = {by_key.get(key) for key in record.get("inputs", {}).values()} - {None}
        made_from[name] = {*inputs, *record.get("uses", ())} & records.keys()
        for source in made_from[name]:
            made_into[source].add(name)
    present = set(fits) & records.keys()
    for name in sorted(present):
        if "uses" not in records[name]:
            raise UsageUnknown(
                f"the stage {name} was built by an earlier version, which did not "
                "record what it uses; leave out the runs and give --older-than, or "
                "build it again with `run --fresh`"
            )
    return _closure(_closure(present, made_into), made_from)


def _closure(start: Iterable[str], edges: Mapping[str, set[str]]) -> set[str]:
    """All that can be reached from the start."""
    found: set[str] = set()
    left = list(start)
    while left:
        name = left.pop()
        if name not in found:
            found.add(name)
            left += edges.get(name, ())
    return found


def find_removable(
    root: Path, fits: Collection[str] | None = None, days: float | None = None
) -> list[Removable]:
    """What can be removed from the store at `root`; nothing is removed.

    Damaged entries in quarantine and results that a kill cut off always can. With
    `fits`, so can all entries and checkpoints that the trials of these fits do not
    use. With `days`, only what is older; without `fits`, everything that is older.
    Ages are in the time of the store's file system. Raises UsageUnknown.
    """
    oldest = _now(root) - days * SECONDS_A_DAY if days is not None else None

    def is_old(path: Path) -> bool:
        return oldest is None or path.stat().st_mtime <= oldest

    found = [Removable(p, folder_size(p), "quarantined") for p in quarantined(root)]
    cut_off = [p for p in leftovers(root) if p.suffix == ".partial"]
    found += [Removable(p, folder_size(p), "unfinished") for p in cut_off]
    if fits is None and days is None:
        return found
    all_entries = list(entries(root))
    used: set[str] = set() if fits is None else used_entries(all_entries, fits)
    reason: Reason = "old" if fits is None else "not used"
    found += [
        Removable(entry.folder, entry.size, reason)
        for entry in all_entries
        if entry.name not in used and is_old(_record_of(entry))
    ]
    found += [
        Removable(path, folder_size(path), "unfinished")
        for path in leftovers(root)
        if path not in cut_off and is_old(path)
    ]
    return found


def _record_of(entry: Entry) -> Path:
    record = entry.folder / STAGE_FILE
    return record if record.is_file() else entry.folder


def _now(root: Path) -> float:
    """The time of the file system, which another machine may serve."""
    with tempfile.TemporaryFile(dir=root) as probe:
        return os.fstat(probe.fileno()).st_mtime


def remove(root: Path, removable: Iterable[Removable]) -> Iterator[Removable]:
    """Remove folders and yield each that is removed.

    Stages that are being built are kept. Raises Busy if a process uses the store.
    """
    with alone_in_store(root):
        for each in removable:
            key = each.folder.name.partition(".")[0]
            try:
                with lock(root / "locks" / f"{each.kind}-{key}", f"stage {each.kind}"):
                    _remove_folder(each.folder)
            except Busy:
                continue
            yield each


def _remove_folder(folder: Path) -> None:
    """Rename a folder first, so that a kill leaves no entry without its files."""
    if not folder.suffix:
        folder = folder.rename(folder.with_name(f"{folder.name}.partial"))
    shutil.rmtree(folder)
