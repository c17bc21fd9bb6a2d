"""Prints the peak memory of producing and reading pairs, in MiB.

python pair_memory.py PAIRS

A small generator draws 64 px. Avatars are rendered, their latent codes are written as
the inversion writes them, pairs are produced, and an estimator's reads are repeated.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import tiny_pair
import torch
from safetensors.torch import load_file, save_file

from benchmark.avatars import AvatarVectors
from benchmark.storage.store import Store
from benchmark.system.peak_memory import peak_memory
from benchmark.system.progress import Silent
from methods.estimator.examples import unpacked
from methods.networks.semantic_stylegan import SemanticGenerator
from methods.shared.renders import Renders, training_renders
from methods.shared.tensors import save_concatenated
from methods.swiftavatar.options import SemanticOptions
from methods.swiftavatar.pairs import FacePairs, produced_pairs

COPIES, BATCH, READ = 5, 16, 64
GENERATOR = {
    **tiny_pair.GENERATOR,
    "size": 64,
    "seg_dim": 2,
    "transparent_dims": (),
    "coarse_size": 16,
    "channels": dict.fromkeys((4, 8, 16, 32, 64), 4),
}
AUGMENTED = SemanticOptions(background=1, hair=0, glasses=0, copies=COPIES)


class NoiseEngine:
    """Draws noise, which compresses as badly as pictures can."""

    meta = SimpleNamespace(name="noise", version="1")
    spec = tiny_pair.SPEC

    def render(self, vectors: AvatarVectors, size: int) -> np.ndarray:
        shape = (len(vectors), size, size, 3)
        return np.random.default_rng(0).integers(0, 256, shape, np.uint8)


def write_latents(folder: Path, renders: Renders, realistic: SemanticGenerator) -> Path:
    """Latent codes in batches, joined like those of the inversion."""
    shape = (realistic.layout.rows, realistic.config.style_dim)
    files = []
    for start in range(0, len(renders.vectors), BATCH):
        count = len(renders.pictures[start : start + BATCH])
        files.append(folder / f"{start}.safetensors")
        save_file({"latents": torch.randn(count, *shape).half()}, files[-1])
    save_concatenated(files, ["latents"], folder / "latents.safetensors")
    return folder / "latents.safetensors"


def produce(count: int, folder: Path, realistic: SemanticGenerator) -> FacePairs:
    """So many pairs of a fifth as many avatars."""
    store = Store(folder / "store")
    avatars = count // COPIES
    renders = training_renders(NoiseEngine(), avatars, 64, 0, store, Silent())
    latents = load_file(write_latents(folder, renders, realistic))["latents"]
    inverted = SimpleNamespace(latents=latents, digest="codes")
    own = (inverted, renders.vectors, realistic, "weights", AUGMENTED, 64, 0)
    return produced_pairs(*own, store, Silent())


def peak_of(count: int) -> float | None:
    """Peak memory in MiB of this process; None where it cannot be measured."""
    torch.set_num_threads(1)
    torch.manual_seed(0)
    realistic = SemanticGenerator(**GENERATOR).eval()
    with tempfile.TemporaryDirectory() as place, peak_memory() as peak:
        pairs = produce(count, Path(place), realistic)
        for start in range(0, count, READ):  # in order, as for cached views
            assert pairs.pictures[start : start + READ].any()
        unpacked(pairs, Path(place), Silent())  # for fresh views
    return peak.mib


def peak_in_fresh_process(count: int) -> float | None:
    """`peak_of` in a process of its own."""
    command = [sys.executable, __file__, str(count)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return json.loads(done.stdout)


if __name__ == "__main__":
    print(json.dumps(peak_of(int(sys.argv[1]))))
