"""CelebAMask-HQ's masks, a file a part, painted into one label map a face.

Order and classes are SemanticStyleGAN's (Shi et al. 2022): a later part covers an
earlier one, so that hair covers the face and eyes cover the glasses over them.
"""

from __future__ import annotations

import hashlib
import io
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmark.avatars.part_classes import PART_IDS
from benchmark.avatars.spec import nearest
from benchmark.faces.pictures import FaceSetError, open_picture
from benchmark.faces.truth_csv import read_checked
from benchmark.storage.store import atomic_write

MASKS = "CelebAMask-HQ-mask-anno"
FACES_IN_A_FOLDER = 2000
MERGE_VERSION = "1"
"""Part of a cached map's name: it changes with the painting."""

PAINTED: dict[str, int] = {
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
"""Class ids by the release's part names, in the order of painting."""

_NAME = re.compile(r"(\d{5})_([a-z_]+)\.png")


@dataclass(frozen=True)
class PartMasks:
    """The masks of one face by part; merged when first read, then kept in `cache`."""

    face: int
    masks: Mapping[str, Path]
    cache: Path

    @property
    def files(self) -> tuple[Path, ...]:
        """The masks in the order of painting."""
        return tuple(self.masks[part] for part in PAINTED if part in self.masks)

    def encoded(self) -> tuple[bytes, str]:
        """The label map as PNG, and what to call it in messages."""
        kept = self.cache / f"{self.face:05d}-{self._mark()}.png"
        if not kept.exists():
            kept.parent.mkdir(parents=True, exist_ok=True)
            atomic_write(kept, _png(merge_masks(self.masks)))
        return read_checked(kept, None), str(kept)

    def _mark(self) -> str:
        """Names this state of the masks: a file that changed is merged anew."""
        total = hashlib.sha256(MERGE_VERSION.encode())
        for path in self.files:
            state = path.stat()
            text = f"{path.resolve()}\0{state.st_size}\0{state.st_mtime_ns}\n"
            total.update(text.encode())
        return total.hexdigest()[:16]


def merge_masks(masks: Mapping[str, Path]) -> NDArray[np.uint8]:
    """(S, S) uint8 classes of one face's masks; FaceSetError for masks that differ.

    A pixel of 255 belongs to the part; every other belongs to what was painted before.
    """
    labels: NDArray[np.uint8] | None = None
    first: Path | None = None
    for part in (part for part in PAINTED if part in masks):
        mask = _read_mask(masks[part])
        if labels is None:
            labels, first = np.zeros(mask.shape, dtype=np.uint8), masks[part]
        if mask.shape != labels.shape:
            raise FaceSetError(
                f"{masks[part]} is {mask.shape[0]} px wide and {first} is "
                f"{labels.shape[0]}: the masks of a face have one size"
            )
        labels[mask] = PAINTED[part]
    if labels is None:
        raise ValueError("a face without masks cannot be merged")
    return labels


def list_masks(root: Path, faces: Iterable[int]) -> dict[int, dict[str, Path]]:
    """Masks by face id and part of those folders that ids of `faces` belong to.

    Raises FaceSetError for a name that is no mask's, an unknown part and a mask in
    another's folder.
    """
    found: dict[int, dict[str, Path]] = {}
    for number in sorted({face // FACES_IN_A_FOLDER for face in faces}):
        folder = root / MASKS / str(number)
        for path in sorted(folder.glob("*.png")) if folder.is_dir() else ():
            face, part = _face_and_part(path)
            if face // FACES_IN_A_FOLDER != number:
                raise FaceSetError(
                    f"{path} lies in the wrong folder: masks of face {face} belong "
                    f"into {root / MASKS / str(face // FACES_IN_A_FOLDER)}"
                )
            found.setdefault(face, {})[part] = path
    return found


def _face_and_part(path: Path) -> tuple[int, str]:
    match = _NAME.fullmatch(path.name)
    if match is None:
        raise FaceSetError(
            f"{path} is not named as a mask is: expected ID_PART.png, as 00000_skin.png"
        )
    part = match[2]
    if part not in PAINTED:
        raise FaceSetError(
            f"{path} names no part of CelebAMask-HQ{nearest(part, PAINTED)}; the "
            f"parts are {', '.join(PAINTED)}"
        )
    return int(match[1]), part


def _read_mask(path: Path) -> NDArray[np.bool_]:
    """(S, S) bool: where the mask is 255."""
    picture = open_picture(read_checked(path, None), str(path))
    if picture.mode not in {"1", "L", "P", "RGB"}:
        raise FaceSetError(
            f"{path} has mode {picture.mode}: masks are black and white pictures"
        )
    if picture.width != picture.height:
        raise FaceSetError(
            f"{path} is {picture.width} x {picture.height} pixels: masks are square"
        )
    values = np.asarray(picture.convert("L"))
    mask = values == 255
    if values.any() and not mask.any():
        raise FaceSetError(
            f"{path} holds no 255 but values up to {values.max()}: a mask is 255 "
            "where the part is and 0 elsewhere"
        )
    return mask


def _png(labels: NDArray[np.uint8]) -> bytes:
    from PIL import Image

    stream = io.BytesIO()
    Image.fromarray(labels).save(stream, "PNG")
    return stream.getvalue()
