"""Cached results of the search for train faces, to which the facial prior is fitted.

They are a stage of the store; a killed build resumes at the unfinished batch.
"""

from __future__ import annotations

from pathlib import Path

import torch
from safetensors.torch import load_file, save, save_file
from torch import Tensor

from benchmark.storage.batch_files import CLAIMS, build_batches
from benchmark.storage.store import Stage, Store, atomic_write
from benchmark.system.progress import Progress
from methods.base import Pictures
from methods.f2p.comparison import SimilarityNetwork
from methods.f2p.options import SearchOptions, SimilarityOptions
from methods.f2p.search import Search
from methods.shared.pictures import as_tensor

SEARCH_CACHE_VERSION = "1"
VECTORS = "vectors.safetensors"


def cached_search_vectors(
    search: Search,
    similarity: SimilarityNetwork,
    faces: Pictures,
    options: SearchOptions,
    weights: SimilarityOptions,
    imitator: str,
    store: Store,
    progress: Progress,
    device: str,
) -> Tensor:
    """(n, flat_size) vectors that `search` finds for n faces, in flat form.

    `options` and `weights` are those of `search`, and `imitator` is the digest of its
    imitator.
    """
    stage = Stage(
        "searched-faces",
        SEARCH_CACHE_VERSION,
        {
            "search": options.model_dump(mode="json"),
            "similarity": weights.model_dump(mode="json", exclude={"parser"}),
            "eyes": similarity.avatars.eyes,
            "mouth": similarity.avatars.mouth,
            "faces": len(faces.images),
            "device": device,
            "threads": torch.get_num_threads(),
        },
        {
            "faces": faces.digest,
            "imitator": imitator,
            **{name: term.digest for name, term in similarity.terms.items()},
        },
    )

    def share(scratch: Path) -> list[Path]:
        return _search_batches(
            search, similarity, faces, options.batch, scratch, progress
        )

    def build(folder: Path, scratch: Path) -> None:
        pieces = [load_file(file)["vectors"] for file in share(scratch)]
        save_file({"vectors": torch.cat(pieces)}, folder / VECTORS)

    found = store.get_or_build(stage, build, share=share)
    return load_file(found / VECTORS)["vectors"]


def _search_batches(
    search: Search,
    similarity: SimilarityNetwork,
    faces: Pictures,
    batch: int,
    scratch: Path,
    progress: Progress,
) -> list[Path]:
    """Search the batches that `scratch` lacks; return the files of all in order."""

    def build(rows: slice, file: Path) -> None:
        pictures = as_tensor(faces.images[rows], search.device)
        result = search.run(similarity.against(pictures), len(pictures))
        atomic_write(file, save({"vectors": torch.from_numpy(result.vectors.flat())}))

    return build_batches(
        len(faces.images),
        batch,
        lambda number: scratch / f"vectors-{number:05d}.safetensors",
        build,
        progress,
        "search for train faces",
        scratch / CLAIMS,
    )
