"""The file `crowd.json` of a training set: its settings and its shards' digests."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, PositiveInt, ValidationError

from benchmark.avatars.counting import counted
from benchmark.faces.pictures import FaceSetError
from benchmark.faces.shards import Shard, open_shard, shard_path
from benchmark.faces.truth_csv import read_checked
from benchmark.storage.store import atomic_write

RECORD_FILE = "crowd.json"


class TrainingSetRecord(BaseModel):
    """Content of `crowd.json`.

    Attributes:
        version: version of the drawing (`reduction.crowd_version`).
        domain: domain of the people; the key in the file is `world`.
        size: edge of a picture in pixels.
        seed: random seed of the people.
        shard: people in a shard.
        count: people in finished shards.
        shards: SHA-256 (hex) of each finished shard.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    version: str
    domain: Literal["train"] = Field(default="train", alias="world")
    size: PositiveInt
    seed: int
    shard: PositiveInt
    count: int = 0
    shards: tuple[str, ...] = ()

    def differences(self, other: TrainingSetRecord) -> list[str]:
        """Describe the settings in which two training sets differ."""
        return [
            f"{name} {getattr(self, name)}, not {getattr(other, name)}"
            for name in ("size", "seed", "version", "shard")
            if getattr(self, name) != getattr(other, name)
        ]


def read_record(folder: Path) -> TrainingSetRecord | None:
    """Read a folder's record; None if it has none. FaceSetError if it is invalid."""
    path = folder / RECORD_FILE
    if not path.exists():
        return None
    try:
        record = TrainingSetRecord.model_validate_json(read_checked(path, None))
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(map(str, first["loc"])) or "the whole file"
        raise FaceSetError(f"{path}: {key}: {first['msg']}") from error
    if record.count != record.shard * len(record.shards):
        raise FaceSetError(
            f"{path}: count is {record.count}, but there are digests of "
            f"{counted(len(record.shards), 'shard')} of "
            f"{counted(record.shard, 'person', 'people')}"
        )
    return record


def write_record(folder: Path, record: TrainingSetRecord) -> None:
    """Write the record atomically."""
    text = record.model_dump_json(indent=2, by_alias=True) + "\n"
    atomic_write(folder / RECORD_FILE, text.encode())


def verify_shard(
    folder: Path, record: TrainingSetRecord, number: int
) -> tuple[Shard, str]:
    """Return shard `number` and its digest.

    Raises FaceSetError if the shard is damaged or differs from its recorded digest.
    """
    shard = open_shard(shard_path(folder, number), record.shard, record.size)
    digest = shard.digest()
    if number >= len(record.shards):
        shard.check()
    elif digest != record.shards[number]:
        raise FaceSetError(
            f"{shard.path} does not match its digest in {RECORD_FILE}: delete it and "
            "render it again"
        )
    return shard, digest
