"""How well predicted vectors agree with labelled faces, by parameter."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray

from benchmark.avatars import AvatarVectors
from methods.product.network import ProductEstimator
from methods.product.randomisation import crop_portraits

CHUNK = 32


def predict_portraits(
    network: ProductEstimator, pictures: NDArray[np.uint8]
) -> dict[str, AvatarVectors]:
    """The vectors of (n, S, S, 3) synthetic portraits for each engine."""
    device = str(next(network.parameters()).device)
    with torch.inference_mode():
        batches = [
            network(crop_portraits(pictures[i : i + CHUNK], device))
            for i in range(0, len(pictures), CHUNK)
        ]
    return {
        engine: AvatarVectors.from_flat(
            spec, torch.cat([batch[engine] for batch in batches]).cpu().numpy()
        )
        for engine, spec in network.specs.items()
    }


def agreement(predicted: AvatarVectors, truth: AvatarVectors) -> dict[str, float]:
    """Agreement with the ground truth by parameter, in [0, 1].

    It is the share of right options, or 1 minus the mean absolute error of a scalar,
    over the faces on which the parameter is active in the ground truth. Parameters that
    are active on no face are left out.
    """
    spec, active = truth.spec, truth.active()
    result: dict[str, float] = {}
    for column, scalar in enumerate(spec.continuous):
        errors = np.abs(predicted.continuous - truth.continuous)[:, column]
        if (shown := active.continuous[:, column]).any():
            result[scalar.name] = 1 - float(errors[shown].mean())
    for column, choice in enumerate(spec.discrete):
        right = (predicted.discrete == truth.discrete)[:, column]
        if (shown := active.discrete[:, column]).any():
            result[choice.name] = float(right[shown].mean())
    return result
