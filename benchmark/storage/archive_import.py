"""Add the entries of an archive (see `archive`) to a store."""

from __future__ import annotations

import hashlib
import re
import shutil
import tarfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO, Any

from pydantic import ValidationError

from benchmark.storage.archive import MANIFEST, ArchivedFile, Manifest
from benchmark.storage.digests import file_digest
from benchmark.storage.entries import (
    QUARANTINE,
    STAGE_FILE,
    find_fault,
    place_of,
    quarantine,
    read_stage,
)
from benchmark.storage.locks import lock
from benchmark.storage.remote_files import PIECE, local_copy
from benchmark.storage.store import StoreError
from benchmark.storage.unwritable import cannot_write
from benchmark.system.progress import Progress, Silent

LONGEST_MANIFEST = 2**28
"""Bytes of a manifest; a longer one is refused."""

_ENTRY = re.compile(r"[A-Za-z0-9][\w-]*/[0-9a-f]{32}")


@dataclass(frozen=True)
class Imported:
    """Names of entries of an archive.

    Attributes:
        added: entries that the store did not have.
        present: entries that the store had, with the same content.
        kept: entries that the store had, with another content.
    """

    added: tuple[str, ...]
    present: tuple[str, ...]
    kept: tuple[str, ...]


def import_entries(
    archive: str | Path,
    root: Path,
    *,
    keep_existing: bool = False,
    progress: Progress | None = None,
) -> Imported:
    """Add the entries of an archive to the store at `root`.

    `archive` is a path or a URL that fsspec can read. Nothing outside the folders of
    the entries is written, and each is whole or absent. Every file is compared with its
    digest. Raises StoreError for an archive that is damaged or was not made by
    `export_entries`, and for an entry that the store has with another content, unless
    `keep_existing`. Then nothing is imported.
    """
    place, progress = str(archive), progress or Silent()
    with local_copy(place, root, progress) as path, _opened(path, place) as tar:
        manifest = _read_manifest(place, tar)
        members = _check_members(place, tar, manifest)
        states = {
            name: _compare(root / name, files)
            for name, files in manifest.entries.items()
        }
        other = [name for name, state in states.items() if state == "other"]
        if other and not keep_existing:
            raise StoreError(
                f"{root / other[0]} has another content than in {place}; keep yours "
                "with --keep-existing"
            )
        with progress.task("import stages", len(states)) as bar:
            for name, state in states.items():
                if state == "missing":
                    _add(place, tar, root, name, manifest.entries[name], members)
                bar.advance()

    def named(state: str) -> tuple[str, ...]:
        return tuple(name for name, each in states.items() if each == state)

    return Imported(named("missing"), named("same"), named("other"))


@contextmanager
def _opened(path: Path, place: str) -> Iterator[tarfile.TarFile]:
    try:
        tar = tarfile.open(path, "r:")  # noqa: SIM115
    except tarfile.TarError as error:
        raise _no_archive(place) from error
    except OSError as error:
        raise StoreError(
            f"cannot read {place}: {error.strerror}; name a file that `avatarbench "
            "store export` wrote"
        ) from error
    with tar:
        try:
            yield tar
        except tarfile.TarError as error:
            raise _damaged(place, str(error)) from error


def _no_archive(place: str) -> StoreError:
    return StoreError(
        f"{place} is no archive of a store; name a file that `avatarbench store "
        "export` wrote"
    )


def _damaged(place: str, what: str) -> StoreError:
    return StoreError(f"{place} is damaged: {what}; export the stages again")


def _read_manifest(place: str, tar: tarfile.TarFile) -> Manifest:
    first = tar.next()
    if first is None or first.name != MANIFEST or first.size > LONGEST_MANIFEST:
        raise _no_archive(place)
    content = tar.extractfile(first)
    try:
        manifest = Manifest.model_validate_json(content.read() if content else b"")
    except ValidationError as error:
        raise _no_archive(place) from error
    for name, files in manifest.entries.items():
        good = _ENTRY.fullmatch(name) and not name.startswith(f"{QUARANTINE}/")
        if not good or STAGE_FILE not in files or not all(map(_is_inside, files)):
            raise StoreError(f"{place} is refused: {name!r} is no entry of a store")
    return manifest


def _is_inside(name: str) -> bool:
    """Whether a path in an archive stays in the folder of its entry."""
    path = PurePosixPath(name)
    plain = not path.is_absolute() and ".." not in path.parts and name == str(path)
    return plain and name != "." and not any(each in name for each in "\\\0:")


def _check_members(
    place: str, tar: tarfile.TarFile, manifest: Manifest
) -> dict[str, tarfile.TarInfo]:
    """The members by name; they must be the files of the manifest, and nothing else."""
    listed = {
        f"{name}/{file}": about.size
        for name, files in manifest.entries.items()
        for file, about in files.items()
    }
    members: dict[str, tarfile.TarInfo] = {}
    for member in tar.getmembers()[1:]:
        if not member.isreg() or member.name not in listed or member.name in members:
            raise StoreError(
                f"{place} is refused: its member {member.name!r} is not listed in "
                f"{MANIFEST}, or is no plain file"
            )
        members[member.name] = member
    for name, size in listed.items():
        if name not in members or members[name].size != size:
            raise _damaged(place, f"{name} is missing or cut off")
    return members


def _compare(folder: Path, files: Mapping[str, ArchivedFile]) -> str:
    """Whether the store has an entry: "missing", "same" or "other".

    Records differ between two builds of the same stage, as in their seconds.
    """
    if find_fault(folder) is not None:
        return "missing"
    record: dict[str, Any] = read_stage(folder) or {}
    own = record.get("files", {})
    wanted = {name: each for name, each in files.items() if name != STAGE_FILE}
    same = own.keys() == wanted.keys() and all(
        file_digest(folder / name) == each.sha256 for name, each in wanted.items()
    )
    return "same" if same else "other"


def _add(
    place: str,
    tar: tarfile.TarFile,
    root: Path,
    name: str,
    files: Mapping[str, ArchivedFile],
    members: Mapping[str, tarfile.TarInfo],
) -> None:
    """Write one entry to a partial folder, check it, and give it its name."""
    target = root / name
    partial = target.with_name(f"{target.name}.partial")
    try:
        with lock(root / "locks" / name.replace("/", "-"), f"stage {name} in {root}"):
            if find_fault(target) is None:  # built meanwhile
                return
            shutil.rmtree(partial, ignore_errors=True)
            try:
                for file, about in files.items():
                    content = tar.extractfile(members[f"{name}/{file}"])
                    assert content is not None
                    if _copy(content, partial / file) != about.sha256:
                        raise _damaged(place, f"{name}/{file} has another digest")
                if place_of(read_stage(partial)) != name:
                    raise _damaged(place, f"{name} is another stage")
                if target.exists():
                    quarantine(root, target)
                partial.rename(target)
            finally:
                shutil.rmtree(partial, ignore_errors=True)
    except StoreError:
        raise
    except OSError as error:
        raise StoreError(
            cannot_write(root, error, "name another folder with --store")
        ) from error


def _copy(content: IO[bytes], path: Path) -> str:
    """Copy a file; returns its digest."""
    path.parent.mkdir(parents=True, exist_ok=True)
    digest = hashlib.sha256()
    with path.open("xb") as file:
        while piece := content.read(PIECE):
            digest.update(piece)
            file.write(piece)
    return digest.hexdigest()
