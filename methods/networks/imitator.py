"""The imitator of F2P: a network that draws avatar vectors like the engine.

Table 2 of Shi et al., "Neural Rendering for Game Character Auto-creation" (TPAMI 2022):
eight transposed convolutions of kernel 4, the first to 4 x 4, each later one doubling
the size, with batch normalisation and ReLU after all but the last. The table names no
final activation. As in DCGAN, a hyperbolic tangent gives pictures in [-1, 1].
"""

from __future__ import annotations

from typing import Final, Literal

from torch import Tensor, nn

HIDDEN: Final = (512, 512, 512, 256, 128, 64, 64)
"""Filters of the published hidden layers, from 4 to 256 px."""
DEVIATION = 0.02
"""Standard deviation of DCGAN's initial weights."""


class Imitator(nn.Module):
    """Maps (n, inputs) flat vectors to (n, 3, size, size) pictures in [-1, 1].

    Initial weights come from torch's global generator.

    Args:
        inputs: length of a flat vector.
        size: 512 as published, or 256, 128 or 64, which leave out the last one, two or
            three hidden layers.
        width: factor of the filters of every hidden layer.
        start: "dcgan" draws initial weights with standard deviation 0.02, around 1 for
            batch normalisation; "torch" keeps torch's defaults.

    Raises:
        ValueError: for any other size.
    """

    def __init__(
        self,
        inputs: int,
        size: int = 512,
        width: float = 1.0,
        start: Literal["dcgan", "torch"] = "dcgan",
    ) -> None:
        super().__init__()
        self.inputs, self.size = inputs, size
        filters = [max(1, round(count * width)) for count in _hidden(size)]
        widths = (inputs, *filters)
        layers: list[nn.Module] = []
        for index, (before, after) in enumerate(zip(widths, filters, strict=False)):
            first = index == 0
            layers += [
                nn.ConvTranspose2d(before, after, 4, *((1, 0) if first else (2, 1))),
                nn.BatchNorm2d(after),
                nn.ReLU(inplace=True),
            ]
        layers += [nn.ConvTranspose2d(filters[-1], 3, 4, 2, 1), nn.Tanh()]
        self.layers = nn.Sequential(*layers)
        if start == "dcgan":
            self.layers.apply(_draw_as_dcgan)

    def forward(self, vectors: Tensor) -> Tensor:
        """Draw (n, inputs) flat vectors: (n, 3, size, size) pictures."""
        return self.layers(vectors[:, :, None, None])


def _hidden(size: int) -> tuple[int, ...]:
    """The filters of the hidden layers for a size in pixels."""
    largest = 2 ** (len(HIDDEN) + 2)
    if size not in (64, 128, 256, largest):
        raise ValueError(f"the imitator draws 64, 128, 256 or 512 px, not {size}")
    return HIDDEN[: size.bit_length() - 3]


def _draw_as_dcgan(layer: nn.Module) -> None:
    if isinstance(layer, nn.ConvTranspose2d):
        nn.init.normal_(layer.weight, 0, DEVIATION)
        assert layer.bias is not None
        nn.init.zeros_(layer.bias)
    elif isinstance(layer, nn.BatchNorm2d):
        nn.init.normal_(layer.weight, 1, DEVIATION)
