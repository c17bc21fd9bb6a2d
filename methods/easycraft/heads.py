"""The training of the heads T_p of one engine on its renders, a stage of the store.

The loss is that of EasyCraft (Wang et al., CVPR 2025): the L1 loss of the shape of the
face, the cross-entropy of choices, and the L1 loss of attributes where their condition
holds. No photograph is shown. The stage's folder contains:

    heads.safetensors      the heads
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from benchmark.avatars import AvatarSpec
from benchmark.storage.store import Stage
from methods.base import FitContext
from methods.easycraft.options import EasyCraftOptions, HeadOptions
from methods.easycraft.pretraining import TrainedEncoder
from methods.estimator.examples import Pairs, cached_batches, view_features
from methods.estimator.losses import LossWeights, estimator_loss
from methods.estimator.training import Recipe, train
from methods.networks.parameter_heads import ParameterHeads
from methods.shared.randomness import seed_of
from methods.shared.tensors import restored, storable

HEADS_VERSION = "1"
HEADS = "heads.safetensors"
CROSS_ENTROPY = {"alpha": 1.0, "beta": 0.0}
"""Makes the estimator's symmetric cross-entropy the plain one."""


def trained_heads(
    encoder: TrainedEncoder,
    pairs: Pairs,
    options: EasyCraftOptions,
    context: FitContext,
) -> tuple[ParameterHeads, str]:
    """The heads, in evaluation mode, and the key of their stage; cached in the store.

    A build that was killed resumes from its checkpoint and ends with the same bytes.
    """
    own, spec, device = options.head, context.engine.spec, context.device
    stage = heads_stage(encoder.digest, pairs.digest, options, context)

    def build(folder: Path, scratch: Path) -> None:
        features = view_features(
            pairs,
            encoder.features,
            options.augmentation,
            context.seed,
            device,
            own.views,
            context.progress,
        )
        network = make_heads(spec, features.shape[1], own, context.seed).to(device)
        batches = cached_batches(
            features, pairs.vectors, own.batch, context.seed, device
        )
        weights = LossWeights(
            own.continuous_weight, own.discrete_weight, **CROSS_ENTROPY
        )

        def loss_at(step: int) -> Tensor:
            torch.manual_seed(seed_of("dropout", context.seed, step))
            some, targets = batches(step)
            return estimator_loss(spec, network(some), targets, weights)

        recipe = Recipe(own.steps, own.learning_rate, "cosine", own.checkpoint_steps)
        label = f"{context.engine.meta.name} heads"
        with torch.random.fork_rng(devices=[]):
            train(network, loss_at, recipe, scratch, context.progress, label)
        save_file(storable(network.state_dict()), folder / HEADS)

    folder = context.store.get_or_build(stage, build)
    size = encoder.network.feature_size
    tensors = load_file(folder / HEADS)
    return restore_heads(spec, size, own, tensors, device), stage.key


def heads_stage(
    encoder: str, pairs: str, options: EasyCraftOptions, context: FitContext
) -> Stage:
    """The stage of the heads, from the digests of the encoder and of the pairs."""
    return Stage(
        "easycraft-heads",
        HEADS_VERSION,
        {
            **options.head.model_dump(mode="json", exclude={"checkpoint_steps"}),
            "augmentation": options.augmentation.model_dump(mode="json"),
            "device": context.device,
            "threads": torch.get_num_threads(),
        },
        {"encoder": encoder, "pairs": pairs, "spec": context.engine.spec.digest},
        context.seed,
    )


def make_heads(
    spec: AvatarSpec, inputs: int, options: HeadOptions, seed: int
) -> ParameterHeads:
    """The untrained heads, seeded."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed_of("heads", seed))
        return ParameterHeads(spec, inputs, options.width, options.dropout)


def restore_heads(
    spec: AvatarSpec,
    inputs: int,
    options: HeadOptions,
    tensors: Mapping[str, Tensor],
    device: str,
) -> ParameterHeads:
    """The heads with the given tensors, frozen, in evaluation mode, on `device`."""
    return restored(make_heads(spec, inputs, options, 0), tensors, device)
