"""Measure the speed of a fitted method on this machine."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from torch import Tensor

from benchmark.config.schema import SpeedSection
from benchmark.engines.base import Engine
from benchmark.storage.store import atomic_write
from evaluation.speed import Subject, measure, torch_clock

if TYPE_CHECKING:
    from methods.base import Method

SPEED_FILE = "timing.json"
TIMED_FACES = 8
"""Calls take these faces in turn, one face per call."""


def write_speed(
    folder: Path,
    method: Method,
    engine: Engine,
    faces: Tensor,
    settings: SpeedSection,
    *,
    machine: Mapping[str, Any],
    render_size: int,
    device: str,
) -> None:
    """Time one-face predictions of (n, 3, H, W) faces, alone and with rendering."""
    timing = measure(
        Subject(method.predict, lambda vectors: engine.render(vectors, render_size)),
        list(faces[:TIMED_FACES].split(1)),
        machine,
        settings.warmup,
        settings.repeats,
        torch_clock(device),
    )
    data = {**timing.to_json(), "batch": 1, "warmup": settings.warmup}
    atomic_write(folder / SPEED_FILE, json.dumps(data).encode())


def read_speed(folder: Path) -> dict[str, Any]:
    """Read what `write_speed` wrote."""
    return json.loads((folder / SPEED_FILE).read_text())
