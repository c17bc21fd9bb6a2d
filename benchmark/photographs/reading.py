"""Read photographs of any common kind as upright 8-bit sRGB."""

from __future__ import annotations

import contextlib
import io
import threading
import warnings
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from PIL import Image

FORMATS = ("JPEG", "PNG", "WEBP", "AVIF", "BMP", "GIF", "JPEG2000", "PPM", "TIFF")
"""Formats that are read, as Pillow names them. Pillow's others are rarely photographs,
and some of them start other programs."""
LARGEST_SIDE = 8192
"""JPEG files with longer sides are decoded at 1/2, 1/4 or 1/8 of their size, which
takes less time and memory."""

_HEIC = (b"ftypheic", b"ftypheix", b"ftyphevc", b"ftypmif1", b"ftypmsf1")
_OPENING = threading.Lock()
"""Held while warning filters, which belong to the process, are changed."""


class PhotographError(ValueError):
    """A photograph that cannot be used; the message is one sentence that names it."""


def read_photograph(path: Path) -> NDArray[np.uint8]:
    """Read a photograph: (H, W, 3) uint8 sRGB, upright.

    Unlike pictures of face sets, photographs are converted: the EXIF orientation and
    the colour profile are applied, transparent pixels become white, 16 bits become 8,
    and an animation gives its first frame.

    Raises:
        PhotographError: if the file cannot be read as a photograph.
    """
    return decode_photograph(read_file(path), str(path))


def read_file(path: Path) -> bytes:
    """The bytes of a file; PhotographError if it cannot be read."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise PhotographError(
            f"{path} cannot be read: {error.strerror or error}; check the path and "
            "its permissions"
        ) from error


def decode_photograph(data: bytes, label: str) -> NDArray[np.uint8]:
    """As `read_photograph`, from the bytes of a file that messages call `label`."""
    return decode_reduced(data, label, LARGEST_SIDE // 2)[0]


def decode_reduced(
    data: bytes, label: str, least: int
) -> tuple[NDArray[np.uint8], int]:
    """As `decode_photograph`, but large JPEG files are decoded at a reduced size.

    Args:
        data: bytes of a file.
        label: what messages call it.
        least: smallest width and height in pixels to which it is reduced.

    Returns:
        The photograph, and the number of pixels of the file for one of its.
    """
    from PIL import Image, UnidentifiedImageError

    if not data:
        raise PhotographError(f"{label} is empty: copy it again")
    try:
        with _OPENING, warnings.catch_warnings(action="ignore"):
            Image.init()
            known = [each for each in FORMATS if each in Image.OPEN]
            picture = Image.open(io.BytesIO(data), formats=known)
            width = picture.width
            picture.draft(None, (least, least))
        if picture.format == "JPEG":
            picture.load()  # takes long, but gives no warnings: needs no lock
        with _OPENING, warnings.catch_warnings(action="ignore"):
            picture.load()
            return np.asarray(_to_srgb(picture)), round(width / picture.width)
    except UnidentifiedImageError as error:
        raise PhotographError(f"{label} {_not_read(data)}") from error
    except Image.DecompressionBombError as error:
        raise PhotographError(
            f"{label} has more than {2 * (Image.MAX_IMAGE_PIXELS or 0) // 10**6} "
            "million pixels: make it smaller"
        ) from error
    # Pillow raises many kinds of exceptions for damaged files.
    except Exception as error:
        reason = str(error) or type(error).__name__
        raise PhotographError(
            f"{label} is damaged or truncated ({reason}): copy it again"
        ) from error


def _not_read(data: bytes) -> str:
    if data[4:12] in _HEIC:
        return (
            "is a HEIC photograph, which cannot be read: save it as JPEG (on an "
            "iPhone, choose Settings, Camera, Formats, Most Compatible)"
        )
    return (
        "is damaged or not a photograph: expected one of the formats "
        f"{', '.join(FORMATS)}"
    )


def _to_srgb(picture: Image.Image) -> Image.Image:
    """The first frame, upright, as 8-bit sRGB."""
    from PIL import Image

    profile = picture.info.get("icc_profile")
    _turn_upright(picture)
    if picture.mode.startswith("I") or picture.mode == "F":
        return _to_8_bits(picture).convert("RGB")
    if picture.has_transparency_data:
        picture = picture.convert("RGBA")
        white = Image.new("RGBA", picture.size, "white")
        picture = Image.alpha_composite(white, picture).convert("RGB")
    if profile and picture.mode in {"RGB", "CMYK", "L"}:
        picture = _apply_profile(picture, profile)
    return picture if picture.mode == "RGB" else picture.convert("RGB")


def _turn_upright(picture: Image.Image) -> None:
    from PIL import ImageOps

    # A damaged EXIF block says nothing about the orientation.
    with contextlib.suppress(Exception):
        ImageOps.exif_transpose(picture, in_place=True)


def _to_8_bits(picture: Image.Image) -> Image.Image:
    """Grey with 16 or 32 bits, or as floating point, as 8-bit grey."""
    from PIL import Image

    grey = np.asarray(picture, np.float64)
    largest = 65_535.0 if picture.mode.startswith("I") else float(grey.max())
    grey = grey / max(largest, 1e-9) * 255
    return Image.fromarray(grey.clip(0, 255).astype(np.uint8))


def _apply_profile(picture: Image.Image, profile: bytes) -> Image.Image:
    """Convert from a colour profile to sRGB; unchanged if the profile is unusable."""
    from PIL import ImageCms

    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        if "sRGB" in ImageCms.getProfileDescription(source):
            return picture
        converted = ImageCms.profileToProfile(
            picture, source, ImageCms.createProfile("sRGB"), outputMode="RGB"
        )
    except (ImageCms.PyCMSError, OSError, ValueError):
        return picture
    return picture if converted is None else converted
