"""Produced pairs: realistic faces with the avatar vectors that they stand for.

The code of a render, found with the avatar generator, is drawn by the realistic one
(section 3.2, equation 6), in several copies whose ambiguous parts differ (equation 7).
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from benchmark.avatars import AvatarVectors
from benchmark.storage.store import Stage, Store
from benchmark.system.progress import Progress
from methods.estimator.examples import Pairs
from methods.generator.sampling import synthesise
from methods.networks.semantic_stylegan import SemanticGenerator
from methods.shared.pictures import resized
from methods.swiftavatar.inversion import Codes
from methods.swiftavatar.options import SemanticOptions
from methods.swiftavatar.pair_shards import (
    PairRows,
    check_names,
    read_shards,
    shard_path,
    write_shard,
)
from methods.swiftavatar.semantic_augmentation import augmented_codes

SHARD = 256
"""Pairs a file: what a kill costs at most."""
SHARDS = "shards"
"""Where in the stage's folder the files lie."""


@dataclass(frozen=True)
class FacePairs(Pairs):
    """Pairs for an estimator, and the folder of their Parquet files (`pair_shards`).

    The n avatars go round copy by copy: row r is avatar r % n in its copy r // n, so
    that the first n rows hold every avatar once.
    """

    folder: Path


def pairs_stage(
    codes: str,
    vectors: AvatarVectors,
    realistic_digest: str,
    options: SemanticOptions,
    size: int,
    seed: int,
    device: str,
) -> Stage:
    """What `produced_pairs` depends on.

    `codes` is the digest of the codes, and `vectors` are those of their avatars alone.
    """
    inputs = {
        "codes": codes,
        "realistic": realistic_digest,
        "vectors": _digest(vectors),
    }
    read = {
        **options.model_dump(mode="json"),
        "size": size,
        "device": device,
        "threads": torch.get_num_threads(),
    }
    return Stage("pairs", "1", read, inputs, seed)


def produced_pairs(
    codes: Codes,
    vectors: AvatarVectors,
    realistic: SemanticGenerator,
    realistic_digest: str,
    options: SemanticOptions,
    size: int,
    seed: int,
    store: Store,
    progress: Progress,
) -> FacePairs:
    """`options.copies` faces of each of n codes, from the store where they exist.

    Codes are rounded to half precision, as they are stored, before they are drawn, with
    the generator's stored noise. A killed run goes on at the shard that was open.

    Args:
        codes: the inverted codes, (n, rows, D).
        vectors: of the avatars in the order of the codes; n or more.
        realistic: the realistic generator, in evaluation mode.
        realistic_digest: of its weights.
        options: of the semantic augmentation.
        size: side of the pictures in pixels; the generator's own, or a smaller one, to
            which they are reduced.
        seed: of the augmentation's noise.
        store: where the stage lies.
        progress: shows how far it is.

    Raises:
        ValueError: where there are fewer vectors than codes, a size is larger than the
            generator's, or a parameter's name is one of the shards' own columns.
    """
    own = realistic.config.size
    if size > own:
        raise ValueError(
            f"pairs of {size} px: the generator draws {own} px, so give at most that"
        )
    if len(vectors) < len(codes.latents):
        raise ValueError(
            f"{len(codes.latents)} codes but {len(vectors)} vectors: give a vector for "
            "each code, in the order of the renders"
        )
    vectors = vectors[: len(codes.latents)]
    check_names(vectors.spec)
    device = realistic.grid.device.type
    stage = pairs_stage(
        codes.digest, vectors, realistic_digest, options, size, seed, device
    )
    producer = _Producer(codes.latents, vectors, realistic, options, size, seed)

    def build(folder: Path, scratch: Path) -> None:
        shards = scratch / SHARDS
        producer.fill(shards, progress)
        shards.rename(folder / SHARDS)

    shards = store.get_or_build(stage, build) / SHARDS
    return FacePairs(*read_shards(shards, vectors.spec), stage.key, shards)


@dataclass(frozen=True)
class _Producer:
    """Everything that the faces are made of."""

    latents: torch.Tensor
    vectors: AvatarVectors
    realistic: SemanticGenerator
    options: SemanticOptions
    size: int
    seed: int

    def fill(self, folder: Path, progress: Progress) -> None:
        """Write the shards that are not there yet."""
        folder.mkdir(exist_ok=True)
        for leftover in folder.glob(".*.tmp"):
            leftover.unlink()  # a kill leaves the shard that was being written
        rows = np.arange(len(self.vectors) * self.options.copies)
        shards = [rows[start : start + SHARD] for start in range(0, len(rows), SHARD)]
        paths = [shard_path(folder, number) for number in range(len(shards))]
        todo = [
            (path, shard)
            for path, shard in zip(paths, shards, strict=True)
            if not path.is_file()
        ]
        done = len(rows) - sum(len(shard) for _, shard in todo)
        with progress.task("realistic faces", len(rows), done) as task:
            for path, shard in todo:
                write_shard(path, self.drawn(shard))
                task.advance(len(shard))

    def drawn(self, rows: NDArray[np.int64]) -> PairRows:
        """The pairs of some rows."""
        copies, avatars = np.divmod(rows, len(self.vectors))
        codes = augmented_codes(
            self.latents, avatars, copies, self.realistic, self.options, self.seed
        ).half()
        faces = synthesise(self.realistic, codes.to(self.realistic.grid))
        return PairRows(
            resized(faces.pictures, self.size),
            self.vectors[avatars],
            codes.numpy(),
            avatars,
            copies,
        )


def _digest(vectors: AvatarVectors) -> str:
    """SHA-256 (hex) of a batch and its spec."""
    found = hashlib.sha256(vectors.spec.digest.encode())
    for block in (vectors.continuous, vectors.discrete):
        found.update(block.tobytes())
    return found.hexdigest()
