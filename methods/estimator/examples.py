"""The training pairs of an estimator, in seeded batches."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from benchmark.avatars import AvatarVectors
from benchmark.storage.batch_files import fill_array
from benchmark.storage.digests import bytes_digest
from benchmark.system.progress import Progress
from methods.estimator.augmentation import Augmentation, augment
from methods.estimator.losses import Targets
from methods.shared.pictures import as_tensor, resized
from methods.shared.randomness import generator_of

VIEW_CHUNK = 8
"""Pictures in each forward pass while features are cached: sized for CPU caches."""

Batches = Callable[[int], tuple[Tensor, Targets]]
"""Gives the frozen features and targets of a step; depends on the step only."""

UNPACK_ROWS = 256
"""Pictures in memory at a time while they are unpacked."""

FrozenFeatures = Callable[[Tensor], Tensor]
"""Gives the features that training needs of (n, 3, S, S) augmented pictures."""


class Pictures(Protocol):
    """n pictures of S px: an array, or what reads the asked rows from files."""

    def __len__(self) -> int: ...

    def __getitem__(self, rows: slice | NDArray[np.int64], /) -> NDArray[np.uint8]:
        """The (m, S, S, 3) uint8 pictures of m rows."""
        ...


@dataclass(frozen=True)
class Pairs:
    """Pictures with their vectors.

    Attributes:
        pictures: (n, S, S, 3) uint8.
        vectors: the n vectors.
        digest: of both.
        pictures_digest: of the pictures alone, if pairs with other vectors have the
            same ones: features of the pictures are then kept for them.
    """

    pictures: Pictures
    vectors: AvatarVectors
    digest: str
    pictures_digest: str | None = field(default=None, kw_only=True)

    def __post_init__(self) -> None:
        if len(self.pictures) != len(self.vectors) or not len(self.vectors):
            raise ValueError(
                "pairs need one vector for each picture and at least one pair, got "
                f"{len(self.pictures)} pictures and {len(self.vectors)} vectors"
            )


class JoinedPictures:
    """Pictures of several sources one after the other, resized to `size` px."""

    def __init__(self, sources: Sequence[Pictures], size: int) -> None:
        self._sources, self._size = tuple(sources), size
        self._starts = np.cumsum([0, *map(len, self._sources)])

    def __len__(self) -> int:
        return int(self._starts[-1])

    def __getitem__(self, rows: slice | NDArray[np.int64]) -> NDArray[np.uint8]:
        wanted = np.arange(len(self))[rows]
        found = np.empty((len(wanted), self._size, self._size, 3), np.uint8)
        for source, start in zip(self._sources, self._starts[:-1], strict=True):
            own = (wanted >= start) & (wanted < start + len(source))
            if own.any():
                found[own] = resized(source[wanted[own] - start], self._size)
        return found


def joined_digest(digests: Sequence[str]) -> str:
    """The digest of `joined` pairs with these digests."""
    return bytes_digest(" ".join(digests).encode())


def joined(parts: Sequence[Pairs], size: int) -> Pairs:
    """Pairs of one engine, one part after the other, with pictures of `size` px."""
    return Pairs(
        JoinedPictures([part.pictures for part in parts], size),
        AvatarVectors.concatenate([part.vectors for part in parts]),
        joined_digest([part.digest for part in parts]),
    )


def unpacked(pairs: Pairs, folder: Path, progress: Progress) -> Pairs:
    """The pairs with pictures that are fast to read in random order.

    Pictures that are no array are unpacked to `folder`, which must outlive the pairs,
    and memory-mapped; a killed run is resumed.
    """
    pictures = pairs.pictures
    if isinstance(pictures, np.ndarray):
        return pairs
    file, count = folder / "pictures.npy", len(pictures)
    fill_array(
        file,
        count,
        UNPACK_ROWS,
        np.uint8,
        lambda rows: pictures[rows],
        progress,
        "unpacked pictures",
    )
    return replace(pairs, pictures=np.load(file, mmap_mode="r"))


def fresh_batches(
    pairs: Pairs,
    features_of: FrozenFeatures,
    augmentation: Augmentation,
    batch_size: int,
    seed: int,
    device: str,
) -> Batches:
    """Return batches whose pictures are augmented again in every step."""
    targets = Targets.of(pairs.vectors, device)
    rows_at = row_order(len(pairs.vectors), batch_size, seed)

    def batch(step: int) -> tuple[Tensor, Targets]:
        rows = rows_at(step)
        pictures = as_tensor(pairs.pictures[rows.numpy()], device)
        generator = generator_of("augment", seed, step)
        pictures = augment(pictures, augmentation, generator)
        return features_of(pictures), targets.rows(rows.to(device))

    return batch


def view_features(
    pairs: Pairs,
    features_of: FrozenFeatures,
    augmentation: Augmentation,
    seed: int,
    device: str,
    views: int,
    progress: Progress,
) -> Tensor:
    """The frozen features of `views` augmented pictures.

    The views cycle through the pictures in order, so the numbers of views of two
    pictures differ by 1 at most.
    """
    sources = torch.arange(views) % len(pairs.vectors)
    features = []
    with progress.task("features of augmented pictures", views) as task:
        for start in range(0, views, VIEW_CHUNK):
            rows = sources[start : start + VIEW_CHUNK].numpy()
            pictures = as_tensor(pairs.pictures[rows], device)
            generator = generator_of("view", seed, start)
            pictures = augment(pictures, augmentation, generator)
            features.append(features_of(pictures))
            task.advance(len(rows))
    return torch.cat(features)


def cached_batches(
    features: Tensor, vectors: AvatarVectors, batch_size: int, seed: int, device: str
) -> Batches:
    """Return batches drawn from the features of `view_features`."""
    sources = torch.arange(len(features)) % len(vectors)
    targets = Targets.of(vectors, device).rows(sources.to(device))
    rows_at = row_order(len(features), batch_size, seed)

    def batch(step: int) -> tuple[Tensor, Targets]:
        rows = rows_at(step).to(device)
        return features[rows], targets.rows(rows)

    return batch


def row_order(count: int, batch_size: int, seed: int) -> Callable[[int], Tensor]:
    """Return a function from a step to its (batch_size,) rows, in seeded epochs."""

    @lru_cache(maxsize=2)
    def epoch(number: int) -> Tensor:
        generator = generator_of("epoch", seed, number)
        return torch.randperm(count, generator=generator)

    def rows(step: int) -> Tensor:
        first = step * batch_size
        places = range(first, first + batch_size)
        return torch.stack([epoch(place // count)[place % count] for place in places])

    return rows
