"""The facial prior: principal components of vectors that were predicted for faces.

TPAMI 2022, section 3.5: x = mu + P x^, with fewer numbers in x^ than in x. The
components are computed for each group of parameters separately. The prior is fitted to
predictions on unlabelled faces, never to ground truth.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from benchmark.avatars import AvatarSpec

MEAN, DIRECTIONS = "prior.mean", "prior.directions"
NO_VARIANCE = 1e-10
"""Directions with less variance than this are rounding errors and are dropped."""


@dataclass(frozen=True)
class Prior:
    """An affine space of relaxed vectors.

    Attributes:
        mean: (flat_size,), mu.
        directions: (flat_size, k), P: orthonormal columns, each of which moves one
            group of parameters.
    """

    mean: Tensor
    directions: Tensor

    def vectors(self, coordinates: Tensor) -> Tensor:
        """(n, flat_size) free numbers x of (n, k) coordinates x^; 0 gives the mean."""
        return self.mean + coordinates @ self.directions.T

    def coordinates(self, vectors: Tensor) -> Tensor:
        """(n, k) coordinates of the projections of (n, flat_size) vectors."""
        return (vectors - self.mean) @ self.directions

    def nearest(self, vectors: Tensor) -> Tensor:
        """(n, flat_size): the projections of vectors onto the space."""
        return self.vectors(self.coordinates(vectors))

    def tensors(self) -> dict[str, Tensor]:
        """Tensors for a file, from which `of` restores the prior."""
        return {MEAN: self.mean, DIRECTIONS: self.directions}

    @classmethod
    def of(cls, tensors: Mapping[str, Tensor], device: str = "cpu") -> Self:
        """The prior, from the tensors of a file, on `device`."""
        return cls(tensors[MEAN].to(device), tensors[DIRECTIONS].to(device))


def fit_prior(spec: AvatarSpec, vectors: Tensor, share: float) -> Prior:
    """Fit the prior to (n, flat_size) relaxed or strict vectors; n is at least 2.

    A group consists of all parameters of one component of the spec. Each group keeps
    the fewest principal directions that hold `share` (above 0, at most 1) of its
    variance. A group without variance keeps none and stays at its mean. Raises
    ValueError for another shape.
    """
    if vectors.ndim != 2 or vectors.shape[1] != spec.flat_size or len(vectors) < 2:
        raise ValueError(
            f"{spec.name}: the prior needs two or more vectors of {spec.flat_size} "
            f"numbers, got {tuple(vectors.shape)}"
        )
    rows = vectors.detach().cpu().double().numpy()
    blocks = [np.zeros((spec.flat_size, 0))]
    for columns in _component_columns(spec):
        directions = _principal_directions(rows[:, columns], share)
        block = np.zeros((spec.flat_size, directions.shape[1]))
        block[columns] = directions
        blocks.append(block)
    directions = torch.from_numpy(np.concatenate(blocks, axis=1)).float()
    return Prior(torch.from_numpy(rows.mean(axis=0)).float(), directions)


def _component_columns(spec: AvatarSpec) -> list[list[int]]:
    """The columns of each component, in the order of first appearance."""
    groups: dict[str, list[int]] = {}
    for parameter in spec.parameters:
        place = spec.flat_slices[parameter.name]
        columns = groups.setdefault(parameter.component, [])
        columns.extend(range(place.start, place.stop))
    return list(groups.values())


def _principal_directions(
    rows: NDArray[np.float64], share: float
) -> NDArray[np.float64]:
    """(width, k) orthonormal directions of (n, width) rows."""
    # The import takes a second, so it is not at the top.
    from sklearn.decomposition import PCA

    if float(rows.var(axis=0).max()) < NO_VARIANCE:
        return np.zeros((rows.shape[1], 0))
    kept = share if share < 1 else None
    pca = PCA(n_components=kept, svd_solver="full").fit(rows)
    return np.asarray(pca.components_)[pca.explained_variance_ > NO_VARIANCE].T
