"""Read CelebAMask-HQ folders, as released or as prepared for SemanticStyleGAN.

The release (Lee et al. 2020) has pictures in `CelebA-HQ-img` (`0.jpg` and so on) and
one mask per face and part in `CelebAMask-HQ-mask-anno`. The prepared form has pictures
in `image_train` and `image_val`, and label maps of the 13 part classes in `label_train`
and `label_val`.
"""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from benchmark.avatars.spec import did_you_mean
from benchmark.faces.celebamask_masks import (
    FACES_IN_A_FOLDER,
    MASKS,
    PartMasks,
    list_masks,
)
from benchmark.faces.folder import SUFFIXES, check_picture_file, looks_like_picture
from benchmark.faces.parsed import Parsed, check_indices
from benchmark.faces.pictures import FaceSetError, decode_parsing, decode_picture
from benchmark.faces.truth_csv import read_checked
from benchmark.storage.digests import bytes_digest
from benchmark.weights import cache_folder

LICENCE = (
    "CelebAMask-HQ: non-commercial research and education only (its authors' terms, "
    "and CelebA's); so is what is trained on it"
)
SPLITS = {"train": range(28_000), "validation": range(28_000, 30_000)}
"""Face ids by split."""
PICTURES = "CelebA-HQ-img"
PREPARED = {
    "train": ("image_train", "label_train"),
    "validation": ("image_val", "label_val"),
}
"""Folders of pictures and label maps by split."""
THREADS = 4
"""Threads per batch; decoding releases the global interpreter lock."""


class Labels(Protocol):
    """Source of one face's label map."""

    @property
    def files(self) -> tuple[Path, ...]:
        """The files that it is made from."""
        ...

    def encoded(self) -> tuple[bytes, str]:
        """The label map as an encoded picture, and its name for error messages."""
        ...


@dataclass(frozen=True)
class LabelFile:
    """A label map stored as one file."""

    path: Path

    @property
    def files(self) -> tuple[Path, ...]:
        """The file, as a tuple of one."""
        return (self.path,)

    def encoded(self) -> tuple[bytes, str]:
        """The file's bytes, and its path as name for error messages."""
        return read_checked(self.path, None), str(self.path)


@dataclass(frozen=True, eq=False)
class CelebAMaskFaces:
    """One split as `ParsedFaces`; pictures and label maps are read on demand."""

    split: str
    size: int
    pictures: tuple[Path, ...]
    labels: tuple[Labels, ...]
    name: str = "celebamask-hq"
    licence: str = LICENCE
    stand_in: bool = False

    @property
    def digest(self) -> str:
        """SHA-256 (hex) over split, size, and the names and sizes of the files.

        The files' contents are not read, since they are gigabytes.
        """
        return self._digest

    @cached_property
    def _digest(self) -> str:
        lines = [f"{self.name} {self.split} {self.size}\n"]
        for picture, labels in zip(self.pictures, self.labels, strict=True):
            for path in (picture, *labels.files):
                lines.append(f"{path.name}\0{path.stat().st_size}\n")
        return bytes_digest("".join(lines).encode())

    def __len__(self) -> int:
        return len(self.pictures)

    def batch(self, indices: NDArray[np.int64]) -> Parsed:
        """Pictures (Lanczos) and label maps (nearest neighbour), resized to `size`."""
        # A face that is requested twice is read once.
        faces, inverse = np.unique(
            check_indices(indices, len(self)), return_inverse=True
        )
        pictures = np.empty((len(faces), self.size, self.size, 3), dtype=np.uint8)
        parsing = np.empty((len(faces), self.size, self.size), dtype=np.uint8)

        def read_into(row: int) -> None:
            face = int(faces[row])
            path = self.pictures[face]
            data = read_checked(path, None)
            pictures[row] = decode_picture(data, str(path), self.size)
            parsing[row] = decode_parsing(*self.labels[face].encoded(), self.size)

        with ThreadPoolExecutor(THREADS) as pool:
            list(pool.map(read_into, range(len(faces))))
        return pictures[inverse], parsing[inverse]


def is_celebamask(root: Path) -> bool:
    """Whether the folder looks like CelebAMask-HQ, released or prepared."""
    return (root / PICTURES).is_dir() or (root / PREPARED["train"][0]).is_dir()


def open_celebamask(
    root: Path, size: int, split: str = "train", cache: Path | None = None
) -> CelebAMaskFaces:
    """Open a split of CelebAMask-HQ, released or prepared.

    Args:
        root: the folder; if it has both forms, the prepared one is used.
        size: edge of pictures and label maps, in pixels.
        split: `train` (ids 0-27999) or `validation` (28000-29999).
        cache: folder for the merged masks of the released form; by default,
            `celebamask-labels` in avatarbench's cache folder.

    Raises:
        FaceSetError: if the split is unknown or empty, a picture has no mask or a mask
            has no picture, or a file name is invalid.
    """
    if split not in SPLITS:
        raise FaceSetError(
            f"CelebAMask-HQ has no split {split!r}{did_you_mean(split, SPLITS)}; its "
            f"splits are {' and '.join(SPLITS)}"
        )
    images, maps = (root / name for name in PREPARED[split])
    if images.is_dir() or maps.is_dir():
        pictures, labels = _prepared(images, maps, split)
    elif (root / PICTURES).is_dir():
        merged = cache if cache is not None else cache_folder() / "celebamask-labels"
        pictures, labels = _released(root, split, merged)
    else:
        raise FaceSetError(
            f"{root} is not a CelebAMask-HQ folder: expected {PICTURES} and {MASKS}, "
            f"or {images.name} and {maps.name}"
        )
    return CelebAMaskFaces(split, size, tuple(pictures.values()), tuple(labels))


def _released(
    root: Path, split: str, cache: Path
) -> tuple[dict[int, Path], list[PartMasks]]:
    both_splits = _by_id(root / PICTURES, SUFFIXES)
    pictures = {
        face: path for face, path in both_splits.items() if face in SPLITS[split]
    }
    _check_any(pictures, root / PICTURES, split)
    masks = list_masks(root, SPLITS[split])
    for face, path in pictures.items():
        if face not in masks:
            folder = root / MASKS / str(face // FACES_IN_A_FOLDER)
            raise FaceSetError(
                f"{path} has no mask: expected masks such as {face:05d}_skin.png in "
                f"{folder}"
            )
    for face in sorted(masks.keys() - pictures.keys()):
        path = next(iter(masks[face].values()))
        raise FaceSetError(
            f"{path} has no picture: expected {root / PICTURES}/{face}.jpg"
        )
    return pictures, [PartMasks(face, masks[face], cache) for face in pictures]


def _prepared(
    images: Path, maps: Path, split: str
) -> tuple[dict[int, Path], list[LabelFile]]:
    for folder, other in ((images, maps), (maps, images)):
        if not folder.is_dir():
            raise FaceSetError(f"{folder} is missing beside {other}")
    pictures, labels = _by_id(images, SUFFIXES), _by_id(maps, (".png",))
    _check_any(pictures, images, split)
    for face, path in sorted((pictures | labels).items()):
        if face not in SPLITS[split]:
            raise FaceSetError(
                f"{path} is not of the {split} split, whose ids are {_ids(split)}: "
                "remove or rename it"
            )
    for face, path in pictures.items():
        if face not in labels:
            raise FaceSetError(f"{path} has no label map: expected {maps}/{face}.png")
    for face in sorted(labels.keys() - pictures.keys()):
        raise FaceSetError(
            f"{labels[face]} has no picture: expected {images}/{face}.jpg"
        )
    return pictures, [LabelFile(labels[face]) for face in pictures]


def _by_id(folder: Path, suffixes: tuple[str, ...]) -> dict[int, Path]:
    """Pictures of a folder by face id, sorted; FaceSetError for invalid file names."""
    files: dict[int, Path] = {}
    for path in sorted(folder.iterdir()):
        if not looks_like_picture(path):
            continue
        face = _face_id(path)
        if path.suffix.lower() not in suffixes:
            raise FaceSetError(f"{path} must be a {' or '.join(suffixes)} file")
        check_picture_file(path)
        if face in files:
            raise FaceSetError(f"{files[face]} and {path} are both face {face}")
        files[face] = path
    return dict(sorted(files.items()))


def _face_id(path: Path) -> int:
    digits = path.stem
    if not (digits.isascii() and digits.isdigit() and int(digits) < 30_000):
        raise FaceSetError(
            f"{path} is not named by a CelebAMask-HQ id (0-29999): expected a name "
            f"such as 0{path.suffix}"
        )
    return int(digits)


def _check_any(pictures: Mapping[int, Path], folder: Path, split: str) -> None:
    if not pictures:
        raise FaceSetError(
            f"{folder} has no pictures of the {split} split (ids {_ids(split)})"
        )


def _ids(split: str) -> str:
    return f"{SPLITS[split].start}-{SPLITS[split].stop - 1}"
