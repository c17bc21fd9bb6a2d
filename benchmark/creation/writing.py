"""The files of an avatar: vector, picture, side by side; table and contact sheet."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from benchmark.storage.store import atomic_write
from benchmark.system.cpu_load import usable_cores

TABLE, PROBLEMS, SHEET = "avatars.csv", "problems.csv", "sheet.png"
PAIR = 128
"""Side of a face and of an avatar on the contact sheet, in pixels."""
COLUMNS, ROWS = 6, 20
Record = Mapping[str, Any]


def vector_path(out: Path, name: str) -> Path:
    """The file of an avatar's vector."""
    return out / f"{name}.json"


def avatar_path(out: Path, name: str) -> Path:
    """The file of an avatar's picture."""
    return out / f"{name}.avatar.png"


def pair_path(out: Path, name: str) -> Path:
    """The file that shows a face and its avatar side by side."""
    return out / f"{name}.side-by-side.png"


def read_avatar(out: Path, name: str) -> dict[str, Any] | None:
    """The content of an avatar's JSON file; None unless all its files are there."""
    try:
        record = json.loads(vector_path(out, name).read_text("utf-8"))
    except (OSError, ValueError):
        return None
    there = avatar_path(out, name).is_file() and pair_path(out, name).is_file()
    return record if isinstance(record, dict) and there else None


def write_avatar(
    out: Path,
    name: str,
    record: Record,
    face: NDArray[np.uint8],
    avatar: NDArray[np.uint8],
) -> None:
    """Write the three files of an avatar, the JSON file last.

    `face` and `avatar` are (S, S, 3) uint8.
    """
    atomic_write(avatar_path(out, name), png_bytes(avatar))
    pair = np.concatenate([face, avatar], axis=1)
    atomic_write(pair_path(out, name), png_bytes(pair))
    text = json.dumps(record, indent=2, ensure_ascii=False)
    atomic_write(vector_path(out, name), f"{text}\n".encode())


def png_bytes(picture: NDArray[np.uint8]) -> bytes:
    """A (H, W, 3) uint8 picture as PNG."""
    stream = io.BytesIO()
    Image.fromarray(picture).save(stream, "PNG", compress_level=1)
    return stream.getvalue()


def write_table(
    out: Path, parameters: Sequence[str], records: Iterable[Record]
) -> None:
    """Write one CSV line per avatar, laid out like a ground-truth file.

    `records` are contents of JSON files.
    """
    rows = [[record["avatar"], *record["vector"].values()] for record in records]
    _write_csv(out / TABLE, ("face", *parameters), rows)


def write_problems(out: Path, problems: Mapping[str, str]) -> None:
    """Write one CSV line per photograph without an avatar; no file if there is none."""
    if problems:
        _write_csv(out / PROBLEMS, ("photo", "problem"), problems.items())
    else:
        (out / PROBLEMS).unlink(missing_ok=True)


def _write_csv(
    path: Path, header: Sequence[str], rows: Iterable[Sequence[object]]
) -> None:
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    atomic_write(path, stream.getvalue().encode())


def write_sheets(out: Path, names: Sequence[str]) -> list[Path]:
    """Draw faces next to their avatars, 120 on each sheet; returns the files."""
    each = COLUMNS * ROWS
    pages = [names[start : start + each] for start in range(0, len(names), each)]
    files: list[Path] = []
    for number, page in enumerate(pages, start=1):
        file = out / (SHEET if number == 1 else f"sheet-{number}.png")
        atomic_write(file, png_bytes(_sheet(out, page)))
        files.append(file)
    return files


def _sheet(out: Path, names: Sequence[str]) -> NDArray[np.uint8]:
    gap = 8
    columns, rows = min(COLUMNS, len(names)), -(-len(names) // COLUMNS)
    width, height = 2 * PAIR + gap, PAIR + gap
    sheet = np.full((rows * height + gap, columns * width + gap, 3), 255, np.uint8)
    with ThreadPoolExecutor(usable_cores()) as pool:
        pairs = pool.map(lambda name: _small_pair(pair_path(out, name)), names)
        for place, pair in enumerate(pairs):
            row, column = divmod(place, COLUMNS)
            top, left = gap + row * height, gap + column * width
            sheet[top : top + PAIR, left : left + 2 * PAIR] = pair
    return sheet


def _small_pair(path: Path) -> NDArray[np.uint8]:
    with Image.open(path) as picture:
        small = picture.convert("RGB").resize((2 * PAIR, PAIR), reducing_gap=2)
    return np.asarray(small)
