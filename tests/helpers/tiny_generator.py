"""A training set and a recipe, so small that a generator trains in seconds.

Run as a program: the command line, with ten checkpoints per second.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import yaml
from tiny_recipe import NETWORKS, SIZE

from benchmark.faces.portraits.training_set_record import (
    TrainingSetRecord,
    write_record,
)
from benchmark.faces.shards import open_shard, shard_path, write_shard

COUNT = 12
RECIPE = {**NETWORKS, "batch": 4, "images": 40, "look_every": 20}
PROJECTED = {
    "discriminator": None,
    "projected": {"width": 4, "head_widths": [4, 4, 4]},
    "objective": {"r1_image": 0, "r1_seg": 0, "path_every": 2, "mask": 10},
}
"""Changes for the projected objective."""


def make_training(home: Path, **changes: object) -> None:
    """Write `crowd` and `tiny.yaml` into a folder; a change to None drops a key."""
    rng = np.random.default_rng(0)
    pictures = rng.integers(0, 256, (COUNT, SIZE, SIZE, 3), dtype=np.uint8)
    parsing = rng.integers(0, 13, (COUNT, SIZE, SIZE), dtype=np.uint8)
    crowd = home / "crowd"
    crowd.mkdir()
    write_shard(shard_path(crowd, 0), pictures, parsing)
    digest = open_shard(shard_path(crowd, 0), COUNT, SIZE).digest()
    record = TrainingSetRecord(
        version="1", size=SIZE, seed=0, shard=COUNT, count=COUNT, shards=(digest,)
    )
    write_record(crowd, record)
    recipe = {k: v for k, v in {**RECIPE, **changes}.items() if v is not None}
    (home / "tiny.yaml").write_text(yaml.safe_dump(recipe))


def main() -> None:
    from benchmark.cli import main as command_line
    from methods.generator import training

    training.CHECKPOINT_SECONDS = 0.1
    command_line()


if __name__ == "__main__":
    main()
