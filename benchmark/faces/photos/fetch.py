"""Fetch the photographs of the face set `photos`, and align them."""

from __future__ import annotations

import http.client
import urllib.request
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmark.faces.photos.manifest import (
    REPOSITORY,
    SIZE,
    Photograph,
    picture_cache,
    read_photographs,
)
from benchmark.faces.picture_cache import FetchReport
from benchmark.faces.pictures import FaceSetError
from benchmark.photographs import DetectedFace, PhotographError, align
from benchmark.photographs.reading import decode_photograph
from benchmark.storage.digests import bytes_digest
from benchmark.system.progress import Progress

SECONDS = 30
"""Longest wait for an answer of the server."""
DOWNLOADS = 4
"""Photographs that are downloaded at a time by default."""


def fetch_photographs(
    source: Path | None, progress: Progress, downloads: int = DOWNLOADS
) -> FetchReport:
    """Fetch, check and align every photograph that is not in the cache yet.

    An interrupted call keeps what it has aligned.

    Args:
        source: a copy of the repository, or None to download.
        progress: shows how many photographs are done.
        downloads: number of photographs that are read at a time.

    Raises:
        FaceSetError: if a photograph is missing, cannot be downloaded or is another
            file, or the cache cannot be written.
    """
    photographs = read_photographs()
    read = _downloaded if source is None else _copied(source)

    def make(faces: Sequence[str]) -> Generator[NDArray[np.uint8], None, None]:
        rows = [photographs[face] for face in faces]
        with ThreadPoolExecutor(downloads) as pool:
            try:
                for row, data in zip(rows, pool.map(read, rows), strict=True):
                    yield align_photograph(row, data, row.path)
            finally:
                pool.shutdown(cancel_futures=True)

    return picture_cache(photographs).fill(make, progress, "photographs")


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
