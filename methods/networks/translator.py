"""The translator of F2P v2: from a face embedding to an avatar vector in one pass."""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor, nn

from benchmark.avatars import AvatarSpec

ScalarRange = Literal["sigmoid", "clamp"]
"""How scalars are limited to [0, 1]; the papers do not say."""

BLOCKS = 3
SQUEEZE = 32


class Translator(nn.Module):
    """A linear layer, three residual attention blocks and two heads.

    Shi et al., "Fast and Robust Face-to-Parameter Translation" (AAAI 2020) and TPAMI
    2022, Table 4: with the published `width` of 512 the blocks are FC(512, 1024),
    FC(1024, 512) and a gate of 512, 16 and 512 units. The two heads, for scalars
    and for choices, are the two parts of the last FC(512, n_c + n_d). A spec without
    scalars or without choices has one head.
    """

    def __init__(
        self,
        spec: AvatarSpec,
        embedding: int = 256,
        width: int = 512,
        scalars: ScalarRange = "sigmoid",
    ) -> None:
        super().__init__()
        self.spec = spec
        self._range: ScalarRange = scalars
        self.entry = nn.Linear(embedding, width)
        self.blocks = nn.Sequential(*(ResidualAttention(width) for _ in range(BLOCKS)))
        scalar_count = len(spec.continuous)
        self.heads = nn.ModuleDict()
        if scalar_count:
            self.heads["scalars"] = _scalar_head(width, scalar_count, scalars)
        if scalar_count < spec.flat_size:
            self.heads["choices"] = nn.Linear(width, spec.flat_size - scalar_count)

    def forward(self, embeddings: Tensor) -> Tensor:
        """Map (n, embedding) to (n, flat_size): scalars, then logits of each choice.

        With "sigmoid" scalars are in [0, 1]. With "clamp" they are unbounded and the
        caller clamps them.
        """
        features = self.blocks(self.entry(embeddings))
        parts = {name: head(features) for name, head in self.heads.items()}
        if self._range == "sigmoid" and "scalars" in parts:
            parts["scalars"] = parts["scalars"].sigmoid()
        return torch.cat(list(parts.values()), dim=1)


def _scalar_head(width: int, count: int, scalars: ScalarRange) -> nn.Linear:
    head = nn.Linear(width, count)
    if scalars == "clamp":
        # Start in the middle of the range: outside it the gradient is zero.
        nn.init.constant_(head.bias, 0.5)
    return head


class ResidualAttention(nn.Module):
    """Two fully connected layers with gated units and a residual connection.

    Batch normalisation follows each layer; ReLU follows the first layer and the sum, as
    in ResNet and SENet.
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Linear(width, 2 * width, bias=False),
            nn.BatchNorm1d(2 * width),
            nn.ReLU(),
            nn.Linear(2 * width, width, bias=False),
            nn.BatchNorm1d(width),
        )
        squeezed = max(1, width // SQUEEZE)
        self.gate = nn.Sequential(
            nn.Linear(width, squeezed),
            nn.ReLU(),
            nn.Linear(squeezed, width),
            nn.Sigmoid(),
        )

    def forward(self, features: Tensor) -> Tensor:
        """Map (n, width) to (n, width)."""
        change = self.layers(features)
        return (features + self.gate(change) * change).relu()
