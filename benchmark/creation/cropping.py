"""Faces of photographs, aligned as models expect them."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from benchmark.avatars.counting import counted
from benchmark.photographs import (
    DetectedFace,
    PhotographError,
    align,
    decode_photograph,
    find_faces,
)
from benchmark.photographs.alignment import crop_side
from benchmark.photographs.choosing import (
    face_problem,
    largest_face,
    light_problem,
    no_face,
)
from benchmark.photographs.reading import decode_reduced

REDUCED_SIDE = 1280
"""Smallest width and height to which large photographs are reduced."""


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


def crop_photograph(data: bytes, label: str, size: int, every: bool = False) -> Found:
    """As `crop_faces`, from the bytes of a photograph.

    A large JPEG file is first decoded at a reduced size. That is enough if the face is
    large in it; the pixels then differ from those of the whole file by rounding.
    """
    if not every:
        small, factor = decode_reduced(data, label, REDUCED_SIDE)
        if factor == 1:
            return crop_faces(small, label, size)
        found = find_faces(small, only_largest=True)
        large = found and crop_side(found[0].landmarks) >= size
        if large and face_problem(found[0], small) is None:
            crop = _visible_crop(small, found[0], label, size)
            return Found((replace(crop, face=found[0].enlarged(factor)),))
    return crop_faces(decode_photograph(data, label), label, size, every)


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
    if not every:
        face = largest_face(picture, label)
        return Found((_visible_crop(picture, face, label, size),))
    faces = find_faces(picture)
    if not faces:
        raise PhotographError(no_face(label))
    crops: list[Crop] = []
    problems: list[str] = []
    for face in faces:
        result = face_problem(face, picture) or _crop(picture, face, size)
        if isinstance(result, Crop):
            crops.append(result)
        else:
            problems.append(result)
    if not crops:
        raise PhotographError(f"the largest face in {label} {problems[0]}")
    left = counted(len(problems), "face")
    unusable = "too small, cut off, turned away, dark or blurred"
    return Found(tuple(crops), f"{label}: {left} {unusable}" if problems else "")


def _visible_crop(
    picture: NDArray[np.uint8], face: DetectedFace, label: str, size: int
) -> Crop:
    """The aligned largest face; PhotographError if it is dark or blurred."""
    result = _crop(picture, face, size)
    if isinstance(result, str):
        raise PhotographError(f"the largest face in {label} {result}")
    return result


def _crop(picture: NDArray[np.uint8], face: DetectedFace, size: int) -> Crop | str:
    """An aligned face, or why it shows too little."""
    aligned = align(picture, face, size, quick=True)
    return light_problem(aligned) or Crop(face, aligned)
