"""F2P's search: from the mean avatar down the gradient of the likeness to a face.

TPAMI section 3.3. Many faces go in one batch: what is descended is the sum of their
losses, so that the path of each is its own (but for float rounding).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Self

import torch
from torch import Tensor

from benchmark.avatars import AvatarSpec, AvatarVectors
from methods.f2p.imitation import drawn
from methods.f2p.options import SearchOptions, SimilarityOptions
from methods.f2p.prior import Prior
from methods.f2p.relaxed import clamp_, mean_avatar, relaxed, strict
from methods.networks.imitator import Imitator

Comparing = Callable[[Tensor], Tensor]
"""From n pictures of avatars to (n, 2) terms, picture i compared with face i: what
`methods.f2p.comparison.Comparison` is."""


@dataclass(frozen=True)
class Found:
    """What searches for n faces found.

    Attributes:
        vectors: the n vectors.
        before: (n, 2) identity and content of the start, as the imitator draws it.
        relaxed: (n, 2) of the last relaxed vectors.
        after: (n, 2) of `vectors`, choices made, as the imitator draws them.
        curve: (steps + 1, n) weighed losses before each step and after the last.
    """

    vectors: AvatarVectors
    before: Tensor
    relaxed: Tensor
    after: Tensor
    curve: Tensor

    @classmethod
    def concatenate(cls, pieces: Sequence[Self]) -> Self:
        """One or more pieces of one search, in a row."""
        return cls(
            AvatarVectors.concatenate([piece.vectors for piece in pieces]),
            torch.cat([piece.before for piece in pieces]),
            torch.cat([piece.relaxed for piece in pieces]),
            torch.cat([piece.after for piece in pieces]),
            torch.cat([piece.curve for piece in pieces], dim=1),
        )


def learning_rate_at(step: int, options: SearchOptions) -> float:
    """The rate of a step (0 to steps - 1)."""
    return options.learning_rate * options.decay ** (step // options.decay_every)


class Search:
    """Searches vectors of one engine through its frozen imitator.

    A step is x - rate * gradient, and then x is clamped to [0, 1]. The published rate
    of 10 means what the gradient's scale makes of it. At the mean avatar of toon-tiktok
    (64 px), with the mean as the content's reduction, it is 0.0016 for a scalar: the
    first step moves it by 0.016, and all 50, whose rates add up to 223, by about a
    third of its range. For a number of a choice it is 0.00024 b, at b = 100 up to 0.33:
    some come to an end of [0, 1] at once, where the softmax is saturated and leaves no
    gradient. Of the choices found after 50 steps, 77 % were made by the first, 94 % by
    the second and all by the fifth. With the sum, 32,768 times the mean, one step takes
    every scalar to an end.

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
        self.device = str(next(network.parameters()).device)
        self._weights = torch.tensor(
            [weights.identity_weight, weights.content_weight], device=self.device
        )

    def run(self, comparison: Comparing, count: int) -> Found:
        """Vectors for the `count` faces that `comparison` was made for.

        Raises FloatingPointError where a loss stops being finite.
        """
        x, curve = self._start(count), []
        before = None
        for step in range(self._options.steps):
            gradient, terms = self._slope(x, comparison)
            before = terms if before is None else before
            curve.append(terms @ self._weights)
            x = self._moved(x, gradient, learning_rate_at(step, self._options))
        return self._measured(x, before, curve, comparison)

    def _start(self, count: int) -> Tensor:
        if self._prior is None:
            return mean_avatar(self._spec, count, self.device)
        return clamp_(self._prior.mean.repeat(count, 1))

    @torch.enable_grad()
    def _slope(self, x: Tensor, comparison: Comparing) -> tuple[Tensor, Tensor]:
        """Gradients of each face's loss in its own x, and the (n, 2) terms."""
        x = x.detach().requires_grad_(True)
        terms = comparison(self._drawn(relaxed(self._spec, x, self._sharpness)))
        if not len(x):  # what terms say of no pictures hangs on none
            return x.detach(), terms.detach()
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
        comparison: Comparing,
    ) -> Found:
        soft = comparison(self._drawn(relaxed(self._spec, x, self._sharpness)))
        whole = torch.stack([*curve, soft @ self._weights]).cpu()
        if not whole.isfinite().all():
            raise FloatingPointError(
                "the loss of the search is not finite: lower search.learning_rate"
            )
        vectors = strict(self._spec, x)
        flat = torch.from_numpy(vectors.flat()).to(self.device)
        after = comparison(self._drawn(flat))
        before = soft if before is None else before
        return Found(vectors, before.cpu(), soft.cpu(), after.cpu(), whole)

    def _drawn(self, vectors: Tensor) -> Tensor:
        return drawn(self._network, self._spec, vectors)

    @property
    def _sharpness(self) -> float:
        return self._options.sharpness
