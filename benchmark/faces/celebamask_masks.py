"""Merge CelebAMask-HQ's masks, one file per part, into one label map per face.

Order and classes are SemanticStyleGAN's (Shi et al. 2022). A later part covers an
earlier one: hair covers the face, and eyes cover glasses.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmark.avatars.part_classes import PART_IDS
from benchmark.avatars.spec import did_you_mean
from benchmark.faces.folder import check_picture_file, looks_like_picture
from benchmark.faces.pictures import FaceSetError, open_picture
from benchmark.faces.truth_csv import read_checked
from benchmark.storage.digests import bytes_digest
from benchmark.storage.store import atomic_write

MASKS = "CelebAMask-HQ-mask-anno"
FACES_IN_A_FOLDER = 2000
MERGE_VERSION = "1"
"""Part of a cached map's name; raise it when `merge_masks` changes."""

PART_CLASSES: dict[str, int] = {
    part: PART_IDS[name]
    for part, name in (
        ("skin", "skin"),
        ("eye_g", "glasses"),
        ("l_eye", "eyes"),
        ("r_eye", "eyes"),
        ("l_brow", "brows"),
        ("r_brow", "brows"),
        ("mouth", "mouth"),
        ("l_lip", "mouth"),
        ("u_lip", "mouth"),
        ("nose", "nose"),
        ("hair", "hair"),
        ("l_ear", "ears"),
        ("r_ear", "ears"),
        ("neck", "neck"),
        ("neck_l", "neck"),
        ("cloth", "cloth"),
        ("hat", "hat"),
        ("ear_r", "earring"),
    )
}
"""Class ids by the release's part names, in painting order."""

_NAME = re.compile(r"(\d{5})_([a-z_]+)\.png")


@dataclass(frozen=True)
class PartMasks:
    """The masks of one face by part; the merged map is cached in `cache`."""

    face: int
    masks: Mapping[str, Path]
    cache: Path

    @property
    def files(self) -> tuple[Path, ...]:
        """The masks in painting order."""
        return tuple(self.masks[part] for part in PART_CLASSES if part in self.masks)

    def encoded(self) -> tuple[bytes, str]:
        """The label map as PNG, and its path as name for error messages."""
        path = self.cache / f"{self.face:05d}-{self._fingerprint()}.png"
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            atomic_write(path, _png(merge_masks(self.masks)))
        return read_checked(path, None), str(path)

    def _fingerprint(self) -> str:
        """Changes with the masks' sizes and times, so that changed masks are merged."""
        text = MERGE_VERSION
        for path in self.files:
            state = path.stat()
            text += f"{path.resolve()}\0{state.st_size}\0{state.st_mtime_ns}\n"
        return bytes_digest(text.encode())[:16]


def merge_masks(masks: Mapping[str, Path]) -> NDArray[np.uint8]:
    """Paint the masks of one face into (S, S) uint8 classes, in painting order.

    A pixel belongs to a part where its mask is 255. Raises FaceSetError if a mask
    cannot be read or the masks differ in size, and ValueError if there is none.
    """
    labels: NDArray[np.uint8] | None = None
    first: Path | None = None
    for part in (part for part in PART_CLASSES if part in masks):
        mask = _read_mask(masks[part])
        if labels is None:
            labels, first = np.zeros(mask.shape, dtype=np.uint8), masks[part]
        if mask.shape != labels.shape:
            raise FaceSetError(
                f"{masks[part]} is {mask.shape[0]} px wide and {first} is "
                f"{labels.shape[0]}: the masks of a face must have the same size"
            )
        labels[mask] = PART_CLASSES[part]
    if labels is None:
        raise ValueError("a face without masks cannot be merged")
    return labels


def list_masks(root: Path, faces: Iterable[int]) -> dict[int, dict[str, Path]]:
    """Masks by face id and part, in all folders that contain ids of `faces`.

    Raises FaceSetError for an invalid file name, an unknown part, and a mask in the
    wrong folder.
    """
    masks: dict[int, dict[str, Path]] = {}
    for number in sorted({face // FACES_IN_A_FOLDER for face in faces}):
        folder = root / MASKS / str(number)
        for path in sorted(folder.iterdir()) if folder.is_dir() else ():
            if not looks_like_picture(path):
                continue
            face, part = _face_and_part(path)
            if face // FACES_IN_A_FOLDER != number:
                raise FaceSetError(
                    f"{path} is in the wrong folder: masks of face {face} belong in "
                    f"{root / MASKS / str(face // FACES_IN_A_FOLDER)}"
                )
            masks.setdefault(face, {})[part] = path
    return masks


def _face_and_part(path: Path) -> tuple[int, str]:
    match = _NAME.fullmatch(path.name)
    if match is None:
        raise FaceSetError(
            f"{path} is not a mask's name: expected ID_PART.png, such as 00000_skin.png"
        )
    check_picture_file(path)
    part = match[2]
    if part not in PART_CLASSES:
        raise FaceSetError(
            f"{path} has an unknown part{did_you_mean(part, PART_CLASSES)}; the parts "
            f"are {', '.join(PART_CLASSES)}"
        )
    return int(match[1]), part


def _read_mask(path: Path) -> NDArray[np.bool_]:
    """(S, S) bool: where the mask is 255."""
    picture = open_picture(read_checked(path, None), str(path))
    if picture.mode not in {"1", "L", "P", "RGB"}:
        raise FaceSetError(
            f"{path} has mode {picture.mode}: masks must be black and white pictures"
        )
    if picture.width != picture.height:
        raise FaceSetError(
            f"{path} is {picture.width} x {picture.height} pixels: masks must be square"
        )
    values = np.asarray(picture.convert("L"))
    mask = values == 255
    if values.any() and not mask.any():
        raise FaceSetError(
            f"{path} has no pixel of 255 but values up to {values.max()}: a mask must "
            "be 255 where the part is and 0 elsewhere"
        )
    return mask


def _png(labels: NDArray[np.uint8]) -> bytes:
    from PIL import Image

    stream = io.BytesIO()
    Image.fromarray(labels).save(stream, "PNG")
    return stream.getvalue()
