"""The base class of methods that train the avatar estimator on labelled pictures."""

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
from methods.estimator.examples import (
    Batches,
    Pairs,
    cached_batches,
    fresh_batches,
    unpacked,
)
from methods.estimator.feature_alignment import align_features, check_train_faces
from methods.estimator.losses import estimator_loss, log_shares
from methods.estimator.options import EstimatorOptions
from methods.estimator.training import train
from methods.estimator.view_features import features_of_views, frozen_features
from methods.networks.backbones import WEIGHT_FILES, load_imagenet, make_backbone
from methods.networks.estimator import Alignment, Estimator, Grid, Pooled
from methods.planning import PlannedStage
from methods.shared.pictures import check_faces
from methods.shared.precision import autocast
from methods.shared.randomness import seed_of
from methods.shared.saving import WEIGHTS_FILE, load_method, save_method
from methods.shared.tensors import storable

TRAINING_VERSION = "1"
MEASURED_SIDE = 128
VIEW, HEAD, TRAINED = 0.004, 0.0003, 0.03
"""Seconds on two cores of an AMD EPYC, with pictures of `MEASURED_SIDE` pixels: for the
frozen features of a picture, a training step of the rest for each pair, and a training
step of a whole backbone for each pair."""


class EstimatorMethod(ABC):
    """A method that trains the avatar estimator; subclasses provide the pairs."""

    meta: ClassVar[MethodMeta]
    Options: ClassVar[type[EstimatorOptions]] = EstimatorOptions

    def __init__(self, options: EstimatorOptions) -> None:
        self.options = options
        self._network: Estimator | None = None

    @classmethod
    def required_weights(cls, options: Any) -> tuple[str, ...]:
        """The ImageNet file of the backbone, if `options.pretrained`."""
        return (WEIGHT_FILES[options.backbone],) if options.pretrained else ()

    @abstractmethod
    def pairs(self, context: FitContext) -> Pairs:
        """Return the training pairs; their pictures are resized to the input size."""

    def fit(self, context: FitContext) -> None:
        """Train on `pairs`; the trained network is cached as the stage "estimator".

        Raises MethodError if options need train faces and there are too few.
        """
        check_train_faces(self.options, context)
        spec, pairs = context.engine.spec, self.pairs(context)
        stage = training_stage(spec, pairs.digest, self.options, context)

        def build(folder: Path, scratch: Path) -> None:
            network = _train_estimator(spec, pairs, self.options, context, scratch)
            save_file(storable(network.state_dict()), folder / WEIGHTS_FILE)

        folder = context.store.get_or_build(stage, build)
        self._load_network(spec, load_file(folder / WEIGHTS_FILE), context.device)

    def predict(self, faces: Tensor) -> AvatarVectors:
        """Predict the vectors of (n, 3, S, S) float32 faces in [-1, 1].

        S is the input size. Faces are processed one by one, so a prediction does not
        depend on the other faces. Raises ValueError for any other shape or range.
        """
        network = self._fitted
        check_faces(faces, self.options.input_size)
        device = next(network.parameters()).device
        with torch.inference_mode():
            transform = self.options.network_input
            rows = [network(transform(face[None].to(device))).cpu() for face in faces]
        flat = torch.cat(rows) if rows else torch.zeros(0, network.spec.flat_size)
        return AvatarVectors.from_flat(network.spec, flat.numpy())

    def save(self, folder: Path | str) -> None:
        """Write the options, the spec and the weights."""
        network = self._fitted
        tensors = network.state_dict()
        save_method(folder, self.meta, self.options, network.spec, tensors=tensors)

    @classmethod
    def load(cls, folder: Path | str, device: str = "cpu") -> Self:
        """Read what `save` wrote, to predict on `device`."""
        saved = load_method(folder, cls.meta)
        method = cls(cls.Options.model_validate(saved.options))
        method._load_network(saved.spec, saved.tensors(), device)
        return method

    def _load_network(
        self, spec: AvatarSpec, tensors: dict[str, Tensor], device: str
    ) -> None:
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
    """Return the stage of a trained estimator: everything that it depends on.

    `pairs` is the digest of the pairs. The number of threads is part of the key because
    it changes the order of floating-point sums.
    """
    read = set(EstimatorOptions.model_fields) - {"checkpoint_steps"}
    files = {
        f"weights.{name}": file_digest(path) for name, path in context.weights.items()
    }
    aligned = options.feature_alignment != "none"
    faces = {"faces": context.faces.digest} if aligned else {}
    return Stage(
        "estimator",
        TRAINING_VERSION,
        {
            **options.model_dump(mode="json", include=read),
            "device": context.device,
            "threads": torch.get_num_threads(),
        },
        {"pairs": pairs, "spec": spec.digest, **files, **faces},
        context.seed,
    )


def planned_training(
    spec: AvatarSpec, pairs: str, options: EstimatorOptions, context: FitContext
) -> PlannedStage:
    """The plan of an estimator's training on pairs with the digest `pairs`."""
    seen = options.steps * options.batch_size
    pixels = (options.input_size / MEASURED_SIDE) ** 2
    if options.cached_views:
        seconds = options.cached_views * VIEW * pixels + seen * HEAD
    else:
        seconds = seen * TRAINED * pixels
    work = f"{options.steps:,} steps of {options.batch_size} pairs"
    stage = training_stage(spec, pairs, options, context)
    return PlannedStage("estimator", work, seen, seconds / seen, stage)


def make_estimator(
    spec: AvatarSpec, options: EstimatorOptions, seed: int, imagenet: Path | None = None
) -> Estimator:
    """Build the untrained network, seeded, with ImageNet weights if a file is given."""
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
        frozen = options.frozen_stages
        alignment = (
            None
            if options.feature_alignment == "none"
            else Alignment(backbone, frozen, options.input_size)
        )
        return Estimator(spec, backbone, reading, options.head_width, frozen, alignment)


def initial_estimator(
    spec: AvatarSpec, options: EstimatorOptions, context: FitContext
) -> Estimator:
    """Build the network as it is before its first step, on the context's device.

    Raises MethodError if the options ask for a pretrained backbone and the context has
    no weight file for it.
    """
    file = None
    if options.pretrained:
        name = WEIGHT_FILES[options.backbone]
        if name not in context.weights:
            raise MethodError(
                f"backbone {options.backbone} needs the weight file {name}: run "
                f"`avatarbench weights fetch {name}` or set pretrained: false"
            )
        file = context.weights[name]
    network = make_estimator(spec, options, context.seed, file)
    return network.to(context.device)


def _train_estimator(
    spec: AvatarSpec,
    pairs: Pairs,
    options: EstimatorOptions,
    context: FitContext,
    scratch: Path,
) -> Estimator:
    network = initial_estimator(spec, options, context)
    batches = _make_batches(network, pairs, options, context, scratch)
    weights, tau = options.loss_weights, options.logit_adjustment
    adjustment = tau * log_shares(pairs.vectors).to(context.device) if tau else 0.0

    def loss_at(step: int) -> Tensor:
        features, targets = batches(step)
        with autocast(context.device, options.precision):
            predicted = network.predict_from(features)
        return estimator_loss(spec, predicted.float() + adjustment, targets, weights)

    label = f"{context.engine.meta.name} estimator"
    train(network, loss_at, options.recipe, scratch, context.progress, label)
    align_features(network, batches, options, context)
    return network


def _make_batches(
    network: Estimator,
    pairs: Pairs,
    options: EstimatorOptions,
    context: FitContext,
    scratch: Path,
) -> Batches:
    if options.cached_views:
        features = features_of_views(network, pairs, options, context)
        return cached_batches(
            features, pairs.vectors, options.batch_size, context.seed, context.device
        )
    return fresh_batches(
        unpacked(pairs, scratch, context.progress),
        frozen_features(network, options),
        options.augmentation,
        options.batch_size,
        context.seed,
        context.device,
    )
