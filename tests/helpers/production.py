"""Produces pairs and kills itself after some shards (0: never).

python production.py STORE SHARDS
"""

import os
import signal
import sys
from pathlib import Path
from types import SimpleNamespace

import tiny_pair
import torch

from benchmark.avatars import AvatarVectors
from benchmark.storage.store import Store
from benchmark.system.progress import Silent
from methods.swiftavatar import pairs
from methods.swiftavatar.options import SemanticOptions

WRITE = pairs.write_shard


def produce(root: Path, fatal: int) -> Path:
    """The folder of the shards."""
    realistic = tiny_pair.make_networks()[0].eval()
    shape = (7, realistic.layout.rows, realistic.config.style_dim)
    latents = torch.randn(shape, generator=torch.Generator().manual_seed(1))
    written = []

    def write_and_die(path, rows):
        WRITE(path, rows)
        written.append(path)
        if len(written) == fatal:
            os.kill(os.getpid(), signal.SIGKILL)

    pairs.SHARD, pairs.write_shard = 5, write_and_die
    return pairs.produced_pairs(
        SimpleNamespace(latents=latents, digest="codes"),
        AvatarVectors.sample(tiny_pair.SPEC, 7, seed=0),
        realistic,
        "weights",
        SemanticOptions(copies=3),
        realistic.config.size,
        0,
        Store(root),
        Silent(),
    ).folder


if __name__ == "__main__":
    torch.set_num_threads(1)
    print(produce(Path(sys.argv[1]), int(sys.argv[2])))
