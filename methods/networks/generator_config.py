"""The hyperparameters of SemanticStyleGAN's generator (Shi et al. 2022)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from methods.networks.part_latents import PartLayout

WIDEST = 512


def channel_table(
    multiplier: int, overrides: Mapping[int, int] | None = None
) -> dict[int, int]:
    """Return StyleGAN2's channels by resolution, 4 to 1024, with `overrides`.

    Raises ValueError if an override has a resolution outside the table or less than one
    channel.
    """
    table = dict.fromkeys((4, 8, 16, 32), WIDEST)
    table |= {2**k: 2 ** (14 - k) * multiplier for k in range(6, 11)}
    # Keys from the JSON card of weights are strings.
    changed = {int(size): count for size, count in (overrides or {}).items()}
    for size, count in changed.items():
        if size not in table or count < 1:
            raise ValueError(
                f"channels: {count} at {size} px: expected one or more at a power of "
                "two from 4 to 1024 px"
            )
    return table | changed


@dataclass(frozen=True)
class GeneratorConfig:
    """The hyperparameters; the defaults are those of the published 512-px model.

    Attributes:
        size: side of the picture in pixels, a power of two.
        style_dim: D, the length of z and of every latent row.
        n_mlp: layers of the mapping network.
        lr_mlp: learning-rate factor of the mapping network.
        channel_multiplier: factor of the channel table from 64 px on.
        seg_dim: number of parts, the background included.
        local_layers: layers of a local generator.
        local_channel: channels of a local generator.
        base_layers: first layers whose latents all parts except the background share.
        depth_layers: layers up to the pseudo depth; later ones draw the texture.
        coarse_size: side of the grid on which parts are composed.
        coarse_channel: channels of the composed features.
        min_feat_size: side to which the render net first pools these features.
        residual_refine: add the coarse segmentation to the rendered one.
        detach_texture: stop the gradient from texture layers to depth layers.
        transparent_dims: ids of transparent parts, such as glasses.
        channels: channels by resolution that replace the table's (our extension).
    """

    size: int = 512
    style_dim: int = 512
    n_mlp: int = 8
    lr_mlp: float = 0.01
    channel_multiplier: int = 2
    seg_dim: int = 13
    local_layers: int = 10
    local_channel: int = 64
    base_layers: int = 2
    depth_layers: int = 6
    coarse_size: int = 64
    coarse_channel: int = 512
    min_feat_size: int = 16
    residual_refine: bool = True
    detach_texture: bool = False
    transparent_dims: tuple[int, ...] = (10, 12)
    channels: Mapping[int, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "transparent_dims", tuple(self.transparent_dims))
        whole = {int(size): int(count) for size, count in self.channels.items()}
        object.__setattr__(self, "channels", whole)
        for wrong, sentence in self._problems():
            if wrong:
                raise ValueError(sentence)
        channel_table(self.channel_multiplier, whole)

    def _problems(self) -> list[tuple[bool, str]]:
        names = ("size", "coarse_size", "min_feat_size")
        sizes = [getattr(self, name) for name in names]
        return [
            (
                any(size < 1 or size & (size - 1) for size in sizes),
                f"{', '.join(names)} must be powers of two, not {sizes}",
            ),
            (
                not self.min_feat_size < self.coarse_size < self.size,
                "min_feat_size < coarse_size < size must hold, but they are "
                f"{self.min_feat_size}, {self.coarse_size}, {self.size}",
            ),
            (self.size > 1024, f"size can be 1024 at most, not {self.size}"),
            (
                not 1 <= self.depth_layers <= self.local_layers,
                f"depth_layers must be between 1 and local_layers "
                f"({self.local_layers}), not {self.depth_layers}",
            ),
            (
                any(not 0 <= i < self.seg_dim for i in self.transparent_dims),
                f"transparent_dims {self.transparent_dims} must name parts "
                f"0 to {self.seg_dim - 1}",
            ),
        ]

    @property
    def layout(self) -> PartLayout:
        """The rows of the latent codes."""
        return PartLayout(
            self.seg_dim, self.base_layers, self.depth_layers, self.local_layers
        )

    @property
    def table(self) -> dict[int, int]:
        """Channels of the render net by resolution."""
        return channel_table(self.channel_multiplier, self.channels)
