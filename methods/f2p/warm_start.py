"""The translator's warm start: supervised training on renders and their vectors.

The AAAI 2020 paper is said to pre-train like this; TPAMI 2022 does not mention it. The
learning-rate schedule covers these steps and restarts for the steps on faces.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from benchmark.avatars import AvatarSpec, AvatarVectors
from benchmark.storage.store import Stage, Store
from benchmark.system.progress import Progress
from methods.estimator.examples import row_order
from methods.estimator.losses import LossWeights, Targets, estimator_loss
from methods.estimator.training import Recipe, train
from methods.f2p.features import Features
from methods.f2p.options import TranslatorOptions
from methods.networks.translator import Translator
from methods.shared.randomness import seed_of
from methods.shared.tensors import storable

WARM_START_VERSION = "1"
NETWORK = "translator.safetensors"
WEIGHTS = LossWeights(continuous=1, discrete=1, alpha=1, beta=0)
"""L1 of scalars and plain cross-entropy of choices."""


@dataclass(frozen=True)
class WarmPairs:
    """Embeddings of an engine's renders, and the renders' vectors."""

    identity: Features
    vectors: AvatarVectors


def warm_start_stage(
    pairs: WarmPairs, options: TranslatorOptions, seed: int, device: str
) -> Stage:
    """The stage of a warm start: its key covers all that affects the weights."""
    spec = pairs.vectors.spec
    names = {"width", "scalars", "schedule"}
    names |= {"warm_steps", "warm_batch", "warm_learning_rate"}
    return Stage(
        "warm-start",
        WARM_START_VERSION,
        {
            **options.model_dump(mode="json", include=names),
            "device": device,
            "threads": torch.get_num_threads(),
        },
        {"pairs": pairs.identity.digest, "spec": spec.digest},
        seed,
    )


def warm_started(
    network: Translator,
    pairs: WarmPairs,
    options: TranslatorOptions,
    seed: int,
    device: str,
    store: Store,
    progress: Progress,
) -> Mapping[str, Tensor]:
    """The state dict of `network`, initialised from `seed`, after the warm start.

    The state is cached in the store; a build that was killed resumes from its
    checkpoint. Raises FloatingPointError where the loss is not finite.
    """
    spec = pairs.vectors.spec

    def build(folder: Path, scratch: Path) -> None:
        loss_at = warm_loss(network, pairs, options, seed, device)
        label = f"{spec.name} warm start"
        train(network, loss_at, _recipe(options), scratch, progress, label)
        save_file(storable(network.state_dict()), folder / NETWORK)

    folder = store.get_or_build(warm_start_stage(pairs, options, seed, device), build)
    return load_file(folder / NETWORK)


def warm_loss(
    network: Translator,
    pairs: WarmPairs,
    options: TranslatorOptions,
    seed: int,
    device: str,
) -> Callable[[int], Tensor]:
    """The supervised loss on renders, as a function of the step."""
    spec: AvatarSpec = pairs.vectors.spec
    targets = Targets.of(pairs.vectors, device)
    rows_at = row_order(len(pairs.vectors), options.warm_batch, seed_of("warm", seed))

    def loss_at(step: int) -> Tensor:
        rows = rows_at(step)
        predicted = network(pairs.identity.rows(rows, device))
        return estimator_loss(spec, predicted, targets.rows(rows.to(device)), WEIGHTS)

    return loss_at


def _recipe(options: TranslatorOptions) -> Recipe:
    return Recipe(
        options.warm_steps,
        options.warm_learning_rate,
        options.schedule,
        options.checkpoint_steps,
    )
