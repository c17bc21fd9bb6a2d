"""YuNet, a small face detector with five landmarks (Wu et al. 2023), in PyTorch.

The weights come from libfacedetection; `weights/README.md` says how.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import Tensor, nn, relu_
from torch.nn.functional import interpolate, max_pool2d

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

    Batch normalisation is already folded into the convolutions. One head per level
    gives all outputs, which takes a third less time than four.
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
        self.heads = nn.ModuleList(_unit(64, sum(OUTPUTS.values())) for _ in STRIDES)

    def forward(self, pictures: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Candidates of each picture.

        Args:
            pictures: (n, 3, H, W) RGB in [0, 255]; H and W are multiples of 32.

        Returns:
            Scores (n, k) in [0, 1]; boxes (n, k, 4): left, top, right, bottom; and
            landmarks (n, k, 5, 2): x and y in pixels.
        """
        levels = self._pyramid(pictures)
        scores: list[Tensor] = []
        boxes: list[Tensor] = []
        points: list[Tensor] = []
        for stride, level, head in zip(STRIDES, levels, self.heads, strict=True):
            found = head(level).flatten(2).transpose(1, 2)
            cls, obj, box, offsets = found.split(tuple(OUTPUTS.values()), 2)
            cells = _cells(level, stride)
            scores.append((cls.sigmoid() * obj.sigmoid()).sqrt()[..., 0])
            centre = box[..., :2] * stride + cells
            half = box[..., 2:].exp() * (stride / 2)
            boxes.append(torch.cat([centre - half, centre + half], 2))
            offsets = offsets.unflatten(2, (5, 2))
            points.append(offsets * stride + cells[:, None])
        return torch.cat(scores, 1), torch.cat(boxes, 1), torch.cat(points, 1)

    def _pyramid(self, picture: Tensor) -> list[Tensor]:
        """Features at strides 8, 16 and 32, each (n, 64, H / stride, W / stride)."""
        features = relu_(self.stem(picture))
        levels: list[Tensor] = []
        for index, stage in enumerate(self.stages):
            assert isinstance(stage, nn.ModuleList)
            for unit in stage:
                features = relu_(unit(features))
            if index >= 3:
                levels.append(features)
            if index not in (1, 5):
                features = max_pool2d(features, 2)
        for index in (2, 1, 0):
            if index < 2:
                levels[index] = levels[index] + interpolate(
                    levels[index + 1], scale_factor=2
                )
            levels[index] = relu_(self.lateral[index](levels[index]))
        return levels


def _cells(level: Tensor, stride: int) -> Tensor:
    """(h * w, 2) x and y of the cells of a level, in pixels of the picture."""
    height, width = level.shape[2:]
    y, x = torch.meshgrid(torch.arange(height), torch.arange(width), indexing="ij")
    return torch.stack([x, y], 2).reshape(-1, 2).to(level) * stride


@cache
def load_yunet() -> YuNet:
    """The detector with its weights, on the CPU."""
    state = load_file(WEIGHTS)
    # The file is for blue, green and red, and has a head for each output.
    state["stem.weight"] = state["stem.weight"].flip(1)
    heads = {key.split(".", 2)[2] for key in state if key.startswith("heads.")}
    for key in heads:
        parts = [state.pop(f"heads.{name}.{key}") for name in OUTPUTS]
        state[f"heads.{key}"] = torch.cat(parts)
    network = YuNet()
    network.load_state_dict(state)
    return network.eval().requires_grad_(False)
