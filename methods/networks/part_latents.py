"""How SemanticStyleGAN's latent codes are laid out (Shi et al. 2022, section 3.1).

Three forms: W, one (D,) code; W+, one row for each coarse structure and two (shape,
texture) for each part; and the expanded form, one row for every layer of every part.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class PartLayout:
    """The rows of W+ and of the expanded form.

    Rows 0 to `base_layers` - 1 of W+ are the structure that all parts but the
    background share; part i has its shape in row base_layers + 2i and its texture in
    the row after.
    """

    parts: int
    base_layers: int
    depth_layers: int
    local_layers: int

    @property
    def rows(self) -> int:
        """Rows of W+ (28 in the published model)."""
        return self.base_layers + 2 * self.parts

    @property
    def expanded_rows(self) -> int:
        """Rows of the expanded form (130 in the published model)."""
        return self.parts * self.local_layers

    def shape_row(self, part: int) -> int:
        """The row of W+ that shapes a part."""
        return self.base_layers + 2 * part

    def texture_row(self, part: int) -> int:
        """The row of W+ that colours a part."""
        return self.base_layers + 2 * part + 1

    def part_rows(self, part: int) -> slice:
        """Both rows of a part."""
        return slice(self.shape_row(part), self.texture_row(part) + 1)

    def sources(self) -> list[int]:
        """For each expanded row, the row of W+ that it repeats."""
        found: list[int] = []
        for part in range(self.parts):
            shape, texture = self.shape_row(part), self.texture_row(part)
            for layer in range(self.local_layers):
                if layer < self.base_layers and part > 0:
                    found.append(layer)
                else:
                    found.append(shape if layer < self.depth_layers else texture)
        return found

    def expand(self, codes: Tensor) -> Tensor:
        """(n, rows, D) W+ codes to (n, expanded_rows, D); expanded ones stay.

        Raises ValueError for another number of rows.
        """
        if codes.ndim == 3 and codes.shape[1] == self.rows:
            return codes[:, self.sources()]
        if codes.ndim == 3 and codes.shape[1] == self.expanded_rows:
            return codes
        raise ValueError(
            f"latent codes of shape {tuple(codes.shape)}: expected (n, {self.rows}, D) "
            f"or (n, {self.expanded_rows}, D)"
        )

    def repeat(self, codes: Tensor) -> Tensor:
        """(n, D) codes in W to (n, rows, D) in W+; other forms stay."""
        if codes.ndim == 2:
            return codes[:, None].expand(-1, self.rows, -1)
        return codes

    def mix(
        self, first: Tensor, second: Tensor, generator: torch.Generator | None = None
    ) -> Tensor:
        """Mix two (n, D) or (n, rows, D) codes part by part: (n, rows, D).

        Coarse rows stay the first's. For each part of each sample one of three is
        drawn alike: both rows of the first; shape of the first and texture of the
        second; both of the second.
        """
        first, second = self.repeat(first), self.repeat(second)
        shape = (len(first), self.parts)
        drawn = torch.randint(0, 3, shape, generator=generator).to(first.device)
        swapped = torch.stack([drawn == 2, drawn >= 1], dim=2).flatten(1)
        kept = swapped.new_zeros(len(first), self.base_layers)
        return torch.where(torch.cat([kept, swapped], 1)[..., None], second, first)


def truncate(codes: Tensor, share: float, centre: Tensor) -> Tensor:
    """Move codes towards `centre`: centre + share x (codes - centre)."""
    return torch.lerp(centre.expand_as(codes), codes, share)
