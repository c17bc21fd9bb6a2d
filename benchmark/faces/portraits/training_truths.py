"""Ground truth of a training set's people, without those of the embedded splits."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmark.avatars import AvatarVectors
from benchmark.faces.pictures import FaceSetError
from benchmark.faces.portraits.designer.truths import engine_spec, truth
from benchmark.faces.portraits.people import attributes, sample_person
from benchmark.faces.portraits.splits import EMBEDDED_SEED, SPLITS
from benchmark.faces.portraits.training_set import TrainingSet
from benchmark.storage.digests import digest_of
from benchmark.storage.store import atomic_write
from benchmark.system.progress import Progress, Silent


def unused_people(count: int, seed: int) -> NDArray[np.int64]:
    """Numbers below `count` of train people that are in no embedded split."""
    people = np.arange(count)
    if seed != EMBEDDED_SEED:
        return people
    used = [
        (people >= batch.start) & (people < batch.start + batch.count)
        for batches in SPLITS.values()
        for batch in batches
        if batch.domain == "train"
    ]
    return people[~np.any(used, axis=0)]


def training_truths(
    faces: TrainingSet,
    engines: Sequence[str],
    designer: str = "designer-a",
    cache: Path | None = None,
    progress: Progress | None = None,
) -> tuple[NDArray[np.int64], dict[str, AvatarVectors]]:
    """The people that may train a model for users, and their vectors.

    People of the embedded splits are left out, so that the benchmark stays a test.

    Args:
        faces: a training set.
        engines: names of engines that the designer has tables for.
        designer: a rule-based designer.
        cache: file that keeps the vectors; they take about 15 ms per person.
        progress: receives one step per person.

    Returns:
        Numbers of the n people, and their n vectors for each engine.

    Raises:
        FaceSetError: if everybody is in an embedded split.
    """
    rows = unused_people(len(faces), faces.record.seed)
    if not len(rows):
        raise FaceSetError(
            f"all {len(faces)} people are train faces of the benchmark: render more "
            "than 1000 people, or another --seed"
        )
    specs = {name: engine_spec(name) for name in engines}
    key = digest_of(
        [
            *(faces.record.version, faces.record.seed, len(faces), designer),
            {name: spec.digest for name, spec in specs.items()},
        ]
    )
    flat = _read_cache(cache, key)
    if flat is None:
        people = _describe_people(faces, rows, progress or Silent())
        flat = {
            name: truth(name, spec, designer, people).flat()
            for name, spec in specs.items()
        }
        _write_cache(cache, key, flat)
    return rows, {
        name: AvatarVectors.from_flat(spec, flat[name]) for name, spec in specs.items()
    }


def _describe_people(
    faces: TrainingSet, rows: NDArray[np.int64], progress: Progress
) -> list[dict[str, object]]:
    people: list[dict[str, object]] = []
    with progress.task("ground truth", len(rows)) as task:
        for row in rows.tolist():
            person = sample_person(row, faces.record.seed, faces.record.domain)
            people.append(attributes(person))
            task.advance()
    return people


def _read_cache(path: Path | None, key: str) -> dict[str, NDArray[np.float32]] | None:
    if path is None or not path.is_file():
        return None
    with np.load(path) as arrays:
        if str(arrays["key"]) != key:
            return None
        return {name: arrays[name] for name in arrays.files if name != "key"}


def _write_cache(
    path: Path | None, key: str, flat: Mapping[str, NDArray[np.float32]]
) -> None:
    if path is not None:
        stream = io.BytesIO()
        np.savez_compressed(stream, allow_pickle=False, key=np.array(key), **flat)
        atomic_write(path, stream.getvalue())
