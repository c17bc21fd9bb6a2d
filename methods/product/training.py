"""Training of the product estimator on labelled synthetic faces."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from pydantic import Field
from torch import Tensor

from benchmark.avatars import AvatarVectors
from benchmark.faces.parsed import ParsedFaces
from benchmark.system.progress import Progress
from methods.estimator.examples import row_order
from methods.estimator.losses import LossWeights, Targets, estimator_loss, log_shares
from methods.estimator.training import Recipe, train
from methods.product.network import (
    NETWORK_SIZE,
    ProductEstimator,
    make_product_estimator,
)
from methods.product.randomisation import randomise
from methods.shared.ahead import prepared_ahead
from methods.shared.options import Options
from methods.shared.randomness import generator_of

VERSION = "3"
"""Changes with every change of the training."""

WEIGHTS = LossWeights(continuous=10, discrete=1, alpha=1, beta=0)
"""Plain cross-entropy: the labels follow rules and hold no noise.

The paper's loss resists wrong labels, and drops rare options, such as beards.
"""
THREADS = 4
"""Threads that prepare batches, on the CPU mostly, while another device trains."""


class ProductRecipe(Options):
    """How a product estimator is trained.

    Attributes:
        network_size: side in pixels to which smaller faces are enlarged for the
            backbone.
        steps: optimiser steps.
        batch: faces in each step.
        learning_rate: the largest learning rate; it warms up and decays along a cosine.
        strength: of the randomisation (see `randomise`).
        logit_adjustment: tau of the logit adjustment (see `EstimatorOptions`).
        head_width: hidden units of each head.
        seed: of the initial heads, the order of the faces and the randomisation.
    """

    network_size: int = Field(NETWORK_SIZE, ge=64, le=512)
    steps: int = Field(15_000, ge=1)
    batch: int = Field(32, ge=2)
    learning_rate: float = Field(1e-3, gt=0)
    strength: float = Field(1.0, ge=0, le=2)
    logit_adjustment: float = Field(0.0, ge=0)
    head_width: int = Field(default=256, ge=1)
    seed: int = Field(0, ge=0)


@dataclass(frozen=True)
class Examples:
    """Labelled synthetic faces.

    Attributes:
        faces: portraits with part maps.
        rows: (n,) numbers of the faces in use.
        vectors: n vectors for each engine, in the order of `rows`.
    """

    faces: ParsedFaces
    rows: NDArray[np.int64]
    vectors: Mapping[str, AvatarVectors]

    def __len__(self) -> int:
        return len(self.rows)


def train_product(
    examples: Examples,
    recipe: ProductRecipe,
    imagenet: Path | None,
    scratch: Path,
    progress: Progress,
    device: str = "cpu",
    start: ProductEstimator | None = None,
) -> ProductEstimator:
    """Train the estimator; a training that was killed resumes from `scratch`.

    A checkpoint is written every ten minutes. The result is in evaluation mode, on
    `device`. It starts from `start`, which has the same heads, or else from `imagenet`
    (a weight file of the backbone), or else at random.
    """
    specs = {name: vectors.spec for name, vectors in examples.vectors.items()}
    network = make_product_estimator(
        specs, recipe.head_width, recipe.seed, imagenet, recipe.network_size
    )
    if start is not None:
        network.load_state_dict(start.state_dict())
    network = network.to(device)
    targets = {n: Targets.of(v, device) for n, v in examples.vectors.items()}
    adjustments = {
        name: recipe.logit_adjustment * log_shares(vectors).to(device)
        for name, vectors in examples.vectors.items()
    }
    rows_at = row_order(len(examples), recipe.batch, recipe.seed)

    def prepare(step: int) -> tuple[Tensor, Tensor]:
        rows = rows_at(step)
        pictures, parts = examples.faces.batch(examples.rows[rows.numpy()])
        generator = generator_of("randomise", recipe.seed, step)
        faces = randomise(pictures, parts, generator, recipe.strength, device)
        return faces, rows.to(device)

    def loss_of(faces: Tensor, rows: Tensor) -> Tensor:
        predicted = network(faces)
        losses = [
            estimator_loss(
                spec,
                predicted[name] + adjustments[name],
                targets[name].rows(rows),
                WEIGHTS,
            )
            for name, spec in specs.items()
        ]
        return torch.stack(losses).mean()

    schedule = Recipe(
        recipe.steps, recipe.learning_rate, "cosine", checkpoint_steps=recipe.steps
    )
    threads = 0 if device == "cpu" else THREADS
    with prepared_ahead(prepare, recipe.steps, threads) as batch_at:
        train(
            network,
            lambda step: loss_of(*batch_at(step)),
            schedule,
            scratch,
            progress,
            "product estimator",
        )
    return network
