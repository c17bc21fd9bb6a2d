"""The avatar estimator: one network from a picture to every parameter of a spec."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from benchmark.avatars import AvatarSpec
from methods.networks.backbones import Backbone


class Pooled(nn.Module):
    """The mean over all places, as in the paper."""

    def __init__(self, backbone: Backbone) -> None:
        super().__init__()
        self.width = backbone.widths[-1]

    def forward(self, features: Tensor) -> Tensor:
        """(n, width) of (n, width, H, W) features."""
        return features.mean(dim=(2, 3))


class Grid(nn.Module):
    """A few channels of every place, side by side.

    Faces are aligned, so a place means something (an eye, the fringe). This reads shape
    out of a frozen backbone that a mean over all places blurs away.
    """

    def __init__(self, backbone: Backbone, channels: int, input_size: int) -> None:
        super().__init__()
        side = -(-input_size // backbone.strides[-1])
        self.width = channels * side**2
        self.squeeze = nn.Sequential(
            nn.Conv2d(backbone.widths[-1], channels, 1, bias=False),
            nn.BatchNorm2d(channels),
            nn.ReLU(),
        )

    def forward(self, features: Tensor) -> Tensor:
        """(n, width) of (n, C, side, side) features."""
        return self.squeeze(features).flatten(1)


Reading = Pooled | Grid


class Estimator(nn.Module):
    """Backbone, one continuous head, one head per discrete parameter.

    Section 3.3 of the SwiftAvatar paper (AAAI 2023). The first `frozen_stages` stages
    of the backbone keep their weights and statistics; the rest learns. `reading` makes
    one feature of what the backbone puts out.
    """

    def __init__(
        self,
        spec: AvatarSpec,
        backbone: Backbone,
        reading: Reading,
        head_width: int,
        frozen_stages: int = 0,
    ) -> None:
        super().__init__()
        self.spec = spec
        self.backbone = backbone
        self.reading = reading
        self.frozen_stages = frozen_stages
        sizes = [len(choice.options) for choice in spec.discrete]
        if spec.continuous:
            sizes.insert(0, len(spec.continuous))
        self.heads = nn.ModuleList(_head(reading.width, head_width, n) for n in sizes)
        backbone.stages[:frozen_stages].requires_grad_(False)
        self.train()

    def train(self, mode: bool = True) -> Estimator:
        """Switch the learning part; frozen stages always keep their statistics."""
        super().train(mode)
        self.backbone.stages[: self.frozen_stages].eval()
        return self

    def frozen(self, pictures: Tensor) -> Tensor:
        """What the frozen stages make of (n, 3, H, W) pictures in [-1, 1]."""
        with torch.no_grad():
            features = self.backbone.normalise(pictures)
            return self.backbone.stages[: self.frozen_stages](features)

    def learnt(self, features: Tensor) -> Tensor:
        """(n, flat_size) predictions from the output of `frozen`."""
        stages = self.backbone.stages[self.frozen_stages :]
        feature = self.reading(stages(features))
        blocks = [head(feature) for head in self.heads]
        if self.spec.continuous:
            blocks[0] = blocks[0].sigmoid()
        return torch.cat(blocks, dim=1)

    def forward(self, pictures: Tensor) -> Tensor:
        """(n, flat_size): scalars in [0, 1], then one block of logits per discrete."""
        return self.learnt(self.frozen(pictures))


def _head(width_in: int, width: int, width_out: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Linear(width_in, width), nn.ReLU(), nn.Linear(width, width_out)
    )
