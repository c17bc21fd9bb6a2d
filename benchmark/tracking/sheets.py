"""Pictures as PNG, which MLflow's pages show; they do not show WebP."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from benchmark.avatars.counting import counted
from benchmark.storage.trial_folder import PICTURES

HELDOUT = "heldout"
"""The split whose pictures are not logged."""
MOST_FACES = 24
ACROSS = 3
"""Faces beside each other on a sheet."""
EXAMPLE = 256
EDGE, GAP, MARGIN, HEAD = 128, 4, 20, 22
INK, FAINT, PAPER = "#1d1f21", "#5b6168", "#ffffff"


def trial_sheet(folder: Path, split: str, truths: Path, target: Path) -> None:
    """Write faces of a trial beside its avatars and the ground truth, as one PNG.

    Args:
        folder: the trial's folder with its pictures.
        split: whose faces are drawn, at most 24.
        truths: folder with a ground-truth picture of each face; missing ones are
            left out.
        target: the PNG file.
    """
    found = sorted((folder / PICTURES / split).glob("*.face.webp"))
    faces = [path.name.removesuffix(".face.webp") for path in found]
    rows = [
        (
            face,
            (
                folder / PICTURES / split / f"{face}.face.webp",
                folder / PICTURES / split / f"{face}.prediction.webp",
                truths / f"{face}.webp",
            ),
        )
        for face in faces[:MOST_FACES]
    ]
    title = f"{folder.name}: {counted(len(rows), 'face')} of {len(faces)} ({split})"
    _draw(title, ("face", "avatar", "ground truth"), rows).save(target)


def example_picture(folder: Path, record: Mapping[str, Any]) -> NDArray[np.uint8]:
    """An avatar of a trial, (256, 256, 3); grey if all its faces are held out.

    It is the input example of a model. No face is, since models are shared.
    """
    for split in record["splits"]:
        drawn = sorted((folder / PICTURES / split).glob("*.prediction.webp"))
        if split != HELDOUT and drawn:
            with Image.open(drawn[0]) as picture:
                return np.asarray(picture.convert("RGB").resize((EXAMPLE, EXAMPLE)))
    return np.full((EXAMPLE, EXAMPLE, 3), 128, np.uint8)


def copy_with_png(source: Path, target: Path) -> None:
    """Copy a folder; WebP pictures become PNG pictures of the same name."""
    for path in sorted(source.rglob("*")):
        if path.is_dir():
            continue
        place = target / path.relative_to(source)
        place.parent.mkdir(parents=True, exist_ok=True)
        if path.suffix == ".webp":
            with Image.open(path) as picture:
                picture.save(place.with_suffix(".png"))
        else:
            shutil.copyfile(path, place)


def _draw(
    title: str,
    heads: Sequence[str],
    rows: Sequence[tuple[str, Sequence[Path]]],
) -> Image.Image:
    block = len(heads) * (EDGE + GAP) + MARGIN
    across = min(ACROSS, len(rows)) or 1
    down = -(-len(rows) // across)
    top = MARGIN + 2 * HEAD
    page = Image.new(
        "RGB", (MARGIN + across * block, top + down * (EDGE + HEAD) + MARGIN), PAPER
    )
    pen = ImageDraw.Draw(page)
    pen.text((MARGIN, MARGIN - 6), title, fill=INK, font=_font(17))
    for index, (name, paths) in enumerate(rows):
        left = MARGIN + index % across * block
        above = top + index // across * (EDGE + HEAD)
        for column, path in enumerate(paths):
            start = left + column * (EDGE + GAP)
            if index < across:
                middle = (start + EDGE // 2, top - 6)
                pen.text(middle, heads[column], fill=INK, font=_font(13), anchor="ms")
            if path.is_file():
                with Image.open(path) as picture:
                    page.paste(
                        picture.convert("RGB").resize((EDGE, EDGE)), (start, above)
                    )
        pen.text((left, above + EDGE + 3), name, fill=FAINT, font=_font(11))
    return page


def _font(points: int) -> ImageFont.ImageFont | ImageFont.FreeTypeFont:
    return ImageFont.load_default(points)
