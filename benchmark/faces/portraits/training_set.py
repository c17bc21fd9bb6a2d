"""A crowd: as many people of the train world as a generator wants, in shards.

Validation people are of the same world from person 1,000,000 on: a crowd ends before
them, and no other world can be asked for.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmark.faces.parsed import Parsed, check_indices
from benchmark.faces.pictures import FaceSetError
from benchmark.faces.portraits.splits import (
    LICENCE,
    SPLITS,
    VERSION,
    RenderedFace,
    render_people,
)
from benchmark.faces.portraits.training_set_record import (
    RECORD,
    CrowdRecord,
    read_record,
    verified,
    write_record,
)
from benchmark.faces.shards import (
    Shard,
    open_shard,
    shard_numbers,
    shard_path,
    write_shard,
)
from benchmark.storage.locks import lock
from benchmark.system.progress import Progress, Silent, Task

SHARD = 250
"""People in a shard, each of which is rendered whole."""
LIMIT = SPLITS["validation"][0].start
"""The train world's first validation person: no crowd reaches it."""
LOCK = ".lock"
ALIKE = 1.0
"""Mean difference (0-255) up to which two renderings show one person."""


@dataclass(frozen=True)
class CrowdFaces:
    """The first `count` people of a sealed crowd, as ParsedFaces.

    Only paths and numbers are held, so that worker processes can be handed one.
    """

    record: CrowdRecord
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
        """SHA-256 (hex) over the record, for the people that are used."""
        used = self.record.shards[: len(self.shards)]
        data = self.record.model_dump() | {"count": self.count, "shards": used}
        return hashlib.sha256(json.dumps(data, sort_keys=True).encode()).hexdigest()

    def __len__(self) -> int:
        return self.count

    def batch(self, indices: NDArray[np.int64]) -> Parsed:
        """The people asked for, read from their shards."""
        numbers, rows = np.divmod(check_indices(indices, self.count), self.record.shard)
        shape = (len(rows), self.size, self.size)
        pictures = np.empty((*shape, 3), dtype=np.uint8)
        parsing = np.empty(shape, dtype=np.uint8)
        for number in np.unique(numbers):
            here = numbers == number
            pictures[here], parsing[here] = self.shards[number].rows(rows[here])
        return pictures, parsing


def render_crowd(
    folder: Path,
    count: int,
    size: int,
    seed: int = 1,
    jobs: int = 2,
    progress: Progress | None = None,
) -> int:
    """Render people 0 to `count` - 1 of the train world, or what is left of them.

    Whole shards are rendered, so `count` is rounded up to the next 250. A kill costs
    the open shard; asking for more people later continues the folder. Shards without
    a `crowd.json` are taken over where the first person of their first and last,
    rendered again, is the one they hold.

    Args:
        folder: gets `shard-00000.npz` ... and `crowd.json`.
        count: of people.
        size: edge in pixels.
        seed: of the people.
        jobs: processes.
        progress: told of every person.

    Returns:
        How many people were rendered now.

    Raises:
        FaceSetError: if validation people would be reached, if the folder holds another
            crowd, if a shard is damaged, or if the extra `portraits` is missing.
        Busy: if another process renders into the folder.
    """
    needed = _shards_needed(count)
    wanted = CrowdRecord(version=VERSION, size=size, seed=seed, shard=SHARD)
    folder.mkdir(parents=True, exist_ok=True)
    with lock(folder / LOCK, f"rendering a crowd into {folder}"):
        record = _claim(folder, wanted)
        missing = sorted(set(range(needed)) - set(shard_numbers(folder)))
        with (progress or Silent()).task(
            "crowd", needed * SHARD, (needed - len(missing)) * SHARD
        ) as task:
            _render_shards(folder, record, missing, jobs, task)
        _seal(folder, record, needed)
    return len(missing) * SHARD


def open_crowd(folder: Path, count: int | None = None) -> CrowdFaces:
    """The first `count` people of a sealed crowd [all]; every shard used is verified.

    Raises FaceSetError where the crowd is not finished, has fewer people, or where a
    shard is not what was sealed.
    """
    record = read_record(folder)
    if record is None or not record.count:
        raise FaceSetError(
            f"{folder} holds no finished crowd: render one, or the rest of it, with "
            f"`avatarbench faces crowd {folder}`"
        )
    people = record.count if count is None else count
    if not 1 <= people <= record.count:
        raise FaceSetError(
            f"{folder} holds {record.count} people, but {people} were asked for: "
            f"render more with `avatarbench faces crowd {folder} --count {people}`"
        )
    used = -(-people // record.shard)
    shards = tuple(verified(folder, record, number)[0] for number in range(used))
    return CrowdFaces(record, shards, people)


def _shards_needed(count: int) -> int:
    shards = -(-count // SHARD)
    if not count >= 1 or shards * SHARD > LIMIT:
        raise FaceSetError(
            f"a crowd of {count} people: ask for 1 to {LIMIT:,} (from person {LIMIT:,} "
            "on the train world's people are validation's)"
        )
    return shards


def _claim(folder: Path, wanted: CrowdRecord) -> CrowdRecord:
    """The folder's record if it is of this crowd; else `wanted`, if shards allow it."""
    record = read_record(folder)
    if record is None:
        _check_people(folder, wanted)
        return wanted
    if differences := record.differences(wanted):
        raise FaceSetError(
            f"{folder / RECORD} is of a crowd of {' and '.join(differences)}: render "
            "this one into another folder"
        )
    return record


def _check_people(folder: Path, wanted: CrowdRecord) -> None:
    """Refuse shards whose first people are not the wanted crowd's."""
    numbers = shard_numbers(folder)
    for number in sorted({*numbers[:1], *numbers[-1:]}):
        shard = open_shard(shard_path(folder, number), wanted.shard, wanted.size)
        (there,), _ = shard.rows(np.array([0]))
        (person,) = _people(wanted, number, 1, jobs=1)
        difference = np.abs(person.picture.astype(np.int16) - there).mean()
        if difference > ALIKE:
            raise FaceSetError(
                f"{shard.path} does not begin with person {number * wanted.shard} of "
                f"seed {wanted.seed} (version {wanted.version}) and there is no "
                f"{RECORD}: render into another folder"
            )


def _people(
    record: CrowdRecord, shard: int, count: int, jobs: int
) -> Iterator[RenderedFace]:
    """Render `count` people from the first of a shard on; tell of a missing extra."""
    start = shard * record.shard
    try:
        yield from render_people(
            count, record.size, record.seed, record.world, jobs, start
        )
    except ModuleNotFoundError as error:
        raise FaceSetError(
            f"rendering people needs the extra `portraits` ({error}): "
            "pip install 'avatarbench[portraits]'"
        ) from error


def _render_shards(
    folder: Path, record: CrowdRecord, missing: Sequence[int], jobs: int, task: Task
) -> None:
    """Render shards; neighbours share their worker processes, which start slowly."""
    for first, shards in _runs(missing):
        people = _people(record, first, shards * record.shard, jobs)
        for number in range(first, first + shards):
            faces = []
            for face in islice(people, record.shard):
                faces.append(face)
                task.advance()
            _keep(folder, record)
            write_shard(
                shard_path(folder, number),
                np.stack([face.picture for face in faces]),
                np.stack([face.parsing for face in faces]),
            )


def _runs(numbers: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Start and length of every run of consecutive numbers in a sorted sequence."""
    start = 0
    for end in range(1, len(numbers) + 1):
        if end == len(numbers) or numbers[end] != numbers[end - 1] + 1:
            yield numbers[start], end - start
            start = end


def _keep(folder: Path, record: CrowdRecord) -> None:
    """Write the record where it is not there yet: shards must never lie without it."""
    if not (folder / RECORD).exists():
        write_record(folder, record)


def _seal(folder: Path, record: CrowdRecord, needed: int) -> None:
    """Check all shards and write their digests down."""
    numbers = range(max(needed, len(record.shards)))
    digests = tuple(verified(folder, record, number)[1] for number in numbers)
    count = len(digests) * record.shard
    write_record(folder, record.model_copy(update={"count": count, "shards": digests}))
