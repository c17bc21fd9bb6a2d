"""Which faces of a photograph can be used, and why others cannot."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from benchmark.photographs.alignment import crop_side
from benchmark.photographs.detection import DetectedFace, find_faces, resize
from benchmark.photographs.reading import PhotographError

SMALLEST_CROP = 64
"""Smallest accepted side of a face's aligned square, in pixels of the photograph."""

JUDGED_SIDE = 128
"""Side in pixels at which light and sharpness of an aligned face are judged."""
DARK = 40
"""Least grey level of the brightest percent of an aligned face. Photographs have more
than 160; with a tenth of the light, they have less than 25 and the detector still finds
the face."""
BLURRED = 0.25
"""Least difference of neighbours in the sharpest percent of an aligned face, in
standard deviations of its grey levels. Photographs have more than 0.6, those of 64
pixels more than 0.35. With a blur of 4 % of the side they have less than 0.25, and the
detector still finds the face."""


def largest_face(picture: NDArray[np.uint8], label: str) -> DetectedFace:
    """The largest face of a photograph.

    Args:
        picture: (H, W, 3) uint8 RGB.
        label: the photograph's name for error messages.

    Raises:
        PhotographError: if there is no face, or the largest is too small, cut off or
            turned away.
    """
    found = find_faces(picture, only_largest=True)
    if not found:
        raise PhotographError(no_face(label))
    problem = face_problem(found[0], picture)
    if problem is not None:
        raise PhotographError(f"the largest face in {label} {problem}")
    return found[0]


def no_face(label: str) -> str:
    """The sentence for a photograph without a face."""
    return (
        f"no face was found in {label}: use a sharp photograph that shows a whole face "
        "from the front"
    )


def face_problem(face: DetectedFace, picture: NDArray[np.uint8]) -> str | None:
    """Why a face cannot be used, as a predicate and a remedy; None if it can.

    Args:
        face: a face of the picture.
        picture: (H, W, 3) uint8 RGB.
    """
    side = crop_side(face.landmarks)
    if side < SMALLEST_CROP:
        return (
            f"is too small: it would be cut out with {side:.0f} px, but at least "
            f"{SMALLEST_CROP} px are needed, so use a larger photograph"
        )
    if is_cut_off(face, picture.shape[1], picture.shape[0]):
        return (
            "is cut off by the edge of the picture: use a photograph that shows the "
            "whole face"
        )
    if is_turned_away(face):
        return "is turned away: use a photograph that shows both eyes"
    return None


def is_cut_off(face: DetectedFace, width: int, height: int) -> bool:
    """Whether a landmark lies outside the picture, where the detector guesses it."""
    return bool(((face.landmarks < 0) | (face.landmarks > (width, height))).any())


def is_turned_away(face: DetectedFace) -> bool:
    """Whether the nose, seen along the face's axis, is not between the eyes."""
    one, other, nose = face.landmarks[:3]
    down = face.landmarks[3:].mean(0) - (one + other) / 2
    across = np.array([down[1], -down[0]])
    places = np.array([(point - nose) @ across for point in (one, other)])
    return bool((places >= 0).all() or (places <= 0).all())


def light_problem(aligned: NDArray[np.uint8]) -> str | None:
    """Why an aligned face shows too little, as a predicate and a remedy; None if not.

    Args:
        aligned: (S, S, 3) uint8 RGB.
    """
    grey = resize(aligned, (JUDGED_SIDE, JUDGED_SIDE)).mean(2)
    if np.quantile(grey, 0.99) < DARK:
        return "is too dark: use a photograph that was taken in more light"
    edges = [np.abs(np.diff(grey, axis=axis)).ravel() for axis in (0, 1)]
    if np.quantile(np.concatenate(edges), 0.99) < BLURRED * grey.std():
        return "is too blurred: use a sharp photograph"
    return None
