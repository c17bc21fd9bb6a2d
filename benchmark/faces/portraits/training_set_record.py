"""What a crowd's folder says of itself: whose people, and the digests of its shards."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, PositiveInt, ValidationError

from benchmark.faces.pictures import FaceSetError
from benchmark.faces.shards import Shard, open_shard, shard_path
from benchmark.faces.truth_csv import read_checked
from benchmark.storage.store import atomic_write

RECORD = "crowd.json"


class CrowdRecord(BaseModel):
    """What `crowd.json` says: who the people are, and the digests of sealed shards."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    version: str
    world: Literal["train"] = "train"
    size: PositiveInt
    seed: int
    shard: PositiveInt
    count: int = 0
    shards: tuple[str, ...] = ()

    def differences(self, other: CrowdRecord) -> list[str]:
        """What keeps two crowds from being one, in words."""
        return [
            f"{name} {getattr(self, name)}, not {getattr(other, name)}"
            for name in ("size", "seed", "version", "shard")
            if getattr(self, name) != getattr(other, name)
        ]


def read_record(folder: Path) -> CrowdRecord | None:
    """The folder's record, None where it has none; FaceSetError for a garbled one."""
    path = folder / RECORD
    if not path.exists():
        return None
    try:
        record = CrowdRecord.model_validate_json(read_checked(path, None))
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(map(str, first["loc"])) or "the whole file"
        raise FaceSetError(f"{path}: {key}: {first['msg']}") from error
    if record.count != record.shard * len(record.shards):
        raise FaceSetError(
            f"{path}: count is {record.count}, but there are digests of "
            f"{len(record.shards)} shards of {record.shard} people"
        )
    return record


def write_record(folder: Path, record: CrowdRecord) -> None:
    """Write the record, whole or not at all."""
    text = record.model_dump_json(indent=2) + "\n"
    atomic_write(folder / RECORD, text.encode())


def verified(folder: Path, record: CrowdRecord, number: int) -> tuple[Shard, str]:
    """A shard and its digest, held against the sealed one where there is one."""
    shard = open_shard(shard_path(folder, number), record.shard, record.size)
    digest = shard.digest()
    if number >= len(record.shards):
        shard.check()
    elif digest != record.shards[number]:
        raise FaceSetError(
            f"{shard.path} is not what {RECORD} was sealed with: delete it and render "
            "it again"
        )
    return shard, digest
