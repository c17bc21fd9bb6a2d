"""Pairs on disk: Parquet files that `pandas.read_parquet` reads without this project.

    picture           a face, lossless WebP
    <parameter>       one column a parameter: a number in [0, 1], or an option's name
    code              the W+ code that drew the face, float16 bytes in C order
    avatar, copy      whose it is: row of the render, number of the copy

`DataFrame.attrs["code_shape"]` tells the code's rows and width.
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
    """m pairs: what a shard holds.

    Attributes:
        pictures: (m, S, S, 3) uint8 faces.
        vectors: what they stand for.
        codes: (m, rows, D) float16 codes that drew them.
        avatars: (m,) int64 rows of the renders.
        copies: (m,) int64 numbers of the copies.
    """

    pictures: NDArray[np.uint8]
    vectors: AvatarVectors
    codes: NDArray[np.float16]
    avatars: NDArray[np.int64]
    copies: NDArray[np.int64]


def shard_path(folder: Path, number: int) -> Path:
    """Where shard `number` lies."""
    return folder / f"pairs-{number:05d}.parquet"


def check_names(spec: AvatarSpec) -> None:
    """Raise ValueError where a parameter has the name of a column of ours."""
    taken = [name for name in spec.names if name in OWN_COLUMNS]
    if taken:
        raise ValueError(
            f"engine {spec.name}: the parameter {taken[0]!r} has the name of a column "
            "of the pairs; give it another name in the engine's spec"
        )


def write_shard(path: Path, rows: PairRows) -> None:
    """Write a shard whole or not at all; the same rows give the same bytes."""
    table = pd.DataFrame(
        {
            "picture": [_encoded(picture) for picture in rows.pictures],
            **_values(rows.vectors),
            "code": [code.tobytes() for code in rows.codes],
            "avatar": rows.avatars,
            "copy": rows.copies,
        }
    )
    table.attrs["code_shape"] = list(rows.codes.shape[1:])
    stream = io.BytesIO()
    table.to_parquet(stream, engine="pyarrow", compression="zstd", index=False)
    atomic_write(path, stream.getvalue())


def read_shards(
    folder: Path, spec: AvatarSpec
) -> tuple[NDArray[np.uint8], AvatarVectors]:
    """All pictures (m, S, S, 3) uint8 of a folder with their vectors, codes left out.

    Beside the pictures no more than one shard is in memory at a time.
    """
    paths = sorted(folder.glob(_PATTERN))
    counts = [pq.read_metadata(path).num_rows for path in paths]
    starts = np.concatenate([[0], np.cumsum(counts)])
    pictures: NDArray[np.uint8] | None = None
    vectors = []
    for path, start in zip(paths, starts, strict=False):
        table = pd.read_parquet(path, columns=["picture", *spec.names])
        faces = [_decoded(data) for data in table["picture"]]
        if pictures is None:
            pictures = np.empty((starts[-1], *faces[0].shape), np.uint8)
        pictures[start : start + len(faces)] = faces
        vectors.append(_vectors(table, spec))
    if pictures is None:
        raise FileNotFoundError(f"{folder} holds no {_PATTERN}: produce the pairs anew")
    return pictures, AvatarVectors.concatenate(vectors)


def _values(vectors: AvatarVectors) -> dict[str, NDArray[np.float32] | Sequence[str]]:
    """Columns by parameter names, options by theirs."""
    found: dict[str, NDArray[np.float32] | Sequence[str]] = {}
    for scalar in vectors.spec.continuous:
        found[scalar.name] = vectors.column(scalar.name)
    for choice in vectors.spec.discrete:
        rows = vectors.column(choice.name)
        found[choice.name] = [choice.options[row] for row in rows]
    return {name: found[name] for name in vectors.spec.names}


def _vectors(table: pd.DataFrame, spec: AvatarSpec) -> AvatarVectors:
    continuous = [table[scalar.name].to_numpy(np.float32) for scalar in spec.continuous]
    discrete = [
        pd.Categorical(table[choice.name], categories=list(choice.options)).codes
        for choice in spec.discrete
    ]
    return AvatarVectors(
        spec,
        np.reshape(continuous, (-1, len(table))).T.astype(np.float32),
        np.reshape(discrete, (-1, len(table))).T.astype(np.int64),
    )


def _encoded(picture: NDArray[np.uint8]) -> bytes:
    from PIL import Image

    buffer = io.BytesIO()
    # The quickest effort: a slower one saves 7 % and takes twenty times as long.
    image = Image.fromarray(picture)
    image.save(buffer, "webp", lossless=True, method=0, quality=50)
    return buffer.getvalue()


def _decoded(data: bytes) -> NDArray[np.uint8]:
    from PIL import Image

    return np.asarray(Image.open(io.BytesIO(data), formats=("WEBP",)))
