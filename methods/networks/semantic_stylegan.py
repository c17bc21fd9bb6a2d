"""SemanticStyleGAN's generator (Shi, Yang, Wan and Shen, CVPR 2022).

Every semantic part has its own network. Their features are composed by pseudo depth and
rendered to a picture and its segmentation. Parameter names and shapes are those of the
released checkpoints.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from methods.networks.generator_config import GeneratorConfig
from methods.networks.local_generators import (
    LocalGenerators,
    PositionEmbedding,
    coordinate_grid,
)
from methods.networks.part_latents import truncate
from methods.networks.stylegan_layers import (
    EPSILON,
    EqualLinear,
    FixedStyledConv,
    PixelNorm,
    ToPicture,
)


class Synthesis(NamedTuple):
    """Outputs of the generator for n latent codes and K parts on a c x c grid.

    Attributes:
        image: (n, 3, size, size) pictures, about [-1, 1]; not clamped.
        seg: (n, K, size, size) scores of about -1 to 1; the argmax gives the class.
        seg_coarse: (n, K, c, c) in [-1, 1], the softmax of the depths after masking.
        depths: (n, K, c, c) pseudo-depth logits; those of the background are 0.
        latents: (n, expanded rows, D) expanded latents that were rendered.
    """

    image: Tensor
    seg: Tensor
    seg_coarse: Tensor
    depths: Tensor
    latents: Tensor


class RenderNet(nn.Module):
    """Maps composed features to picture and segmentation in stages of double size."""

    def __init__(self, config: GeneratorConfig) -> None:
        super().__init__()
        self.coarse_size = config.coarse_size
        self.min_feat_size = config.min_feat_size
        self.residual_refine = config.residual_refine
        table = config.table
        self.convs = nn.ModuleList()
        self.noises = nn.Module()
        self.to_rgbs = nn.ModuleList()
        self.to_segs = nn.ModuleList()
        width = config.coarse_channel
        stages = int(math.log2(config.size // config.min_feat_size))
        for stage in range(stages):
            edge = config.min_feat_size << (stage + 1)
            extra = config.coarse_channel if edge == 2 * config.coarse_size else 0
            self.convs.append(FixedStyledConv(width + extra, table[edge], double=True))
            width = table[edge]
            self.convs.append(FixedStyledConv(width, width, double=False))
            self.to_rgbs.append(ToPicture(width, 3))
            self.to_segs.append(ToPicture(width, config.seg_dim))
            for index in (2 * stage, 2 * stage + 1):
                noise = torch.randn(1, 1, edge, edge)
                self.noises.register_buffer(f"noise_{index}", noise)

    def forward(
        self, feature: Tensor, seg_coarse: Tensor, randomize_noise: bool
    ) -> tuple[Tensor, Tensor]:
        """Map (n, C, c, c) features and (n, K, c, c) shares to image and seg."""
        # It is concatenated to x below; another format would convert x back.
        feature = feature.contiguous(memory_format=torch.channels_last)
        x = functional.adaptive_avg_pool2d(feature, self.min_feat_size)
        x = x.contiguous(memory_format=torch.channels_last)
        image = seg = None
        for stage, (to_rgb, to_seg) in enumerate(
            zip(self.to_rgbs, self.to_segs, strict=True)
        ):
            if x.shape[-1] == self.coarse_size:
                x = torch.cat([x, feature], dim=1)
            for index in (2 * stage, 2 * stage + 1):
                x = self.convs[index](x, self._noise(index, len(x), randomize_noise))
            image, seg = to_rgb(x, image), to_seg(x, seg)
            if self.residual_refine and x.shape[-1] == self.coarse_size:
                seg = seg + seg_coarse
        assert isinstance(image, Tensor)
        assert isinstance(seg, Tensor)  # there is at least one stage
        return image, seg

    def _noise(self, index: int, count: int, randomize: bool) -> Tensor:
        noise = getattr(self.noises, f"noise_{index}")
        if randomize:
            return torch.randn_like(noise.expand(count, -1, -1, -1))
        return noise


class SemanticGenerator(nn.Module):
    """SemanticStyleGAN's generator; keyword arguments are fields of `GeneratorConfig`.

    Raises TypeError for an unknown argument and ValueError for an invalid value.
    """

    grid: Tensor

    def __init__(self, **options: Any) -> None:
        super().__init__()
        config = GeneratorConfig(**options)
        self.config = config
        self.layout = config.layout
        octaves = int(math.log2(config.size))
        self.pos_embed = PositionEmbedding(octaves, config.local_channel)
        self.register_buffer(
            "grid", coordinate_grid(config.coarse_size), persistent=False
        )
        self.local_nets = LocalGenerators(
            config.seg_dim,
            config.local_channel,
            config.style_dim,
            config.local_layers,
            config.depth_layers,
            config.coarse_channel,
            config.detach_texture,
        )
        self.render_net = RenderNet(config)
        width, rate = config.style_dim, config.lr_mlp
        layers = (
            EqualLinear(width, width, rate, active=True) for _ in range(config.n_mlp)
        )
        self.style = nn.Sequential(PixelNorm(), *layers)

    def mean_latent(self, count: int, generator: torch.Generator) -> Tensor:
        """Return w_mean (D,), the mean of `count` latents in W of random z."""
        z = torch.randn(count, self.config.style_dim, generator=generator)
        with torch.no_grad():
            return self.style(z.to(self.grid.device)).mean(0)

    def expanded_latents(
        self,
        styles: Sequence[Tensor],
        input_is_latent: bool = False,
        truncation: float = 1.0,
        truncation_latent: Tensor | None = None,
    ) -> Tensor:
        """Return the (n, expanded rows, D) latents of `styles`; see `forward`."""
        if not styles:
            raise ValueError("styles is empty: give at least one tensor")
        found = list(styles) if input_is_latent else [self.style(z) for z in styles]
        if len(found) == 1:
            latents = self.layout.repeat(found[0])
        elif len(found) == 2:
            latents = self.layout.mix(found[0], found[1])
        else:
            latents = torch.stack(found, dim=1)
        if truncation != 1.0:
            if truncation_latent is None:
                raise ValueError(f"truncation {truncation} needs a truncation_latent")
            latents = truncate(latents, truncation, truncation_latent)
        return self.layout.expand(latents)

    def forward(
        self,
        styles: Sequence[Tensor],
        *,
        input_is_latent: bool = False,
        truncation: float = 1.0,
        truncation_latent: Tensor | None = None,
        randomize_noise: bool = False,
        composition_mask: Tensor | None = None,
        coords: Sequence[Tensor] | None = None,
    ) -> Synthesis:
        """Render latent codes.

        Args:
            styles: one tensor of (n, D) random z, or of latents in W (n, D), in W+ (n,
                rows, D) or expanded (n, expanded rows, D). Two tensors are mixed part
                by part at random; more are the rows of W+.
            input_is_latent: `styles` are latents and skip the mapping network.
            truncation: 1 keeps the latents, 0 replaces them by `truncation_latent`.
            truncation_latent: (D,), (1, D), or (rows, D) centre of the truncation.
            randomize_noise: draw new noise instead of the stored noise.
            composition_mask: (n, K) factors of the parts' shares before normalisation;
                0 removes a part.
            coords: K grids (1 or n, 2, c, c), to move or warp single parts.

        Raises:
            ValueError: if latents have a wrong number of rows, or if `coords` has a
                wrong number of grids.
        """
        latents = self.expanded_latents(
            styles, input_is_latent, truncation, truncation_latent
        )
        shape = (self.config.seg_dim, self.config.local_layers)
        grids = [self.grid] if coords is None else list(coords)
        if coords is not None and len(grids) != self.config.seg_dim:
            raise ValueError(
                f"{len(grids)} grids in coords: expected {self.config.seg_dim}, "
                "one for each part"
            )
        waves = [self.pos_embed.waves(grid) for grid in grids]
        made = self.local_nets(self.pos_embed, waves, latents.unflatten(1, shape))
        seg_shares = self._masked(made.depths.softmax(1), composition_mask)
        weights = self._visible(seg_shares)
        edge = (self.config.coarse_size, self.config.coarse_size)
        feature = self.local_nets.compose(made.hidden, weights).unflatten(2, edge)
        seg_coarse = seg_shares.unflatten(2, edge) * 2 - 1
        image, seg = self.render_net(feature, seg_coarse, randomize_noise)
        depths = made.depths.unflatten(2, edge)
        return Synthesis(image, seg, seg_coarse, depths, latents)

    def _masked(self, shares: Tensor, mask: Tensor | None) -> Tensor:
        """Multiply (n, K, P) shares by the mask and normalise their sum to 1."""
        if mask is None:
            return shares
        shares = shares * mask[:, :, None].to(shares)
        return shares / (shares.sum(1, keepdim=True) + EPSILON)

    def _visible(self, shares: Tensor) -> Tensor:
        """Weights of the parts' features; a transparent part does not hide others."""
        if not self.config.transparent_dims:
            return shares
        clear = torch.zeros(self.config.seg_dim, 1, device=shares.device)
        clear[list(self.config.transparent_dims)] = 1
        solid = shares * (1 - clear)
        return solid / (solid.sum(1, keepdim=True) + EPSILON) + shares * clear
