"""Align faces as in the FFHQ data set (Karras et al. 2019, appendix A)."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from benchmark.photographs.detection import DetectedFace

BLUR_REACH = 4
"""Standard deviations beyond which Pillow's blur, three box filters, sees nothing."""
Corners = NDArray[np.float64]
"""(4, 2) x and y: top left, bottom left, bottom right, top right."""


def align(
    picture: NDArray[np.uint8], face: DetectedFace, size: int
) -> NDArray[np.uint8]:
    """The square around a face that FFHQ would cut out, upright.

    Where the square leaves the picture, the picture is continued by its mirror image,
    which is blurred towards its median colour.

    Args:
        picture: (H, W, 3) uint8 RGB.
        face: a face of the picture.
        size: side of the result in pixels.

    Returns:
        (size, size, 3) uint8 RGB.
    """
    # Landmarks are relative to the centres of pixels, corners to their edges.
    corners = crop_corners(face.landmarks) + 0.5
    picture, corners = _shrink(picture, corners, size)
    picture, corners = _cut_and_pad(picture, corners)
    # Turned at no less than its resolution, then made smaller.
    finer = size * max(2, math.ceil(_side(corners) / size))
    origin, down, right = corners[0], corners[1] - corners[0], corners[3] - corners[0]
    matrix = np.column_stack([right / finer, down / finer, origin])
    turned = Image.fromarray(picture).transform(
        (finer, finer),
        Image.Transform.AFFINE,
        tuple(matrix.ravel().tolist()),
        Image.Resampling.BILINEAR,
    )
    return np.asarray(turned.resize((size, size), Image.Resampling.LANCZOS))


def crop_corners(landmarks: NDArray[np.float64]) -> Corners:
    """Corners of FFHQ's square for five landmarks, in pixels.

    The square is upright along the sum of the line between the eyes and the normal of
    the line from the eyes to the mouth. Its side is 4 eye distances or 3.6 distances
    from the eyes to the mouth, whichever is longer.
    """
    eyes = landmarks[:2].mean(0)
    across = landmarks[1] - landmarks[0]
    down = landmarks[3:].mean(0) - eyes
    direction = across + _quarter_turn(down, -1)
    length = max(2.0 * np.hypot(*across), 1.8 * np.hypot(*down))
    x = direction / max(np.hypot(*direction), 1e-9) * max(length, 1e-3)
    y = _quarter_turn(x, 1)
    centre = eyes + 0.1 * down
    return np.stack([centre - x - y, centre - x + y, centre + x + y, centre + x - y])


def crop_side(landmarks: NDArray[np.float64]) -> float:
    """Side of FFHQ's square for five landmarks, in pixels."""
    return _side(crop_corners(landmarks))


def _quarter_turn(vector: NDArray[np.float64], sign: int) -> NDArray[np.float64]:
    """Turn a vector by 90 degrees; with sign 1, right becomes down."""
    return np.array([-sign * vector[1], sign * vector[0]])


def _side(corners: Corners) -> float:
    return float(np.hypot(*(corners[3] - corners[0])))


def _shrink(
    picture: NDArray[np.uint8], corners: Corners, size: int
) -> tuple[NDArray[np.uint8], Corners]:
    """Cut out what is needed, at up to four times the final size."""
    height, width = picture.shape[:2]
    margin = 0.3 * _side(corners)
    low = np.floor(np.clip(corners.min(0) - margin, 0, (width - 1, height - 1)))
    high = np.ceil(np.clip(corners.max(0) + margin, low + 1, (width, height)))
    (left, top), (right, bottom) = low.astype(int), high.astype(int)
    cut = picture[top:bottom, left:right]
    corners = corners - low
    factor = int(_side(corners) / size / 2)
    if factor > 1:
        cut = np.asarray(Image.fromarray(cut).reduce(factor))
        corners = corners / factor
    return cut, corners


def _cut_and_pad(
    picture: NDArray[np.uint8], corners: Corners
) -> tuple[NDArray[np.uint8], Corners]:
    """Continue the picture on sides where the square leaves it."""
    height, width = picture.shape[:2]
    side = _side(corners)
    border = max(round(0.1 * side), 3)
    low = np.floor(corners.min(0)).astype(int) - border
    high = np.ceil(corners.max(0)).astype(int) + border
    pad = np.maximum([*-low, *(high - (width, height))], 0)
    if pad.max() <= border - 4:
        return picture, corners
    pad = np.maximum(pad, round(0.3 * side))
    left, top, right, bottom = (int(each) for each in pad)
    mirrored = np.pad(picture, ((top, bottom), (left, right), (0, 0)), "reflect")
    # Only what the square and the blur of its border need is continued.
    blur = 0.02 * side
    (row, column), (last_row, last_column) = (
        np.clip(edge + np.array([top, left]), 0, mirrored.shape[:2]).tolist()
        for edge in (
            low[::-1] - math.ceil(BLUR_REACH * blur),
            high[::-1] + math.ceil(BLUR_REACH * blur),
        )
    )
    used = np.s_[row:last_row, column:last_column]
    rows, columns = np.ogrid[used]
    outside = np.maximum(
        1 - np.minimum(columns / left, (mirrored.shape[1] - 1 - columns) / right),
        1 - np.minimum(rows / top, (mirrored.shape[0] - 1 - rows) / bottom),
    ).astype(np.float32)[..., None]
    mirrored = mirrored[used]
    blurring = ImageFilter.GaussianBlur(blur)
    blurred = np.asarray(Image.fromarray(mirrored).filter(blurring), np.float32)
    padded = mirrored.astype(np.float32)
    padded += (blurred - padded) * np.clip(3 * outside + 1, 0, 1)
    median = np.median(picture[::4, ::4].reshape(-1, 3), 0).astype(np.float32)
    padded += (median - padded) * np.clip(outside, 0, 1)
    padded = np.rint(padded).clip(0, 255).astype(np.uint8)
    return padded, corners + pad[:2] - (column, row)
