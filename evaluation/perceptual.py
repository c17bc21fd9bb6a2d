"""Perceptual distances between predicted and ground-truth renders."""

from __future__ import annotations

from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import ClassVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from benchmark.weights import ALEXNET, ST_LPIPS_ALEX, describe
from benchmark.weights.convolutions import UnreadableWeights
from benchmark.weights.lpips_net import load_lpips
from evaluation import stlpips_net
from evaluation.base import Cases, MetricError, MetricMeta, MetricSetup
from evaluation.checks import check_cases
from evaluation.feature_cache import FeatureCache
from evaluation.stlpips_net import unit_length

MIN_SIDE = 64
"""Smallest render side in pixels."""
ST_LPIPS_SIDE = 128
"""Largest input side of ST-LPIPS in pixels."""

PairDistance = Callable[[NDArray[np.uint8], NDArray[np.uint8]], Tensor]
"""Distance of two (S, S, 3) uint8 renders, as a tensor with one element."""


class Lpips:
    """LPIPS (Zhang et al., CVPR 2018, equation 1), AlexNet, version 0.1.

    Uses the `lpips` package, which ships only the linear heads. The AlexNet trunk comes
    from the weight file `torchvision-alexnet` in the setup; nothing is downloaded. The
    input has the renders' size, scaled to [-1, 1].
    """

    meta: ClassVar[MetricMeta] = MetricMeta(
        name="lpips",
        title="LPIPS",
        unit="distance",
        direction="lower",
        level="case",
        identity={
            "net": "alex",
            "version": "0.1",
            "package": f"lpips {version('lpips')}",
            "backbone": "alexnet-owt-7be5be79.pth",
            "range": "[-1, 1]",
            "size": "render",
            "reduction": "spatial mean",
        },
        needs=(ALEXNET,),
    )

    def __init__(self, setup: MetricSetup) -> None:
        """Load the network.

        Raises MetricError if the weight file is missing or cannot be used.
        """
        self._device = setup.device
        file = _weight_file(setup, self.meta)
        try:
            self._net = load_lpips("alex", file).to(setup.device)
        except UnreadableWeights as error:
            raise _unusable_weights(self.meta, file, error) from error
        self._features = FeatureCache(self._compute_features)

    def score(self, cases: Cases) -> NDArray[np.float64]:
        """Return (n,) distances, 0 or more; 0 for equal renders.

        Raises MetricError for renders that are not (n, S, S, 3) uint8 with S of 64 or
        more.
        """
        check_cases(cases)
        return _score_pairs(self._distance, cases)

    def _distance(
        self, predicted: NDArray[np.uint8], truth: NDArray[np.uint8]
    ) -> Tensor:
        pairs = zip(self._features(predicted), self._features(truth), strict=True)
        # The forward pass of the package, from its normalised features on.
        each = [
            head((one - other) ** 2).mean((2, 3), keepdim=True)
            for head, (one, other) in zip(self._net.lins, pairs, strict=True)
        ]
        return torch.stack(each).sum(0)

    def _compute_features(self, render: NDArray[np.uint8]) -> list[Tensor]:
        """Five (1, C, H, W) maps, one after each trunk layer, unit length over C."""
        picture = signed_pictures(render[None]).to(self._device)
        layers = self._net.net(self._net.scaling_layer(picture))
        return [unit_length(layer) for layer in layers]


class ShiftTolerantLpips:
    """ST-LPIPS (Ghildyal and Liu, ECCV 2022), the shift-tolerant AlexNet.

    The network was trained from scratch on 64-px patches, so its values are not
    comparable with LPIPS. Renders larger than 128 px are first reduced to 128 px by
    area averaging, because the network's first layers keep the full resolution and
    would be slow on a CPU.
    """

    meta: ClassVar[MetricMeta] = MetricMeta(
        name="st-lpips",
        title="ST-LPIPS",
        unit="distance",
        direction="lower",
        level="case",
        identity={
            "net": "alex, shift tolerant",
            "version": "0.0",
            "weights": describe(ST_LPIPS_ALEX).sha256[:8],
            "range": "[-1, 1]",
            "size": f"at most {ST_LPIPS_SIDE}, area averaged",
            "reduction": "spatial mean",
        },
        needs=(ST_LPIPS_ALEX,),
    )

    def __init__(self, setup: MetricSetup) -> None:
        """Load the network.

        Raises MetricError if the weight file is missing or cannot be used.
        """
        self._device = setup.device
        file = _weight_file(setup, self.meta)
        try:
            self._net = stlpips_net.load_net(file, setup.device)
        except (RuntimeError, ValueError, OSError, KeyError) as error:
            raise _unusable_weights(self.meta, file, error) from error
        self._features = FeatureCache(self._compute_features)

    def score(self, cases: Cases) -> NDArray[np.float64]:
        """Return (n,) distances, 0 or more; 0 for equal renders.

        Raises MetricError for renders that are not (n, S, S, 3) uint8 with S of 64 or
        more.
        """
        check_cases(cases)
        return _score_pairs(self._distance, cases)

    def _distance(
        self, predicted: NDArray[np.uint8], truth: NDArray[np.uint8]
    ) -> Tensor:
        return self._net.distance(self._features(predicted), self._features(truth))

    def _compute_features(self, render: NDArray[np.uint8]) -> list[Tensor]:
        picture = signed_pictures(render[None], ST_LPIPS_SIDE).to(self._device)
        return self._net.features(picture)


def signed_pictures(renders: NDArray[np.uint8], limit: int | None = None) -> Tensor:
    """Convert (n, S, S, 3) uint8 renders to (n, 3, S, S) float32 in [-1, 1].

    A side S larger than `limit` is reduced to it by area averaging.
    """
    # torch does not accept read-only arrays.
    pictures = torch.from_numpy(renders.copy()).permute(0, 3, 1, 2).float() / 127.5 - 1
    if limit is not None and pictures.shape[-1] > limit:
        pictures = functional.adaptive_avg_pool2d(pictures, limit)
    return pictures.contiguous(memory_format=torch.channels_last)


def _score_pairs(distance: PairDistance, cases: Cases) -> NDArray[np.float64]:
    """Score one case at a time, so a score does not depend on the batch."""
    side = cases.truth_renders.shape[1]
    if len(cases.truth) and side < MIN_SIDE:
        raise MetricError(
            f"renders must be at least {MIN_SIDE} px for a perceptual distance, "
            f"got {side} px"
        )
    pairs = zip(cases.predicted_renders, cases.truth_renders, strict=True)
    with torch.inference_mode():
        scores = [float(distance(*pair).reshape(())) for pair in pairs]
    return np.array(scores, dtype=np.float64)


def _weight_file(setup: MetricSetup, meta: MetricMeta) -> Path:
    (name,) = meta.needs
    if name not in setup.weights:
        raise MetricError(
            f"{meta.name} needs the weight file {name}; "
            "get it with: avatarbench weights fetch"
        )
    return setup.weights[name]


def _unusable_weights(meta: MetricMeta, file: Path, error: Exception) -> MetricError:
    return MetricError(
        f"{meta.name}: {file} does not hold the weights {meta.needs[0]} "
        f"({type(error).__name__}); fetch it again with: avatarbench weights fetch"
    )
