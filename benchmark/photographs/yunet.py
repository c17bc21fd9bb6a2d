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


Candidates = tuple[Tensor, Tensor, Tensor]
"""Scores, boxes and landmarks."""


class YuNet(nn.Module):
    """Candidates for faces in a batch of pictures: one per cell of three grids.

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

    def forward(self, pictures: Tensor, least: float) -> list[Candidates]:
        """The candidates of each picture with a score of `least` or more.

        Args:
            pictures: (n, 3, H, W) RGB in [0, 255]; H and W are multiples of 32.
            least: a score in [0, 1].

        Returns:
            For each picture scores (k,) in [0, 1]; boxes (k, 4): left, top, right,
            bottom; and landmarks (k, 5, 2): x and y in pixels.
        """
        found: list[Tensor] = []
        cells: list[Tensor] = []
        levels = self._pyramid(pictures)
        for stride, level, head in zip(STRIDES, levels, self.heads, strict=True):
            found.append(head(level).flatten(2).transpose(1, 2))
            cells.append(_cells(level, stride))
        outputs = torch.cat(found, 1)
        scores = outputs[..., :2].sigmoid().prod(2).sqrt()
        # Few cells see a face: only those are decoded.
        picture, cell = (scores >= least).nonzero(as_tuple=True)
        corner, stride = torch.cat(cells)[cell].split((2, 1), 1)
        box, offsets = outputs[picture, cell, 2:].split((4, 10), 1)
        centre, half = box[:, :2] * stride + corner, box[:, 2:].exp() * (stride / 2)
        boxes = torch.cat([centre - half, centre + half], 1)
        points = offsets.unflatten(1, (5, 2)) * stride[:, None] + corner[:, None]
        counts = picture.bincount(minlength=len(pictures)).tolist()
        kept = (scores[picture, cell], boxes, points)
        return list(zip(*(each.split(counts) for each in kept), strict=True))

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
    """(h * w, 3) x and y of a level's cells, in pixels of the picture; and stride."""
    height, width = level.shape[2:]
    y, x = torch.meshgrid(torch.arange(height), torch.arange(width), indexing="ij")
    cells = torch.stack([x, y, torch.ones_like(x)], 2)
    return cells.reshape(-1, 3).to(level) * stride


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
