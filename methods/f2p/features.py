"""What a term of the similarity sees of many pictures, computed once: a stage.

Kept in half precision, whose steps are a thousandth of what they measure: the content
features of 70,000 faces fill gigabytes.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.lib.format import open_memmap
from numpy.typing import NDArray
from torch import Tensor

from benchmark.storage.store import Stage, Store, atomic_write
from benchmark.system.progress import Progress
from methods.f2p.alignment import Frame
from methods.f2p.similarity import Similarity
from methods.shared.pictures import as_tensor

FEATURES_VERSION = "1"
FEATURES = "features.npy"
SHARD = 16
"""Pictures a call of the network, and from one note of how far it is to the next."""


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
        """(k, ...) float32 features of k rows of int64 numbers, on `device`."""
        return torch.from_numpy(self.values[rows.numpy()]).to(device).float()


def features_of(
    pictures: NDArray[np.uint8],
    digest: str,
    term: Similarity,
    frame: Frame,
    store: Store,
    progress: Progress,
    device: str,
    label: str,
) -> Features:
    """Features of (n, S, S, 3) pictures with that digest, which all have that frame.

    There must be a picture. A killed run goes on at the shard that was open.
    """
    stage = Stage(
        "similarity-features",
        FEATURES_VERSION,
        {
            "eyes": frame.eyes,
            "mouth": frame.mouth,
            "device": device,
            "threads": torch.get_num_threads(),
        },
        {"pictures": digest, "term": term.digest},
    )

    def build(folder: Path, scratch: Path) -> None:
        _fill(pictures, term, frame, scratch, progress, device, label)
        (scratch / FEATURES).rename(folder / FEATURES)

    folder = store.get_or_build(stage, build)
    return Features(np.load(folder / FEATURES, mmap_mode="r"), stage.key)


def _fill(
    pictures: NDArray[np.uint8],
    term: Similarity,
    frame: Frame,
    scratch: Path,
    progress: Progress,
    device: str,
    label: str,
) -> None:
    """Fill the file in `scratch` shard by shard, noting how far it is after each."""
    note, path = scratch / "done.json", scratch / FEATURES
    done = json.loads(note.read_text()) if note.is_file() and path.is_file() else 0
    count = len(pictures)
    with progress.task(label, count, done) as task:
        for start in range(done, count, SHARD):
            shard = as_tensor(pictures[start : start + SHARD], device)
            with torch.no_grad():
                found = term.features(shard, frame).cpu().numpy()
            shape = (count, *found.shape[1:])
            file = (
                np.load(path, mmap_mode="r+")
                if start
                else open_memmap(path, mode="w+", dtype=np.float16, shape=shape)
            )
            file[start : start + len(shard)] = found
            file.flush()
            atomic_write(note, json.dumps(start + len(shard)).encode())
            task.advance(len(shard))
