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
    """Weights of the estimator's loss.

    `continuous` and `discrete` are λc and λd of the paper (1 and 10). The paper does
    not state α and β of the symmetric cross-entropy; 0.1 and 1 are common.
    """

    continuous: float = 1.0
    discrete: float = 10.0
    alpha: float = 0.1
    beta: float = 1.0


@dataclass(frozen=True)
class Targets:
    """A batch of vectors as tensors, with the masks of what is active.

    continuous (n, C) float32 and discrete (n, D) int64; masks of equal shapes, bool.
    """

    continuous: Tensor
    discrete: Tensor
    continuous_active: Tensor
    discrete_active: Tensor

    @classmethod
    def of(cls, vectors: AvatarVectors, device: str = "cpu") -> Targets:
        """The tensors of a batch of vectors."""
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
        """The chosen rows."""
        return Targets(
            self.continuous[rows],
            self.discrete[rows],
            self.continuous_active[rows],
            self.discrete_active[rows],
        )


def symmetric_cross_entropy(
    logits: Tensor, targets: Tensor, alpha: float, beta: float
) -> Tensor:
    """(n,) α CE + β reverse CE of (n, K) logits against (n,) option indices.

    Wang et al., "Symmetric cross entropy for robust learning with noisy labels", ICCV
    2019. Zeros of the one-hot label count as 1e-4 in the reverse term, as in the
    authors' program.
    """
    likely = functional.softmax(logits, dim=1).gather(1, targets[:, None])[:, 0]
    forward = -likely.clamp(PROBABILITY_FLOOR, 1).log()
    reverse = -math.log(LABEL_FLOOR) * (1 - likely)
    return alpha * forward + beta * reverse


def masked_l1(predicted: Tensor, targets: Tensor, active: Tensor) -> Tensor:
    """(n,) sums of absolute errors of (n, C) scalars over the active ones."""
    return ((predicted - targets).abs() * active).sum(dim=1)


def estimator_loss(
    spec: AvatarSpec, predicted: Tensor, targets: Targets, weights: LossWeights
) -> Tensor:
    """The batch mean of equation 8 of the paper, inactive parameters left out.

    `predicted` is (n, flat_size): scalars in [0, 1], then a block of logits per
    discrete parameter. Without continuous parameters only the discrete term remains.
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
