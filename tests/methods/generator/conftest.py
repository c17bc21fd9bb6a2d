"""A hand-made generator: each part paints its own stripe in a colour of its code."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
import torch

from methods.networks.part_latents import PartLayout
from methods.networks.semantic_stylegan import Synthesis

LAYOUT = PartLayout(parts=4, base_layers=2, depth_layers=3, local_layers=4)
SIZE = 64


class StripedGenerator:
    """Part i owns the stripe of rows 16 i to 16 i + 15, but part 3 is never shown.

    The stripe's grey is the first number of the part's texture row. A `leaky` part's
    texture also tints the whole picture.
    """

    def __init__(self, leaky: int | None = None) -> None:
        self.config = SimpleNamespace(style_dim=4, size=SIZE, seg_dim=LAYOUT.parts)
        self.layout, self.leaky = LAYOUT, leaky
        self.grid = torch.zeros(1)
        self.style = torch.tanh

    def mean_latent(self, count, generator):
        z = torch.randn(count, self.config.style_dim, generator=generator)
        return self.style(z).mean(0)

    def __call__(self, styles, *, input_is_latent, randomize_noise):
        (latents,) = styles
        assert input_is_latent
        assert not randomize_noise
        textures = [latents[:, LAYOUT.texture_row(p), 0] for p in range(LAYOUT.parts)]
        image = torch.zeros(len(latents), 3, SIZE, SIZE)
        seg = torch.full((len(latents), LAYOUT.parts, SIZE, SIZE), -1.0)
        seg[:, 0] = 0
        for part in (1, 2):
            rows = slice(16 * part, 16 * part + 16)
            seg[:, part, rows] = 1
        for part in range(3):
            own = seg.argmax(1) == part
            image += (own * textures[part][:, None, None])[:, None] * 0.5
        if self.leaky is not None:
            image += textures[self.leaky][:, None, None, None] * 0.4
        return Synthesis(image, seg, seg, seg, latents)


@pytest.fixture
def striped():
    return StripedGenerator()


@pytest.fixture
def leaky():
    return StripedGenerator(leaky=2)
