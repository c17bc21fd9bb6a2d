"""A tiny generator training; an iteration takes milliseconds."""

from __future__ import annotations

import numpy as np
from tiny_recipe import NETWORKS, SIZE

from benchmark.faces.parsed import ParsedArrays
from methods.generator.recipe import GeneratorRecipe
from methods.generator.training import open_fabric, train_generator

PARTS = 13
OPTIONS = {
    "name": "tiny",
    **NETWORKS,
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
