"""F2P's search: from the mean avatar down the gradient of the likeness to a face.

TPAMI section 3.3. Many faces go in one batch: what is descended is the sum of their
losses, so that the path of each is its own (but for float rounding).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor

from benchmark.avatars import AvatarSpec, AvatarVectors
from methods.f2p.imitation import drawn
from methods.f2p.options import SearchOptions, SimilarityOptions
from methods.f2p.prior import Prior
from methods.f2p.relaxed import clamp_, mean_avatar, relaxed, strict
from methods.networks.imitator import Imitator

TERMS = ("identity", "content")
"""The terms of the loss, both 0 for a perfect likeness, before they are weighed."""


class Similarity(Protocol):
    """How far pictures of avatars are from n faces that it was made for."""

    def __call__(self, pictures: Tensor) -> Tensor:
        """(n, 2) `TERMS` of (n, 3, S, S) pictures in [-1, 1], differentiable.

        Picture i is compared with face i.
        """
        ...


@dataclass(frozen=True)
class Found:
    """What searches for n faces found.

    Attributes:
        vectors: the n vectors.
        before: (n, 2) `TERMS` of the start, as the imitator draws it.
        relaxed: (n, 2) of the last relaxed vectors.
        after: (n, 2) of `vectors`, choices made, as the imitator draws them.
        curve: (steps + 1, n) weighed losses before each step and after the last.
    """

    vectors: AvatarVectors
    before: Tensor
    relaxed: Tensor
    after: Tensor
    curve: Tensor


def learning_rate_at(step: int, options: SearchOptions) -> float:
    """The rate of a step (0 to steps - 1)."""
    return options.learning_rate * options.decay ** (step // options.decay_every)


class Search:
    """Searches vectors of one engine through its frozen imitator.

    A step is x - rate * gradient, and then x is clamped to [0, 1].

    With a prior, what is searched is the point of its space: steps are brought to the
    nearest one before they are clamped, which is a descent in its coordinates.
    """

    def __init__(
        self,
        spec: AvatarSpec,
        network: Imitator,
        options: SearchOptions,
        weights: SimilarityOptions,
        prior: Prior | None = None,
    ) -> None:
        self._spec, self._network, self._options = spec, network, options
        self._prior = prior
        self._device = str(next(network.parameters()).device)
        self._weights = torch.tensor(
            [weights.identity_weight, weights.content_weight], device=self._device
        )

    def run(self, similarity: Similarity, count: int) -> Found:
        """Vectors for the `count` faces that `similarity` was made for.

        Raises FloatingPointError where a loss stops being finite.
        """
        x, curve = self._start(count), []
        before = None
        for step in range(self._options.steps):
            gradient, terms = self._slope(x, similarity)
            before = terms if before is None else before
            curve.append(terms @ self._weights)
            x = self._moved(x, gradient, learning_rate_at(step, self._options))
        return self._measured(x, before, curve, similarity)

    def _start(self, count: int) -> Tensor:
        if self._prior is None:
            return mean_avatar(self._spec, count, self._device)
        return clamp_(self._prior.mean.repeat(count, 1))

    def _slope(self, x: Tensor, similarity: Similarity) -> tuple[Tensor, Tensor]:
        """Gradients of each face's loss in its own x, and the (n, 2) terms."""
        x = x.detach().requires_grad_(True)
        terms = similarity(self._drawn(relaxed(self._spec, x, self._sharpness)))
        (gradient,) = torch.autograd.grad((terms @ self._weights).sum(), x)
        return gradient, terms.detach()

    @torch.no_grad()
    def _moved(self, x: Tensor, gradient: Tensor, rate: float) -> Tensor:
        x = x - rate * gradient
        return clamp_(x if self._prior is None else self._prior.nearest(x))

    @torch.no_grad()
    def _measured(
        self,
        x: Tensor,
        before: Tensor | None,
        curve: list[Tensor],
        similarity: Similarity,
    ) -> Found:
        soft = similarity(self._drawn(relaxed(self._spec, x, self._sharpness)))
        whole = torch.stack([*curve, soft @ self._weights]).cpu()
        if not whole.isfinite().all():
            raise FloatingPointError(
                "the loss of the search is not finite: lower search.learning_rate"
            )
        vectors = strict(self._spec, x)
        flat = torch.from_numpy(vectors.flat()).to(self._device)
        after = similarity(self._drawn(flat))
        before = soft if before is None else before
        return Found(vectors, before.cpu(), soft.cpu(), after.cpu(), whole)

    def _drawn(self, vectors: Tensor) -> Tensor:
        return drawn(self._network, self._spec, vectors)

    @property
    def _sharpness(self) -> float:
        return self._options.sharpness
