"""A method's predictions for many faces, batch by batch, resumable at the open one."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from torch import Tensor

from benchmark.run.stage_keys import PREDICT_BATCH
from benchmark.storage.store import atomic_write
from benchmark.system.progress import Progress

if TYPE_CHECKING:
    from methods.base import Method


def predicted(
    method: Method, faces: Tensor, scratch: Path, progress: Progress, label: str
) -> list[dict[str, Any]]:
    """Records by names of what `method` predicts for (n, 3, H, W) faces in [-1, 1].

    Batches that lie in `scratch`, from a run that was killed, are read. Which faces are
    in one is fixed, so that a prediction is the same in any run.
    """
    files = {
        start: scratch / f"vectors-{start:07d}.json"
        for start in range(0, len(faces), PREDICT_BATCH)
    }
    there = {start for start, file in files.items() if file.is_file()}
    done = sum(min(PREDICT_BATCH, len(faces) - start) for start in there)
    with progress.task(label, len(faces), done) as bar:
        for start in sorted(files.keys() - there):
            batch = faces[start : start + PREDICT_BATCH]
            records = method.predict(batch).to_records()
            atomic_write(files[start], json.dumps(records).encode())
            bar.advance(len(batch))
    found = [json.loads(file.read_text()) for file in files.values()]
    return [record for records in found for record in records]
