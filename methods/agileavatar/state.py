"""What a fitted AgileAvatar predicts with."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from methods.agileavatar.likeness import Likeness
from methods.agileavatar.stylisation import stylised
from methods.f2p.imitation import TrainedImitator
from methods.f2p.relaxed import relaxed
from methods.networks.stylist import Stylist
from methods.networks.tied_output import ParameterReader


@dataclass(frozen=True)
class Fitted:
    """What predicting needs.

    Attributes:
        imitator: frozen; it draws vectors.
        stylist: draws faces as avatars; None where stylisation is switched off.
        mapper: reads free numbers off stylised pictures.
        likeness: the distance of pictures of avatars.
    """

    imitator: TrainedImitator
    stylist: Stylist | None
    mapper: ParameterReader
    likeness: Likeness

    @property
    def device(self) -> torch.device:
        """The device of all networks."""
        return next(self.mapper.parameters()).device

    def stylise(self, faces: Tensor) -> Tensor:
        """(n, 3, S, S) stylised pictures of (n, 3, H, H) faces, S the imitator's."""
        return stylised(faces, self.stylist, self.imitator.network.size)

    def relaxed(self, stylised: Tensor) -> Tensor:
        """(n, flat_size) relaxed vectors of (n, 3, S, S) stylised pictures."""
        return relaxed(self.imitator.spec, self.mapper(stylised), 1.0)
