"""YuNet, a small face detector with five landmarks (Wu et al. 2023), in PyTorch.

The weights come from libfacedetection; `weights/README.md` says how.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import Tensor, nn
from torch.nn.functional import interpolate, max_pool2d, relu

WEIGHTS = Path(__file__).parent / "weights" / "yunet.safetensors"
STRIDES = (8, 16, 32)
OUTPUTS = {"cls": 1, "obj": 1, "bbox": 4, "kps": 10}
"""Channels of each output of a level."""


def _unit(inputs: int, outputs: int) -> nn.Sequential:
    """A pointwise, then a depthwise 3 x 3 convolution."""
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, 1),
        nn.Conv2d(outputs, outputs, 3, padding=1, groups=outputs),
    )


class YuNet(nn.Module):
    """Faces of a batch of pictures, undecided: one candidate per cell of three grids.

    Batch normalisation is already folded into the convolutions.
    """

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, 16, 3, stride=2, padding=1)
        channels = [(16,), (16, 32), (32, 64), (64, 64), (64, 64), (64, 64)]
        self.stages = nn.ModuleList()
        inputs = 16
        for stage in channels:
            units: list[nn.Module] = []
            for outputs in stage:
                units.append(_unit(inputs, outputs))
                inputs = outputs
            self.stages.append(nn.ModuleList(units))
        self.lateral = nn.ModuleList(_unit(64, 64) for _ in STRIDES)
        self.heads = nn.ModuleDict(
            {
                name: nn.ModuleList(_unit(64, outputs) for _ in STRIDES)
                for name, outputs in OUTPUTS.items()
            }
        )

    def forward(self, pictures: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Candidates of each picture.

        Args:
            pictures: (n, 3, H, W) RGB in [0, 255]; H and W are multiples of 32.

        Returns:
            Scores (n, k) in [0, 1]; boxes (n, k, 4): left, top, right, bottom; and
            landmarks (n, k, 5, 2): x and y in pixels.
        """
        levels = self._pyramid(pictures.flip(1))
        scores: list[Tensor] = []
        boxes: list[Tensor] = []
        points: list[Tensor] = []
        for index, (stride, level) in enumerate(zip(STRIDES, levels, strict=True)):
            out = {
                name: head[index](level).flatten(2).transpose(1, 2)
                for name, head in self._heads()
            }
            cells = _cells(level, stride)
            scores.append((out["cls"].sigmoid() * out["obj"].sigmoid()).sqrt()[..., 0])
            centre = out["bbox"][..., :2] * stride + cells
            half = out["bbox"][..., 2:].exp() * (stride / 2)
            boxes.append(torch.cat([centre - half, centre + half], 2))
            offsets = out["kps"].unflatten(2, (5, 2))
            points.append(offsets * stride + cells[:, None])
        return torch.cat(scores, 1), torch.cat(boxes, 1), torch.cat(points, 1)

    def _heads(self) -> list[tuple[str, nn.ModuleList]]:
        heads = self.heads.items()
        return [(k, head) for k, head in heads if isinstance(head, nn.ModuleList)]

    def _pyramid(self, picture: Tensor) -> list[Tensor]:
        """Features at strides 8, 16 and 32, each (n, 64, H / stride, W / stride)."""
        features = relu(self.stem(picture))
        levels: list[Tensor] = []
        for index, stage in enumerate(self.stages):
            assert isinstance(stage, nn.ModuleList)
            for unit in stage:
                features = relu(unit(features))
            if index >= 3:
                levels.append(features)
            if index not in (1, 5):
                features = max_pool2d(features, 2)
        for index in (2, 1, 0):
            if index < 2:
                levels[index] = levels[index] + interpolate(
                    levels[index + 1], scale_factor=2
                )
            levels[index] = relu(self.lateral[index](levels[index]))
        return levels


def _cells(level: Tensor, stride: int) -> Tensor:
    """(h * w, 2) x and y of the cells of a level, in pixels of the picture."""
    height, width = level.shape[2:]
    y, x = torch.meshgrid(torch.arange(height), torch.arange(width), indexing="ij")
    return torch.stack([x, y], 2).reshape(-1, 2).to(level) * stride


@cache
def load_yunet() -> YuNet:
    """The detector with its weights, on the CPU."""
    network = YuNet()
    network.load_state_dict(load_file(WEIGHTS))
    return network.eval().requires_grad_(False)
