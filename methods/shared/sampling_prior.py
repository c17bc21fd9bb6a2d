"""Sampling of avatars like predicted ones (named as future work by SwiftAvatar).

Uniform samples show rare options and extreme scalars far more often than faces do. A
prior draws each parameter from predictions on unlabelled faces instead.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from benchmark.avatars import AvatarVectors
from benchmark.storage.digests import bytes_digest


@dataclass(frozen=True)
class SamplingPrior:
    """Draws each parameter on its own, from predictions or uniformly.

    Attributes:
        predicted: one or more vectors.
        uniform: share of values that are drawn uniformly, in [0, 1], so that no option
            and no part of a range is left out.
        spread: standard deviation of the noise on scalars, in their [0, 1] range.
    """

    predicted: AvatarVectors
    uniform: float
    spread: float

    @cached_property
    def digest(self) -> str:
        """SHA-256 (hex) of everything that samples depend on."""
        rows = self.predicted
        values = rows.continuous.tobytes() + rows.discrete.tobytes()
        text = f"{rows.spec.digest} {self.uniform} {self.spread} "
        return bytes_digest(text.encode() + values)

    def sample(self, count: int, seed: int) -> AvatarVectors:
        """Draw `count` seeded vectors."""
        rows, spec = self.predicted, self.predicted.spec
        free = AvatarVectors.sample(spec, count, seed)
        rng = np.random.default_rng([seed, 1])
        continuous, discrete = free.continuous.copy(), free.discrete.copy()
        for own, given in ((continuous, rows.continuous), (discrete, rows.discrete)):
            source = rng.integers(len(rows), size=own.shape)
            drawn = np.take_along_axis(given, source, axis=0)
            if own is continuous:
                noise = rng.normal(0, self.spread, own.shape)
                drawn = (drawn + noise).clip(0, 1).astype(np.float32)
            predicted = rng.random(own.shape) >= self.uniform
            own[predicted] = drawn[predicted]
        return AvatarVectors(spec, continuous, discrete)
