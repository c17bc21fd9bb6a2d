"""Decoding of pictures and part maps, for every kind of face set."""

from __future__ import annotations

import threading
import warnings
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
    "I;16": "a greyscale picture with 16 bits",
}

_OPENING = threading.Lock()
"""Held while warning filters, which belong to the process, are changed."""


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
        FaceSetError: if it cannot be read, is animated, not square, not 8-bit RGB,
            smaller than 64 px, or larger than Pillow's limit of 89 million pixels.
    """
    from PIL import Image

    picture = open_face(data, label)
    if picture.width != size:
        picture = picture.resize((size, size), Image.Resampling.LANCZOS)
    return np.asarray(picture)


def open_face(data: bytes, label: str) -> Image.Image:
    """Read a square RGB picture at its own size; raises as `decode_picture`."""
    from PIL import ImageOps

    picture = open_picture(data, label)
    try:
        picture = ImageOps.exif_transpose(picture)
    except Exception as error:  # Pillow raises many kinds for damaged blocks
        raise FaceSetError(
            f"{label} has a damaged EXIF block: save it again without metadata"
        ) from error
    if picture.mode != "RGB":
        kind = _MODES.get(picture.mode, f"of mode {picture.mode}")
        raise FaceSetError(f"{label} is {kind}: faces must be 8-bit RGB, so convert it")
    width, height = picture.size
    if width != height:
        raise FaceSetError(
            f"{label} is {width} x {height} pixels: faces must be square and aligned, "
            "so run `avatarbench faces align` on the folder"
        )
    if width < SMALLEST:
        raise FaceSetError(
            f"{label} is {width} px wide: faces must have at least {SMALLEST} px, so "
            "use a larger picture"
        )
    return picture


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
    """Read a picture with at most 8 bits per channel and one frame.

    Raises FaceSetError, which names the picture by `label`, for anything else.
    """
    from PIL import Image, UnidentifiedImageError

    if not data:
        raise FaceSetError(
            f"{label} cannot be read as a picture: the file is empty, so copy it again"
        )
    try:
        with _OPENING, warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            picture = Image.open(BytesIO(data))
        _check_frames_and_depth(picture, label)
        picture.load()
    except FaceSetError:
        raise
    except UnidentifiedImageError as error:
        raise FaceSetError(
            f"{label} cannot be read as a picture: it is damaged or of another format"
        ) from error
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise FaceSetError(
            f"{label} has more pixels than the limit of {Image.MAX_IMAGE_PIXELS:,}: "
            "make it smaller"
        ) from error
    except (OSError, SyntaxError, ValueError) as error:
        raise FaceSetError(
            f"{label} cannot be read as a picture: {error}; copy it again"
        ) from error
    return picture


def _check_frames_and_depth(picture: Image.Image, label: str) -> None:
    """Refuse what Pillow would reduce to the first frame or to 8 bits."""
    # MPO is a JPEG with other pictures behind it, such as depth maps of phones.
    if getattr(picture, "is_animated", False) and picture.format != "MPO":
        raise FaceSetError(f"{label} is animated: save one frame as a still picture")
    if picture.mode == "RGB" and ";16" in str(getattr(picture, "tile", "")):
        raise FaceSetError(
            f"{label} has 16 bits per channel: faces must be 8-bit RGB, so convert it"
        )
