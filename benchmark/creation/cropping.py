"""Faces of photographs, aligned as models expect them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmark.avatars.counting import counted
from benchmark.photographs import DetectedFace, PhotographError, align, find_faces

SMALLEST_FACE = 32
"""Side in pixels of the smallest face that is used."""
TURNED = 0.08
"""A face is turned away if its nose is outside the eyes by this share, or more."""


@dataclass(frozen=True)
class Crop:
    """An aligned face.

    Attributes:
        face: where it is in the photograph.
        picture: (S, S, 3) uint8, aligned as in FFHQ.
    """

    face: DetectedFace
    picture: NDArray[np.uint8]


@dataclass(frozen=True)
class Found:
    """The usable faces of a photograph, the largest first, and a note or nothing."""

    crops: tuple[Crop, ...]
    note: str = ""


def crop_faces(
    picture: NDArray[np.uint8], label: str, size: int, every: bool = False
) -> Found:
    """Find and align the largest face of a photograph, or `every` usable face.

    Args:
        picture: (H, W, 3) uint8 RGB.
        label: what messages call the photograph.
        size: side of the aligned faces in pixels.
        every: also use smaller faces; those that cannot be used are left out.

    Raises:
        PhotographError: if there is no usable face; one sentence says why.
    """
    faces = find_faces(picture)
    if not faces:
        raise PhotographError(
            f"{label} shows no face that can be found: take a picture from the front, "
            "upright, with the whole head in it"
        )
    problems = [_problem(face) for face in faces]
    usable = [f for f, problem in zip(faces, problems, strict=True) if not problem]
    if not usable or (problems[0] and not every):
        raise PhotographError(f"{label}: {problems[0]}")
    used = usable if every else faces[:1]
    crops = tuple(Crop(face, align(picture, face, size)) for face in used)
    return Found(crops, _note(faces, used, label, every))


def _note(
    faces: Sequence[DetectedFace],
    used: Sequence[DetectedFace],
    label: str,
    every: bool,
) -> str:
    left = len(faces) - len(used)
    if not left:
        return ""
    if every:
        what = counted(left, "face")
        return f"{label}: {what} too small or turned away too far to be used"
    return f"{label} shows {len(faces)} faces; the largest is used (--all uses all)"


def _problem(face: DetectedFace) -> str:
    """Why a face cannot be used, in words; nothing if it can."""
    left, top, right, bottom = face.box
    side = min(right - left, bottom - top)
    if side < SMALLEST_FACE:
        return (
            f"the face is only {max(side, 1):.0f} pixels wide: at least "
            f"{SMALLEST_FACE} are needed, so use a larger picture"
        )
    first, second, nose = face.landmarks[:3]
    axis = second - first
    place = float((nose - first) @ axis / max(float(axis @ axis), 1e-9))
    if not -TURNED < place < 1 + TURNED:
        return "the face is turned away: use a picture that shows it from the front"
    return ""
