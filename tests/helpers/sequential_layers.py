"""Plain layers of the sequential oracle: one textbook operator after the other.

Written from the published maths alone (StyleGAN2, Karras et al. 2020;
SemanticStyleGAN, Shi et al. 2022), apart from `methods.networks`, so that the two can
be compared. Nothing is folded, fused or batched here.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional

TAPS = (1.0, 3.0, 3.0, 1.0)


def channel_table(multiplier, overrides=None):
    """Channels by resolution."""
    table = dict.fromkeys((4, 8, 16, 32), 512)
    table |= {64 * 2**i: 256 // 2**i * multiplier for i in range(5)}
    return table | (overrides or {})


def leaky(x):
    return functional.leaky_relu(x, 0.2) * math.sqrt(2)


def fir(x, kernel, pad):
    """Each channel convolved with `kernel` after `pad` = (before, after) zeros."""
    channels = x.shape[1]
    weight = kernel.flip(0, 1).expand(channels, 1, *kernel.shape)
    return functional.conv2d(functional.pad(x, (*pad, *pad)), weight, groups=channels)


class Fir(nn.Module):
    """A blur; `up` zero-stuffs by two first."""

    def __init__(self, pad, gain=1.0, up=False):
        super().__init__()
        taps = torch.outer(torch.tensor(TAPS), torch.tensor(TAPS))
        self.register_buffer("kernel", taps / taps.sum() * gain)
        self.pad, self.up = pad, up

    def forward(self, x):
        if self.up:
            n, c, height, width = x.shape
            stuffed = x.new_zeros(n, c, height, 2, width, 2)
            stuffed[:, :, :, 0, :, 0] = x
            x = stuffed.reshape(n, c, 2 * height, 2 * width)
        return fir(x, self.kernel, self.pad)


class PixelNorm(nn.Module):
    def forward(self, x):
        return x * torch.rsqrt(x.square().mean(dim=1, keepdim=True) + 1e-8)


class Linear(nn.Module):
    """A linear layer whose scale is in the run, not in the weights."""

    def __init__(self, n_in, n_out, bias=0.0, rate=1.0, activate=False):
        super().__init__()
        self.weight = nn.Parameter(torch.randn(n_out, n_in) / rate)
        self.bias = nn.Parameter(torch.full((n_out,), float(bias)))
        self.scale, self.rate, self.activate = rate / math.sqrt(n_in), rate, activate

    def forward(self, x):
        out = functional.linear(x, self.weight * self.scale, self.bias * self.rate)
        return leaky(out) if self.activate else out


class Bias(nn.Module):
    """Bias and leaky relu of feature maps."""

    def __init__(self, channels):
        super().__init__()
        self.bias = nn.Parameter(torch.zeros(channels))

    def forward(self, x):
        return leaky(x + self.bias[:, None, None])


class Conv(nn.Module):
    """A convolution without bias."""

    def __init__(self, n_in, n_out, size, stride=1, pad=0):
        super().__init__()
        self.weight = nn.Parameter(torch.randn(n_out, n_in, size, size))
        self.scale = 1 / math.sqrt(n_in * size**2)
        self.stride, self.pad = stride, pad

    def forward(self, x):
        weight = self.weight * self.scale
        return functional.conv2d(x, weight, stride=self.stride, padding=self.pad)


class ModulatedConv(nn.Module):
    """A 1×1 convolution with weights of its own for every sample."""

    def __init__(self, n_in, n_out, style_dim):
        super().__init__()
        self.weight = nn.Parameter(torch.randn(1, n_out, n_in, 1, 1))
        self.modulation = Linear(style_dim, n_in, bias=1.0)
        self.scale = 1 / math.sqrt(n_in)

    def forward(self, x, style):
        n, n_in, height, width = x.shape
        gains = self.modulation(style).view(n, 1, n_in, 1, 1)
        weight = self.scale * self.weight * gains
        weight = weight * torch.rsqrt(weight.square().sum((2, 3, 4), True) + 1e-8)
        grouped = x.reshape(1, n * n_in, height, width)
        out = functional.conv2d(grouped, weight.flatten(0, 1), groups=n)
        return out.view(n, -1, height, width)


class StyledLayer(nn.Module):
    def __init__(self, n_in, n_out, style_dim):
        super().__init__()
        self.conv = ModulatedConv(n_in, n_out, style_dim)
        self.activate = Bias(n_out)

    def forward(self, x, style):
        return self.activate(self.conv(x, style))


class Noise(nn.Module):
    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(1))

    def forward(self, x, noise):
        return x + self.weight * noise


class FixedConv(nn.Module):
    """A convolution whose modulation is a parameter."""

    def __init__(self, n_in, n_out, size, demodulate=True):
        super().__init__()
        self.weight = nn.Parameter(torch.randn(n_out, n_in, size, size))
        self.modulation = nn.Parameter(torch.ones(1, n_in, 1, 1))
        self.scale = 1 / math.sqrt(n_in * size**2)
        self.demodulate, self.pad = demodulate, size // 2

    def modulated(self):
        weight = self.scale * self.weight * self.modulation
        if not self.demodulate:
            return weight
        return weight * torch.rsqrt(weight.square().sum((1, 2, 3), True) + 1e-8)

    def forward(self, x):
        return functional.conv2d(x, self.modulated(), padding=self.pad)


class RenderLayer(FixedConv):
    """A 3×3 convolution, upsampling or not, with noise, bias and leaky relu."""

    def __init__(self, n_in, n_out, up):
        super().__init__(n_in, n_out, 3)
        if up:
            self.blur = Fir((1, 1), gain=4.0)
        self.noise = Noise()
        self.activate = Bias(n_out)
        self.up = up

    def forward(self, x, noise):
        if self.up:
            weight = self.modulated().transpose(0, 1)
            out = self.blur(functional.conv_transpose2d(x, weight, stride=2))
        else:
            out = super().forward(x)
        return self.activate(self.noise(out, noise))


class Readout(nn.Module):
    """A 1×1 projection with bias; with a skip, its upsampled sum."""

    def __init__(self, n_in, n_out):
        super().__init__()
        self.bias = nn.Parameter(torch.zeros(1, n_out, 1, 1))
        self.upsample = Fir((2, 1), gain=4.0, up=True)
        self.conv = FixedConv(n_in, n_out, 1, demodulate=False)

    def forward(self, x, skip: Tensor | None = None):
        out = self.conv(x) + self.bias
        return out if skip is None else out + self.upsample(skip)
