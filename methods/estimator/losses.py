"""Losses of the estimator: masked L1 and symmetric cross-entropy."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from benchmark.avatars import AvatarSpec, AvatarVectors

PROBABILITY_FLOOR = 1e-7
LABEL_FLOOR = 1e-4


@dataclass(frozen=True)
class LossWeights:
    """Weights of the estimator's loss (SwiftAvatar, equation 8).

    Attributes:
        continuous: lambda_c (paper: 1).
        discrete: lambda_d (paper: 10).
        alpha: weight of the cross-entropy; the paper does not give it.
        beta: weight of the reverse cross-entropy; the paper does not give it.
    """

    continuous: float = 1.0
    discrete: float = 10.0
    alpha: float = 0.1
    beta: float = 1.0


@dataclass(frozen=True)
class Targets:
    """A batch of n vectors as tensors, with masks of the active parameters.

    Attributes:
        continuous: (n, C) float32 scalars.
        discrete: (n, D) int64 option indices.
        continuous_active: (n, C) bool.
        discrete_active: (n, D) bool.
    """

    continuous: Tensor
    discrete: Tensor
    continuous_active: Tensor
    discrete_active: Tensor

    @classmethod
    def of(cls, vectors: AvatarVectors, device: str = "cpu") -> Targets:
        """Convert a batch of vectors to tensors on `device`."""
        active = vectors.active()
        blocks = (
            vectors.continuous,
            vectors.discrete,
            active.continuous,
            active.discrete,
        )
        # The copy makes read-only arrays acceptable to torch.
        return cls(*(torch.from_numpy(block.copy()).to(device) for block in blocks))

    def rows(self, rows: Tensor) -> Targets:
        """Select rows by their indices."""
        return Targets(
            self.continuous[rows],
            self.discrete[rows],
            self.continuous_active[rows],
            self.discrete_active[rows],
        )


def symmetric_cross_entropy(
    logits: Tensor, targets: Tensor, alpha: float, beta: float
) -> Tensor:
    """Symmetric cross-entropy of (n, K) logits and (n,) option indices: (n,).

    It is `alpha` times the cross-entropy plus `beta` times the reverse cross-entropy
    (Wang et al., "Symmetric cross entropy for robust learning with noisy labels", ICCV
    2019). In the reverse term, zeros of the one-hot label count as 1e-4, as in the
    authors' code.
    """
    likely = functional.softmax(logits, dim=1).gather(1, targets[:, None])[:, 0]
    forward = -likely.clamp(PROBABILITY_FLOOR, 1).log()
    reverse = -math.log(LABEL_FLOOR) * (1 - likely)
    return alpha * forward + beta * reverse


def log_shares(vectors: AvatarVectors) -> Tensor:
    """(flat_size,) logs of each option's share of the vectors; 0 for scalars.

    Only vectors in which the parameter is active count. Each option counts once more
    than it occurs, so that no share is 0.
    """
    spec, active = vectors.spec, vectors.active().discrete
    logs = torch.zeros(spec.flat_size)
    for column, choice in enumerate(spec.discrete):
        shown = vectors.discrete[active[:, column], column]
        counts = torch.bincount(
            torch.from_numpy(shown.copy()), minlength=len(choice.options)
        )
        shares = (counts + 1) / (counts + 1).sum()
        logs[spec.flat_slices[choice.name]] = shares.log()
    return logs


def masked_l1(predicted: Tensor, targets: Tensor, active: Tensor) -> Tensor:
    """Sum the absolute errors of (n, C) scalars over the active ones: (n,)."""
    return ((predicted - targets).abs() * active).sum(dim=1)


def estimator_loss(
    spec: AvatarSpec, predicted: Tensor, targets: Targets, weights: LossWeights
) -> Tensor:
    """The loss of SwiftAvatar, equation 8, averaged over the batch.

    Inactive parameters do not count. Without continuous parameters only the discrete
    term remains.

    Args:
        spec: the avatar spec.
        predicted: (n, flat_size): scalars in [0, 1], then a block of logits for each
            discrete parameter.
        targets: the n vectors.
        weights: weights of the terms.
    """
    scalars = predicted[:, : len(spec.continuous)]
    total = weights.continuous * masked_l1(
        scalars, targets.continuous, targets.continuous_active
    )
    for column, choice in enumerate(spec.discrete):
        logits = predicted[:, spec.flat_slices[choice.name]]
        loss = symmetric_cross_entropy(
            logits, targets.discrete[:, column], weights.alpha, weights.beta
        )
        total = (
            total + weights.discrete * loss * targets.discrete_active[:, column].float()
        )
    return total.mean()
