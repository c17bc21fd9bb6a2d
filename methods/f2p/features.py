"""Features of many pictures under a term of the similarity: a stage of the store.

Features are stored in half precision (relative error up to 0.05 %), because the content
features of 70,000 faces take gigabytes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from benchmark.storage.batch_files import fill_array
from benchmark.storage.store import Stage, Store
from benchmark.system.progress import Progress
from methods.estimator.augmentation import Augmentation, augment
from methods.f2p.alignment import Frame
from methods.f2p.similarity import SimilarityTerm
from methods.shared.pictures import as_tensor
from methods.shared.randomness import generator_of

FEATURES_VERSION = "1"
FEATURES = "features.npy"
SHARD = 16
"""Pictures per batch; progress is saved after each batch."""


@dataclass(frozen=True)
class Features:
    """Features of n pictures.

    Attributes:
        values: (n, ...) float16, on disk.
        digest: the key of the stage.
    """

    values: NDArray[np.float16]
    digest: str

    def __len__(self) -> int:
        return len(self.values)

    def rows(self, rows: Tensor, device: str) -> Tensor:
        """(k, ...) float32 features on `device`; `rows` are k int64 indices."""
        return torch.from_numpy(self.values[rows.numpy()]).to(device).float()


def features_of(
    pictures: NDArray[np.uint8],
    digest: str,
    term: SimilarityTerm,
    frame: Frame,
    store: Store,
    progress: Progress,
    device: str,
    label: str,
    augmentation: Augmentation | None = None,
    seed: int | None = None,
) -> Features:
    """Features of (n, S, S, 3) uint8 pictures with that digest; n is at least 1.

    All pictures have the same frame. Each is augmented once if `augmentation` is given,
    in the same way for every term, with random numbers of `seed`. A build that was
    killed resumes at the unfinished shard.
    """
    options = view_options(frame, device, augmentation)
    inputs = {"pictures": digest, "term": term.digest}
    stage = Stage("similarity-features", FEATURES_VERSION, options, inputs, seed)

    def features(rows: slice) -> NDArray[np.float32]:
        with torch.no_grad():
            shard = as_tensor(pictures[rows], device)
            shard = view_of(shard, augmentation, seed, rows.start)
            return term.features(shard, frame).cpu().numpy()

    count = len(pictures)
    return stored_features(stage, FEATURES, count, features, store, progress, label)


def view_options(
    frame: Frame, device: str, augmentation: Augmentation | None
) -> dict[str, Any]:
    """The options of a stage of features that come from how pictures are seen."""
    options: dict[str, Any] = {
        "eyes": frame.eyes,
        "mouth": frame.mouth,
        "device": device,
        "threads": torch.get_num_threads(),
    }
    if augmentation is not None:
        options["augmentation"] = augmentation.model_dump(mode="json")
    return options


def view_of(
    shard: Tensor, augmentation: Augmentation | None, seed: int | None, start: int
) -> Tensor:
    """(n, 3, S, S) pictures in [-1, 1] from row `start` on, augmented if asked."""
    if augmentation is None:
        return shard
    return augment(shard, augmentation, generator_of("view", seed or 0, start))


def stored_features(
    stage: Stage,
    name: str,
    count: int,
    compute: Callable[[slice], NDArray[np.float32]],
    store: Store,
    progress: Progress,
    label: str,
) -> Features:
    """The features of `count` pictures in the stage's file `name`.

    `compute` gives those of some rows, and is called only where they are missing. A
    build that was killed resumes at the unfinished shard.
    """

    def build(folder: Path, scratch: Path) -> None:
        file = scratch / name
        fill_array(file, count, SHARD, np.float16, compute, progress, label)
        file.rename(folder / name)

    folder = store.get_or_build(stage, build)
    return Features(np.load(folder / name, mmap_mode="r"), stage.key)
