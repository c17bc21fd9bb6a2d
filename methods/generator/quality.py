"""Quality of a generator's samples: distances between sets of ImageNet features.

The distances are those of the Kernel Inception Distance (Binkowski et al. 2018) and the
Frechet Inception Distance (Heusel et al. 2017), but with features of another network.
The values are comparable with each other, not with published values.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from benchmark import weights
from benchmark.avatars.counting import counted
from benchmark.faces.parsed import ParsedFaces
from benchmark.storage.digests import bytes_digest, file_digest
from methods.networks.backbones import load_imagenet, make_backbone
from methods.shared.pictures import as_tensor, resized

Features = NDArray[np.float64]
"""(n, d) pooled features, one row per picture."""

FEATURE_SIDE = 128
"""Side in pixels to which pictures are resized for the network."""
BATCH = 64
SUBSET = 200
"""Size of a subset of the kernel distance, in pictures of the smaller set."""
KERNEL_SCALE = 1000
"""Factor of the reported kernel distance, as usual for its small values."""


class QualityError(ValueError):
    """Pictures cannot be scored; the message says why."""


def feature_weights() -> Path:
    """The weight file of the features; WeightsError without it."""
    return weights.require(weights.EFFICIENTNET_LITE0, "quality scores")


class PictureFeatures:
    """Pooled ImageNet features of EfficientNet-Lite0.

    `cached` keeps features in memory, by the digest of the pictures.
    """

    def __init__(self, file: Path, device: str = "cpu") -> None:
        """Load the network's weights; WeightMismatch for another file."""
        self.file, self.device = file, device
        # Scoring must not change the random numbers of a training.
        with torch.random.fork_rng(devices=[]):
            network = make_backbone("efficientnet_lite0")
        load_imagenet(network, "efficientnet_lite0", file)
        self._network = network.to(device).eval().requires_grad_(False)
        self._cache: dict[str, Features] = {}

    @cached_property
    def identity(self) -> str:
        """All that a score depends on, except the numbers of pictures."""
        title = weights.describe(weights.EFFICIENTNET_LITE0).title
        return (
            f"pooled ImageNet features of {title} (weights "
            f"{file_digest(self.file)[:8]}), pictures at {FEATURE_SIDE} px by PIL's "
            "Lanczos"
        )

    def __call__(self, pictures: NDArray[np.uint8]) -> Features:
        """(n, d) features of (n, S, S, 3) uint8 pictures of any size S."""
        _check(pictures)
        with torch.inference_mode():
            features = [
                self._network(as_tensor(resized(batch, FEATURE_SIDE), self.device))
                for batch in _batches(pictures)
            ]
        return torch.cat(features).cpu().numpy().astype(np.float64)

    def cached(self, pictures: NDArray[np.uint8]) -> Features:
        """The same, computed once for the same pictures."""
        key = bytes_digest(np.ascontiguousarray(pictures).tobytes())
        if key not in self._cache:
            self._cache[key] = self(pictures)
        return self._cache[key]


class SampleQuality:
    """Scores samples against real pictures."""

    def __init__(
        self, real: NDArray[np.uint8], file: Path, device: str = "cpu"
    ) -> None:
        """Take (n, S, S, 3) uint8 real pictures and the weight file of the features.

        Raises QualityError for too few pictures, WeightMismatch for another file.
        """
        self._features = PictureFeatures(file, device)
        self._real = self._features.cached(real)
        self._real_spread = mean_distance(self._real)
        self.count = len(real)

    def identity(self, count: int) -> str:
        """The metric identity of `score` on `count` samples."""
        return (
            f"{self._features.identity}; {count} samples against {self.count} real "
            f"pictures; kernel distance: unbiased squared MMD of (x.y/d + 1)^3 times "
            f"{KERNEL_SCALE}, mean over disjoint subsets of {SUBSET} or fewer"
        )

    def score(self, pictures: NDArray[np.uint8]) -> dict[str, float]:
        """Score (n, S, S, 3) uint8 samples; returns four values by name.

        - `kernel_distance`: times 1000; about 0 for samples of the same distribution,
          and negative by chance.
        - `kernel_distance_error`: its standard error over subsets.
        - `frechet_distance`: biased upwards for small n; comparable only at the same n.
        - `diversity`: mean distance between two samples over that between two real
          pictures; 1 is as diverse as the real ones, 0 means that all are equal.
        """
        return self._against_real(self._features(pictures))

    def floor(self, pictures: NDArray[np.uint8]) -> dict[str, float]:
        """The score of a second, disjoint sample of real pictures.

        It is the best score that a generator can be expected to reach at that count.
        """
        return self._against_real(self._features.cached(pictures))

    def _against_real(self, features: Features) -> dict[str, float]:
        distance, error = kernel_distance(self._real, features)
        return {
            "kernel_distance": KERNEL_SCALE * distance,
            "kernel_distance_error": KERNEL_SCALE * error,
            "frechet_distance": frechet_distance(self._real, features),
            "diversity": mean_distance(features) / self._real_spread,
        }


def two_samples(
    faces: ParsedFaces, count: int, seed: int = 0
) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Pictures of `count` random faces as reference, and of `count` others (the floor).

    Raises QualityError where there are fewer than twice as many faces.
    """
    if 2 * count > len(faces):
        raise QualityError(
            f"{faces.name} has {counted(len(faces), 'face')}, too few for two samples "
            f"of {count}: take {len(faces) // 2} or fewer"
        )
    order = np.random.default_rng(seed).permutation(len(faces))
    first, _ = faces.batch(order[:count])
    second, _ = faces.batch(order[count : 2 * count])
    return first, second


def kernel_distance(
    first: Features, second: Features, subset: int = SUBSET
) -> tuple[float, float]:
    """The kernel distance of two sets and its standard error, both over subsets.

    Binkowski et al. draw overlapping subsets, whose spread underestimates the error.
    Here each picture is in one subset, so subsets are independent. Sets of fewer than
    twice `subset` pictures are split into two smaller subsets.
    """
    count = max(2, min(len(first), len(second)) // subset)
    values = [
        squared_mmd(first[start::count], second[start::count]) for start in range(count)
    ]
    return float(np.mean(values)), float(np.std(values, ddof=1) / np.sqrt(count))


def squared_mmd(first: Features, second: Features) -> float:
    """Unbiased squared maximum mean discrepancy under the kernel (x.y/d + 1)^3.

    Gretton et al. (2012), equation 3; each set needs at least two rows.
    """
    from sklearn.metrics.pairwise import polynomial_kernel

    between = polynomial_kernel(first, second, degree=3).mean()
    return _mean_off_diagonal(first) + _mean_off_diagonal(second) - 2 * float(between)


def _mean_off_diagonal(rows: Features) -> float:
    from sklearn.metrics.pairwise import polynomial_kernel

    kernel = polynomial_kernel(rows, degree=3)
    n = len(rows)
    return float((kernel.sum() - np.trace(kernel)) / (n * (n - 1)))


def frechet_distance(first: Features, second: Features) -> float:
    """Squared 2-Wasserstein distance of normal distributions fitted to both sets.

    Dowson and Landau (1982): |m1 - m2|^2 + tr C1 + tr C2 - 2 tr (C1 C2)^(1/2).
    """
    from scipy.linalg import svdvals

    # The eigenvalues of C1 C2 are the squared singular values of A1 A2', for centred
    # rows A with C = A'A. This avoids the root of a nearly singular matrix.
    one, two = _centred(first), _centred(second)
    apart = first.mean(axis=0) - second.mean(axis=0)
    root = float(np.sum(svdvals(one @ two.T)))
    return float(apart @ apart + (one**2).sum() + (two**2).sum() - 2 * root)


def _centred(rows: Features) -> Features:
    """A, of at most d rows, with A'A the covariance of `rows`."""
    centred = (rows - rows.mean(axis=0)) / np.sqrt(len(rows) - 1)
    if len(rows) <= rows.shape[1]:
        return centred
    return np.asarray(np.linalg.qr(centred, mode="r"))


def mean_distance(rows: Features) -> float:
    """Mean Euclidean distance between two different rows."""
    from scipy.spatial.distance import pdist

    return float(pdist(rows).mean())


def _check(pictures: NDArray[np.uint8]) -> None:
    shape = pictures.shape
    square = len(shape) == 4 and shape[1] == shape[2] and shape[3] == 3
    if not square or pictures.dtype != np.uint8:
        raise QualityError(
            f"pictures to score must be (n, S, S, 3) uint8, got {shape} "
            f"{pictures.dtype}"
        )
    if len(pictures) < 4:
        raise QualityError(
            f"{counted(len(pictures), 'picture')}: too few to score, at least four are "
            "needed, and hundreds for a useful number"
        )


def _batches(pictures: NDArray[np.uint8]) -> Iterator[NDArray[np.uint8]]:
    for start in range(0, len(pictures), BATCH):
        yield pictures[start : start + BATCH]
