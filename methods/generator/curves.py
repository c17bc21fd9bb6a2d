"""Training curves on disk: one JSON line per record, continuous over resumes."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path

from benchmark.storage.store import atomic_write

CURVES = "curves.jsonl"


class Curves:
    """Records of a training in `folder`, up to the iteration that it resumes from.

    Later records of a killed process are dropped, because the resumed training writes
    them again. `hours` is machine time over all processes so far.
    """

    def __init__(self, folder: Path, iteration: int, active: bool) -> None:
        self._path = folder / CURVES
        self._active = active
        self.hours = 0.0
        kept = [r for r in read_curves(folder) if r["step"] <= iteration]
        if kept:
            self.hours = max(record.get("train/hours", 0.0) for record in kept)
        if active:
            text = "".join(json.dumps(record) + "\n" for record in kept)
            atomic_write(self._path, text.encode())

    def add(self, values: Mapping[str, float], iteration: int) -> None:
        """Record values of an iteration."""
        if self._active:
            hours = round(self.hours, 5)
            record = {"step": iteration, **values, "train/hours": hours}
            with self._path.open("a", encoding="utf-8") as file:
                file.write(json.dumps(record) + "\n")
                file.flush()
                os.fsync(file.fileno())


def read_curves(folder: Path) -> list[dict[str, float]]:
    """The records in a training's folder, up to the first incomplete line."""
    path = folder / CURVES
    if not path.is_file():
        return []
    records: list[dict[str, float]] = []
    for line in path.read_text(encoding="utf-8").splitlines():
        try:
            records.append(json.loads(line))
        except json.JSONDecodeError:
            break
    return records
