"""The manifest of the face set `photos`: which photographs, and how each is aligned."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from benchmark.faces.faceset import PORTRAITS
from benchmark.faces.picture_cache import PictureCache

DATA = PORTRAITS.parent / "photos"
"""The folder with the manifest, tables of looks, ground truth and their card."""
MANIFEST = DATA / "photographs.csv"

NAME = "photos"
VERSION = "1"
LICENCE = "CC0-1.0"
REPOSITORY = "faker-js/assets-person-portrait"
COMMIT = "63aef57b5a839aebe3ad913ec7c76469aabbb6c5"
SIZE = 512
"""Side of the aligned pictures in pixels."""
SPLITS = ("validation", "heldout")


@dataclass(frozen=True)
class Photograph:
    """One row of the manifest.

    Attributes:
        face: the face id.
        path: path in the repository.
        sha256: SHA-256 (hex) of the file.
        split: one of `SPLITS`.
        landmarks: x and y of five landmarks in pixels, as `DetectedFace` has them. They
            are recorded, so that every machine aligns alike.
        pixels: SHA-256 (hex) of the aligned picture: uint8 RGB, row by row.
    """

    face: str
    path: str
    sha256: str
    split: str
    landmarks: tuple[tuple[float, float], ...]
    pixels: str

    @property
    def url(self) -> str:
        """Where the file can be downloaded."""
        return f"https://raw.githubusercontent.com/{REPOSITORY}/{COMMIT}/{self.path}"


def read_photographs() -> Mapping[str, Photograph]:
    """The rows of the manifest by face id, in its order."""
    from benchmark.storage.csv_reader import read_csv

    return {
        cells["face"]: Photograph(
            cells["face"],
            cells["path"],
            cells["sha256"],
            cells["split"],
            _landmarks(cells["landmarks"]),
            cells["pixels"],
        )
        for _, cells in read_csv(MANIFEST).rows
    }


def _landmarks(cell: str) -> tuple[tuple[float, float], ...]:
    numbers = [float(number) for number in cell.split()]
    return tuple(zip(numbers[::2], numbers[1::2], strict=True))


def picture_cache(photographs: Mapping[str, Photograph]) -> PictureCache:
    """The aligned pictures of the rows of the manifest, in the cache."""
    recorded = {face: row.pixels for face, row in photographs.items()}
    how = "which downloads about 35 MB, or add --from with a copy of them"
    return PictureCache(NAME, VERSION, LICENCE, recorded, how)
