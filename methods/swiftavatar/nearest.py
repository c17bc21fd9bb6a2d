"""Where inversion may start beyond the paper: at the sample that looks most alike.

From one mean code, a short inversion with a generator of few channels stays near it: it
bends the mean person until he looks like the avatar, and the face of such a code is no
likely person's. A sample of the generator is one from the first step on.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from benchmark.system.progress import Progress
from methods.generator.sampling import BATCH, draw_codes, render
from methods.networks.semantic_stylegan import SemanticGenerator
from methods.shared.randomness import seed_of
from methods.swiftavatar.options import InversionOptions
from methods.swiftavatar.perceptual import Perceptual

LAYER_SIDE, PICTURE_SIDE = 8, 16
"""Sides in cells to which features and pictures are averaged before they are compared:
enough to tell hair and head from others, and thousands of samples fit into memory."""


class NearestSamples:
    """Samples of the avatar generator, and for renders the most alike among them.

    The distance is that of the inversion's loss without its latent term, on coarse
    features and pictures.
    """

    def __init__(
        self,
        avatar: SemanticGenerator,
        net: Perceptual | None,
        options: InversionOptions,
        seed: int,
        progress: Progress,
    ) -> None:
        """Draw `options.start_samples` samples and keep what they look like."""
        self._net, self._options = net, options
        count = options.start_samples
        self._codes = draw_codes(avatar, count, seed_of(seed, "starts"))
        looks = []
        with progress.task("samples to start at", count) as task:
            for some in self._codes.split(BATCH):
                looks.append(self._look(render(avatar, some).image))
                task.advance(len(some))
        self._looks = torch.cat(looks)

    def of(self, targets: Tensor) -> Tensor:
        """(n, rows, D) codes of the samples most like (n, 3, S, S) renders."""
        distances = torch.cdist(self._look(targets), self._looks)
        return self._codes[distances.argmin(1)]

    @torch.no_grad()
    def _look(self, pictures: Tensor) -> Tensor:
        """(n, d) numbers whose squared distances are the weighted terms."""
        options = self._options
        looks = [_coarse(pictures, PICTURE_SIDE, options.pixel_weight, mean=True)]
        if self._net is not None:
            weight = options.perceptual_weight
            layers = self._net.features(pictures)
            looks += [_coarse(layer, LAYER_SIDE, weight) for layer in layers]
        return torch.cat(looks, dim=1)


def _coarse(maps: Tensor, side: int, weight: float, mean: bool = False) -> Tensor:
    """(n, C, h, w) maps in at most side x side cells, flat and scaled by their weight.

    Distances are means over cells, and over channels too where `mean` says so.
    """
    if maps.shape[-1] > side:
        maps = functional.adaptive_avg_pool2d(maps, side)
    cells = maps[0].numel() if mean else maps[0, 0].numel()
    return maps.flatten(1) * (weight / cells) ** 0.5
