"""The paired data (SwiftAvatar, section 3.2) as Parquet files, read with pandas.

    picture           the face, lossless WebP
    <parameter>       a column for each parameter: a number in [0, 1] or an option name
    code              the latent code of the face in W+, float16 bytes in C order
    avatar, copy      row of the render, number of the copy

`DataFrame.attrs["code_shape"]` holds the rows and the width of the latent codes.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
from numpy.typing import NDArray

from benchmark.avatars import AvatarSpec, AvatarVectors
from benchmark.storage.store import atomic_write

OWN_COLUMNS = ("picture", "code", "avatar", "copy")
_PATTERN = "pairs-*.parquet"


@dataclass(frozen=True)
class PairRows:
    """The m pairs of a shard (SwiftAvatar, section 3.2).

    Attributes:
        pictures: (m, S, S, 3) uint8 faces, x of equation 6.
        vectors: their avatar vectors, p.
        latents: (m, rows, D) float16 latent codes of the faces.
        avatars: (m,) int64 rows of the renders.
        copies: (m,) int64 numbers of the copies.
    """

    pictures: NDArray[np.uint8]
    vectors: AvatarVectors
    latents: NDArray[np.float16]
    avatars: NDArray[np.int64]
    copies: NDArray[np.int64]


def shard_path(folder: Path, number: int) -> Path:
    """The path of shard `number` of the paired data (SwiftAvatar, section 3.2)."""
    return folder / f"pairs-{number:05d}.parquet"


def check_names(spec: AvatarSpec) -> None:
    """Raise ValueError if a parameter of the engine is named like another column.

    Every parameter p of SwiftAvatar, section 3.2, gets its own column.
    """
    taken = [name for name in spec.names if name in OWN_COLUMNS]
    if taken:
        raise ValueError(
            f"engine {spec.name}: the parameter {taken[0]!r} has the name of another "
            "column of the pairs; rename it in the engine's spec"
        )


def write_shard(path: Path, rows: PairRows) -> None:
    """Write a shard of the paired data atomically (SwiftAvatar, section 3.2).

    The same rows give the same bytes.
    """
    table = pd.DataFrame(
        {
            "picture": [_encoded(picture) for picture in rows.pictures],
            **_values(rows.vectors),
            "code": [latent.tobytes() for latent in rows.latents],
            "avatar": rows.avatars,
            "copy": rows.copies,
        }
    )
    table.attrs["code_shape"] = list(rows.latents.shape[1:])
    stream = io.BytesIO()
    table.to_parquet(stream, engine="pyarrow", compression="zstd", index=False)
    atomic_write(path, stream.getvalue())


class ShardPictures:
    """The (m, S, S, 3) uint8 pictures of a folder of shards, read on demand.

    Memory holds the encoded pictures of one shard, so neighbouring rows are fast and
    rows in random order are not. Raises FileNotFoundError if the folder has no shard.
    """

    def __init__(self, folder: Path) -> None:
        self._paths = sorted(folder.glob(_PATTERN))
        if not self._paths:
            raise FileNotFoundError(
                f"{folder} holds no {_PATTERN}: produce the pairs again"
            )
        counts = [pq.read_metadata(path).num_rows for path in self._paths]
        self._starts = np.concatenate([[0], np.cumsum(counts)])
        self._open: tuple[int, list[bytes]] | None = None

    def __len__(self) -> int:
        return int(self._starts[-1])

    def __getitem__(
        self, rows: slice | Sequence[int] | NDArray[np.int64]
    ) -> NDArray[np.uint8]:
        wanted = np.arange(len(self))[rows]
        shards = np.searchsorted(self._starts, wanted, side="right") - 1
        return np.stack(
            [
                _decoded(self._encoded(shard)[row - self._starts[shard]])
                for shard, row in zip(shards.tolist(), wanted.tolist(), strict=True)
            ]
        )

    def _encoded(self, shard: int) -> list[bytes]:
        if self._open is None or self._open[0] != shard:
            table = pq.read_table(self._paths[shard], columns=["picture"])
            self._open = shard, table["picture"].to_pylist()
        return self._open[1]


def _values(vectors: AvatarVectors) -> dict[str, NDArray[np.float32] | Sequence[str]]:
    """The columns of the parameters; discrete ones hold option names."""
    found: dict[str, NDArray[np.float32] | Sequence[str]] = {}
    for scalar in vectors.spec.continuous:
        found[scalar.name] = vectors.column(scalar.name)
    for choice in vectors.spec.discrete:
        rows = vectors.column(choice.name)
        found[choice.name] = [choice.options[row] for row in rows]
    return {name: found[name] for name in vectors.spec.names}


def _encoded(picture: NDArray[np.uint8]) -> bytes:
    from PIL import Image

    buffer = io.BytesIO()
    # Method 0 is the fastest: a slower one saves 7 % and takes 20 times as long.
    image = Image.fromarray(picture)
    image.save(buffer, "webp", lossless=True, method=0, quality=50)
    return buffer.getvalue()


def _decoded(data: bytes) -> NDArray[np.uint8]:
    from PIL import Image

    return np.asarray(Image.open(io.BytesIO(data), formats=("WEBP",)))
