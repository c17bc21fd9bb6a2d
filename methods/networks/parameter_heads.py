"""Heads that read avatar parameters off the features of a frozen encoder.

EasyCraft (Wang et al., CVPR 2025): one network each for the shape of the face, for
choices such as make-up textures, and for the attributes of what was chosen.
"""

from __future__ import annotations

from torch import Tensor, nn

from benchmark.avatars import AvatarSpec


class ParameterHeads(nn.Module):
    """Three networks on the same features; a network without parameters is left out.

    Args:
        spec: of the engine.
        inputs: length of a feature.
        width: units of both hidden layers.
        dropout: share of the hidden units that are dropped in training.
    """

    def __init__(
        self, spec: AvatarSpec, inputs: int, width: int, dropout: float
    ) -> None:
        super().__init__()
        self.spec = spec
        always = [n for n, c in enumerate(spec.continuous) if c.active_when is None]
        others = [n for n, c in enumerate(spec.continuous) if c.active_when is not None]
        first = len(spec.continuous)
        self._columns = {
            "structure": always,
            "choices": list(range(first, spec.flat_size)),
            "attributes": others,
        }
        self.norm = nn.LayerNorm(inputs)
        self.heads = nn.ModuleDict(
            {
                name: _head(inputs, width, dropout, len(columns))
                for name, columns in self._columns.items()
                if columns
            }
        )

    def forward(self, features: Tensor) -> Tensor:
        """Map (n, inputs) features to (n, flat_size) values.

        They are scalars in [0, 1], then a block of logits for each discrete parameter.
        """
        features = self.norm(features)
        found = features.new_zeros(len(features), self.spec.flat_size)
        for name, head in self.heads.items():
            values = head(features)
            if name != "choices":
                values = values.sigmoid()
            found[:, self._columns[name]] = values
        return found


def _head(inputs: int, width: int, dropout: float, outputs: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Linear(inputs, width),
        nn.GELU(),
        nn.Dropout(dropout),
        nn.Linear(width, width),
        nn.GELU(),
        nn.Dropout(dropout),
        nn.Linear(width, outputs),
    )
