"""A start of the inversion that is put together from parts."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import torch
from tiny_pair import make_renders
from torch import Tensor

from benchmark.avatars.part_classes import PART_IDS, PART_NAMES
from methods.networks.part_latents import PartLayout
from methods.shared.renders import Renders
from methods.swiftavatar.nearest_parts import NearestParts

SIZE, GLASSES = 64, PART_IDS["glasses"]
EYES = slice(24, 36), slice(16, 48)


def heads(tone: Tensor, wears: Tensor, bars: float) -> Tensor:
    """(n, 3, S, S) heads of (n,) tones; dark bars of a grey cross the eyes of some."""
    picture = (tone - 0.3).view(-1, 1, 1, 1).repeat(1, 3, SIZE, SIZE)
    for row in (26, 30, 34):
        picture[wears, :, row, 16:48] = bars
    return picture


class Generator:
    """The first base row gives the tone; the shape of glasses shows them, or not."""

    config = SimpleNamespace(size=SIZE, style_dim=1, seg_dim=len(PART_NAMES))
    layout = PartLayout(len(PART_NAMES), 2, 5, 8)
    grid = torch.zeros(1)

    def style(self, z: Tensor) -> Tensor:
        return z

    def __call__(self, latents: list[Tensor], **_: bool) -> SimpleNamespace:
        (codes,) = latents
        wears = codes[:, self.layout.shape_row(GLASSES), 0] > 0.7
        tone = codes[:, 0, 0].sigmoid()
        seg = torch.full((len(codes), len(PART_NAMES), SIZE, SIZE), -1.0)
        seg[:, PART_IDS["skin"]] = 0
        seg[:, GLASSES, *EYES] = wears.float()[:, None, None]
        return SimpleNamespace(image=heads(tone, wears, bars=-0.6), seg=seg)


def test_renders_with_glasses_start_with_glasses():
    """Although tones vary more, and glasses look different in the two domains."""
    draws = torch.Generator().manual_seed(0)
    tone = torch.randn(128, generator=draws).sigmoid()
    wears = torch.arange(128) % 4 == 0
    pictures = heads(tone, wears, bars=-1.0)
    shown = ((pictures.permute(0, 2, 3, 1) + 1) * 127.5).to(torch.uint8).numpy()
    renders = Renders(make_renders(128).vectors, SIZE, "heads", lambda: shown)
    both: Any = Generator()
    starts = NearestParts(both, both, renders, samples=256, seed=0)
    codes = starts.most_similar(pictures)
    assert codes.shape == (128, Generator.layout.rows, 1)
    glasses = codes[:, Generator.layout.shape_row(GLASSES), 0] > 0.7
    assert float(glasses[wears].float().mean()) > 0.75
    assert float(glasses[~wears].float().mean()) < 0.15
