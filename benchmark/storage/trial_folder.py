"""Trial folders: the files that tables, pages and studies are made from."""

from __future__ import annotations

import io
import json
import re
import shutil
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from benchmark.avatars import AvatarVectors
from benchmark.storage.store import atomic_write
from benchmark.system.cpu_load import usable_cores

if TYPE_CHECKING:
    import pandas as pd

TRIAL_FILE, CASES_FILE, TIMING_FILE = "trial.json", "cases.parquet", "timing.json"
PICTURES = "pictures"
WEBP_QUALITY = 88


class TrialError(ValueError):
    """A trial folder is damaged; the message names it and says what to do."""


@dataclass(frozen=True)
class CaseBlock:
    """The n cases of one split and designer, in the split's order of faces.

    `scores` maps each case metric to (n,) floats, NaN where it does not apply.
    """

    split: str
    designer: str
    faces: Sequence[str]
    parts: Sequence[str]
    predicted: AvatarVectors
    truth: AvatarVectors
    scores: Mapping[str, NDArray[np.float64]]


def cases_bytes(blocks: Sequence[CaseBlock]) -> bytes:
    """Content of `cases.parquet`: one row per split, designer and face; deterministic.

    Columns: split, part, designer, face, one per case metric (null where it does not
    apply), and `predicted` and `truth` as JSON records of parameter and option names.
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
    """Encode an (S, S, 3) uint8 picture as WebP."""
    from PIL import Image

    buffer = io.BytesIO()
    Image.fromarray(picture).save(buffer, "webp", quality=WEBP_QUALITY, method=2)
    return buffer.getvalue()


def webp_files(pictures: NDArray[np.uint8]) -> list[bytes]:
    """Encode (n, S, S, 3) uint8 pictures as WebP, on all cores.

    The encoder releases the global interpreter lock. Bytes are those of `webp_bytes`.
    """
    with ThreadPoolExecutor(usable_cores()) as pool:
        return list(pool.map(webp_bytes, pictures))


def json_bytes(data: Any) -> bytes:
    """Indented JSON with sorted keys; NaN and infinities become null."""
    text = json.dumps(_finite(data), indent=2, sort_keys=True, allow_nan=False)
    return (text + "\n").encode()


def _finite(data: Any) -> Any:
    if isinstance(data, Mapping):
        return {key: _finite(value) for key, value in data.items()}
    if isinstance(data, (list, tuple)):
        return [_finite(value) for value in data]
    if isinstance(data, float) and not np.isfinite(data):
        return None
    return data


def publish(target: Path, fill: Callable[[Path], None]) -> None:
    """Replace a folder atomically: `fill` a hidden one, then rename it to `target`.

    A kill may leave the earlier folder under its hidden name (see `recover`).
    """
    recover(target)
    partial = target.with_name(f".{target.name}.partial")
    old = _old(target)
    for leftover in (partial, old):
        shutil.rmtree(leftover, ignore_errors=True)
    partial.mkdir(parents=True)
    try:
        fill(partial)
        if target.exists():
            target.rename(old)
        partial.rename(target)
    finally:
        recover(target)
        shutil.rmtree(partial, ignore_errors=True)
        shutil.rmtree(old, ignore_errors=True)


def recover(target: Path) -> None:
    """Give a folder its name back if a kill interrupted `publish` between renames."""
    if _old(target).exists() and not target.exists():
        _old(target).rename(target)


def _old(target: Path) -> Path:
    return target.with_name(f".{target.name}.old")


def read_record(folder: Path) -> dict[str, Any] | None:
    """Content of `trial.json`; None if it is missing or damaged."""
    return _read_object(folder / TRIAL_FILE)


def read_timing(folder: Path) -> dict[str, Any] | None:
    """Content of `timing.json`; None if it is missing or damaged."""
    return _read_object(folder / TIMING_FILE)


def _read_object(path: Path) -> dict[str, Any] | None:
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return data if isinstance(data, dict) else None


def read_cases(folder: Path) -> pd.DataFrame:
    """Cases of a finished trial, with the columns that `cases_bytes` describes.

    Raises TrialError if the file is missing or damaged.
    """
    import pandas as pd

    try:
        return pd.read_parquet(folder / CASES_FILE)
    except (OSError, ValueError) as error:
        raise TrialError(
            f"{folder / CASES_FILE} is missing or damaged: delete the folder {folder} "
            "and run the suite again"
        ) from error


def trial_name(variant: str, engine: str, seed: Any) -> str:
    """The folder name of a trial."""
    return f"{variant}__{engine}__s{seed}"


_TRIAL_NAME = re.compile(r"[^/]+__[^/]+__s\d+")


def trial_folders(run: Path) -> list[Path]:
    """Folders of a run's trials, sorted by name.

    A copy under another name is left out: the record of a trial names its folder.
    """
    return [folder for folder in _folders(run) if _is_trial(folder)]


def other_folders(run: Path) -> list[Path]:
    """Folders among a run's trials that are none, such as copies, sorted by name."""
    return [folder for folder in _folders(run) if not _is_trial(folder)]


def _folders(run: Path) -> list[Path]:
    return sorted(path for path in run.glob("trials/[!.]*") if path.is_dir())


def _is_trial(folder: Path) -> bool:
    record = read_record(folder)
    if record is None:  # readers report a damaged record
        named = _TRIAL_NAME.fullmatch(folder.name) is not None
        return named and (folder / TRIAL_FILE).is_file()
    variant, engine, seed = (record.get(k) for k in ("variant", "engine", "seed"))
    return folder.name == trial_name(str(variant), str(engine), seed)


def write_once(path: Path, data: bytes) -> None:
    """Write a file whose content never changes, unless it exists."""
    if not path.is_file():
        path.parent.mkdir(parents=True, exist_ok=True)
        atomic_write(path, data)
