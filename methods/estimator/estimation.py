"""The avatar estimator as a method: trained on pairs of pictures and vectors."""

from __future__ import annotations

from abc import ABC, abstractmethod
from pathlib import Path
from typing import Any, ClassVar, Self

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from benchmark.avatars import AvatarSpec, AvatarVectors
from benchmark.storage.digests import file_digest
from benchmark.storage.store import Stage
from methods.base import FitContext, MethodError, MethodMeta
from methods.estimator.examples import Batches, Pairs, cached_batches, fresh_batches
from methods.estimator.losses import estimator_loss
from methods.estimator.options import EstimatorOptions
from methods.estimator.training import train
from methods.networks.backbones import WEIGHT_FILES, load_imagenet, make_backbone
from methods.networks.estimator import Estimator, Grid, Pooled
from methods.shared.pictures import check_faces
from methods.shared.randomness import seed_of
from methods.shared.saving import WEIGHTS_FILE, load_method, save_method
from methods.shared.stage_estimate import Foreseen, Foresight

TRAINING_VERSION = "1"
SECONDS_PER_STEP, SECONDS_PER_FACE, SECONDS_TO_OPEN = 0.06, 0.01, 3
"""Rules of thumb for two processor cores: a step of the training, a prediction, and
all that a fit reads and writes."""


class EstimatorMethod(ABC):
    """A method that trains the estimator; a contestant says on which pairs."""

    meta: ClassVar[MethodMeta]
    Options: ClassVar[type[EstimatorOptions]] = EstimatorOptions

    def __init__(self, options: EstimatorOptions) -> None:
        self.options = options
        self._network: Estimator | None = None

    @classmethod
    def required_weights(cls, options: Any) -> tuple[str, ...]:
        """The backbone's ImageNet file, where the options want a pretrained one."""
        return (WEIGHT_FILES[options.backbone],) if options.pretrained else ()

    @abstractmethod
    def pairs(self, context: FitContext) -> Pairs:
        """What to train on; other sizes than the input size are brought to it."""

    def before(self, context: FitContext) -> tuple[tuple[Foreseen, ...], str]:
        """The stages that `pairs` goes through, and the digest that pairs will have.

        It makes none of them. Unless a contestant says otherwise, there are none.
        """
        return (), self.pairs(context).digest

    def foresee(self, context: FitContext) -> Foresight:
        """The stages of the pairs and the estimator's own."""
        stages, digest = self.before(context)
        own = training_stage(context.engine.spec, digest, self.options, context)
        trained = Foreseen(own, SECONDS_PER_STEP * self.options.steps)
        return Foresight((*stages, trained), SECONDS_TO_OPEN, SECONDS_PER_FACE)

    def fit(self, context: FitContext) -> None:
        """Train on `pairs`; the trained network is a stage of the store."""
        spec, pairs = context.engine.spec, self.pairs(context)
        stage = training_stage(spec, pairs.digest, self.options, context)

        def build(folder: Path, scratch: Path) -> None:
            network = _trained(spec, pairs, self.options, context, scratch)
            save_file(_plain(network), folder / WEIGHTS_FILE)

        folder = context.store.get_or_build(stage, build)
        self._adopt(spec, load_file(folder / WEIGHTS_FILE), context.device)

    def predict(self, faces: Tensor) -> AvatarVectors:
        """Vectors for (n, 3, S, S) float32 faces in [-1, 1], S the input size.

        Faces go through the network one by one, so that a prediction depends on its
        face alone. Raises ValueError for other shapes and ranges.
        """
        network = self._fitted
        check_faces(faces, self.options.input_size)
        device = next(network.parameters()).device
        with torch.inference_mode():
            sight = self.options.sight
            rows = [network(sight(face[None].to(device))).cpu() for face in faces]
        flat = torch.cat(rows) if rows else torch.zeros(0, network.spec.flat_size)
        return AvatarVectors.from_flat(network.spec, flat.numpy())

    def save(self, folder: Path) -> None:
        """Write options, spec and weights."""
        network = self._fitted
        tensors = network.state_dict()
        save_method(folder, self.meta, self.options, network.spec, tensors=tensors)

    @classmethod
    def load(cls, folder: Path, device: str = "cpu") -> Self:
        """Read what `save` wrote; the network lies on `device`."""
        saved = load_method(folder, cls.meta)
        method = cls(cls.Options.model_validate(saved.options))
        method._adopt(saved.spec, saved.tensors(), device)
        return method

    def _adopt(self, spec: AvatarSpec, tensors: dict[str, Tensor], device: str) -> None:
        network = make_estimator(spec, self.options, seed=0)
        network.load_state_dict(tensors)
        self._network = network.eval().to(device)

    @property
    def _fitted(self) -> Estimator:
        if self._network is None:
            raise MethodError(f"{self.meta.name} is not fitted: call fit or load first")
        return self._network


def training_stage(
    spec: AvatarSpec, pairs: str, options: EstimatorOptions, context: FitContext
) -> Stage:
    """What a trained estimator depends on; `pairs` is their digest.

    The number of threads belongs to it: it decides in which order sums are taken.
    """
    read = set(EstimatorOptions.model_fields) - {"checkpoint_steps"}
    files = {
        f"weights.{name}": file_digest(path) for name, path in context.weights.items()
    }
    return Stage(
        "estimator",
        TRAINING_VERSION,
        {
            **options.model_dump(mode="json", include=read),
            "device": context.device,
            "threads": torch.get_num_threads(),
        },
        {"pairs": pairs, "spec": spec.digest, **files},
        context.seed,
    )


def make_estimator(
    spec: AvatarSpec, options: EstimatorOptions, seed: int, imagenet: Path | None = None
) -> Estimator:
    """The untrained network of these options: seeded, or with a file of ImageNet's."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed_of("network", seed))
        backbone = make_backbone(options.backbone)
        if imagenet is not None:
            load_imagenet(backbone, options.backbone, imagenet)
        if options.backbone_stages is not None:
            backbone = backbone.first(options.backbone_stages)
        reading = (
            Grid(backbone, options.grid_channels, options.input_size)
            if options.reading == "grid"
            else Pooled(backbone)
        )
        return Estimator(
            spec, backbone, reading, options.head_width, options.frozen_stages
        )


def initial_estimator(
    spec: AvatarSpec, options: EstimatorOptions, context: FitContext
) -> Estimator:
    """The network before its first step, its backbone from ImageNet where wanted.

    Raises MethodError where the context lacks the weight file.
    """
    file = None
    if options.pretrained:
        name = WEIGHT_FILES[options.backbone]
        if name not in context.weights:
            raise MethodError(
                f"backbone {options.backbone} wants the weight file {name}: run "
                f"`avatarbench weights fetch {name}` or set pretrained: false"
            )
        file = context.weights[name]
    network = make_estimator(spec, options, context.seed, file)
    return network.to(context.device)


def _trained(
    spec: AvatarSpec,
    pairs: Pairs,
    options: EstimatorOptions,
    context: FitContext,
    scratch: Path,
) -> Estimator:
    network = initial_estimator(spec, options, context)
    batches = _batches(network, pairs, options, context)
    weights = options.loss_weights

    def loss_at(step: int) -> Tensor:
        features, targets = batches(step)
        return estimator_loss(spec, network.learnt(features), targets, weights)

    label = f"{context.engine.meta.name} estimator"
    train(network, loss_at, options.recipe, scratch, context.progress, label)
    return network


def _batches(
    network: Estimator, pairs: Pairs, options: EstimatorOptions, context: FitContext
) -> Batches:
    shared = (
        pairs,
        network,
        options.augmentation,
        options.sight,
        options.batch_size,
        context.seed,
        context.device,
    )
    if options.cached_views:
        return cached_batches(*shared, options.cached_views, context.progress)
    return fresh_batches(*shared)


def _plain(network: Estimator) -> dict[str, Tensor]:
    return {k: v.detach().cpu().contiguous() for k, v in network.state_dict().items()}
