"""Fetch the photographs of the face set `photos`, and align them."""

from __future__ import annotations

import http.client
import io
import json
import urllib.request
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmark.faces.photos.manifest import (
    NAME,
    REPOSITORY,
    SIZE,
    Photograph,
    fetched_folder,
    read_photographs,
)
from benchmark.faces.photos.pictures import INDEX, Fetched, read_index
from benchmark.faces.pictures import FaceSetError
from benchmark.photographs import DetectedFace, PhotographError, align
from benchmark.photographs.reading import decode_photograph
from benchmark.storage.digests import bytes_digest
from benchmark.storage.store import atomic_write
from benchmark.storage.unwritable import cannot_write
from benchmark.system.progress import Progress

SECONDS = 30
"""Longest wait for an answer of the server."""
DOWNLOADS = 4
"""Photographs that are downloaded at a time."""


@dataclass(frozen=True)
class FetchReport:
    """What `fetch_photographs` did.

    Attributes:
        folder: where the aligned pictures lie.
        added: pictures that were fetched now.
        present: pictures that were there already.
        different: faces whose aligned picture is not the recorded one, bit by bit. JPEG
            decoders may differ by a step or two.
    """

    folder: Path
    added: int
    present: int
    different: tuple[str, ...]


def fetch_photographs(source: Path | None, progress: Progress) -> FetchReport:
    """Fetch, check and align every photograph that is not in the cache yet.

    An interrupted call keeps what it has aligned.

    Args:
        source: a copy of the repository, or None to download.
        progress: shows how many photographs are done.

    Raises:
        FaceSetError: if a photograph is missing, cannot be downloaded or is another
            file, or the cache cannot be written.
    """
    folder, photographs = fetched_folder(), read_photographs()
    known = read_index(folder, photographs)
    kept = {face: known[face] for face in photographs if _is_whole(folder, known, face)}
    missing = [row for face, row in photographs.items() if face not in kept]
    read = _downloaded if source is None else _copied(source)
    pictures = dict(kept)
    with (
        progress.task("photographs", len(missing)) as task,
        ThreadPoolExecutor(DOWNLOADS) as pool,
    ):
        try:
            for row, data in zip(missing, pool.map(read, missing), strict=True):
                pictures[row.face] = _keep(folder, row, data)
                _write_index(folder, pictures)
                task.advance()
        finally:
            pool.shutdown(cancel_futures=True)
    different = tuple(
        face for face, row in photographs.items() if pictures[face].pixels != row.pixels
    )
    return FetchReport(folder, len(missing), len(kept), different)


def align_photograph(row: Photograph, data: bytes, label: str) -> NDArray[np.uint8]:
    """The aligned picture of a photograph: (SIZE, SIZE, 3) uint8 RGB.

    Raises FaceSetError if `data` is no picture.
    """
    try:
        picture = decode_photograph(data, label)
    except PhotographError as error:
        raise FaceSetError(str(error)) from error
    landmarks = np.array(row.landmarks)
    left, top = landmarks.min(0)
    right, bottom = landmarks.max(0)
    face = DetectedFace((left, top, right, bottom), 1.0, landmarks)
    return align(picture, face, SIZE)


def _keep(folder: Path, row: Photograph, data: bytes) -> Fetched:
    from PIL import Image

    aligned = align_photograph(row, data, row.path)
    encoded = io.BytesIO()
    Image.fromarray(aligned).save(encoded, "PNG")
    png = encoded.getvalue()
    _write(folder, f"{row.face}.png", png)
    return Fetched(bytes_digest(png), bytes_digest(aligned.tobytes()), row.pixels)


def _write_index(folder: Path, pictures: dict[str, Fetched]) -> None:
    entries = {face: vars(entry) for face, entry in sorted(pictures.items())}
    _write(folder, INDEX, (json.dumps(entries, indent=1) + "\n").encode())


def _write(folder: Path, name: str, data: bytes) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        atomic_write(folder / name, data)
    except OSError as error:
        remedy = "set AVATARBENCH_CACHE to another folder"
        raise FaceSetError(f"{NAME}: {cannot_write(folder, error, remedy)}") from error


def _is_whole(folder: Path, known: dict[str, Fetched], face: str) -> bool:
    path = folder / f"{face}.png"
    return (
        face in known
        and path.is_file()
        and bytes_digest(path.read_bytes()) == known[face].png
    )


def _copied(source: Path) -> Callable[[Photograph], bytes]:
    if not source.is_dir():
        raise FaceSetError(
            f"{source} is not a folder: give a copy of {REPOSITORY}, with files such "
            "as female/512/0.jpg"
        )

    def read(row: Photograph) -> bytes:
        path = source / row.path
        try:
            data = path.read_bytes()
        except OSError as error:
            raise FaceSetError(
                f"{path} cannot be read: {error.strerror or error}; give a copy of "
                f"{REPOSITORY} with all of its files"
            ) from error
        return _checked(row, data, str(path))

    return read


def _downloaded(row: Photograph) -> bytes:
    try:
        with urllib.request.urlopen(row.url, timeout=SECONDS) as answer:
            data = answer.read()
    except (http.client.HTTPException, OSError) as error:
        reason = getattr(error, "reason", None) or error
        raise FaceSetError(
            f"{row.url} cannot be downloaded: {reason}; connect to the internet and "
            f"repeat the command, or give a copy of {REPOSITORY} with --from"
        ) from error
    return _checked(row, data, row.url)


def _checked(row: Photograph, data: bytes, label: str) -> bytes:
    if bytes_digest(data) != row.sha256:
        raise FaceSetError(
            f"{label} is not the photograph of the manifest (SHA-256 differs): take it "
            f"from {row.url}"
        )
    return data
