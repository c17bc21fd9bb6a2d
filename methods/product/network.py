"""A network that predicts the avatar vectors of several engines from one face."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import torch
from torch import Tensor, nn

from benchmark.avatars import AvatarSpec, AvatarVectors
from methods.networks.backbones import load_imagenet, make_backbone
from methods.shared.pictures import at_effective_resolution
from methods.shared.randomness import seed_of

NETWORK_SIZE = 128
"""The backbone, which was trained at 224 px, leaves 2 x 2 positions of 64 px."""


class ProductEstimator(nn.Module):
    """A whole EfficientNet-Lite0 with one head per engine.

    A head predicts the flat form of its engine's vectors: scalars in [0, 1], then a
    block of logits for each discrete parameter.

    Attributes:
        specs: the spec of each engine, by its name.
        network_size: side in pixels to which faces are enlarged for the backbone.
    """

    def __init__(
        self,
        specs: Mapping[str, AvatarSpec],
        head_width: int = 256,
        network_size: int = NETWORK_SIZE,
    ) -> None:
        super().__init__()
        self.specs = dict(specs)
        self.network_size = network_size
        self.backbone = make_backbone("efficientnet_lite0")
        width = self.backbone.widths[-1]
        self.heads = nn.ModuleDict(
            {
                name: nn.Sequential(
                    nn.Linear(width, head_width),
                    nn.ReLU(),
                    nn.Linear(head_width, spec.flat_size),
                )
                for name, spec in self.specs.items()
            }
        )

    def forward(self, faces: Tensor) -> dict[str, Tensor]:
        """Map (n, 3, S, S) faces in [-1, 1] to (n, flat_size) values per engine."""
        return self.predict(faces, tuple(self.specs))

    def predict(self, faces: Tensor, engines: tuple[str, ...]) -> dict[str, Tensor]:
        """As `forward`, for some of the engines."""
        side = max(self.network_size, faces.shape[-1])
        features = self.backbone(at_effective_resolution(faces, side))
        return {engine: self._head(engine, features) for engine in engines}

    def vectors(self, faces: Tensor, engine: str) -> AvatarVectors:
        """The avatar vectors of (n, 3, S, S) faces in [-1, 1] for one engine."""
        with torch.inference_mode():
            flat = self.predict(faces, (engine,))[engine]
        return AvatarVectors.from_flat(self.specs[engine], flat.cpu().numpy())

    def _head(self, engine: str, features: Tensor) -> Tensor:
        flat = self.heads[engine](features)
        count = len(self.specs[engine].continuous)
        return torch.cat([flat[:, :count].sigmoid(), flat[:, count:]], dim=1)


def make_product_estimator(
    specs: Mapping[str, AvatarSpec],
    head_width: int = 256,
    seed: int = 0,
    imagenet: Path | None = None,
    network_size: int = NETWORK_SIZE,
) -> ProductEstimator:
    """Build the untrained network, seeded, with ImageNet weights if a file is given."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed_of("product estimator", seed))
        network = ProductEstimator(specs, head_width, network_size)
    if imagenet is not None:
        load_imagenet(network.backbone, "efficientnet_lite0", imagenet)
    return network
