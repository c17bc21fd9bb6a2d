"""Finished stages on disk: their records, what is wrong with them, and quarantine."""

from __future__ import annotations

import errno
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from benchmark.storage.digests import digest_of, file_digest

STAGE_FILE = "stage.json"
QUARANTINE = "quarantine"
"""The folder in a store that holds damaged entries."""
SMALL = 2**20
"""Bytes of an entry whose content is cheap to check whenever it is looked up."""
IDENTITY = ("name", "version", "options", "inputs", "seed")
"""The keys of a record that the key of its stage hashes."""

_KEY = re.compile(r"[0-9a-f]{32}")
_intact: set[tuple[Path, int, int]] = set()
"""Entries whose content this process has checked: folder, inode and time of the
record. A rebuilt entry has another record."""


@dataclass(frozen=True)
class Entry:
    """A finished stage in a store.

    Attributes:
        folder: of its result.
        record: its `stage.json`; None if that is missing or damaged.
    """

    folder: Path
    record: dict[str, Any] | None

    @property
    def name(self) -> str:
        """The name of the stage and the beginning of its key, as `fit/0123…`."""
        return f"{self.folder.parent.name}/{self.folder.name}"

    @cached_property
    def size(self) -> int:
        """Bytes of all its files."""
        return folder_size(self.folder)

    @property
    def seconds(self) -> float:
        """How long it took to build; 0 if that is unknown."""
        return float((self.record or {}).get("seconds", 0))

    @property
    def has_digests(self) -> bool:
        """Whether the digests of its files are recorded."""
        return "digests" in (self.record or {})

    @cached_property
    def key(self) -> str | None:
        """The key of the stage (hex), from its record; None without one."""
        return None if self.record is None else _key_of(self.record)


def place_of(record: Mapping[str, Any] | None) -> str | None:
    """Where the entry of a record belongs in a store, as `fit/0123…`."""
    if record is None:
        return None
    return f"{record.get('name')}/{_key_of(record)[:32]}"


def _key_of(record: Mapping[str, Any]) -> str:
    return digest_of({name: record.get(name) for name in IDENTITY})


def entries(root: Path) -> Iterator[Entry]:
    """All entries of a store, sorted by name."""
    for folder in _children(root):
        if _KEY.fullmatch(folder.name) and folder.parent.name != QUARANTINE:
            yield Entry(folder, read_stage(folder))


def leftovers(root: Path) -> Iterator[Path]:
    """Folders of unfinished builds: checkpoints, and results that a kill cut off."""
    for folder in _children(root):
        key, _, kind = folder.name.partition(".")
        if _KEY.fullmatch(key) and kind in {"scratch", "partial"}:
            yield folder


def quarantined(root: Path) -> Iterator[Path]:
    """Damaged entries that were moved aside."""
    yield from sorted(p for p in (root / QUARANTINE).glob("*/*") if p.is_dir())


def _children(root: Path) -> Iterator[Path]:
    yield from sorted(path for path in root.glob("*/*") if path.is_dir())


def folder_size(folder: Path) -> int:
    """Bytes of all files in a folder; files that vanish meanwhile count nothing."""
    total = 0
    for path in folder.rglob("*"):
        try:
            total += path.lstat().st_size if path.is_file() else 0
        except FileNotFoundError:
            continue
    return total


def read_stage(folder: Path) -> dict[str, Any] | None:
    """Record of a finished stage; None if it is missing or damaged."""
    try:
        record = json.loads((folder / STAGE_FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return record if isinstance(record, dict) else None


def find_fault(folder: Path, largest: float = SMALL) -> str | None:
    """Why a folder is not a finished stage with all its files; None if it is.

    Sizes are always compared with the record. Contents are compared with the recorded
    digests once in a process, if the files have at most `largest` bytes together.
    Stages that were built before digests were recorded have none.
    """
    record = read_stage(folder)
    if record is None:
        return f"{STAGE_FILE} is missing or damaged"
    sizes = record.get("files", {})
    for name, size in sizes.items():
        path = folder / name
        actual = path.stat().st_size if path.is_file() else None
        if actual != size:
            has = "is missing" if actual is None else f"has {actual} bytes"
            return f"{name} {has} (expected {size} bytes)"
    if sum(sizes.values()) > largest:
        return None
    if _identity(folder) in _intact:
        return None
    fault = find_changed_content(folder, record)
    if fault is None:
        mark_intact(folder)
    return fault


def mark_intact(folder: Path) -> None:
    """Note that this process need not check the content of an entry again."""
    _intact.add(_identity(folder))


def _identity(folder: Path) -> tuple[Path, int, int]:
    state = (folder / STAGE_FILE).stat()
    return folder, state.st_ino, state.st_mtime_ns


def find_changed_content(folder: Path, record: dict[str, Any]) -> str | None:
    """Which file has another content than was recorded; reads every file."""
    for name, digest in record.get("digests", {}).items():
        try:
            actual = file_digest(folder / name)
        except OSError as error:
            if error.errno != errno.EIO:
                raise
            return f"{name} cannot be read ({error.strerror})"
        if actual != digest:
            return f"the content of {name} has changed"
    return None


def verify(entry: Entry) -> str | None:
    """Why an entry is damaged; None if it is not. Reads every file."""
    fault = find_fault(entry.folder)
    if fault is None and entry.record is not None:
        if place_of(entry.record) != entry.name:
            return f"{STAGE_FILE} describes another stage"
        fault = find_changed_content(entry.folder, entry.record)
    return fault


def quarantine(root: Path, folder: Path) -> Path:
    """Move an entry to the quarantine of its store; returns its new folder."""
    place = root / QUARANTINE / folder.parent.name
    place.mkdir(parents=True, exist_ok=True)
    names = (folder.name, *(f"{folder.name}-{number}" for number in range(2, 10**6)))
    target = next(place / name for name in names if not (place / name).exists())
    return folder.rename(target)
