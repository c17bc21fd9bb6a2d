"""Alignment of the features of faces with those of the training pictures.

Adaptive batch normalisation (Li et al., "Revisiting Batch Normalization for Practical
Domain Adaptation", 2016), applied to the feature map of a frozen backbone: each channel
at each position of unlabelled train faces gets the mean and standard deviation that it
has in training.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import torch
from torch import Tensor

from methods.base import FitContext, MethodError
from methods.estimator.examples import VIEW_CHUNK, Batches
from methods.estimator.options import EstimatorOptions
from methods.networks.estimator import Alignment, Estimator
from methods.shared.pictures import as_tensor, resized
from methods.shared.randomness import generator_of

VIEWS = 2000
"""Augmented training pictures that are compared, at most."""
FACES = 1000
"""Train faces that are compared, at most."""
EPS = 1e-3
"""Added to standard deviations: some channels are constant."""


def check_train_faces(options: EstimatorOptions, context: FitContext) -> None:
    """Raise MethodError if the options need train faces and there are too few."""
    count = len(context.faces.images)
    if options.feature_alignment != "none" and count < 2:
        raise MethodError(
            f"feature_alignment needs two or more train faces, got {count}: give a "
            "face set with a larger train split or set feature_alignment: none"
        )


def align_features(
    network: Estimator, batches: Batches, options: EstimatorOptions, context: FitContext
) -> None:
    """Set the alignment of a network, unless it was made without one.

    At most `VIEWS` views of the training are compared with at most `FACES` train faces,
    which are not augmented. No labels are read.
    """
    alignment = network.alignment
    if not isinstance(alignment, Alignment):
        return
    mean, std = _moments(_of_views(batches, options.cached_views or VIEWS))
    face_mean, face_std = _moments(_of_faces(network, options, context))
    scale = std / (face_std + EPS)
    alignment.scale.copy_(scale.float())
    alignment.shift.copy_((mean - face_mean * scale).float())


def _of_views(batches: Batches, count: int) -> Iterator[Tensor]:
    """The features of `count` views, at most `VIEWS`, in the order of the training."""
    left, step = min(count, VIEWS), 0
    while left > 0:
        features = batches(step)[0][:left]
        yield from features.split(VIEW_CHUNK)
        left -= len(features)
        step += 1


def _of_faces(
    network: Estimator, options: EstimatorOptions, context: FitContext
) -> Iterator[Tensor]:
    """The features of train faces; seeded random ones if there are more than `FACES`.

    Faces are read as `predict` gets them, at the input size.
    """
    images = context.faces.images
    generator = generator_of("aligned faces", context.seed)
    order = torch.randperm(len(images), generator=generator)
    chosen = order[:FACES].sort().values.numpy()
    with context.progress.task("features of train faces", len(chosen)) as task:
        for start in range(0, len(chosen), VIEW_CHUNK):
            rows = chosen[start : start + VIEW_CHUNK]
            faces = as_tensor(resized(images[rows], options.input_size), context.device)
            yield network.frozen_features(options.network_input(faces))
            task.advance(len(rows))


def _moments(chunks: Iterable[Tensor]) -> tuple[Tensor, Tensor]:
    """Mean and standard deviation over n in (n, C, H, W) features, each (C, H, W).

    Sums are taken on the CPU, since not every device has float64.
    """
    count, total, squares = 0, torch.tensor(0.0), torch.tensor(0.0)
    for chunk in chunks:
        features = chunk.cpu().double()
        count += len(features)
        total = total + features.sum(0)
        squares = squares + features.square().sum(0)
    mean = total / count
    variance = (squares - count * mean.square()) / (count - 1)
    return mean, variance.clamp_min(0).sqrt()
