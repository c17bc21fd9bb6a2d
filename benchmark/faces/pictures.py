"""Decoding of pictures and part maps, for every kind of face set."""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from benchmark.avatars.part_classes import PART_NAMES

if TYPE_CHECKING:
    from PIL import Image

SMALLEST = 64
"""Smallest accepted edge of a face picture, in pixels."""

_MODES = {
    "L": "greyscale",
    "1": "black and white",
    "LA": "greyscale with an alpha channel",
    "P": "a palette picture",
    "RGBA": "a picture with an alpha channel",
    "CMYK": "a CMYK picture",
}


class FaceSetError(ValueError):
    """Invalid face set; the message names the file, and row or column if possible."""


def decode_picture(data: bytes, label: str, size: int) -> NDArray[np.uint8]:
    """Decode a square RGB picture and resize it with a Lanczos filter.

    Other pictures are refused, not converted, since they are a sign of a wrong folder.

    Args:
        data: the encoded picture; its EXIF orientation is applied.
        label: the picture's name for error messages.
        size: edge of the result in pixels.

    Returns:
        (size, size, 3) uint8 RGB.

    Raises:
        FaceSetError: if it cannot be read, or is not square, not 8-bit RGB or smaller
            than 64 px.
    """
    from PIL import Image, ImageOps

    picture = ImageOps.exif_transpose(open_picture(data, label))
    if picture.mode != "RGB":
        kind = _MODES.get(picture.mode, f"of mode {picture.mode}")
        raise FaceSetError(f"{label} is {kind}: faces must be 8-bit RGB, so convert it")
    width, height = picture.size
    if width != height:
        raise FaceSetError(
            f"{label} is {width} x {height} pixels: faces must be square, so align "
            "and crop it"
        )
    if width < SMALLEST:
        raise FaceSetError(
            f"{label} is {width} px wide: faces must have at least {SMALLEST} px"
        )
    if width != size:
        picture = picture.resize((size, size), Image.Resampling.LANCZOS)
    return np.asarray(picture)


def decode_parsing(data: bytes, label: str, size: int) -> NDArray[np.uint8]:
    """Decode a part map and resize it by nearest neighbour.

    Returns (size, size) uint8 class ids. Raises FaceSetError, which names the map by
    `label`, unless it is square with one 8-bit channel of the 13 part classes.
    """
    from PIL import Image

    picture = open_picture(data, label)
    if picture.mode not in {"L", "P"}:
        raise FaceSetError(
            f"{label} has mode {picture.mode}: part maps must have one 8-bit channel"
        )
    width, height = picture.size
    if width != height:
        raise FaceSetError(
            f"{label} is {width} x {height} pixels: part maps must be square"
        )
    ids = np.asarray(picture.resize((size, size), Image.Resampling.NEAREST))
    if ids.max() >= len(PART_NAMES):
        raise FaceSetError(
            f"{label} holds class {ids.max()}: part classes are 0-{len(PART_NAMES) - 1}"
        )
    return ids


def open_picture(data: bytes, label: str) -> Image.Image:
    """Read a picture; FaceSetError, which names it by `label`, if that fails."""
    from PIL import Image, UnidentifiedImageError

    try:
        picture = Image.open(BytesIO(data))
        picture.load()
    except UnidentifiedImageError as error:
        raise FaceSetError(
            f"{label} cannot be read as a picture: it is damaged or of another format"
        ) from error
    except (OSError, SyntaxError, ValueError) as error:
        raise FaceSetError(f"{label} cannot be read as a picture: {error}") from error
    return picture
