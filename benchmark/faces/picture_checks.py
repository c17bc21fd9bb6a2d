"""Check every picture of the splits that a suite uses, before any work begins."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from benchmark.faces.folder import FileFaces
from benchmark.faces.pictures import FaceSetError, open_face
from benchmark.faces.split import FaceSplit
from benchmark.storage.digests import bytes_digest
from benchmark.storage.store import atomic_write
from benchmark.system.progress import Progress
from benchmark.weights import WeightsError, cache_folder

CHECK_VERSION = "1"
"""Kept with cached checks; raise it when other pictures are refused."""
CACHED_FROM = 500
"""Checks of splits with fewer files take seconds and are not cached."""
MAX_LISTED = 20
"""Problems that are listed; the others are counted."""


@dataclass(frozen=True)
class PictureCheck:
    """What is wrong with a picture, and the SHA-256 (hex) of its pixels."""

    label: str
    problem: str
    digest: str


def check_picture(data: bytes, label: str) -> PictureCheck:
    """Decode a picture; the digest covers its size and pixels, upright."""
    try:
        picture = open_face(data, label)
    except FaceSetError as error:
        return PictureCheck(label, str(error), "")
    pixels = f"{picture.size}\n".encode() + picture.tobytes()
    return PictureCheck(label, "", bytes_digest(pixels))


def check_splits(
    splits: Mapping[str, FaceSplit], progress: Progress
) -> tuple[list[str], list[str]]:
    """Check every picture of some splits.

    Returns problems and warnings, one sentence each. A problem is a picture that cannot
    be used, or the same picture in two splits. The same picture twice in one split is a
    warning. At most `MAX_LISTED` of each are listed.
    """
    problems: list[str] = []
    warnings: list[str] = []
    first: dict[str, tuple[str, str]] = {}
    for name, split in splits.items():
        for check in _check_split(split, progress):
            if check.problem:
                problems.append(check.problem)
                continue
            other, label = first.setdefault(check.digest, (name, check.label))
            if label == check.label:
                # Seen first, or a face that two lists of splits name.
                continue
            if other != name:
                problems.append(
                    f"{check.label} (split {name}) and {label} (split {other}) are the "
                    "same picture: remove one, so that no method is tested on faces "
                    "that it has seen"
                )
            else:
                warnings.append(
                    f"{check.label} and {label} are the same picture, which counts "
                    f"twice in split {name}"
                )
    return shorten(problems), shorten(warnings)


def shorten(sentences: Sequence[str]) -> list[str]:
    """The first `MAX_LISTED` sentences, and how many more there are."""
    more = len(sentences) - MAX_LISTED
    end = [f"and {more} more of this kind"] if more > 0 else []
    return [*sentences[:MAX_LISTED], *end]


def _check_split(split: FaceSplit, progress: Progress) -> list[PictureCheck]:
    source = split.source
    files = source.files if isinstance(source, FileFaces) else {}
    cache = _cache_file(split, files)
    known = {} if cache is None else _read_cache(cache)

    def check(face: str) -> tuple[str, PictureCheck]:
        key = _fingerprint(files[face]) if cache is not None else ""
        found = known.get(key)
        if found is not None:
            return key, PictureCheck(str(files[face]), *found)
        try:
            data, label = source.picture(face)
        except FaceSetError as error:
            return "", PictureCheck(face, str(error), "")
        return key, check_picture(data, label)

    checks: dict[str, PictureCheck] = {}
    results: list[PictureCheck] = []
    with (
        ThreadPoolExecutor(min(8, os.cpu_count() or 1)) as pool,
        progress.task(f"check {split.name} faces", len(split)) as bar,
    ):
        for key, result in pool.map(check, split.ids):
            results.append(result)
            if key:
                checks[key] = result
            bar.advance()
    if cache is not None and checks.keys() - known.keys():
        _write_cache(cache, checks)
    return results


def _fingerprint(path: Path) -> str:
    """Changes with the name, size or time of a file; empty for a missing file."""
    try:
        state = path.stat()
    except OSError:
        return ""
    return f"{path.resolve()}\0{state.st_size}\0{state.st_mtime_ns}"


def _cache_file(split: FaceSplit, files: Mapping[str, Path]) -> Path | None:
    """Where checks of a split are cached; None if the split is small or not files."""
    if len(split) < CACHED_FROM or not files:
        return None
    root = os.path.commonpath([path.resolve().parent for path in files.values()])
    name = bytes_digest(os.fsencode(f"{root}\0{split.name}"))[:16]
    try:
        return cache_folder() / "picture-checks" / f"{name}.json"
    except WeightsError:
        return None


def _read_cache(path: Path) -> dict[str, tuple[str, str]]:
    """(problem, digest) by fingerprint; empty if there is no cache that can be read."""
    try:
        data = json.loads(path.read_bytes())
        if data["version"] != CHECK_VERSION:
            return {}
        return {k: (str(problem), str(d)) for k, (problem, d) in data["checks"].items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}


def _write_cache(path: Path, checks: Mapping[str, PictureCheck]) -> None:
    """Cache checks; a folder that cannot be written only costs time."""
    entries = {key: (check.problem, check.digest) for key, check in checks.items()}
    text = json.dumps({"version": CHECK_VERSION, "checks": entries})
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        atomic_write(path, text.encode())
    except OSError:
        return
