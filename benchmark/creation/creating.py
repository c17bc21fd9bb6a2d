"""Create avatars of many photographs: batched, resumable, bad ones are reported."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmark.avatars import AvatarVectors
from benchmark.creation.cropping import Crop, crop_photograph
from benchmark.creation.model import Model
from benchmark.creation.writing import Record, read_avatar, write_avatar
from benchmark.engines.base import MIN_SIZE, Engine
from benchmark.photographs import PhotographError
from benchmark.storage.digests import bytes_digest, digest_of
from benchmark.system.cpu_load import usable_cores
from benchmark.system.openmp import one_torch_thread
from benchmark.system.progress import Progress

BATCH = 16
"""Photographs whose faces are predicted and rendered together."""
MANY_FACES = 200
"""More faces than are found in a photograph."""


@dataclass(frozen=True)
class Settings:
    """What all avatars of one call have in common.

    Attributes:
        engine: draws the avatars.
        model: predicts their vectors.
        out: folder of the files.
        size: side of the pictures in pixels, 64 to 1024.
        every: use every face of a photograph, not only the largest.
    """

    engine: Engine
    model: Model
    out: Path
    size: int = 512
    every: bool = False

    def key(self, photo: str) -> str:
        """SHA-256 (hex) of all that avatars depend on; `photo` is that of the file."""
        meta = self.engine.meta
        engine = [meta.name, meta.version, self.engine.spec.digest]
        return digest_of([photo, engine, self.model.digest, self.size, self.every])


@dataclass
class Outcome:
    """What became of the photographs.

    Attributes:
        records: content of the JSON file of each avatar, in order.
        names: names of all avatars.
        problems: one sentence for each photograph without an avatar, by its path.
        cached: number of photographs whose avatars were there before.
    """

    records: list[Record] = field(default_factory=list)
    names: list[str] = field(default_factory=list)
    problems: dict[str, str] = field(default_factory=dict)
    cached: int = 0


@dataclass(frozen=True)
class _Prepared:
    """A photograph that was read: finished records, new faces, or a problem.

    Its avatar is called `name`; several are called `stem` and a number.
    """

    name: str
    stem: str
    path: Path
    key: str = ""
    records: tuple[dict[str, Any], ...] = ()
    crops: tuple[Crop, ...] = ()
    note: str = ""
    problem: str = ""


def create_avatars(
    photos: Mapping[str, Path],
    settings: Settings,
    progress: Progress,
    tell: Callable[[str], None],
) -> Outcome:
    """Create and write the avatars of photographs.

    Avatars that an earlier call made from the same photograph with the same settings
    are kept. A photograph that cannot be used is reported and skipped.

    Args:
        photos: files by the name of their avatars.
        settings: engine, model and output.
        progress: receives one step per photograph.
        tell: receives problems and notes, one sentence each.
    """
    outcome = Outcome()
    many = len(photos) > 1
    with (
        one_torch_thread() if many else nullcontext(),
        ThreadPoolExecutor(usable_cores()) as pool,
    ):
        # The first render is slow. Engines need not be thread-safe: wait for it below.
        defaults = AvatarVectors.defaults(settings.engine.spec)
        warm = pool.submit(settings.engine.render, defaults, MIN_SIZE)
        prepared = _ahead(pool, photos, settings)
        with progress.task("avatars", len(photos)) as task:
            while batch := _next_batch(prepared):
                warm.result()
                _finish_batch(pool, batch, settings, outcome, tell)
                task.advance(len(batch))
    return outcome


def _ahead(
    pool: ThreadPoolExecutor, photos: Mapping[str, Path], settings: Settings
) -> Iterator[_Prepared]:
    """Prepare photographs in threads, at most two batches ahead."""
    waiting: deque[Future[_Prepared]] = deque()
    for name, path in photos.items():
        stem = _stem(name, photos) if settings.every else name
        waiting.append(pool.submit(_prepare, name, stem, path, settings))
        if len(waiting) > 2 * BATCH:
            yield waiting.popleft().result()
    while waiting:
        yield waiting.popleft().result()


def _next_batch(prepared: Iterator[_Prepared]) -> list[_Prepared]:
    batch: list[_Prepared] = []
    for each in prepared:
        batch.append(each)
        if len(batch) == BATCH:
            break
    return batch


def _prepare(name: str, stem: str, path: Path, settings: Settings) -> _Prepared:
    try:
        data = path.read_bytes()
    except OSError as error:
        reason = error.strerror or str(error)
        problem = f"{path} cannot be read: {reason}; check the path"
        return _Prepared(name, stem, path, problem=problem)
    key = settings.key(bytes_digest(data))
    records = _finished(settings, name, stem, key)
    if records:
        return _Prepared(name, stem, path, key, records=records)
    try:
        found = crop_photograph(data, str(path), settings.size, settings.every)
    except PhotographError as error:
        return _Prepared(name, stem, path, problem=str(error))
    return _Prepared(name, stem, path, key, crops=found.crops, note=found.note)


def _stem(name: str, others: Mapping[str, Path]) -> str:
    """What the names of a photograph's avatars begin with if there are several.

    With numbers after it, it is the name of no other photograph.
    """
    stem = f"{name}-"
    while any(f"{stem}{number}" in others for number in range(1, MANY_FACES)):
        stem += "-"
    return stem


def avatar_names(name: str, stem: str, count: int) -> list[str]:
    """The names of the `count` avatars of one photograph."""
    return [name] if count == 1 else [f"{stem}{i}" for i in range(1, count + 1)]


def _finished(
    settings: Settings, name: str, stem: str, key: str
) -> tuple[dict[str, Any], ...]:
    """The records of all avatars of a photograph, if an earlier call made them."""

    def read(avatar: str) -> dict[str, Any] | None:
        record = read_avatar(settings.out, avatar)
        return record if record is not None and record.get("key") == key else None

    first = read(name) or read(f"{stem}1")
    count = first.get("faces") if first is not None else None
    if not isinstance(count, int):
        return ()
    records = [read(each) for each in avatar_names(name, stem, count)]
    kept = [record for record in records if record is not None]
    return tuple(kept) if len(kept) == count else ()


def _finish_batch(
    pool: ThreadPoolExecutor,
    batch: Sequence[_Prepared],
    settings: Settings,
    outcome: Outcome,
    tell: Callable[[str], None],
) -> None:
    """Predict, render and write the new avatars of a batch; extend the outcome."""
    import numpy as np

    crops = [crop for each in batch for crop in each.crops]
    made: Iterator[tuple[Crop, Any, Any]] = iter(())
    if crops:
        vectors = settings.model.predict(np.stack([crop.picture for crop in crops]))
        pictures = settings.engine.render(vectors, settings.size)
        made = iter(zip(crops, vectors.to_records(), pictures, strict=True))
    writing: list[Future[None]] = []
    for each in batch:
        if each.problem:
            tell(each.problem)
            outcome.problems[str(each.path)] = each.problem
            continue
        if each.note:
            tell(each.note)
        records = list(each.records)
        outcome.cached += bool(records)
        names = avatar_names(each.name, each.stem, len(each.crops) or len(records))
        for number, name in enumerate(names if each.crops else (), 1):
            crop, vector, picture = next(made)
            record = _record(each, settings, crop, number, name, vector)
            write = (settings.out, name, record, crop.picture, picture)
            writing.append(pool.submit(write_avatar, *write))
            records.append(record)
        outcome.records.extend(records)
        outcome.names.extend(names)
    for future in writing:
        future.result()


def _record(
    photo: _Prepared,
    settings: Settings,
    crop: Crop,
    number: int,
    name: str,
    vector: Mapping[str, Any],
) -> dict[str, Any]:
    """The content of an avatar's JSON file."""
    meta = settings.engine.meta
    return {
        "engine": meta.name,
        "engine_version": meta.version,
        "vector": dict(vector),
        "photo": photo.path.name,
        "avatar": name,
        "face": number,
        "faces": len(photo.crops),
        "box": [round(float(edge), 1) for edge in crop.face.box],
        "score": round(crop.face.score, 3),
        "model": settings.model.title,
        "model_digest": settings.model.digest,
        "key": photo.key,
    }
