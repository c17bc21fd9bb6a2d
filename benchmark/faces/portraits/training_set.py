"""Training sets: any number of rendered people of the train domain, in shards.

A training set never holds validation people. Those are of the train domain as well,
but start at person 1,000,000. People of other domains cannot be requested.
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmark.faces.parsed import Parsed, check_indices
from benchmark.faces.pictures import FaceSetError
from benchmark.faces.portraits.reduction import (
    crowd_version,
    drawn_size,
    reduce_face,
)
from benchmark.faces.portraits.splits import (
    LICENCE,
    SPLITS,
    RenderedFace,
    explain_missing_extra,
    render_people,
)
from benchmark.faces.portraits.training_set_record import (
    RECORD_FILE,
    TrainingSetRecord,
    read_record,
    verify_shard,
    write_record,
)
from benchmark.faces.shards import (
    Shard,
    open_shard,
    shard_numbers,
    shard_path,
    write_shard,
)
from benchmark.storage.digests import bytes_digest
from benchmark.storage.locks import lock
from benchmark.system.progress import Progress, Silent, Task

SHARD_SIZE = 250
"""People in a shard. Shards are rendered completely or not at all."""
MAX_PEOPLE = SPLITS["validation"][0].start
"""Largest training set: the next person of the train domain is for validation."""
LOCK_FILE = ".lock"
MAX_DIFFERENCE = 1.0
"""Mean absolute difference (0-255) up to which two renderings count as equal."""


@dataclass(frozen=True)
class TrainingSet:
    """The first `count` people of a finished training set; implements `ParsedFaces`.

    It holds paths and numbers only, so it is cheap to send to worker processes.
    """

    record: TrainingSetRecord
    shards: tuple[Shard, ...]
    count: int
    name: str = "portraits-crowd"
    licence: str = LICENCE
    stand_in: bool = True

    @property
    def size(self) -> int:
        """Edge in pixels."""
        return self.record.size

    @property
    def digest(self) -> str:
        """SHA-256 (hex) of the record, restricted to the people in use."""
        used = self.record.shards[: len(self.shards)]
        data = self.record.model_dump(by_alias=True) | {
            "count": self.count,
            "shards": used,
        }
        return bytes_digest(json.dumps(data, sort_keys=True).encode())

    def __len__(self) -> int:
        return self.count

    def batch(self, indices: NDArray[np.int64]) -> Parsed:
        """Read the people at `indices` from their shards."""
        numbers, rows = np.divmod(check_indices(indices, self.count), self.record.shard)
        shape = (len(rows), self.size, self.size)
        pictures = np.empty((*shape, 3), dtype=np.uint8)
        parsing = np.empty(shape, dtype=np.uint8)
        for number in np.unique(numbers):
            here = numbers == number
            pictures[here], parsing[here] = self.shards[number].rows(rows[here])
        return pictures, parsing


def render_training_set(
    folder: Path,
    count: int,
    size: int,
    seed: int = 1,
    jobs: int = 2,
    progress: Progress | None = None,
) -> int:
    """Render people 0 to `count` - 1 of the train domain; skip finished shards.

    `count` is rounded up to whole shards of 250 people. After a kill, only the open
    shard is rendered again. A later call with a larger `count` adds shards. Shards
    without a `crowd.json` are accepted if the first person of the first and of the last
    shard, rendered again, equals the stored one. Pictures of 32 and 64 px are drawn at
    128 px and reduced (`reduction.drawn_size`).

    Args:
        folder: output folder for `shard-00000.npz`, … and `crowd.json`.
        count: number of people.
        size: edge of a picture in pixels.
        seed: random seed of the people.
        jobs: number of worker processes.
        progress: receives one step per person.

    Returns:
        The number of people rendered by this call.

    Raises:
        FaceSetError: if `count` is out of range, if the folder holds a different
            training set, if a shard is damaged, or if the extra `portraits` is missing.
        Busy: if another process renders into the folder.
    """
    needed = _shards_needed(count)
    wanted = TrainingSetRecord(
        version=crowd_version(size), size=size, seed=seed, shard=SHARD_SIZE
    )
    folder.mkdir(parents=True, exist_ok=True)
    with lock(folder / LOCK_FILE, f"rendering a training set into {folder}"):
        record = _existing_or_new_record(folder, wanted)
        missing = sorted(set(range(needed)) - set(shard_numbers(folder)))
        with (progress or Silent()).task(
            "training set", needed * SHARD_SIZE, (needed - len(missing)) * SHARD_SIZE
        ) as task:
            _render_shards(folder, record, missing, jobs, task)
        _finish(folder, record, needed)
    return len(missing) * SHARD_SIZE


def open_training_set(folder: Path, count: int | None = None) -> TrainingSet:
    """Open the first `count` people of a finished training set (default: all).

    Raises FaceSetError if the training set is not finished, if an older or newer
    version drew it, if it has fewer than `count` people, or if a shard in use does not
    match its recorded digest.
    """
    record = read_record(folder)
    if record is None or not record.count:
        raise FaceSetError(
            f"{folder} holds no finished training set: start or continue it with "
            f"`avatarbench faces crowd {shlex.quote(str(folder))}`"
        )
    if record.version != (expected := crowd_version(record.size)):
        raise FaceSetError(
            f"{folder / RECORD_FILE}: version is {record.version}, but faces of "
            f"{record.size} px are drawn by version {expected} now: render them into "
            f"another folder with `avatarbench faces crowd FOLDER --size {record.size}`"
        )
    people = record.count if count is None else count
    if not 1 <= people <= record.count:
        raise FaceSetError(
            f"{folder} holds {record.count} people, but {people} were requested: "
            f"render more with `avatarbench faces crowd {shlex.quote(str(folder))} "
            f"--count {people}`"
        )
    used = -(-people // record.shard)
    shards = tuple(verify_shard(folder, record, number)[0] for number in range(used))
    return TrainingSet(record, shards, people)


def _shards_needed(count: int) -> int:
    shards = -(-count // SHARD_SIZE)
    if not count >= 1 or shards * SHARD_SIZE > MAX_PEOPLE:
        raise FaceSetError(
            f"count is {count}; expected 1 to {MAX_PEOPLE:,}: people from number "
            f"{MAX_PEOPLE:,} on are reserved for validation"
        )
    return shards


def _existing_or_new_record(
    folder: Path, wanted: TrainingSetRecord
) -> TrainingSetRecord:
    """Return the folder's record if it matches `wanted`, else check shards for it."""
    record = read_record(folder)
    if record is None:
        _check_first_people(folder, wanted)
        return wanted
    if differences := record.differences(wanted):
        raise FaceSetError(
            f"{folder / RECORD_FILE} is of a training set with "
            f"{' and '.join(differences)}: render into another folder"
        )
    return record


def _check_first_people(folder: Path, wanted: TrainingSetRecord) -> None:
    """Raise FaceSetError if existing shards do not hold the wanted people."""
    numbers = shard_numbers(folder)
    for number in sorted({*numbers[:1], *numbers[-1:]}):
        shard = open_shard(shard_path(folder, number), wanted.shard, wanted.size)
        (there,), _ = shard.rows(np.array([0]))
        (person,) = _render_from_shard(wanted, number, 1, jobs=1)
        difference = np.abs(person.picture.astype(np.int16) - there).mean()
        if difference > MAX_DIFFERENCE:
            raise FaceSetError(
                f"{shard.path} does not begin with person {number * wanted.shard} of "
                f"seed {wanted.seed} (version {wanted.version}) and there is no "
                f"{RECORD_FILE}: render into another folder"
            )


def _render_from_shard(
    record: TrainingSetRecord, shard: int, count: int, jobs: int
) -> Iterator[RenderedFace]:
    """Render `count` people, starting with the first person of a shard.

    Raises FaceSetError if the extra `portraits` is missing.
    """
    start, size = shard * record.shard, drawn_size(record.size)
    with explain_missing_extra():
        for face in render_people(count, size, record.seed, record.domain, jobs, start):
            yield reduce_face(face, record.size)


def _render_shards(
    folder: Path,
    record: TrainingSetRecord,
    missing: Sequence[int],
    jobs: int,
    task: Task,
) -> None:
    """Render shards; consecutive ones share worker processes, which start slowly."""
    for first, shards in _consecutive_runs(missing):
        people = _render_from_shard(record, first, shards * record.shard, jobs)
        for number in range(first, first + shards):
            faces = []
            for face in islice(people, record.shard):
                faces.append(face)
                task.advance()
            _write_record_once(folder, record)
            write_shard(
                shard_path(folder, number),
                np.stack([face.picture for face in faces]),
                np.stack([face.parsing for face in faces]),
            )


def _consecutive_runs(numbers: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Yield start and length of each run of consecutive numbers in sorted `numbers`."""
    start = 0
    for end in range(1, len(numbers) + 1):
        if end == len(numbers) or numbers[end] != numbers[end - 1] + 1:
            yield numbers[start], end - start
            start = end


def _write_record_once(folder: Path, record: TrainingSetRecord) -> None:
    """Write the record unless it exists. No shard may be written before it."""
    if not (folder / RECORD_FILE).exists():
        write_record(folder, record)


def _finish(folder: Path, record: TrainingSetRecord, needed: int) -> None:
    """Verify all shards and write the record with their digests."""
    numbers = range(max(needed, len(record.shards)))
    digests = tuple(verify_shard(folder, record, number)[1] for number in numbers)
    count = len(digests) * record.shard
    write_record(folder, record.model_copy(update={"count": count, "shards": digests}))
