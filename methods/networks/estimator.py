"""The avatar estimator, from a face to an avatar vector (SwiftAvatar, section 3.3)."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from benchmark.avatars import AvatarSpec
from methods.networks.backbones import Backbone


class Pooled(nn.Module):
    """Averages features over all positions, as in the paper."""

    def __init__(self, backbone: Backbone) -> None:
        super().__init__()
        self.width = backbone.widths[-1]

    def forward(self, features: Tensor) -> Tensor:
        """Map (n, width, H, W) features to (n, width)."""
        return features.mean(dim=(2, 3))


class Grid(nn.Module):
    """Concatenates a few channels of every position.

    Faces are aligned, so a position has a meaning, such as an eye or the fringe. It
    keeps the shapes in the features of a frozen backbone, which a mean removes.
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
        """Map (n, C, side, side) features to (n, width)."""
        return self.squeeze(features).flatten(1)


Reading = Pooled | Grid


class Alignment(nn.Module):
    """Scales and shifts features, each channel at each position.

    Attributes:
        scale: (C, H, W) factors; 1 at first.
        shift: (C, H, W) summands; 0 at first.
    """

    scale: Tensor
    shift: Tensor

    def __init__(self, backbone: Backbone, stages: int, input_size: int) -> None:
        super().__init__()
        side = -(-input_size // backbone.strides[stages - 1])
        shape = (backbone.widths[stages - 1], side, side)
        self.register_buffer("scale", torch.ones(shape))
        self.register_buffer("shift", torch.zeros(shape))

    def forward(self, features: Tensor) -> Tensor:
        """Map (n, C, H, W) features of the first stages to (n, C, H, W)."""
        return features * self.scale + self.shift


class Estimator(nn.Module):
    """A backbone with a head for all scalars and one for each discrete parameter.

    SwiftAvatar, section 3.3. The first `frozen_stages` stages of the backbone keep
    their weights and statistics. `reading` turns the backbone's output into one feature
    vector. `alignment` changes the frozen features of faces, but not those of training.
    """

    def __init__(
        self,
        spec: AvatarSpec,
        backbone: Backbone,
        reading: Reading,
        head_width: int,
        frozen_stages: int = 0,
        alignment: Alignment | None = None,
    ) -> None:
        super().__init__()
        self.spec = spec
        self.backbone = backbone
        self.reading = reading
        self.frozen_stages = frozen_stages
        self.alignment = nn.Identity() if alignment is None else alignment
        sizes = [len(choice.options) for choice in spec.discrete]
        if spec.continuous:
            sizes.insert(0, len(spec.continuous))
        self.heads = nn.ModuleList(_head(reading.width, head_width, n) for n in sizes)
        backbone.stages[:frozen_stages].requires_grad_(False)
        self.train()

    def train(self, mode: bool = True) -> Estimator:
        """Switch to training or evaluation; frozen stages stay in evaluation mode."""
        super().train(mode)
        self.backbone.stages[: self.frozen_stages].eval()
        return self

    def frozen_features(self, pictures: Tensor) -> Tensor:
        """Apply the frozen stages to (n, 3, H, W) pictures in [-1, 1]."""
        with torch.no_grad():
            features = self.backbone.normalise(pictures)
            return self.backbone.stages[: self.frozen_stages](features)

    def predict_from(self, features: Tensor) -> Tensor:
        """Map the output of `frozen_features` to (n, flat_size) predictions."""
        stages = self.backbone.stages[self.frozen_stages :]
        feature = self.reading(stages(features))
        blocks = [head(feature) for head in self.heads]
        if self.spec.continuous:
            blocks[0] = blocks[0].sigmoid()
        return torch.cat(blocks, dim=1)

    def forward(self, pictures: Tensor) -> Tensor:
        """Predict (n, flat_size) values from (n, 3, H, W) pictures in [-1, 1].

        They are scalars in [0, 1], then a block of logits for each discrete parameter.
        """
        return self.predict_from(self.alignment(self.frozen_features(pictures)))


def _head(width_in: int, width: int, width_out: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Linear(width_in, width), nn.ReLU(), nn.Linear(width, width_out)
    )
