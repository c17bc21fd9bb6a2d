"""Trial folders: the plain files that every table, page and study is made from."""

from __future__ import annotations

import io
import json
import os
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from benchmark.avatars import AvatarVectors
from benchmark.storage.store import atomic_write

if TYPE_CHECKING:
    import pandas as pd

TRIAL_FILE, CASES_FILE, TIMING_FILE = "trial.json", "cases.parquet", "timing.json"
PICTURES = "pictures"
WEBP_QUALITY = 88


class TrialError(ValueError):
    """A trial's folder is damaged; the message names it and says what to do."""


@dataclass(frozen=True)
class CaseBlock:
    """The cases of one split under one designer: n faces, in the split's order.

    `scores` maps each case metric to (n,) floats; NaN where it does not apply.
    """

    split: str
    designer: str
    faces: Sequence[str]
    parts: Sequence[str]
    predicted: AvatarVectors
    truth: AvatarVectors
    scores: Mapping[str, NDArray[np.float64]]


def cases_bytes(blocks: Sequence[CaseBlock]) -> bytes:
    """`cases.parquet`: a row a (split, part, designer, face), the same bytes each time.

    Columns: those four, one a case metric (null where it does not apply), and
    `predicted` and `truth` as JSON records by parameter and option names.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    rows = [len(block.faces) for block in blocks]
    columns: dict[str, Any] = {
        "split": np.repeat([b.split for b in blocks], rows).tolist(),
        "part": [part for b in blocks for part in b.parts],
        "designer": np.repeat([b.designer for b in blocks], rows).tolist(),
        "face": [face for b in blocks for face in b.faces],
    }
    table = {name: pa.array(values, pa.string()) for name, values in columns.items()}
    for metric in blocks[0].scores:
        values = np.concatenate([b.scores[metric] for b in blocks])
        table[metric] = pa.array(values, pa.float64(), mask=np.isnan(values))
    table["predicted"] = pa.array(_records([b.predicted for b in blocks]))
    table["truth"] = pa.array(_records([b.truth for b in blocks]))
    buffer = io.BytesIO()
    pq.write_table(pa.table(table), buffer, compression="zstd")
    return buffer.getvalue()


def _records(batches: Sequence[AvatarVectors]) -> list[str]:
    return [
        json.dumps(record, separators=(",", ":"))
        for batch in batches
        for record in batch.to_records()
    ]


def webp_bytes(picture: NDArray[np.uint8]) -> bytes:
    """A (S, S, 3) uint8 picture as WebP."""
    from PIL import Image

    buffer = io.BytesIO()
    Image.fromarray(picture).save(buffer, "webp", quality=WEBP_QUALITY, method=2)
    return buffer.getvalue()


def json_bytes(data: Any) -> bytes:
    """Readable JSON in canonical order; NaN becomes null."""
    text = json.dumps(_without_nan(data), indent=2, sort_keys=True, allow_nan=False)
    return (text + "\n").encode()


def _without_nan(data: Any) -> Any:
    if isinstance(data, Mapping):
        return {key: _without_nan(value) for key, value in data.items()}
    if isinstance(data, (list, tuple)):
        return [_without_nan(value) for value in data]
    if isinstance(data, float) and not np.isfinite(data):
        return None
    return data


def publish(target: Path, fill: Callable[[Path], None]) -> None:
    """Make a folder whole or not at all: `fill` a hidden one, then take its place."""
    partial = target.with_name(f".{target.name}.partial")
    old = target.with_name(f".{target.name}.old")
    for leftover in (partial, old):
        shutil.rmtree(leftover, ignore_errors=True)
    partial.mkdir(parents=True)
    try:
        fill(partial)
        if target.exists():
            target.rename(old)
        partial.rename(target)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
        shutil.rmtree(old, ignore_errors=True)


def read_record(folder: Path) -> dict[str, Any] | None:
    """A trial folder's `trial.json`; None where there is none (or no whole one)."""
    return _read_object(folder / TRIAL_FILE)


def read_timing(folder: Path) -> dict[str, Any] | None:
    """A trial folder's `timing.json`; None where the trial has no whole one."""
    return _read_object(folder / TIMING_FILE)


def _read_object(path: Path) -> dict[str, Any] | None:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return found if isinstance(found, dict) else None


def read_cases(folder: Path) -> pd.DataFrame:
    """A finished trial's cases as `cases_bytes` describes them.

    Raises TrialError where the file is missing or damaged.
    """
    import pandas as pd

    try:
        return pd.read_parquet(folder / CASES_FILE)
    except (OSError, ValueError) as error:
        raise TrialError(
            f"{folder / CASES_FILE} is missing or damaged: delete the folder {folder} "
            "and run the suite again"
        ) from error


def trial_folders(run: Path) -> list[Path]:
    """The trial folders of a run, sorted by name; unfinished ones are not there."""
    return sorted(path.parent for path in run.glob(f"trials/[!.]*/{TRIAL_FILE}"))


def point_latest(run: Path) -> None:
    """Make `latest` beside a run folder lead to it."""
    link = run.parent / "latest"
    temporary = run.parent / f".latest-{os.getpid()}"
    temporary.unlink(missing_ok=True)
    temporary.symlink_to(run.name, target_is_directory=True)
    os.replace(temporary, link)


def write_once(path: Path, data: bytes) -> None:
    """Write a file that is always the same, if it is not there yet."""
    if not path.is_file():
        path.parent.mkdir(parents=True, exist_ok=True)
        atomic_write(path, data)
