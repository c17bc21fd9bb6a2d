"""Entries of a store as one tar file, with the digest of every file.

The first member of the archive, `MANIFEST`, lists the files of each entry with their
sizes and digests. The same entries give the same bytes. `archive_import` reads it.
"""

from __future__ import annotations

import io
import json
import os
import tarfile
from collections.abc import Collection
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from benchmark.storage.digests import file_digest
from benchmark.storage.entries import STAGE_FILE, Entry, find_fault
from benchmark.storage.store import StoreError
from benchmark.storage.unwritable import cannot_write
from benchmark.system.progress import Progress, Silent

MANIFEST = "avatarbench-store.json"


class ArchivedFile(BaseModel):
    """Size in bytes and SHA-256 (hex) of a file."""

    model_config = ConfigDict(extra="forbid", strict=True)

    size: int = Field(ge=0)
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")


class Manifest(BaseModel):
    """The files of an archive, by the name of their entry and the path in it."""

    model_config = ConfigDict(extra="forbid", strict=True)

    format: int = Field(ge=1, le=1)
    entries: dict[str, dict[str, ArchivedFile]]


def export_entries(
    chosen: Collection[Entry], path: Path, progress: Progress | None = None
) -> None:
    """Write entries to a new tar file at `path`, which is whole or absent.

    Raises StoreError if `path` exists or cannot be written, or if an entry is damaged.
    """
    if path.exists():
        raise StoreError(f"{path} exists already; name another file")
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    files = {entry.name: _digest_files(entry) for entry in chosen}
    manifest = {
        "format": 1,
        "entries": {
            name: {file: each.model_dump() for file, each in own.items()}
            for name, own in files.items()
        },
    }
    data = json.dumps(manifest, indent=1, sort_keys=True).encode()
    task = (progress or Silent()).task("export stages", len(chosen))
    try:
        with (
            tarfile.open(temporary, "x", format=tarfile.PAX_FORMAT) as tar,
            task as bar,
        ):
            tar.addfile(_member(MANIFEST, len(data)), io.BytesIO(data))
            for entry in sorted(chosen, key=lambda entry: entry.name):
                for file, about in sorted(files[entry.name].items()):
                    with (entry.folder / file).open("rb") as content:
                        name = f"{entry.name}/{file}"
                        tar.addfile(_member(name, about.size), content)
                bar.advance()
        os.replace(temporary, path)
    except OSError as error:
        raise StoreError(cannot_write(path, error, "name another file")) from error
    finally:
        temporary.unlink(missing_ok=True)


def _digest_files(entry: Entry) -> dict[str, ArchivedFile]:
    """Sizes and digests of the files of an entry; StoreError if it is damaged."""
    fault = find_fault(entry.folder)
    found: dict[str, ArchivedFile] = {}
    if fault is None and entry.record is not None:
        recorded = entry.record.get("digests", {})
        for name in (STAGE_FILE, *entry.record.get("files", {})):
            path = entry.folder / name
            digest = file_digest(path)
            if recorded.get(name, digest) != digest:
                fault = f"the content of {name} has changed"
            found[name] = ArchivedFile(size=path.stat().st_size, sha256=digest)
    if fault is not None:
        raise StoreError(
            f"{entry.folder} is damaged: {fault}; move it aside with `avatarbench "
            "store verify --quarantine`"
        )
    return found


def _member(name: str, size: int) -> tarfile.TarInfo:
    member = tarfile.TarInfo(name)
    member.size, member.mode = size, 0o644
    return member
