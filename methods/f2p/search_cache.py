"""Vectors that the search finds for train faces: what a facial prior is fitted to.

A stage of the store, batch by batch, resumable at the open one.
"""

from __future__ import annotations

from pathlib import Path

import torch
from safetensors.torch import load_file, save, save_file
from torch import Tensor

from benchmark.storage.store import Stage, Store, atomic_write
from benchmark.system.progress import Progress
from methods.base import Pictures
from methods.f2p.comparison import Judge
from methods.f2p.options import SearchOptions, SimilarityOptions
from methods.f2p.search import Search
from methods.shared.pictures import as_tensor

SEARCHED_VERSION = "1"
VECTORS = "vectors.safetensors"


def searched_vectors(
    search: Search,
    judge: Judge,
    faces: Pictures,
    options: SearchOptions,
    weights: SimilarityOptions,
    imitator: str,
    store: Store,
    progress: Progress,
    device: str,
) -> Tensor:
    """(n, flat_size) flat forms of what `search` finds for n faces.

    `options` and `weights` are those that `search` was made with, and `imitator` the
    digest of what it descends through.
    """
    stage = Stage(
        "searched-faces",
        SEARCHED_VERSION,
        {
            "search": options.model_dump(mode="json"),
            "similarity": weights.model_dump(mode="json", exclude={"parser"}),
            "eyes": judge.avatars.eyes,
            "mouth": judge.avatars.mouth,
            "faces": len(faces.images),
            "device": device,
            "threads": torch.get_num_threads(),
        },
        {
            "faces": faces.digest,
            "imitator": imitator,
            **{name: term.digest for name, term in judge.terms.items()},
        },
    )

    def build(folder: Path, scratch: Path) -> None:
        pieces = _searched(search, judge, faces, options.batch, scratch, progress)
        save_file({"vectors": torch.cat(pieces)}, folder / VECTORS)

    return load_file(store.get_or_build(stage, build) / VECTORS)["vectors"]


def _searched(
    search: Search,
    judge: Judge,
    faces: Pictures,
    batch: int,
    scratch: Path,
    progress: Progress,
) -> list[Tensor]:
    """Every batch's vectors; those that lie in `scratch` already are read."""
    count = len(faces.images)
    files = {start: scratch / f"{start:07d}" for start in range(0, count, batch)}
    done = sum(
        min(batch, count - start) for start, file in files.items() if file.is_file()
    )
    with progress.task("search for train faces", count, done) as task:
        for start, file in files.items():
            if file.is_file():
                continue
            some = as_tensor(faces.images[start : start + batch], search.device)
            found = search.run(judge.against(some), len(some))
            vectors = torch.from_numpy(found.vectors.flat())
            atomic_write(file, save({"vectors": vectors}))
            task.advance(len(some))
    return [load_file(file)["vectors"] for file in files.values()]
