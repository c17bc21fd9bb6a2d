"""Predict vectors in batches; an interrupted prediction continues at its open batch."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from torch import Tensor

from benchmark.run.stage_keys import PREDICT_BATCH
from benchmark.storage.batch_files import build_batches
from benchmark.storage.store import atomic_write
from benchmark.system.progress import Progress

if TYPE_CHECKING:
    from methods.base import Method


def predict_in_batches(
    method: Method, faces: Tensor, scratch: Path, progress: Progress, label: str
) -> list[dict[str, Any]]:
    """Predict (n, 3, H, W) faces in [-1, 1]; returns n vectors as records by name.

    Finished batches are kept in `scratch` and read by the next call. The faces of a
    batch are fixed, so a prediction does not depend on interruptions.
    """

    def build(rows: slice, file: Path) -> None:
        records = method.predict(faces[rows]).to_records()
        atomic_write(file, json.dumps(records).encode())

    files = build_batches(
        len(faces),
        PREDICT_BATCH,
        lambda number: scratch / f"vectors-{number:05d}.json",
        build,
        progress,
        label,
    )
    return [record for file in files for record in json.loads(file.read_text())]
