"""Paired data production (SwiftAvatar, section 3.2).

The realistic generator renders the latent code of a render (equation 6) in several
copies with different ambiguous parts (equation 7). Each face is paired with the avatar
vector of its render.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from benchmark.avatars import AvatarVectors
from benchmark.storage.batch_files import CLAIMS, build_batches
from benchmark.storage.digests import bytes_digest
from benchmark.storage.store import Stage, Store
from benchmark.system.progress import Progress
from methods.estimator.examples import Pairs
from methods.generator.sampling import synthesise
from methods.networks.semantic_stylegan import SemanticGenerator
from methods.shared.pictures import resized
from methods.swiftavatar.inversion import RenderLatents
from methods.swiftavatar.options import SemanticOptions
from methods.swiftavatar.pair_shards import (
    PairRows,
    ShardPictures,
    check_names,
    shard_path,
    write_shard,
)
from methods.swiftavatar.semantic_augmentation import augmented_latents

SHARD = 256
"""Pairs in each file; a kill loses at most one file."""
SHARDS = "shards"
"""The folder of the files inside the stage."""


@dataclass(frozen=True)
class FacePairs(Pairs):
    """The paired data (p, x) of SwiftAvatar, section 3.2, for the estimator.

    With n avatars, row r is copy r // n of avatar r % n: the first n rows hold every
    avatar once. `folder` holds the Parquet files (`pair_shards`). Their pictures are
    read on demand.
    """

    folder: Path


def pairs_stage(
    latents_digest: str,
    vectors: AvatarVectors,
    realistic_digest: str,
    options: SemanticOptions,
    size: int,
    seed: int,
    device: str,
) -> Stage:
    """Return the stage of `produced_pairs` (SwiftAvatar, equations 6 and 7).

    `latents_digest` is the key of the latent codes; `vectors` are those of their
    avatars.
    """
    inputs = {
        "codes": latents_digest,
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
    inverted: RenderLatents,
    vectors: AvatarVectors,
    realistic: SemanticGenerator,
    realistic_digest: str,
    options: SemanticOptions,
    size: int,
    seed: int,
    store: Store,
    progress: Progress,
) -> FacePairs:
    """Render `options.copies` realistic faces of each latent code; cached in the store.

    This is SwiftAvatar, equations 6 and 7. Latent codes are rounded to half precision,
    as they are stored, before they are rendered with the stored noise. A killed run
    resumes at the unfinished shard.

    Args:
        inverted: the n latent codes of the renders.
        vectors: the avatar vectors of n or more renders, in the same order.
        realistic: the realistic generator, in evaluation mode.
        realistic_digest: the digest of its weights.
        options: of the semantic augmentation.
        size: side of the faces in pixels, at most the generator's; larger pictures are
            reduced to it.
        seed: the seed of the noise.
        store: caches the stage.
        progress: progress bar.

    Raises:
        ValueError: if there are fewer vectors than latent codes, if `size` exceeds the
            generator's, or if a parameter is named like another column of the shards.
    """
    own = realistic.config.size
    if size > own:
        raise ValueError(
            f"pairs of {size} px: the generator has {own} px, so give at most {own}"
        )
    count = len(inverted.latents)
    if len(vectors) < count:
        raise ValueError(
            f"{count} latent codes but {len(vectors)} vectors: give a vector for each "
            "latent code, in the order of the renders"
        )
    vectors = vectors[:count]
    check_names(vectors.spec)
    device = realistic.grid.device.type
    stage = pairs_stage(
        inverted.digest, vectors, realistic_digest, options, size, seed, device
    )
    producer = _Producer(inverted.latents, vectors, realistic, options, size, seed)

    def share(scratch: Path) -> None:
        producer.fill(scratch, progress)

    def build(folder: Path, scratch: Path) -> None:
        for leftover in scratch.glob(f"{SHARDS}/.*.tmp"):
            leftover.unlink()  # a kill leaves the shard that was being written
        share(scratch)
        (scratch / SHARDS).rename(folder / SHARDS)

    shards = store.get_or_build(stage, build, share=share) / SHARDS
    pictures = ShardPictures(shards)
    avatars = np.arange(len(pictures)) % count
    return FacePairs(pictures, vectors[avatars], stage.key, shards)


@dataclass(frozen=True)
class _Producer:
    """Renders the faces of a stage shard by shard."""

    latents: torch.Tensor
    vectors: AvatarVectors
    realistic: SemanticGenerator
    options: SemanticOptions
    size: int
    seed: int

    def fill(self, scratch: Path, progress: Progress) -> None:
        """Write the shards that are not there yet."""
        folder = scratch / SHARDS
        folder.mkdir(exist_ok=True)
        build_batches(
            len(self.vectors) * self.options.copies,
            SHARD,
            lambda number: shard_path(folder, number),
            lambda rows, file: write_shard(file, self.drawn(rows)),
            progress,
            "realistic faces",
            scratch / CLAIMS,
        )

    def drawn(self, rows: slice) -> PairRows:
        """Render the pairs of the given rows."""
        copies, avatars = np.divmod(np.arange(rows.start, rows.stop), len(self.vectors))
        latents = augmented_latents(
            self.latents, avatars, copies, self.realistic, self.options, self.seed
        ).half()
        faces = synthesise(self.realistic, latents.to(self.realistic.grid))
        return PairRows(
            resized(faces.pictures, self.size),
            self.vectors[avatars],
            latents.numpy(),
            avatars,
            copies,
        )


def _digest(vectors: AvatarVectors) -> str:
    """SHA-256 (hex) of vectors and their spec."""
    values = vectors.continuous.tobytes() + vectors.discrete.tobytes()
    return bytes_digest(vectors.spec.digest.encode() + values)
