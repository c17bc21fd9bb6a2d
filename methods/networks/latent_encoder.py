"""An encoder from a picture to a latent code in W+, for the start of inversions."""

from __future__ import annotations

from torch import Tensor, nn

from methods.networks.backbones import Backbone
from methods.networks.estimator import Grid


class LatentEncoder(nn.Module):
    """Predicts offsets from a centre: a backbone, its grid of features, two layers.

    Args:
        backbone: reads the pictures; all its stages are trained.
        side: side of the pictures in pixels.
        rows: rows of a latent code in W+.
        centre: (D,) mean latent code, which an untrained encoder predicts.
        channels: channels of each grid position.
        width: units of the hidden layer.
    """

    centre: Tensor

    def __init__(
        self,
        backbone: Backbone,
        side: int,
        rows: int,
        centre: Tensor,
        channels: int = 64,
        width: int = 512,
    ) -> None:
        super().__init__()
        self.backbone, self.rows = backbone, rows
        self.register_buffer("centre", centre.detach().clone())
        self.grid = Grid(backbone, channels, side)
        self.hidden = nn.Sequential(nn.Linear(self.grid.width, width), nn.ReLU())
        self.offsets = nn.Linear(width, rows * len(centre))
        nn.init.zeros_(self.offsets.weight)
        nn.init.zeros_(self.offsets.bias)

    def forward(self, pictures: Tensor) -> Tensor:
        """Map (n, 3, side, side) pictures in [-1, 1] to (n, rows, D) latent codes."""
        features = self.backbone.stages(self.backbone.normalise(pictures))
        offsets = self.offsets(self.hidden(self.grid(features)))
        return self.centre + offsets.unflatten(1, (self.rows, -1))
