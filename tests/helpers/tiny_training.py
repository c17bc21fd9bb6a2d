"""A tiny generator training; an iteration takes milliseconds."""

from __future__ import annotations

import numpy as np

from benchmark.faces.parsed import ParsedArrays
from methods.generator.recipe import GeneratorRecipe
from methods.generator.training import open_fabric, train_generator

SIZE, PARTS = 16, 13
WIDTHS = {4: 4, 8: 4, 16: 4}
OPTIONS = {
    "name": "tiny",
    "generator": {
        "size": SIZE,
        "style_dim": 4,
        "n_mlp": 1,
        "local_layers": 2,
        "local_channel": 4,
        "base_layers": 1,
        "depth_layers": 1,
        "coarse_size": 8,
        "coarse_channel": 4,
        "min_feat_size": 4,
        "channels": WIDTHS,
    },
    "discriminator": {"channels": WIDTHS},
    "objective": {"r1_every": 3, "path_every": 2, "r1_seg": 10, "mask": 10},
    "augmentation": {"flip": 0.5, "shift": 0.1},
    "batch": 4,
    "images": 48,
    "preview_every": 16,
}


def make_recipe(**changes):
    return GeneratorRecipe(**{**OPTIONS, **changes})


def make_faces(count=10, size=SIZE, seed=0):
    """Random pictures; the first pixel of each is its index."""
    rng = np.random.default_rng(seed)
    pictures = rng.integers(0, 256, (count, size, size, 3), dtype=np.uint8)
    pictures[:, 0, 0] = np.arange(count, dtype=np.uint8)[:, None]
    parsing = rng.integers(0, PARTS, (count, size, size), dtype=np.uint8)
    return ParsedArrays("tiny faces", pictures, parsing, "CC0-1.0", stand_in=True)


def train(recipe, faces, folder, **options):
    return train_generator(recipe, faces, folder, open_fabric(recipe, "cpu"), **options)
