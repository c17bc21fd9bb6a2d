"""Realistic faces of the latent codes of an adaptation (SwiftAvatar, section 3.1)."""

from __future__ import annotations

import torch
from torch import Tensor

from methods.networks.semantic_stylegan import SemanticGenerator, Synthesis


class RealisticFaces:
    """Renders latent codes with the frozen realistic generator and its stored noise.

    Terms of one iteration share the result, because the last one is kept.
    """

    def __init__(self, realistic: SemanticGenerator) -> None:
        self._realistic = realistic
        self._last: tuple[Tensor, Synthesis] | None = None

    def __call__(self, latents: Tensor) -> Synthesis:
        """The faces of expanded latent codes, without gradient."""
        if self._last is None or self._last[0] is not latents:
            with torch.no_grad():
                self._last = (
                    latents,
                    self._realistic([latents.detach()], input_is_latent=True),
                )
        return self._last[1]
