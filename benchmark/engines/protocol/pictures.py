"""Pictures as answers of the protocol hold them: PNG, raw RGB or SVG."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from os import cpu_count
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmark.engines.protocol.errors import EngineError

FORMATS = ("png", "rgb", "svg")
"""`rgb` is base64 of size × size × 3 bytes, row by row; `svg` is the text itself."""
_MODES = ("RGB", "RGBA", "L", "LA", "P", "1")
"""Of PNG files; pictures of 16 bits are refused."""


def decode_pictures(
    answer: dict[str, Any], form: str, count: int, size: int
) -> NDArray[np.uint8]:
    """(count, size, size, 3) uint8 RGB of an answer; transparent pixels become white.

    Raises EngineError for another number, form or size of pictures.
    """
    texts = answer.get("pictures")
    if not isinstance(texts, list):
        raise EngineError(
            "the answer has no list `pictures`, and no text `error`; its keys are "
            f"{', '.join(answer) or 'none'}"
        )
    if len(texts) != count:
        raise EngineError(f"the answer has {len(texts)} pictures, expected {count}")
    decode = _DECODERS[form]
    pictures = np.empty((count, size, size, 3), np.uint8)

    def fill(row: int) -> None:
        text = texts[row]
        if not isinstance(text, str):
            raise EngineError(f"picture {row} is not a text")
        try:
            pictures[row] = decode(text, size)
        except EngineError as error:
            raise EngineError(f"picture {row} {error}") from None

    if form == "rgb" or count < 2:
        for row in range(count):
            fill(row)
    else:
        with ThreadPoolExecutor(min(count, cpu_count() or 1)) as pool:
            list(pool.map(fill, range(count)))
    return pictures


def _decode_png(text: str, size: int) -> NDArray[np.uint8]:
    from PIL import Image

    try:
        picture = Image.open(BytesIO(_bytes(text)), formats=("PNG",))
        if picture.size != (size, size):
            raise EngineError(
                f"has {picture.width} × {picture.height} pixels, expected {size} × "
                f"{size}"
            )
        if picture.mode not in _MODES:
            raise EngineError(f"is a PNG of mode {picture.mode}, expected 8 bits")
        rgba = np.array(picture.convert("RGBA"), np.uint16)
    except (OSError, SyntaxError, ValueError) as error:
        raise EngineError(f"is not a PNG: {error}") from None
    alpha = rgba[..., 3:]
    return ((rgba[..., :3] * alpha + 255 * (255 - alpha) + 127) // 255).astype(np.uint8)


def _decode_rgb(text: str, size: int) -> NDArray[np.uint8]:
    pixels = _bytes(text)
    if len(pixels) != size * size * 3:
        raise EngineError(
            f"has {len(pixels)} bytes, expected {size} × {size} × 3 = {size * size * 3}"
        )
    return np.frombuffer(pixels, np.uint8).reshape(size, size, 3)


def _decode_svg(text: str, size: int) -> NDArray[np.uint8]:
    from benchmark.engines.rasterize import rasterize

    try:
        rgba = rasterize(text)
    except Exception as error:
        raise EngineError(f"is not an SVG document: {error}") from None
    if rgba.shape[:2] != (size, size):
        height, width = rgba.shape[:2]
        raise EngineError(
            f"is an SVG of {width} × {height} pixels, expected {size} × {size}: set "
            "`width` and `height` of its root"
        )
    return rgba[..., :3] + (255 - rgba[..., 3:])


def _bytes(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise EngineError("is not base64") from None


_DECODERS: dict[str, Callable[[str, int], NDArray[np.uint8]]] = {
    "png": _decode_png,
    "rgb": _decode_rgb,
    "svg": _decode_svg,
}
