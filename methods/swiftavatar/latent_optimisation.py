"""Optimisation of latent codes in batches (SwiftAvatar, equations 4 and 5).

The loss of a batch is the sum over its renders, and Adam treats every number on its
own. The result for a render therefore does not depend on the rest of its batch, except
for rounding.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import NamedTuple

import torch
from torch import Tensor, nn

from methods.networks.semantic_stylegan import SemanticGenerator
from methods.shared.precision import autocast
from methods.swiftavatar.options import InversionOptions
from methods.swiftavatar.perceptual import Features, Perceptual

TERMS = ("perceptual", "pixel", "latent")
"""The unweighted terms of equation 5: perceptual distance, mean squared error in
[-1, 1], and mean squared distance to the start. A perceptual term of weight 0 is not
computed and stays 0."""
RISE, FALL = 0.05, 0.25
"""Shares of the steps in which the "ramped" learning rate rises and falls."""


Start = Callable[[Tensor], Tensor]
"""Gives the (n, rows, D) initial latent codes of n renders; (n, 1, D) in W."""


class InversionBatch(NamedTuple):
    """n renders (n, 3, S, S) in [-1, 1], their features and their initial latents.

    They are y and w_mean of SwiftAvatar, equation 5.
    """

    targets: Tensor
    features: Features
    starts: Tensor


class InvertedBatch(NamedTuple):
    """The inversion of n renders (SwiftAvatar, equation 4).

    Attributes:
        latents: (n, rows, D) float16 latent codes in W+.
        terms: (n, 3) unweighted terms of the loss (`TERMS`) of these latent codes.
        curve: (steps + 1, 3) float64 sums of the terms over the renders: before each
            step, and after the last step before rounding.
        rounding: (n,) mean squared change of each picture, in [-1, 1], by rounding to
            float16.
    """

    latents: Tensor
    terms: Tensor
    curve: Tensor
    rounding: Tensor


def learning_rate_at(step: int, options: InversionOptions) -> float:
    """Adam's learning rate in a step (0 to steps - 1).

    "cosine" decays along half a cosine (SwiftAvatar, "Implementation Details").
    "ramped" is the schedule of rosinality's projector script: 0 in step 0, a linear
    rise over 5 % of the steps, constant, and half a cosine down over the last quarter.
    """
    share = step / options.steps
    if options.schedule == "cosine":
        return options.learning_rate * (0.5 + 0.5 * math.cos(math.pi * share))
    fall = 0.5 - 0.5 * math.cos(math.pi * min(1.0, (1 - share) / FALL))
    return options.learning_rate * fall * min(1.0, share / RISE)


class LatentOptimiser:
    """Inverts batches of renders with the stored noise (SwiftAvatar, section 3.2)."""

    def __init__(
        self,
        avatar: SemanticGenerator,
        net: Perceptual | None,
        start: Start,
        options: InversionOptions,
    ) -> None:
        """Invert with `avatar`; `start` gives the initial latent codes.

        `net` is None if the perceptual term has weight 0.
        """
        self._avatar, self._net, self._options = avatar, net, options
        self._start = start
        self.device = str(avatar.grid.device)
        self._weights = torch.tensor(
            [options.perceptual_weight, options.pixel_weight, options.latent_weight],
            device=self.device,
        )

    def invert(self, targets: Tensor) -> InvertedBatch:
        """Invert (n, 3, S, S) renders in [-1, 1] (SwiftAvatar, equation 4).

        S is the generator's size. The result is the latent codes after the last step,
        not those of the smallest loss. Raises FloatingPointError if the loss is not
        finite.
        """
        with frozen(self._avatar):
            with torch.no_grad():
                features = self._net.features(targets) if self._net is not None else []
            batch = InversionBatch(targets, features, self._start(targets))
            latents, curve = self._optimise(batch)
            return self._result(latents, curve, batch)

    def _optimise(self, batch: InversionBatch) -> tuple[Tensor, list[Tensor]]:
        """The final latent codes, and the summed terms before each step."""
        latents = batch.starts.clone().requires_grad_(True)
        adam = torch.optim.Adam([latents])
        curve = []
        for step in range(self._options.steps):
            with autocast(self.device, self._options.precision):
                _, terms = self._render_and_compare(latents, batch)
            loss = (terms @ self._weights).sum()
            (latents.grad,) = torch.autograd.grad(loss, latents)
            adam.param_groups[0]["lr"] = learning_rate_at(step, self._options)
            adam.step()
            curve.append(terms.detach().double().sum(0))
        return latents.detach(), curve

    @torch.no_grad()
    def _result(
        self, latents: Tensor, curve: list[Tensor], batch: InversionBatch
    ) -> InvertedBatch:
        image, terms = self._render_and_compare(latents, batch)
        whole = torch.stack([*curve, terms.double().sum(0)]).cpu()
        if not whole.isfinite().all():
            raise FloatingPointError(
                "the inversion loss is not finite: lower inversion.learning_rate"
            )
        half = self._rows(latents).half()
        rounded, terms = self._render_and_compare(half.float(), batch)
        change = (rounded - image).square().mean((1, 2, 3))
        return InvertedBatch(half.cpu(), terms.cpu(), whole, change.cpu())

    def _render_and_compare(
        self, latents: Tensor, batch: InversionBatch
    ) -> tuple[Tensor, Tensor]:
        """The pictures of latent codes and their (n, 3) terms."""
        made = self._avatar(
            [self._rows(latents)], input_is_latent=True, randomize_noise=False
        )
        image = made.image.float()
        square = (image - batch.targets).square().mean((1, 2, 3))
        terms = (
            self._net.distances(image, batch.features)
            if self._net is not None
            else torch.zeros_like(square),
            square,
            (latents - batch.starts).square().mean((1, 2)),
        )
        return image, torch.stack(terms, dim=1)

    def _rows(self, latents: Tensor) -> Tensor:
        """Expand (n, 1, D) latent codes in W to (n, rows, D); W+ stays."""
        return latents.expand(-1, self._avatar.layout.rows, -1)


@contextmanager
def frozen(network: nn.Module) -> Iterator[None]:
    """Disable the gradients of all parameters, so that a backward pass skips them.

    SwiftAvatar, equation 4, optimises the latent codes only.
    """
    learning = [p for p in network.parameters() if p.requires_grad]
    for parameter in learning:
        parameter.requires_grad_(False)
    try:
        yield
    finally:
        for parameter in learning:
            parameter.requires_grad_(True)
