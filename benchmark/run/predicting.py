"""Predict vectors in batches; an interrupted prediction continues at its open batch."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from torch import Tensor

from benchmark.avatars import AvatarSpec
from benchmark.run.contracts import check_predictions
from benchmark.run.stage_keys import PREDICT_BATCH
from benchmark.storage.batch_files import build_batches
from benchmark.storage.store import atomic_write
from benchmark.system.progress import Progress

if TYPE_CHECKING:
    from methods.base import Method


def predict_in_batches(
    method: Method,
    faces: Tensor,
    spec: AvatarSpec,
    scratch: Path,
    progress: Progress,
    label: str,
) -> list[dict[str, Any]]:
    """Predict (n, 3, H, W) faces in [-1, 1]; returns n vectors as records by name.

    Raises ContractError if the method does not return one vector of `spec` for each
    face.

    Finished batches are kept in `scratch` and read by the next call. The faces of a
    batch are fixed, so a prediction does not depend on interruptions.
    """

    def build(rows: slice, file: Path) -> None:
        batch = faces[rows]
        vectors = check_predictions(method.predict(batch), spec, len(batch))
        atomic_write(file, json.dumps(vectors.to_records()).encode())

    files = build_batches(
        len(faces),
        PREDICT_BATCH,
        lambda number: scratch / f"vectors-{number:05d}.json",
        build,
        progress,
        label,
    )
    return [record for file in files for record in json.loads(file.read_text())]
