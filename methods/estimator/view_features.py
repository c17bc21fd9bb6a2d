"""Features of augmented pictures, kept in the store if several estimators need them.

The oracles of all engines train on the same faces. Their frozen stages therefore give
the same features, which take longer than the training.
"""

from __future__ import annotations

from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from benchmark.storage.digests import file_digest
from benchmark.storage.store import Stage
from methods.base import FitContext
from methods.estimator.examples import FrozenFeatures, Pairs, view_features
from methods.estimator.options import EstimatorOptions
from methods.networks.backbones import WEIGHT_FILES
from methods.networks.estimator import Estimator

FEATURES_VERSION = "1"
FEATURES = "features.safetensors"


def features_stage(
    pictures: str, options: EstimatorOptions, context: FitContext
) -> Stage:
    """The stage of the features of pictures with that digest."""
    return Stage(
        "view-features",
        FEATURES_VERSION,
        {
            "input_size": options.input_size,
            "effective_resolution": options.effective_resolution,
            "backbone": options.backbone,
            "stages": options.frozen_stages,
            "views": options.cached_views,
            "augmentation": options.augmentation.model_dump(mode="json"),
            "device": context.device,
            "threads": torch.get_num_threads(),
        },
        {
            "pictures": pictures,
            "weights": file_digest(context.weights[WEIGHT_FILES[options.backbone]]),
        },
        context.seed,
    )


def frozen_features(network: Estimator, options: EstimatorOptions) -> FrozenFeatures:
    """Gives the features of the frozen stages, at the input size."""
    return lambda pictures: network.frozen_features(options.network_input(pictures))


def features_of_views(
    network: Estimator, pairs: Pairs, options: EstimatorOptions, context: FitContext
) -> Tensor:
    """The features of `options.cached_views` views of the pairs' pictures.

    With `pairs.pictures_digest`, they are cached in the store.
    """

    def compute() -> Tensor:
        return view_features(
            pairs,
            frozen_features(network, options),
            options.augmentation,
            context.seed,
            context.device,
            options.cached_views,
            context.progress,
        )

    if pairs.pictures_digest is None:
        return compute()

    def build(folder: Path, scratch: Path) -> None:
        _write(folder / FEATURES, compute())

    stage = features_stage(pairs.pictures_digest, options, context)
    return _read(context.store.get_or_build(stage, build) / FEATURES, context.device)


def _write(file: Path, features: Tensor) -> None:
    """Write a tensor and the order of its axes in memory: rounding depends on it."""
    order = sorted(range(features.ndim), key=lambda axis: -features.stride(axis))
    tensors = {"features": features.permute(order), "order": torch.tensor(order)}
    save_file({k: v.contiguous().cpu() for k, v in tensors.items()}, file)


def _read(file: Path, device: str) -> Tensor:
    tensors = load_file(file)
    back = torch.argsort(tensors["order"]).tolist()
    return tensors["features"].to(device).permute(back)
