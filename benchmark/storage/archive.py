"""Entries of a store as one tar file, with the digest of every file.

The first member of the archive, `MANIFEST`, lists the files of each entry with their
sizes and digests. The same entries give the same bytes. `archive_import` reads it.
"""

from __future__ import annotations

import io
import json
import os
import tarfile
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from pydantic import BaseModel, ConfigDict, Field

from benchmark.storage.digests import file_digest
from benchmark.storage.entries import STAGE_FILE, Entry, find_fault
from benchmark.storage.remote_files import local_path, new_remote_file
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
    chosen: Collection[Entry], place: str | Path, progress: Progress | None = None
) -> int:
    """Write entries to a new tar file, which is whole or absent; returns its bytes.

    `place` is a path or a URL that fsspec can write to. Raises StoreError if the file
    exists or cannot be written, or if an entry is damaged.
    """
    path = local_path(str(place))
    with new_remote_file(str(place)) if path is None else _new_file(path) as file:
        files = {entry.name: _digest_files(entry) for entry in chosen}
        manifest = {
            "format": 1,
            "entries": {
                name: {file: each.model_dump() for file, each in own.items()}
                for name, own in files.items()
            },
        }
        data = json.dumps(manifest, indent=1, sort_keys=True).encode()
        with (
            tarfile.open(fileobj=file, mode="w", format=tarfile.PAX_FORMAT) as tar,
            (progress or Silent()).task("export stages", len(chosen)) as bar,
        ):
            tar.addfile(_member(MANIFEST, len(data)), io.BytesIO(data))
            for entry in sorted(chosen, key=lambda entry: entry.name):
                for name, about in sorted(files[entry.name].items()):
                    with (entry.folder / name).open("rb") as content:
                        member = _member(f"{entry.name}/{name}", about.size)
                        tar.addfile(member, content)
                bar.advance()
        return file.tell()


@contextmanager
def _new_file(path: Path) -> Iterator[IO[bytes]]:
    """Open a new file for writing, which appears when the body succeeds."""
    if path.exists():
        raise StoreError(f"{path} exists already; name another file")
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with temporary.open("xb") as file:
            yield file
        os.replace(temporary, path)
    except StoreError:
        raise
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
