"""The discriminator of Projected GANs (Sauer, Chitta, Müller and Geiger, NeurIPS 2021).

It judges frozen ImageNet features of a picture, mixed by frozen random convolutions,
with one small trained head at each of four scales. Beyond the paper, each head can also
see the part maps, so that it judges how pictures and maps match.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Self

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.utils.parametrizations import spectral_norm

from methods.networks.backbones import Backbone, load_imagenet, make_backbone
from methods.networks.folding import fold

BACKBONE = "efficientnet_lite0"
READ_STAGES = (2, 3, 5, 7)
"""Stages of the backbone whose outputs are read, at strides 4, 8, 16 and 32."""
SIDE = 128
"""Side in pixels to which pictures are resized for the backbone."""
LAST = 4
"""Side in pixels of the last features of a head."""
SLOPE = 0.2


class FrozenFeatures(nn.Module):
    """Frozen ImageNet features at four scales, mixed by frozen random convolutions.

    1 x 1 convolutions mix channels; a top-down path of 3 x 3 convolutions with bilinear
    upsampling mixes scales (Sauer et al., section 3.2). The random weights are part of
    the state dict. The backbone is not, because its weight file is a dependency.
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        backbone = make_backbone(BACKBONE).first(max(READ_STAGES) + 1)
        # In a tuple, which hides it from the state dict.
        self._backbone = (backbone.eval().requires_grad_(False),)
        self.channel_mixing = nn.ModuleList(
            nn.Conv2d(backbone.widths[stage], width, 1, bias=False)
            for stage in READ_STAGES
        )
        self.scale_mixing = nn.ModuleList(
            nn.Conv2d(width, width, 3, padding=1, bias=False) for _ in READ_STAGES
        )
        for convolution in (*self.channel_mixing, *self.scale_mixing):
            assert isinstance(convolution, nn.Conv2d)
            nn.init.kaiming_normal_(convolution.weight)
        self.requires_grad_(False)

    def use(self, backbone: Backbone) -> None:
        """Take over the weights of a whole backbone, in evaluation mode."""
        device = self.backbone.mean.device
        frozen = backbone.first(max(READ_STAGES) + 1).to(device).eval()
        fold(frozen.requires_grad_(False))
        self._backbone = (frozen,)

    @property
    def backbone(self) -> Backbone:
        """The frozen backbone."""
        return self._backbone[0]

    def _apply(self, fn: Callable[[Tensor], Tensor], recurse: bool = True) -> Self:
        self.backbone._apply(fn)
        return super()._apply(fn, recurse)

    def forward(self, pictures: Tensor) -> list[Tensor]:
        """Map (n, 3, S, S) pictures in [-1, 1] to four (n, width, s, s), finest first.

        s is 32, 16, 8 and 4.
        """
        if pictures.shape[-1] != SIDE:
            pictures = functional.interpolate(
                pictures, (SIDE, SIDE), mode="bilinear", antialias=False
            )
        x = self.backbone.normalise(pictures)
        mixed: list[Tensor] = []
        for index, stage in enumerate(self.backbone.stages):
            x = stage(x)
            if index in READ_STAGES:
                mixed.append(self.channel_mixing[len(mixed)](x))
        scales = [self.scale_mixing[-1](mixed[-1])]
        for features, convolution in zip(
            mixed[-2::-1], list(self.scale_mixing)[-2::-1], strict=True
        ):
            above = functional.interpolate(scales[0], scale_factor=2, mode="bilinear")
            scales.insert(0, convolution(features + above))
        return scales


class Head(nn.Sequential):
    """Spectrally normalised 4 x 4 convolutions of stride 2 down to one logit."""

    def __init__(self, inputs: int, side: int, widths: Sequence[int]) -> None:
        layers: list[nn.Module] = []
        for width in widths[: (side // LAST).bit_length() - 1]:
            layers += [
                spectral_norm(nn.Conv2d(inputs, width, 4, 2, 1, bias=False)),
                nn.BatchNorm2d(width),
                nn.LeakyReLU(SLOPE, inplace=True),
            ]
            inputs = width
        layers.append(spectral_norm(nn.Conv2d(inputs, 1, LAST)))
        super().__init__(*layers)


class ProjectedDiscriminator(nn.Module):
    """Scores frozen features of pictures, alone or together with part maps.

    Args:
        maps: number of part-map channels that the heads see; 0 for none.
        width: channels of the mixed features.
        head_widths: channels of a head after each halving of the side.

    Only the heads are trained. `load_backbone` must be called before use.
    """

    def __init__(
        self, maps: int, width: int = 64, head_widths: Sequence[int] = (64, 128, 128)
    ) -> None:
        super().__init__()
        self.maps = maps
        self.features = FrozenFeatures(width)
        sides = [SIDE // stride for stride in (4, 8, 16, 32)]
        self.heads = nn.ModuleList(
            Head(width + maps, side, head_widths) for side in sides
        )

    def load_backbone(self, file: Path) -> None:
        """Load EfficientNet-Lite0's ImageNet weights; WeightMismatch for others."""
        whole = make_backbone(BACKBONE)
        load_imagenet(whole, BACKBONE, file)
        self.features.use(whole)

    def train(self, mode: bool = True) -> Self:
        """Set the heads' mode; the features stay in evaluation mode."""
        super().train(mode)
        self.features.eval()
        return self

    def requires_grad_(self, requires_grad: bool = True) -> Self:
        """Set whether the heads are trained; the features never are."""
        self.heads.requires_grad_(requires_grad)
        return self

    def forward(self, scales: Sequence[Tensor], seg: Tensor | None = None) -> Tensor:
        """Return (n, 4) logits, one a scale, high for real.

        Args:
            scales: from `features`.
            seg: (n, maps, S, S) part maps of -1 and 1; None without maps.
        """
        logits = []
        for features, head in zip(scales, self.heads, strict=True):
            if seg is not None:
                pooled = functional.adaptive_avg_pool2d(seg, features.shape[-1])
                features = torch.cat([features, pooled], dim=1)
            logits.append(head(features).flatten(1))
        return torch.cat(logits, dim=1)
