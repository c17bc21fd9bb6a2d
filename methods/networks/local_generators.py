"""SemanticStyleGAN's local generators, a small coordinate network for each part.

All parts run as one batched matrix product for each layer. The read-out to features is
linear, so composition and read-out are one matrix product over all parts, and the
features of a single part are never computed.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple, cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from methods.networks.stylegan_layers import (
    EPSILON,
    GAIN,
    Bias,
    EqualLinear,
    ToPicture,
    activate,
)


class PositionEmbedding(nn.Module):
    """Fourier features of coordinates, one octave a frequency, then a linear layer."""

    frequencies: Tensor

    def __init__(self, octaves: int, outputs: int) -> None:
        super().__init__()
        frequencies = 2.0 ** torch.arange(octaves)
        self.register_buffer("frequencies", frequencies, persistent=False)
        inputs = 2 * (2 * octaves + 1)
        self.weights = nn.Parameter(torch.randn(outputs, inputs, 1, 1))
        self.scale = 1 / math.sqrt(inputs)

    def waves(self, coords: Tensor) -> Tensor:
        """Map (n, 2, h, w) coordinates to (n, 2 + 4 octaves, h·w) features."""
        angles = coords[:, None] * self.frequencies.view(1, -1, 1, 1, 1)
        waves = torch.stack([angles.sin(), angles.cos()], dim=2).flatten(1, 3)
        return torch.cat([coords, waves], dim=1).flatten(2)

    def matrix(self) -> Tensor:
        """The (outputs, features) weights of the linear layer."""
        return self.weights[:, :, 0, 0] * self.scale

    def forward(self, coords: Tensor) -> Tensor:
        """Map (n, 2, h, w) coordinates to (n, outputs, h, w)."""
        return (self.matrix() @ self.waves(coords)).unflatten(2, coords.shape[2:])


def coordinate_grid(size: int) -> Tensor:
    """Return (1, 2, size, size) coordinates in [-1, 1]: x to the right, y down."""
    line = torch.linspace(-1, 1, size)
    x, y = torch.meshgrid(line, line, indexing="xy")
    return torch.stack([x, y])[None]


class ModulatedWeight(nn.Module):
    """Weights of a modulated 1 x 1 convolution, with its map from styles to factors."""

    def __init__(self, channels: int, style_dim: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(1, channels, channels, 1, 1))
        self.modulation = EqualLinear(style_dim, channels, bias_init=1.0)


class StyledLayer(nn.Module):
    """Parameters of one layer of one local generator."""

    def __init__(self, channels: int, style_dim: int) -> None:
        super().__init__()
        self.conv = ModulatedWeight(channels, style_dim)
        self.activate = Bias(channels)


class LocalGenerator(nn.Module):
    """Parameters of the network of one part; `LocalGenerators` evaluates all parts."""

    def __init__(
        self, channels: int, style_dim: int, layers: int, features: int, depth: bool
    ) -> None:
        super().__init__()
        self.linears = nn.ModuleList(
            StyledLayer(channels, style_dim) for _ in range(layers)
        )
        self.to_feat = ToPicture(channels, features)
        if depth:
            self.to_depth = ToPicture(channels, 1)


class LocalOutputs(NamedTuple):
    """Outputs of the local generators for n samples on P grid points.

    Attributes:
        depths: (n, parts, P) pseudo depths; those of the background are 0.
        hidden: (n, parts, channels, P), before the linear read-out to features.
    """

    depths: Tensor
    hidden: Tensor


class LocalGenerators(nn.ModuleList):
    """The networks of all parts; part 0 is the background and has no depth."""

    def __init__(
        self,
        parts: int,
        channels: int,
        style_dim: int,
        layers: int,
        depth_layers: int,
        features: int,
        detach_texture: bool,
    ) -> None:
        super().__init__(
            LocalGenerator(channels, style_dim, layers, features, part > 0)
            for part in range(parts)
        )
        self.depth_layers = depth_layers
        self.detach_texture = detach_texture

    @property
    def _networks(self) -> list[LocalGenerator]:
        return cast("list[LocalGenerator]", list(self))

    def _layers(self) -> list[list[StyledLayer]]:
        """The layers, first by layer number and then by part."""
        columns = [cast("list[StyledLayer]", list(n.linears)) for n in self._networks]
        return [list(row) for row in zip(*columns, strict=True)]

    def modulated_weights(self, styles: Tensor) -> Tensor:
        """Demodulated (layers, n, parts, out, in) weights of `styles`.

        The styles are (n, parts, layers, D).
        """
        layers = [layer for row in self._layers() for layer in row]
        shape = (len(self._layers()), len(self))
        maps = [layer.conv.modulation for layer in layers]
        matrix = torch.stack([m.weight for m in maps]) * maps[0].scale
        offset = torch.stack([m.bias for m in maps])[:, None]
        rows = styles.permute(2, 1, 0, 3).flatten(0, 1)
        factors = torch.baddbmm(offset, rows, matrix.transpose(1, 2))
        factors = factors.unflatten(0, shape).transpose(1, 2)
        weight = torch.stack([layer.conv.weight[0, :, :, 0, 0] for layer in layers])
        weight = weight.unflatten(0, shape) / math.sqrt(weight.shape[-1])
        weight = weight[:, None] * factors[..., None, :]
        energy = weight.square().sum(-1, keepdim=True)
        return weight * (torch.rsqrt(energy + EPSILON) * GAIN)

    def biases(self) -> list[Tensor]:
        """For each layer, (parts, channels, 1) biases times the activation's gain."""
        return [
            torch.stack([layer.activate.bias for layer in row])[..., None] * GAIN
            for row in self._layers()
        ]

    def forward(
        self, embedding: PositionEmbedding, waves: Sequence[Tensor], styles: Tensor
    ) -> LocalOutputs:
        """Evaluate the networks of all parts.

        Args:
            embedding: the position embedding.
            waves: its (1 or n, features, P) Fourier features: one for all parts, or one
                for each part.
            styles: (n, parts, layers, D) expanded latents.
        """
        # Unbind: the gradient of an index would allocate the whole stack each time.
        weights = self.modulated_weights(styles).unbind()
        biases = self.biases()
        hidden = activate(self._first(weights[0] @ embedding.matrix(), waves, biases))
        hidden, depths = self._read(hidden, 1)
        for index in range(1, len(weights)):
            count = len(styles)
            offset = biases[index].expand(count, -1, -1, -1).flatten(0, 1)
            flat = torch.baddbmm(
                offset, weights[index].flatten(0, 1), hidden.flatten(0, 1)
            )
            hidden = activate(flat).unflatten(0, (count, len(self)))
            hidden, found = self._read(hidden, index + 1)
            depths = depths if found is None else found
        assert depths is not None  # depth_layers is between 1 and the number of layers
        return LocalOutputs(depths, hidden)

    def _first(
        self, weight: Tensor, waves: Sequence[Tensor], biases: list[Tensor]
    ) -> Tensor:
        """The first layer: (n, parts, out, features) weights times the waves."""
        if len(waves) == 1 and len(waves[0]) == 1:
            return weight @ waves[0][0] + biases[0]
        each = [weight[:, part] @ waves[part % len(waves)] for part in range(len(self))]
        return torch.stack(each, dim=1) + biases[0]

    def _read(self, hidden: Tensor, layers: int) -> tuple[Tensor, Tensor | None]:
        """Read out the depths if `layers` equals `depth_layers`."""
        if layers != self.depth_layers:
            return hidden, None
        heads = [network.to_depth for network in self._networks[1:]]
        matrix = torch.stack([head.matrix() for head in heads])
        offset = torch.stack([head.bias.flatten() for head in heads])[..., None]
        depths = (matrix @ hidden[:, 1:] + offset)[:, :, 0]
        if self.detach_texture:
            hidden = torch.cat([hidden[:, :1], hidden[:, 1:].detach()], dim=1)
        return hidden, functional.pad(depths, (0, 0, 1, 0))

    def compose(self, hidden: Tensor, shares: Tensor) -> Tensor:
        """Sum the features of all parts, weighted by (n, parts, P) shares: (n, C, P).

        The features of part i are F_i h_i + b_i. The sum of s_i (F_i h_i + b_i) is
        [F_1 … F_k] times the stacked s_i h_i, plus [b_1 … b_k] times the s_i.
        """
        heads = [network.to_feat for network in self._networks]
        matrix = torch.cat([head.matrix() for head in heads], dim=1)
        offsets = torch.stack([head.bias.flatten() for head in heads], dim=1)
        column = (hidden * shares[:, :, None]).flatten(1, 2)
        return matrix @ column + offsets @ shares
