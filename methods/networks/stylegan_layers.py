"""The layers of StyleGAN2 networks (Karras et al. 2020).

Parameters are drawn from N(0, 1), stored unscaled and scaled in the forward pass
("equalised learning rate"). The gain √2 of the activation is folded into weights and
biases, since a leaky ReLU of √2·x is √2 times the leaky ReLU of x.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional

SLOPE = 0.2
"""Negative slope of every leaky ReLU."""
GAIN = math.sqrt(2.0)
EPSILON = 1e-8
BLUR = (1.0, 3.0, 3.0, 1.0)
"""The FIR filter of up- and downsampling."""


def blur_kernel(gain: float = 1.0) -> Tensor:
    """Return the (4, 4) outer product of `BLUR`, scaled to the sum `gain`."""
    row = torch.tensor(BLUR)
    kernel = row[:, None] * row[None, :]
    return kernel * (gain / kernel.sum())


def activate(pictures: Tensor) -> Tensor:
    """Leaky ReLU in place; the preceding layer includes the gain √2."""
    return functional.leaky_relu_(pictures, SLOPE)


def blur(
    pictures: Tensor,
    kernel: Tensor,
    padding: int,
    stride: int = 1,
    bias: Tensor | None = None,
) -> Tensor:
    """Filter every channel of (n, C, H, W) with one symmetric (4, 4) kernel."""
    channels = pictures.shape[1]
    weight = kernel.to(pictures.dtype).expand(channels, 1, 4, 4)
    return functional.conv2d(
        pictures, weight, bias, stride=stride, padding=padding, groups=channels
    )


def upsample(pictures: Tensor) -> Tensor:
    """Double the size of (n, C, H, W) with the filter `BLUR` and zero padding.

    It equals bilinear interpolation of the zero-padded picture, weights 3/4 and 1/4.
    """
    padded = functional.pad(pictures, (1, 1, 1, 1))
    doubled = functional.interpolate(
        padded, scale_factor=2, mode="bilinear", align_corners=False
    )
    return doubled[:, :, 2:-2, 2:-2]


class PixelNorm(nn.Module):
    """Scales every row to a mean square of 1."""

    def forward(self, rows: Tensor) -> Tensor:
        """(n, D) to (n, D)."""
        return rows * torch.rsqrt(rows.square().mean(1, keepdim=True) + EPSILON)


class EqualLinear(nn.Module):
    """A linear layer with equalised learning rate and, if `active`, leaky ReLU."""

    def __init__(
        self,
        inputs: int,
        outputs: int,
        lr_mul: float = 1.0,
        active: bool = False,
        bias_init: float = 0.0,
    ) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(outputs, inputs) / lr_mul)
        self.bias = nn.Parameter(torch.full((outputs,), bias_init))
        self.scale = lr_mul / math.sqrt(inputs)
        self.lr_mul = lr_mul
        self.active = active

    def forward(self, rows: Tensor) -> Tensor:
        """(n, inputs) to (n, outputs)."""
        gain = GAIN if self.active else 1.0
        weight = self.weight * (self.scale * gain)
        out = functional.linear(rows, weight, self.bias * (self.lr_mul * gain))
        return activate(out) if self.active else out


class Kernel(nn.Module):
    """A FIR kernel in the state dict, as in the released checkpoints."""

    kernel: Tensor

    def __init__(self, gain: float = 1.0) -> None:
        super().__init__()
        self.register_buffer("kernel", blur_kernel(gain))


class Bias(nn.Module):
    """The bias of an activation, one value for each channel."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.bias = nn.Parameter(torch.zeros(channels))


class NoiseStrength(nn.Module):
    """The scalar weight of the noise of a layer, initially 0."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(1))


class EqualConv(nn.Module):
    """The weight of a convolution with equalised learning rate, without bias."""

    def __init__(self, inputs: int, outputs: int, size: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(outputs, inputs, size, size))
        self.scale = 1 / math.sqrt(inputs * size * size)


class FixedConv(nn.Module):
    """A convolution whose style is learned: one factor for each input channel.

    With `demodulate`, every output channel's weights have unit norm.
    """

    def __init__(
        self, inputs: int, outputs: int, size: int, demodulate: bool = True
    ) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(outputs, inputs, size, size))
        self.modulation = nn.Parameter(torch.ones(1, inputs, 1, 1))
        self.scale = 1 / math.sqrt(inputs * size * size)
        self.demodulate = demodulate

    def kernel(self, gain: float = 1.0) -> Tensor:
        """The (outputs, inputs, k, k) modulated weights times `gain`."""
        weight = self.weight * (self.modulation * self.scale)
        if not self.demodulate:
            return weight * gain
        energy = weight.square().sum((1, 2, 3), keepdim=True)
        return weight * (torch.rsqrt(energy + EPSILON) * gain)


class FixedStyledConv(FixedConv):
    """A 3 x 3 layer of the render net: convolution, noise, bias and leaky ReLU.

    With `double`, a transposed convolution of stride 2 and a blur double the size.
    """

    def __init__(self, inputs: int, outputs: int, double: bool) -> None:
        super().__init__(inputs, outputs, 3)
        if double:
            self.blur = Kernel(gain=4.0)
        self.noise = NoiseStrength()
        self.activate = Bias(outputs)
        self.doubles = double

    def forward(self, pictures: Tensor, noise: Tensor) -> Tensor:
        """(n, inputs, H, W) to (n, outputs, H', W') with noise (1 or n, 1, H', W')."""
        weight = self.kernel(GAIN)
        bias = self.activate.bias * GAIN
        grain = noise * (self.noise.weight * GAIN)
        if self.doubles:
            weight = weight.transpose(0, 1)
            spread = functional.conv_transpose2d(pictures, weight, stride=2)
            out = blur(spread, self.blur.kernel, padding=1, bias=bias)
        else:
            out = functional.conv2d(pictures, weight, bias, padding=1)
        # In place: at 512 px a new 64 MiB tensor costs ten times the addition.
        return activate(out.add_(grain))


class ToPicture(nn.Module):
    """A linear 1 x 1 read-out with a bias, called ToRGB in the released code."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.bias = nn.Parameter(torch.zeros(1, outputs, 1, 1))
        # Unused, but part of the released checkpoints.
        self.upsample = Kernel(gain=4.0)
        self.conv = FixedConv(inputs, outputs, 1, demodulate=False)

    def matrix(self) -> Tensor:
        """The (outputs, inputs) weights of the read-out."""
        return self.conv.kernel().flatten(1)

    def forward(self, pictures: Tensor, below: Tensor | None = None) -> Tensor:
        """(n, inputs, H, W) to (n, outputs, H, W), plus `below` of half the size."""
        out = functional.conv2d(pictures, self.conv.kernel(), self.bias.flatten())
        return out if below is None else out + upsample(below)
