"""From encoded pictures to arrays: one decoder for every kind of face set."""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from benchmark.avatars.part_classes import PART_NAMES

if TYPE_CHECKING:
    from PIL import Image

SMALLEST = 64
"""Faces of fewer pixels a side are refused: nothing could be read from them."""

_MODES = {
    "L": "greyscale",
    "1": "black and white",
    "LA": "greyscale with an alpha channel",
    "P": "a palette picture",
    "RGBA": "a picture with an alpha channel",
    "CMYK": "a CMYK picture",
}


class FaceSetError(ValueError):
    """A face set breaks its contract; the message names the file, row or column."""


def decode_picture(data: bytes, label: str, size: int) -> NDArray[np.uint8]:
    """(size, size, 3) uint8 RGB of an encoded square RGB picture (Lanczos).

    `label` names the picture in messages. Raises FaceSetError for what cannot be read
    and for pictures that are not square, not RGB or smaller than 64 px: aligned faces
    are all three, and a silent conversion would hide a wrong folder.
    """
    from PIL import Image, ImageOps

    picture = ImageOps.exif_transpose(open_picture(data, label))
    if picture.mode != "RGB":
        kind = _MODES.get(picture.mode, f"of mode {picture.mode}")
        raise FaceSetError(f"{label} is {kind}: faces are 8-bit RGB, so convert it")
    width, height = picture.size
    if width != height:
        raise FaceSetError(
            f"{label} is {width} x {height} pixels: faces are square, so align and "
            "crop it"
        )
    if width < SMALLEST:
        raise FaceSetError(f"{label} is {width} px wide: faces need {SMALLEST} or more")
    if width != size:
        picture = picture.resize((size, size), Image.Resampling.LANCZOS)
    return np.asarray(picture)


def decode_parsing(data: bytes, label: str, size: int) -> NDArray[np.uint8]:
    """(size, size) uint8 class ids of an encoded parsing map (nearest neighbour).

    Raises FaceSetError where it is not a square one-channel map of the 13 classes.
    """
    from PIL import Image

    picture = open_picture(data, label)
    if picture.mode not in {"L", "P"}:
        raise FaceSetError(
            f"{label} has mode {picture.mode}: parsing maps have one 8-bit channel"
        )
    width, height = picture.size
    if width != height:
        raise FaceSetError(
            f"{label} is {width} x {height} pixels: parsing maps are square"
        )
    ids = np.asarray(picture.resize((size, size), Image.Resampling.NEAREST))
    if ids.max() >= len(PART_NAMES):
        raise FaceSetError(
            f"{label} holds class {ids.max()}: part classes are 0-{len(PART_NAMES) - 1}"
        )
    return ids


def open_picture(data: bytes, label: str) -> Image.Image:
    """The loaded picture; FaceSetError by `label` for what cannot be read as one."""
    from PIL import Image, UnidentifiedImageError

    try:
        picture = Image.open(BytesIO(data))
        picture.load()
    except UnidentifiedImageError as error:
        raise FaceSetError(
            f"{label} cannot be read as a picture: it is damaged, or something else"
        ) from error
    except (OSError, SyntaxError, ValueError) as error:
        raise FaceSetError(f"{label} cannot be read as a picture: {error}") from error
    return picture
