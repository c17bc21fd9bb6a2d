"""F2P's search: gradient descent on the similarity loss, from the mean avatar.

TPAMI 2022, section 3.3. Many faces share a batch. The sum of their losses is
minimised, so the path of each face is independent of the others (up to rounding).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Self

import torch
from torch import Tensor

from benchmark.avatars import AvatarSpec, AvatarVectors
from methods.f2p.imitation import draw_relaxed
from methods.f2p.options import SearchOptions, SimilarityOptions
from methods.f2p.prior import Prior
from methods.f2p.relaxed import clamp_, mean_avatar, relaxed, strict
from methods.networks.imitator import Imitator

Compare = Callable[[Tensor], Tensor]
"""From n pictures of avatars to (n, 2) distances, picture i compared with face i: a
`methods.f2p.comparison.Comparison`."""


@dataclass(frozen=True)
class SearchResult:
    """The result of the searches for n faces.

    Attributes:
        vectors: the n vectors.
        before: (n, 2) identity and content distances of the start, drawn by the
            imitator.
        relaxed: (n, 2) distances of the last relaxed vectors.
        after: (n, 2) distances of `vectors`, whose choices are made.
        curve: (steps + 1, n) weighted losses before each step and after the last.
    """

    vectors: AvatarVectors
    before: Tensor
    relaxed: Tensor
    after: Tensor
    curve: Tensor

    @classmethod
    def concatenate(cls, pieces: Sequence[Self]) -> Self:
        """Join the results of one or more batches."""
        return cls(
            AvatarVectors.concatenate([piece.vectors for piece in pieces]),
            torch.cat([piece.before for piece in pieces]),
            torch.cat([piece.relaxed for piece in pieces]),
            torch.cat([piece.after for piece in pieces]),
            torch.cat([piece.curve for piece in pieces], dim=1),
        )


def learning_rate_at(step: int, options: SearchOptions) -> float:
    """The learning rate of a step (0 to steps - 1)."""
    return options.learning_rate * options.decay ** (step // options.decay_every)


class Search:
    """Searches vectors of one engine through its frozen imitator.

    A step is x - rate * gradient, followed by a clamp of x to [0, 1]. With a prior, the
    step is projected onto the prior's space before the clamp. This equals gradient
    descent in the prior's coordinates.

    The effect of the published rate of 10 depends on the scale of the gradient. On
    toon-tiktok at 64 px with `content_reduction: mean`, the gradient at the mean avatar
    is 0.0016 for a scalar: the first step moves it by 0.016, and all 50 steps move it
    by about a third of its range. A number of a choice has a gradient of up to 0.33 at
    b = 100: some reach 0 or 1 in the first step, where the softmax is saturated. 77 %
    of the final choices are made by the first step and all by the fifth. With
    `content_reduction: sum`, one step takes every scalar to 0 or 1.
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

    def run(self, compare: Compare, count: int) -> SearchResult:
        """Search vectors for the `count` faces of a comparison.

        Raises FloatingPointError where a loss is not finite.
        """
        x, curve = self._start(count), []
        before = None
        for step in range(self._options.steps):
            gradient, terms = self._gradient(x, compare)
            before = terms if before is None else before
            curve.append(terms @ self._weights)
            x = self._gradient_step(x, gradient, learning_rate_at(step, self._options))
        return self._result(x, before, curve, compare)

    def _start(self, count: int) -> Tensor:
        if self._prior is None:
            return mean_avatar(self._spec, count, self.device)
        return clamp_(self._prior.mean.repeat(count, 1))

    @torch.enable_grad()
    def _gradient(self, x: Tensor, compare: Compare) -> tuple[Tensor, Tensor]:
        """The gradient of each face's loss in its own x, and the (n, 2) terms."""
        x = x.detach().requires_grad_(True)
        terms = compare(self._draw(relaxed(self._spec, x, self._options.sharpness)))
        if not len(x):  # the terms of an empty batch have no graph
            return x.detach(), terms.detach()
        (gradient,) = torch.autograd.grad((terms @ self._weights).sum(), x)
        return gradient, terms.detach()

    @torch.no_grad()
    def _gradient_step(self, x: Tensor, gradient: Tensor, rate: float) -> Tensor:
        x = x - rate * gradient
        return clamp_(x if self._prior is None else self._prior.nearest(x))

    @torch.no_grad()
    def _result(
        self,
        x: Tensor,
        before: Tensor | None,
        curve: list[Tensor],
        compare: Compare,
    ) -> SearchResult:
        soft = compare(self._draw(relaxed(self._spec, x, self._options.sharpness)))
        losses = torch.stack([*curve, soft @ self._weights]).cpu()
        if not losses.isfinite().all():
            raise FloatingPointError(
                "the loss of the search is not finite: lower search.learning_rate"
            )
        vectors = strict(self._spec, x)
        flat = torch.from_numpy(vectors.flat()).to(self.device)
        after = compare(self._draw(flat))
        before = soft if before is None else before
        return SearchResult(vectors, before.cpu(), soft.cpu(), after.cpu(), losses)

    def _draw(self, vectors: Tensor) -> Tensor:
        return draw_relaxed(self._network, self._spec, vectors)
