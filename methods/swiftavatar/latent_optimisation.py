"""From renders to latent codes of the avatar generator, by optimisation, in batches.

The loss of a render is equation 5: a perceptual distance, a mean squared error and the
mean squared distance of its code to where it started. A batch descends the sum over its
renders, and Adam's step looks at every number by itself, so that the path of a render
does not depend on which others are inverted beside it (but for float rounding).
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

import torch
from torch import Tensor, nn

from methods.networks.semantic_stylegan import SemanticGenerator
from methods.swiftavatar.mean_codes import MeanCodes
from methods.swiftavatar.nearest import NearestSamples
from methods.swiftavatar.options import InversionOptions
from methods.swiftavatar.perceptual import Features, Perceptual

TERMS = ("perceptual", "pixel", "latent")
"""The terms of the loss: distance of the perceptual net, mean squared error in [-1, 1],
mean squared distance to the start; all before they are weighted. The first is 0 where
its weight is: the net is not even read."""
RISE, FALL = 0.05, 0.25
"""Shares of the steps in which the ramped learning rate rises and falls."""


class Scene(NamedTuple):
    """A batch of renders (n, 3, S, S), their features, and where their codes start."""

    targets: Tensor
    features: Features
    starts: Tensor


class Inverted(NamedTuple):
    """What an inversion of n renders found.

    Attributes:
        latents: (n, rows, D) float16 codes in W+.
        terms: (n, 3) terms of the loss (`TERMS`) of these codes.
        curve: (steps + 1, 3) float64 sums over renders of the terms before each step
            and after the last, there before the codes were rounded to float16.
        rounding: (n,) mean squared change of a picture in [-1, 1] by that rounding.
    """

    latents: Tensor
    terms: Tensor
    curve: Tensor
    rounding: Tensor


def learning_rate_at(step: int, options: InversionOptions) -> float:
    """Adam's learning rate in a step (0 to steps - 1).

    "cosine" falls along half a wave from the first step on; "ramped" is the reference
    script's (rosinality's projector): 0 in step 0, up over 5 % of the steps, level, and
    down along half a wave over the last quarter.
    """
    share = step / options.steps
    if options.schedule == "cosine":
        return options.learning_rate * (0.5 + 0.5 * math.cos(math.pi * share))
    fall = 0.5 - 0.5 * math.cos(math.pi * min(1.0, (1 - share) / FALL))
    return options.learning_rate * fall * min(1.0, share / RISE)


class Inversion:
    """Inverts batches of renders, with the generator's stored noise."""

    def __init__(
        self,
        avatar: SemanticGenerator,
        net: Perceptual | None,
        start: MeanCodes | NearestSamples,
        options: InversionOptions,
    ) -> None:
        """Start at the mean codes, or at the samples most like each render."""
        self._avatar, self._net, self._options = avatar, net, options
        self._start = start
        self.device = str(avatar.grid.device)
        self._weights = torch.tensor(
            [options.perceptual_weight, options.pixel_weight, options.latent_weight],
            device=self.device,
        )

    def invert(self, targets: Tensor) -> Inverted:
        """Codes of (n, 3, S, S) renders in [-1, 1], S the generator's size.

        The codes after the last step are kept, as in the reference script. Raises
        FloatingPointError where the loss stops being finite.
        """
        with frozen(self._avatar):
            with torch.no_grad():
                features = self._net.features(targets) if self._net else []
            scene = Scene(targets, features, self._starts(targets))
            codes, curve = self._descend(scene)
            return self._measured(codes, curve, scene)

    def _starts(self, targets: Tensor) -> Tensor:
        """(n, rows, D) codes from which to descend; one row in W."""
        one_row = self._options.space == "w"
        if isinstance(self._start, NearestSamples):
            codes = self._start.of(targets)
            return codes[:, :1] if one_row else codes
        # The glasses' start is no code of W: there, all rows start from w_mean.
        rows = self._start.mean[:1] if one_row else self._start.start
        return rows.to(self.device).repeat(len(targets), 1, 1)

    def _descend(self, scene: Scene) -> tuple[Tensor, list[Tensor]]:
        """The last codes, and the summed terms before each step."""
        codes = scene.starts.clone().requires_grad_(True)
        adam = torch.optim.Adam([codes])
        curve = []
        for step in range(self._options.steps):
            _, terms = self._look(codes, scene)
            (codes.grad,) = torch.autograd.grad((terms @ self._weights).sum(), codes)
            adam.param_groups[0]["lr"] = learning_rate_at(step, self._options)
            adam.step()
            curve.append(terms.detach().double().sum(0))
        return codes.detach(), curve

    @torch.no_grad()
    def _measured(self, codes: Tensor, curve: list[Tensor], scene: Scene) -> Inverted:
        image, terms = self._look(codes, scene)
        whole = torch.stack([*curve, terms.double().sum(0)]).cpu()
        if not whole.isfinite().all():
            raise FloatingPointError(
                "the loss of the inversion is not finite: lower inversion.learning_rate"
            )
        latents = self._rows(codes).half()
        rounded, terms = self._look(latents.float(), scene)
        change = (rounded - image).square().mean((1, 2, 3))
        return Inverted(latents.cpu(), terms.cpu(), whole, change.cpu())

    def _look(self, codes: Tensor, scene: Scene) -> tuple[Tensor, Tensor]:
        """Pictures of codes, and their (n, 3) terms."""
        made = self._avatar(
            [self._rows(codes)], input_is_latent=True, randomize_noise=False
        )
        square = (made.image - scene.targets).square().mean((1, 2, 3))
        terms = (
            self._net.distances(made.image, scene.features)
            if self._net
            else torch.zeros_like(square),
            square,
            (codes - scene.starts).square().mean((1, 2)),
        )
        return made.image, torch.stack(terms, dim=1)

    def _rows(self, codes: Tensor) -> Tensor:
        """(n, rows, D) of codes in W+, or of (n, 1, D) ones in W."""
        return codes.expand(-1, self._avatar.layout.rows, -1)


@contextmanager
def frozen(network: nn.Module) -> Iterator[None]:
    """Parameters without gradients for a while: a backward pass then skips them."""
    learning = [p for p in network.parameters() if p.requires_grad]
    for parameter in learning:
        parameter.requires_grad_(False)
    try:
        yield
    finally:
        for parameter in learning:
            parameter.requires_grad_(True)
