"""A small face parser: the 13 parts of an aligned portrait, and its features."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple, Protocol

from torch import Tensor, nn
from torch.nn import functional

from benchmark.avatars.part_classes import PART_NAMES
from methods.networks.backbones import Backbone, load_imagenet, make_backbone

_TAPS = (1, 2, 3, 5)
"""Encoder stages whose output the decoder uses: every 2, 4, 8 and 16 pixels."""


@dataclass(frozen=True)
class ParserConfig:
    """The hyperparameters of a parser.

    Attributes:
        size: side in pixels of the training pictures.
        widths: channels of the decoder at every 16, 8, 4 and 2 pixels.
    """

    size: int = 128
    widths: tuple[int, int, int, int] = (96, 64, 48, 32)


class ParserOutput(NamedTuple):
    """Features and class probabilities of a parser at the same positions."""

    features: Tensor
    probabilities: Tensor


class PartParser(Protocol):
    """A network that segments faces into the 13 parts."""

    @property
    def size(self) -> int:
        """Side in pixels of the training pictures."""
        ...

    def __call__(self, pictures: Tensor) -> Tensor:
        """Map (n, 3, S, S) RGB pictures in [-1, 1] to (n, 13, S, S) class scores."""
        ...

    def read(self, pictures: Tensor) -> ParserOutput:
        """Compute features and probabilities of (n, 3, S, S) pictures in [-1, 1]."""
        ...


class FaceParser(nn.Module):
    """A U-Net: the first stages of EfficientNet-Lite0 and a decoder with shortcuts.

    The encoder's batch normalisation keeps its ImageNet statistics during training.
    """

    def __init__(self, config: ParserConfig) -> None:
        super().__init__()
        self.config = config
        whole = make_backbone("efficientnet_lite0")
        self.encoder: Backbone = whole.first(_TAPS[-1] + 1)
        sources = [self.encoder.widths[tap] for tap in reversed(_TAPS)]
        self.shortcuts = nn.ModuleList(
            nn.Conv2d(source, width, 1)
            for source, width in zip(sources, config.widths, strict=True)
        )
        self.steps = nn.ModuleList(
            _step(width, after)
            for width, after in pairwise((*config.widths, config.widths[-1]))
        )
        self.classify = nn.Conv2d(config.widths[-1], len(PART_NAMES), 1)

    @property
    def size(self) -> int:
        """Side in pixels of the training pictures."""
        return self.config.size

    def train(self, mode: bool = True) -> FaceParser:
        """Switch the decoder's mode; the encoder stays in evaluation mode."""
        super().train(mode)
        self.encoder.eval()
        return self

    def load_encoder(self, file: Path) -> None:
        """Load the encoder from EfficientNet-Lite0's published weights.

        Raises WeightMismatch if the file holds another network.
        """
        whole = make_backbone("efficientnet_lite0")
        load_imagenet(whole, "efficientnet_lite0", file)
        taken = whole.first(len(self.encoder.stages)).state_dict()
        self.encoder.load_state_dict(taken)

    def forward(self, pictures: Tensor) -> Tensor:
        """Map (n, 3, S, S) RGB pictures in [-1, 1] to (n, 13, S, S) class scores.

        Raises ValueError if S is no multiple of 16.
        """
        scores = self.classify(self._decode(pictures)[-1])
        return functional.interpolate(scores, pictures.shape[-1], mode="bilinear")

    def read(self, pictures: Tensor) -> ParserOutput:
        """Compute features and probabilities of (n, 3, S, S) pictures in [-1, 1].

        They are (n, feature_width, S / 4, S / 4) and (n, 13, S / 4, S / 4).
        """
        *_, coarse, fine = self._decode(pictures)
        probabilities = self.classify(fine).softmax(dim=1)
        return ParserOutput(coarse, functional.avg_pool2d(probabilities, 2))

    def _decode(self, pictures: Tensor) -> list[Tensor]:
        """The decoder's features every 16, 8, 4 and 2 pixels."""
        if pictures.shape[-1] % 16 or pictures.shape[-2] % 16:
            raise ValueError(
                "the sides of the pictures must be multiples of 16 px, got "
                f"{tuple(pictures.shape)}"
            )
        levels: list[Tensor] = []
        layers = zip(self._taps(pictures), self.shortcuts, self.steps, strict=True)
        for tap, shortcut, step in layers:
            merged = shortcut(tap)
            if levels:
                side = tap.shape[-1]
                merged = merged + functional.interpolate(
                    levels[-1], side, mode="bilinear"
                )
            levels.append(step(merged))
        return levels

    def _taps(self, pictures: Tensor) -> list[Tensor]:
        """The encoder's features, coarsest first."""
        found, taps = self.encoder.normalise(pictures), []
        for index, stage in enumerate(self.encoder.stages):
            found = stage(found)
            if index in _TAPS:
                taps.append(found)
        return taps[::-1]


def _step(width_in: int, width_out: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(width_in, width_out, 3, padding=1, bias=False),
        nn.BatchNorm2d(width_out),
        nn.ReLU(),
    )
