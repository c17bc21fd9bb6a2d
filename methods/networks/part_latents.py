"""The layout of SemanticStyleGAN's latent codes (Shi et al. 2022, section 3.1).

A latent code has one of three forms: W, one row (D,); W+, a row for each base layer and
two rows (shape, texture) for each part; and the expanded form, a row for every layer of
every part.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class PartLayout:
    """The rows of W+ and of the expanded form.

    Rows 0 to `base_layers` - 1 of W+ are the coarse structure, which all parts except
    the background share. Part i has its shape in row base_layers + 2i and its texture
    in the next row.
    """

    parts: int
    base_layers: int
    depth_layers: int
    local_layers: int

    @property
    def rows(self) -> int:
        """Number of rows of W+ (28 in the published model)."""
        return self.base_layers + 2 * self.parts

    @property
    def expanded_rows(self) -> int:
        """Number of rows of the expanded form (130 in the published model)."""
        return self.parts * self.local_layers

    def shape_row(self, part: int) -> int:
        """The row of W+ with the shape of a part."""
        return self.base_layers + 2 * part

    def texture_row(self, part: int) -> int:
        """The row of W+ with the texture of a part."""
        return self.base_layers + 2 * part + 1

    def part_rows(self, part: int) -> slice:
        """Both rows of a part in W+."""
        return slice(self.shape_row(part), self.texture_row(part) + 1)

    def sources(self) -> list[int]:
        """For each row of the expanded form, its row of W+."""
        found: list[int] = []
        for part in range(self.parts):
            shape, texture = self.shape_row(part), self.texture_row(part)
            for layer in range(self.local_layers):
                if layer < self.base_layers and part > 0:
                    found.append(layer)
                else:
                    found.append(shape if layer < self.depth_layers else texture)
        return found

    def expand(self, latents: Tensor) -> Tensor:
        """Expand (n, rows, D) latents to (n, expanded_rows, D); expanded ones stay.

        Raises ValueError for any other shape.
        """
        if latents.ndim == 3 and latents.shape[1] == self.rows:
            return latents[:, self.sources()]
        if latents.ndim == 3 and latents.shape[1] == self.expanded_rows:
            return latents
        raise ValueError(
            f"latents of shape {tuple(latents.shape)}: expected (n, {self.rows}, D) or "
            f"(n, {self.expanded_rows}, D)"
        )

    def repeat(self, latents: Tensor) -> Tensor:
        """Repeat (n, D) latents in W to (n, rows, D) in W+; other forms stay."""
        if latents.ndim == 2:
            return latents[:, None].expand(-1, self.rows, -1)
        return latents

    def mix(
        self, first: Tensor, second: Tensor, generator: torch.Generator | None = None
    ) -> Tensor:
        """Mix two (n, D) or (n, rows, D) latents part by part: (n, rows, D).

        The coarse rows are the first's. Each part of each sample takes, with equal
        probability, both rows of the first, the shape of the first and the texture of
        the second, or both rows of the second.
        """
        first, second = self.repeat(first), self.repeat(second)
        shape = (len(first), self.parts)
        drawn = torch.randint(0, 3, shape, generator=generator).to(first.device)
        swapped = torch.stack([drawn == 2, drawn >= 1], dim=2).flatten(1)
        kept = swapped.new_zeros(len(first), self.base_layers)
        return torch.where(torch.cat([kept, swapped], 1)[..., None], second, first)


def truncate(latents: Tensor, share: float, centre: Tensor) -> Tensor:
    """Move latents towards `centre`: centre + share x (latents - centre)."""
    return torch.lerp(centre.expand_as(latents), latents, share)
