"""The networks of TOS: pictures from descriptors, vectors from pictures, real or fake.

The layers follow ports of its parent, the Domain Transfer Network (Taigman, Polyak,
Wolf, ICLR 2017), at a width of our choice. Every network works on 4 x 4 positions at
its narrow end and halves or doubles the size with each block. Group normalisation
replaces batch normalisation, because faces and avatars would share its statistics.
"""

from __future__ import annotations

import math
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn.utils.parametrizations import spectral_norm

LAST = 4
"""Side in pixels at the narrow end."""
GROUPS = 8
"""Groups of the normalisation, where the number of channels allows."""
SLOPE = 0.2
EXTREME = 5.0
"""Limit of a standardised descriptor, in standard deviations."""


class DescriptorDecoder(nn.Module):
    """g: draws (n, 3, size, size) pictures in [-1, 1] from (n, inputs) descriptors.

    `standardise` sets the mean and the scale of the descriptors.

    Args:
        inputs: length of a descriptor.
        size: side of the pictures in pixels, a power of two from 16 on.
        width: channels at half that size; they double at each halving, up to 8 times.
    """

    mean: Tensor
    scale: Tensor

    def __init__(self, inputs: int, size: int, width: int) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(inputs))
        self.register_buffer("scale", torch.ones(inputs))
        narrow, *rest = reversed(_channels(size, width))
        self.entry = nn.Sequential(
            nn.Linear(inputs, narrow),
            nn.LeakyReLU(SLOPE),
            nn.Unflatten(1, (narrow, 1, 1)),
            nn.ConvTranspose2d(narrow, narrow, LAST, bias=False),
            _normalised(narrow),
            nn.ReLU(),
        )
        self.blocks = nn.Sequential(
            *(_doubling(before, after) for before, after in pairwise((narrow, *rest)))
        )
        last = rest[-1] if rest else narrow
        self.draw = nn.Sequential(nn.ConvTranspose2d(last, 3, 4, 2, 1), nn.Tanh())

    @torch.no_grad()
    def standardise(self, descriptors: Tensor) -> None:
        """Take mean and scale from (n, inputs) descriptors of both domains, n >= 2."""
        deviation = descriptors.std(dim=0)
        floor = deviation.mean().clamp(min=1e-6) / 10
        self.mean.copy_(descriptors.mean(dim=0))
        self.scale.copy_(deviation.clamp(min=float(floor)))

    def forward(self, descriptors: Tensor) -> Tensor:
        """Map (n, inputs) to (n, 3, size, size)."""
        standard = (descriptors - self.mean) / self.scale
        return self.draw(
            self.blocks(self.entry(standard.clamp(-EXTREME, EXTREME))),
        )


class ParameterReader(nn.Module):
    """c: reads (n, outputs) free numbers off (n, 3, size, size) pictures of avatars.

    The first `scalars` numbers are in [0, 1]; the others are logits.
    """

    def __init__(self, outputs: int, scalars: int, size: int, width: int) -> None:
        super().__init__()
        self.scalars = scalars
        channels = _channels(size, width)
        blocks = (
            nn.Sequential(
                nn.Conv2d(before, after, 4, 2, 1),
                _normalised(after),
                nn.LeakyReLU(SLOPE),
            )
            for before, after in pairwise((3, *channels))
        )
        self.blocks = nn.Sequential(*blocks)
        self.head = nn.Linear(channels[-1] * LAST**2, outputs)

    def forward(self, pictures: Tensor) -> Tensor:
        """Map (n, 3, size, size) to (n, outputs)."""
        numbers = self.head(self.blocks(pictures).flatten(1))
        parts = numbers[:, : self.scalars].sigmoid(), numbers[:, self.scalars :]
        return torch.cat(parts, dim=1)


class PictureDiscriminator(nn.Module):
    """d: (n,) logits of (n, 3, size, size) pictures, high for renders of the engine.

    Spectral normalisation (Miyato et al., ICLR 2018) limits its slope.
    """

    def __init__(self, size: int, width: int) -> None:
        super().__init__()
        channels = _channels(size, width)
        layers: list[nn.Module] = []
        for before, after in pairwise((3, *channels)):
            layers += [
                spectral_norm(nn.Conv2d(before, after, 4, 2, 1)),
                nn.LeakyReLU(SLOPE),
            ]
        self.layers = nn.Sequential(
            *layers, spectral_norm(nn.Conv2d(channels[-1], 1, LAST))
        )

    def forward(self, pictures: Tensor) -> Tensor:
        """Map (n, 3, size, size) to (n,)."""
        return self.layers(pictures).flatten()


def _channels(size: int, width: int) -> list[int]:
    """Channels after each halving, from size / 2 down to 4 px.

    Raises ValueError unless `size` is a power of two from 16 on.
    """
    if size < 4 * LAST or size & (size - 1):
        raise ValueError(f"size must be a power of two from {4 * LAST} on, not {size}")
    halvings = size.bit_length() - LAST.bit_length()
    return [width * min(8, 2**k) for k in range(halvings)]


def _doubling(before: int, after: int) -> nn.Sequential:
    return nn.Sequential(
        nn.ConvTranspose2d(before, after, 4, 2, 1, bias=False),
        _normalised(after),
        nn.ReLU(),
        nn.Conv2d(after, after, 1),
        nn.ReLU(),
    )


def _normalised(channels: int) -> nn.GroupNorm:
    return nn.GroupNorm(math.gcd(GROUPS, channels), channels)
