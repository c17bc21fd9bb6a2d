"""An alternative start of the inversion: the most similar sample of the generator.

This deviates from SwiftAvatar, section 3.2, where every inversion starts at the mean
latent code. From there, a short inversion with a small generator gives latent codes
whose realistic faces are unlikely. A sample of the generator is a likely face.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from benchmark.system.progress import Progress
from methods.generator.sampling import BATCH, draw_latents, render
from methods.networks.semantic_stylegan import SemanticGenerator
from methods.shared.randomness import seed_of
from methods.swiftavatar.options import InversionOptions
from methods.swiftavatar.perceptual import Perceptual

LAYER_SIDE, PICTURE_SIDE = 8, 16
"""Sides to which features and pictures are averaged before they are compared: enough to
show the shapes of hair and head, and thousands of samples fit into memory."""


class NearestSamples:
    """Samples of the avatar generator, searched for the most similar one to a render.

    The distance is SwiftAvatar, equation 5, without the latent term, on coarse features
    and pictures.
    """

    def __init__(
        self,
        avatar: SemanticGenerator,
        net: Perceptual | None,
        options: InversionOptions,
        seed: int,
        progress: Progress,
    ) -> None:
        """Draw `options.start_samples` samples and cache their features."""
        self._net, self._options = net, options
        count = options.start_samples
        self._latents = draw_latents(avatar, count, seed_of(seed, "starts"))
        features = []
        with progress.task("samples to start at", count) as task:
            for batch in self._latents.split(BATCH):
                features.append(self._coarse_features(render(avatar, batch).image))
                task.advance(len(batch))
        self._features = torch.cat(features)

    def most_similar(self, renders: Tensor) -> Tensor:
        """The (n, rows, D) latent codes of the most similar samples.

        `renders` are (n, 3, S, S) in [-1, 1]: y of SwiftAvatar, equation 5.
        """
        distances = torch.cdist(self._coarse_features(renders), self._features)
        return self._latents[distances.argmin(1)]

    @torch.no_grad()
    def _coarse_features(self, pictures: Tensor) -> Tensor:
        """(n, d) features whose squared distances are the weighted terms."""
        options = self._options
        found = [_coarse(pictures, PICTURE_SIDE, options.pixel_weight, mean=True)]
        if self._net is not None:
            weight = options.perceptual_weight
            layers = self._net.features(pictures)
            found += [_coarse(layer, LAYER_SIDE, weight) for layer in layers]
        return torch.cat(found, dim=1)


def _coarse(maps: Tensor, side: int, weight: float, mean: bool = False) -> Tensor:
    """Average (n, C, h, w) maps to at most side x side cells, flatten and scale them.

    Squared distances of the result are means over cells, times `weight`; with `mean`
    they are means over channels too.
    """
    if maps.shape[-1] > side:
        maps = functional.adaptive_avg_pool2d(maps, side)
    cells = maps[0].numel() if mean else maps[0, 0].numel()
    return maps.flatten(1) * (weight / cells) ** 0.5
