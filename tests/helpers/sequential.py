"""The oracle: SemanticStyleGAN one part, one layer, one operator at a time.

A second implementation of the generator (Shi et al., "SemanticStyleGAN", CVPR 2022),
written from the maths alone and apart from `methods.networks`: agreement tests and the
bench compare the two. State-dict keys, shapes and their order are the official ones. It
agreed with the official code's own outputs within 1e-4 on every field before anything
was compared with it.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import torch
from sequential_layers import (
    Linear,
    PixelNorm,
    Readout,
    RenderLayer,
    StyledLayer,
    channel_table,
)
from torch import Tensor, nn
from torch.nn import functional


class Outputs(NamedTuple):
    image: Tensor
    seg: Tensor
    seg_coarse: Tensor
    depths: Tensor
    latents: Tensor


class Places(nn.Module):
    """Fourier features of a coordinate grid, projected."""

    def __init__(self, channels, count):
        super().__init__()
        self.weights = nn.Parameter(torch.randn(channels, 2 * (2 * count + 1), 1, 1))
        self.scale = 1 / math.sqrt(2 * (2 * count + 1))
        self.count = count

    def forward(self, grid):
        features = [grid]
        for power in range(self.count):
            features += [torch.sin(2**power * grid), torch.cos(2**power * grid)]
        return functional.conv2d(torch.cat(features, 1), self.weights * self.scale)


class Part(nn.Module):
    """The local net of one part: (n, c, s, s) places to features and a depth."""

    def __init__(self, layers, width, style_dim, feature_width, depth_after, detach):
        super().__init__()
        self.linears = nn.ModuleList(
            StyledLayer(width, width, style_dim) for _ in range(layers)
        )
        self.to_feat = Readout(width, feature_width)
        self.depth_after, self.detach = depth_after, detach
        if depth_after:
            self.to_depth = Readout(width, 1)

    def forward(self, x, styles):
        depth = x.new_zeros(len(x), 1, *x.shape[2:])
        for index, layer in enumerate(self.linears):
            x = layer(x, styles[:, index])
            if index == self.depth_after - 1:
                depth = self.to_depth(x)
                x = x.detach() if self.detach else x
        return self.to_feat(x), depth


class Renderer(nn.Module):
    """Composed features to an image and a segmentation."""

    def __init__(self, size, coarse, smallest, width, parts, table, refine):
        super().__init__()
        self.smallest, self.coarse, self.refine = smallest, coarse, refine
        self.sizes = []
        self.convs, self.noises = nn.ModuleList(), nn.Module()
        self.to_rgbs, self.to_segs = nn.ModuleList(), nn.ModuleList()
        n_in = width
        while smallest < size:
            n_in += width if smallest == coarse else 0
            smallest *= 2
            n_out = table[smallest]
            self.convs.append(RenderLayer(n_in, n_out, up=True))
            self.convs.append(RenderLayer(n_out, n_out, up=False))
            for _ in range(2):
                name = f"noise_{len(self.sizes)}"
                self.noises.register_buffer(name, torch.randn(1, 1, smallest, smallest))
                self.sizes.append(smallest)
            self.to_rgbs.append(Readout(n_out, 3))
            self.to_segs.append(Readout(n_out, parts))
            n_in = n_out

    def noise(self, index, like, randomize):
        if randomize:
            return like.new_empty(len(like), 1, *[self.sizes[index]] * 2).normal_()
        return getattr(self.noises, f"noise_{index}")

    def forward(self, feature, seg_coarse, randomize):
        x = functional.adaptive_avg_pool2d(feature, self.smallest)
        image = seg = None
        for stage, (to_rgb, to_seg) in enumerate(
            zip(self.to_rgbs, self.to_segs, strict=True)
        ):
            if x.shape[-1] == self.coarse:
                x = torch.cat([x, feature], 1)
            for index in (2 * stage, 2 * stage + 1):
                x = self.convs[index](x, self.noise(index, x, randomize))
            image, seg = to_rgb(x, image), to_seg(x, seg)
            if self.refine and x.shape[-1] == self.coarse:
                seg = seg + seg_coarse
        return image, seg


class SequentialGenerator(nn.Module):
    """The generator, under the official names of its hyper-parameters."""

    def __init__(
        self,
        size=256,
        style_dim=512,
        n_mlp=8,
        channel_multiplier=2,
        seg_dim=2,
        local_layers=10,
        local_channel=64,
        base_layers=2,
        depth_layers=6,
        coarse_size=64,
        coarse_channel=512,
        min_feat_size=8,
        residual_refine=True,
        detach_texture=False,
        transparent_dims=(),
        lr_mlp=0.01,
        channels=None,
    ):
        super().__init__()
        self.parts, self.layers, self.depth_layers = seg_dim, local_layers, depth_layers
        self.base, self.transparent = base_layers, transparent_dims
        self.coarse = coarse_size
        self.n_latent = base_layers + 2 * seg_dim
        self.pos_embed = Places(local_channel, int(math.log2(size)))
        self.local_nets = nn.ModuleList(
            Part(
                local_layers,
                local_channel,
                style_dim,
                coarse_channel,
                # The background has no depth, and nothing to detach after it.
                depth_layers if part else 0,
                detach_texture,
            )
            for part in range(seg_dim)
        )
        self.render_net = Renderer(
            size,
            coarse_size,
            min_feat_size,
            coarse_channel,
            seg_dim,
            channel_table(channel_multiplier, channels),
            residual_refine,
        )
        layers = [
            Linear(style_dim, style_dim, rate=lr_mlp, activate=True)
            for _ in range(n_mlp)
        ]
        self.style = nn.Sequential(PixelNorm(), *layers)

    def expand(self, latents):
        """(n, n_latent, d) to (n, parts · layers, d); expanded ones pass."""
        if latents.shape[1] == self.parts * self.layers:
            return latents
        rows = []
        for part in range(self.parts):
            shape = self.base + 2 * part
            for layer in range(self.layers):
                if part and layer < self.base:
                    rows.append(layer)
                else:
                    rows.append(shape if layer < self.depth_layers else shape + 1)
        return torch.stack([latents[:, row] for row in rows], 1)

    def mix(self, first, second):
        """Per part and sample: nothing, the texture, or both from `second`."""
        mixed = first[:, None].repeat(1, self.n_latent, 1)
        for sample in range(len(first)):
            for part in range(self.parts):
                shape = self.base + 2 * part
                choice = int(torch.randint(3, ()))
                if choice == 2:
                    mixed[sample, shape] = second[sample]
                if choice >= 1:
                    mixed[sample, shape + 1] = second[sample]
        return mixed

    def rows(self, styles):
        """A list of styles to (n, rows, d)."""
        if len(styles) == 1:
            only = styles[0]
            if only.ndim == 2:
                return only[:, None].repeat(1, self.n_latent, 1)
            return only
        return self.mix(*styles) if len(styles) == 2 else torch.stack(styles, 1)

    def grid(self, like):
        """(1, 2, c, c): x across, then y down, in [-1, 1]; made in single precision."""
        line = torch.linspace(-1, 1, self.coarse).to(like)
        y, x = torch.meshgrid(line, line, indexing="ij")
        return torch.stack([x, y])[None]

    def compose(self, depths, mask):
        """(n, parts, c, c) depths to seg and the weights of the features."""
        seg = torch.softmax(depths, 1)
        if mask is not None:
            seg = seg * mask[:, :, None, None]
            seg = seg / (seg.sum(1, keepdim=True) + 1e-8)
        clear = seg.new_zeros(self.parts)
        clear[list(self.transparent)] = 1
        clear = clear[None, :, None, None]
        normal = seg * (1 - clear)
        return seg, normal / (normal.sum(1, keepdim=True) + 1e-8) + seg * clear

    def local(self, latents, mask=None, coords=None):
        """Expanded latents to the composed feature, seg in [0, 1] and the depths."""
        grids = coords or [self.grid(latents)] * self.parts
        features, depths = [], []
        for part, net in enumerate(self.local_nets):
            places = self.pos_embed(grids[part]).expand(len(latents), -1, -1, -1)
            rows = latents[:, part * self.layers : (part + 1) * self.layers]
            feature, depth = net(places, rows)
            features.append(feature)
            depths.append(depth)
        seg, weights = self.compose(torch.cat(depths, 1), mask)
        composed = (torch.stack(features, 1) * weights[:, :, None]).sum(1)
        return composed, seg, torch.cat(depths, 1)

    def forward(
        self,
        styles,
        *,
        input_is_latent=False,
        truncation=1.0,
        truncation_latent=None,
        randomize_noise=True,
        composition_mask=None,
        coords=None,
    ):
        if not input_is_latent:
            styles = [self.style(style) for style in styles]
        if truncation != 1:
            origin = truncation_latent
            styles = [origin + truncation * (style - origin) for style in styles]
        latents = self.expand(self.rows(styles))
        feature, seg, depths = self.local(latents, composition_mask, coords)
        coarse = 2 * seg - 1
        image, seg = self.render_net(feature, coarse, randomize_noise)
        return Outputs(image, seg, coarse, depths, latents)
