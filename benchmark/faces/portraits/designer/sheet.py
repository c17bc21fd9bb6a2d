"""Contact sheet of faces beside both designers' avatars on every built-in engine."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from benchmark.avatars import AvatarError
from benchmark.faces.parquet_set import read_manifest
from benchmark.faces.portraits.designer.truths import (
    DESIGNERS,
    ENGINES,
    load_engine,
    split_attributes,
    truth,
)
from benchmark.faces.split import FaceSplit

if TYPE_CHECKING:
    from PIL import Image

_GAP, _TITLE = 4, 30


@dataclass(frozen=True)
class SheetFaces:
    """Faces to draw: (n, size, size, 3) uint8 pictures and their attributes."""

    pictures: NDArray[np.uint8]
    attributes: Sequence[Mapping[str, Any]]


def draw_truths(
    path: Path,
    folder: Path,
    count: int = 12,
    size: int = 120,
    split: str = "validation",
) -> None:
    """Write a PNG of faces beside the avatars that the designers made for them.

    Each row shows two faces, each followed by both designers' avatars on every built-in
    engine.

    Args:
        path: the PNG; its folder is created.
        folder: a Parquet face set with attributes.
        count: number of faces, spread evenly over the split.
        size: edge of a tile in pixels.
        split: any split but `heldout`, whose faces are used for scoring only.

    Raises:
        AvatarError: if `split` is `heldout`.
    """
    if split == "heldout":
        raise AvatarError(
            "held-out faces are for scoring only: draw the sheet from another split"
        )
    faces = _choose(folder, split, count, size)
    tiles = _tiles(faces, size)
    sheet = _lay_out(tiles, size)
    path.parent.mkdir(parents=True, exist_ok=True)
    sheet.save(path, optimize=True)


def _choose(folder: Path, split: str, count: int, size: int) -> SheetFaces:
    ids, attributes = split_attributes(folder, split)
    rows = np.linspace(0, len(ids) - 1, min(count, len(ids))).round().astype(int)
    chosen = tuple(ids[row] for row in rows)
    source = read_manifest(folder).splits[split]
    pictures = FaceSplit(split, source, chosen).pictures(size)
    return SheetFaces(pictures, [attributes[row] for row in rows])


def _tiles(faces: SheetFaces, size: int) -> NDArray[np.uint8]:
    """(n, 1 + engines * designers, size, size, 3) uint8: a face, then its avatars."""
    columns = [faces.pictures]
    for name in ENGINES:
        engine = load_engine(name)
        for designer in DESIGNERS:
            vectors = truth(name, engine.spec, designer, faces.attributes)
            columns.append(engine.render(vectors, size))
    return np.stack(columns, axis=1)


def _lay_out(tiles: NDArray[np.uint8], size: int) -> Image.Image:
    from PIL import Image, ImageDraw

    count, across = tiles.shape[:2]
    pitch, block = size + _GAP, across * (size + _GAP) + 3 * _GAP
    rows = (count + 1) // 2
    sheet = Image.new("RGB", (2 * block - 3 * _GAP, _TITLE + rows * pitch), "white")
    pen = ImageDraw.Draw(sheet)
    titles = ["face", *(f"{e}\n{d}" for e in ENGINES for d in DESIGNERS)]
    for index in range(count):
        left, top = (index % 2) * block, _TITLE + (index // 2) * pitch
        for column in range(across):
            x = left + column * pitch
            sheet.paste(Image.fromarray(tiles[index, column]), (x, top))
            if index < 2:
                pen.multiline_text((x + 2, 1), titles[column], fill="black", spacing=1)
    return sheet
