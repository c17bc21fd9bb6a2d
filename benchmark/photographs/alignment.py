"""Align faces as in the FFHQ data set (Karras et al. 2019, appendix A)."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from benchmark.photographs.detection import DetectedFace, resize

BLUR_REACH = 4
"""Standard deviations beyond which Pillow's blur, three box filters, sees nothing."""
BLENDED = -1 / 3
"""How far outside the picture is from where it is blurred. 0 is its edge."""
SEEN = 4
"""Pixels around the square that are seen when it is turned."""
Corners = NDArray[np.float64]
"""(4, 2) x and y: top left, bottom left, bottom right, top right."""


def align(
    picture: NDArray[np.uint8], face: DetectedFace, size: int, quick: bool = False
) -> NDArray[np.uint8]:
    """The square around a face that FFHQ would cut out, upright.

    Where the square leaves the picture, the picture is continued by its mirror image,
    which is blurred towards its median colour.

    Args:
        picture: (H, W, 3) uint8 RGB.
        face: a face of the picture.
        size: side of the result in pixels.
        quick: take half the time. The result differs by about one grey level on
            average. Face sets, which record digests of pixels, need the slow result.

    Returns:
        (size, size, 3) uint8 RGB.
    """
    # Landmarks are relative to the centres of pixels, corners to their edges.
    corners = crop_corners(face.landmarks) + 0.5
    picture, corners = _shrink(picture, corners, size, 1.25 if quick else 2)
    picture, corners = _cut_and_pad(picture, corners)
    # Turned at no less than its resolution, then made smaller.
    sides = _side(corners) / size
    finer = size * max(2, math.ceil(sides))
    if quick:
        finer = size * max(3, math.ceil(2 * sides)) // 2
    origin, down, right = corners[0], corners[1] - corners[0], corners[3] - corners[0]
    matrix = np.column_stack([right / finer, down / finer, origin])
    turned = Image.fromarray(picture).transform(
        (finer, finer),
        Image.Transform.AFFINE,
        tuple(matrix.ravel().tolist()),
        Image.Resampling.BILINEAR,
    )
    if quick:
        return resize(np.array(turned), (size, size), "bicubic")
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
    picture: NDArray[np.uint8], corners: Corners, size: int, least: float
) -> tuple[NDArray[np.uint8], Corners]:
    """Cut out what is needed, reduced to no less than `least` times the final size."""
    height, width = picture.shape[:2]
    margin = 0.3 * _side(corners)
    low = np.floor(np.clip(corners.min(0) - margin, 0, (width - 1, height - 1)))
    high = np.ceil(np.clip(corners.max(0) + margin, low + 1, (width, height)))
    (left, top), (right, bottom) = low.astype(int), high.astype(int)
    cut = picture[top:bottom, left:right]
    corners = corners - low
    factor = int(_side(corners) / size / least)
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
    size = (height + top + bottom, width + left + right)
    # Only what the square and the blur of its border need is continued.
    reach = math.ceil(BLUR_REACH * 0.02 * side)
    (row, column), (last_row, last_column) = (
        np.clip(edge + np.array([top, left]), 0, size).tolist()
        for edge in (low[::-1] - reach, high[::-1] + reach)
    )
    rows = np.pad(np.arange(height), (top, bottom), "reflect")[row:last_row]
    columns = np.pad(np.arange(width), (left, right), "reflect")[column:last_column]
    mirrored = picture.take(columns, axis=1)[rows]
    padded = mirrored.copy()
    y, x = np.arange(row, last_row), np.arange(column, last_column)
    down = 1 - np.minimum(y / top, (size[0] - 1 - y) / bottom)
    across = 1 - np.minimum(x / left, (size[1] - 1 - x) / right)
    corners = corners + pad[:2] - (column, row)
    median = np.median(picture[::4, ::4].reshape(-1, 3), 0).astype(np.float32)
    for strip in _border_strips(down, across, corners):
        _blend_strip(padded, mirrored, strip, down, across, 0.02 * side, median)
    return padded, corners


def _border_strips(
    down: NDArray[np.float64], across: NDArray[np.float64], corners: Corners
) -> list[tuple[slice, slice]]:
    """Rows and columns of the strips of the square in which it is blended.

    `down` and `across` say how far outside the rows and columns are.
    """
    low = np.maximum(np.floor(corners.min(0)).astype(int) - SEEN, 0)
    left, top = low.tolist()
    right, bottom = (np.ceil(corners.max(0)).astype(int) + SEEN).tolist()
    rows, columns = slice(top, bottom), slice(left, right)
    above, below = _outer_spans(down, rows)
    before, after = _outer_spans(across, columns)
    strips = [(above, columns), (below, columns), (rows, before), (rows, after)]
    return [(y, x) for y, x in strips if y.start < y.stop and x.start < x.stop]


def _outer_spans(places: NDArray[np.float64], span: slice) -> tuple[slice, slice]:
    """The parts of a span before and after the places that are not blended."""
    end = min(span.stop, len(places))
    inner = np.flatnonzero(places[span] <= BLENDED) + span.start
    if not len(inner):
        return slice(span.start, end), slice(end, end)
    return slice(span.start, int(inner[0])), slice(int(inner[-1]) + 1, end)


def _blend_strip(
    target: NDArray[np.uint8],
    source: NDArray[np.uint8],
    strip: tuple[slice, slice],
    down: NDArray[np.float64],
    across: NDArray[np.float64],
    blur: float,
    colour: NDArray[np.float32],
) -> None:
    """Write a strip of a picture, blurred and then faded to a colour outside."""
    rows, columns = strip
    reach = math.ceil(BLUR_REACH * blur)
    top, left = max(rows.start - reach, 0), max(columns.start - reach, 0)
    near = source[top : rows.stop + reach, left : columns.stop + reach]
    near = np.asarray(Image.fromarray(near).filter(ImageFilter.GaussianBlur(blur)))
    blurred = near[rows.start - top :, columns.start - left :]
    pixels = source[rows, columns].astype(np.float32)
    blurred = blurred[: pixels.shape[0], : pixels.shape[1]].astype(np.float32)
    outside = np.maximum(down[rows, None], across[columns]).astype(np.float32)[
        ..., None
    ]
    pixels += (blurred - pixels) * np.clip(3 * outside + 1, 0, 1)
    pixels += (colour - pixels) * np.clip(outside, 0, 1)
    target[rows, columns] = np.rint(pixels).clip(0, 255).astype(np.uint8)
