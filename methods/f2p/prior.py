"""The facial prior: vectors stay near those that faces were given before.

TPAMI section 3.5: principal components of the vectors predicted for faces, for each
group of parameters by itself, so that x = mu + P x^ with fewer numbers in x^ than in x.
Only predictions on unlabelled faces are looked at, no truth.
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
"""Directions along which vectors differ by less than rounding are none."""


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
        """(n, flat_size) free numbers x of (n, k) coordinates x^; 0 is the mean."""
        return self.mean + coordinates @ self.directions.T

    def coordinates(self, vectors: Tensor) -> Tensor:
        """(n, k) coordinates of the points nearest to (n, flat_size) vectors."""
        return (vectors - self.mean) @ self.directions

    def nearest(self, vectors: Tensor) -> Tensor:
        """(n, flat_size): the nearest points of the space."""
        return self.vectors(self.coordinates(vectors))

    def tensors(self) -> dict[str, Tensor]:
        """What `of` makes the prior of again, by names for a file."""
        return {MEAN: self.mean, DIRECTIONS: self.directions}

    @classmethod
    def of(cls, tensors: Mapping[str, Tensor], device: str = "cpu") -> Self:
        """The prior among the tensors of a file."""
        return cls(tensors[MEAN].to(device), tensors[DIRECTIONS].to(device))


def fitted_prior(spec: AvatarSpec, vectors: Tensor, share: float) -> Prior:
    """The prior of (n, flat_size) relaxed or strict vectors, n at least 2.

    A group is what belongs to one component of the spec, scalars and blocks of choices
    alike. In each, as many principal directions are kept as hold `share` (above 0, at
    most 1) of the variance; a group in which all vectors agree keeps none and stays at
    its mean. Raises ValueError for another shape.
    """
    if vectors.ndim != 2 or vectors.shape[1] != spec.flat_size or len(vectors) < 2:
        raise ValueError(
            f"{spec.name}: the prior wants two or more vectors of {spec.flat_size} "
            f"numbers, got {tuple(vectors.shape)}"
        )
    rows = vectors.detach().cpu().double().numpy()
    found = [np.zeros((spec.flat_size, 0))]
    for columns in _groups(spec):
        directions = _principal(rows[:, columns], share)
        block = np.zeros((spec.flat_size, directions.shape[1]))
        block[columns] = directions
        found.append(block)
    directions = torch.from_numpy(np.concatenate(found, axis=1)).float()
    return Prior(torch.from_numpy(rows.mean(axis=0)).float(), directions)


def _groups(spec: AvatarSpec) -> list[list[int]]:
    """The columns of each component, in the order in which components come."""
    groups: dict[str, list[int]] = {}
    for parameter in spec.parameters:
        place = spec.flat_slices[parameter.name]
        columns = groups.setdefault(parameter.component, [])
        columns.extend(range(place.start, place.stop))
    return list(groups.values())


def _principal(rows: NDArray[np.float64], share: float) -> NDArray[np.float64]:
    """(width, k) orthonormal directions of (n, width) rows."""
    # Importing it takes a second that those without a prior need not wait.
    from sklearn.decomposition import PCA

    if float(rows.var(axis=0).max()) < NO_VARIANCE:
        return np.zeros((rows.shape[1], 0))
    kept = share if share < 1 else None
    found = PCA(n_components=kept, svd_solver="full").fit(rows)
    return np.asarray(found.components_)[found.explained_variance_ > NO_VARIANCE].T
