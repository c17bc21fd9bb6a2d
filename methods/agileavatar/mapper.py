"""Stage 2: a network reads a relaxed vector off a stylised picture.

The frozen imitator draws the vector, and the drawing should be like the stylised
picture. The imitator and the loss never see a face.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from benchmark.avatars import AvatarSpec
from benchmark.storage.store import Stage
from methods.agileavatar.likeness import Likeness
from methods.agileavatar.options import AgileAvatarOptions, MapperOptions
from methods.base import FitContext
from methods.estimator.augmentation import augment
from methods.estimator.examples import row_order
from methods.estimator.training import Recipe, train
from methods.f2p.imitation import TrainedImitator
from methods.f2p.relaxed import entropy, relaxed
from methods.networks.tied_output import ParameterReader
from methods.shared.pictures import as_tensor
from methods.shared.randomness import generator_of, seed_of
from methods.shared.tensors import restored, storable

MAPPER_VERSION = "1"
NETWORK = "mapper.safetensors"

Stylise = Callable[[Tensor], Tensor]
"""From (n, 3, H, H) faces to (n, 3, S, S) stylised pictures, both in [-1, 1]."""


@dataclass(frozen=True)
class TrainedMapper:
    """The mapper, frozen, in evaluation mode, and the key of its stage."""

    network: ParameterReader
    digest: str


def trained_mapper(
    stylise: Stylise,
    stylist_digest: str,
    imitator: TrainedImitator,
    likeness: Likeness,
    options: AgileAvatarOptions,
    context: FitContext,
) -> TrainedMapper:
    """The mapper of an engine; cached in the store.

    A build that was killed resumes from its checkpoint and ends with the same bytes.
    Raises FloatingPointError where the loss is not finite.
    """
    own, spec, device = options.mapper, imitator.spec, context.device
    size = imitator.network.size
    stage = Stage(
        "mapper",
        MAPPER_VERSION,
        {
            **own.model_dump(mode="json", exclude={"checkpoint_steps"}),
            "likeness": options.likeness.model_dump(mode="json"),
            "augmentation": options.augmentation.model_dump(mode="json"),
            "device": device,
            "threads": torch.get_num_threads(),
        },
        {
            "imitator": imitator.digest,
            "stylist": stylist_digest,
            "faces": context.faces.digest,
        },
        context.seed,
    )

    def build(folder: Path, scratch: Path) -> None:
        network = make_mapper(spec, size, own.width, context.seed).to(device)
        loss = _loss(network, stylise, imitator, likeness, options, context)
        recipe = Recipe(own.steps, own.learning_rate, "cosine", own.checkpoint_steps)
        label = f"{context.engine.meta.name} mapper"
        train(network, loss, recipe, scratch, context.progress, label)
        save_file(storable(network.state_dict()), folder / NETWORK)

    folder = context.store.get_or_build(stage, build)
    tensors = load_file(folder / NETWORK)
    return TrainedMapper(restore_mapper(spec, size, own, tensors, device), stage.key)


def make_mapper(spec: AvatarSpec, size: int, width: int, seed: int) -> ParameterReader:
    """The untrained mapper."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed_of("mapper", seed))
        return ParameterReader(spec.flat_size, len(spec.continuous), size, width)


def restore_mapper(
    spec: AvatarSpec,
    size: int,
    options: MapperOptions,
    tensors: Mapping[str, Tensor],
    device: str,
) -> ParameterReader:
    """The mapper with the given tensors, frozen, in evaluation mode, on `device`."""
    return restored(make_mapper(spec, size, options.width, 0), tensors, device)


def _loss(
    network: ParameterReader,
    stylise: Stylise,
    imitator: TrainedImitator,
    likeness: Likeness,
    options: AgileAvatarOptions,
    context: FitContext,
) -> Callable[[int], Tensor]:
    """The distance of stylised faces and drawings of their vectors, plus entropy."""
    faces, seed, device = context.faces.images, context.seed, context.device
    rows_at = row_order(len(faces), options.mapper.batch, seed_of("mapper", seed))

    def loss_at(step: int) -> Tensor:
        some = as_tensor(faces[rows_at(step).numpy()], device)
        generator = generator_of("mapper", seed, step)
        with torch.no_grad():
            targets = stylise(augment(some, options.augmentation, generator))
            fixed = likeness.targets(targets)
        vectors = relaxed(imitator.spec, network(targets), 1.0)
        apart = likeness.distances(imitator.draw(vectors), fixed).mean()
        own = options.mapper.entropy_weight * entropy(imitator.spec, vectors)
        return apart + own

    return loss_at
