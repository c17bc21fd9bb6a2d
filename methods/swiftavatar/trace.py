"""What each step of a chain reached, so that a weak result leads to the weak step."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

import numpy as np

from methods.generator.quality import QualityJudge
from methods.generator.sampling import sample
from methods.swiftavatar.chain import Chain
from methods.swiftavatar.descent import TERMS
from methods.swiftavatar.inversion import Codes

JUDGED = 500
"""Renders that samples are held against, and as many others for the floor."""
CURVE_SHARES = (0.0, 0.05, 0.125, 0.25, 0.5, 0.75, 1.0)
"""Places on the way of the inversion at which its terms are told."""


class Step(NamedTuple):
    """A step of the chain: the name of its stage, and its figures by name."""

    name: str
    figures: Mapping[str, float]


def traced_steps(chain: Chain, features: Path, seed: int = 0) -> Iterator[Step]:
    """The chain's steps in their order, each made where the store lacks it.

    Args:
        chain: of a fit.
        features: weights of EfficientNet-Lite0, in whose features samples are judged.
        seed: of the samples that are judged.
    """
    yield Step("renders", {"avatars": float(len(chain.renders.vectors))})
    measures = chain.adapted.measures
    yield Step("adaptation", {**measures, **_quality(chain, features, seed)})
    yield Step("mean-codes", {"glasses_shown": float(chain.means.shown)})
    yield Step("codes", {**chain.codes.measures, **_curve(chain.codes)})
    yield Step("pairs", {"pairs": float(len(chain.pairs.vectors))})


def _quality(chain: Chain, features: Path, seed: int) -> dict[str, float]:
    """Samples of the avatar generator against renders; the floor: other renders."""
    renders = np.asarray(chain.renders.pictures[: 2 * JUDGED])
    half = len(renders) // 2
    judge = QualityJudge(renders[:half], features, chain.context.device)
    found = judge.score(sample(chain.adapted.generator, half, seed).pictures)
    floor = judge.floor(renders[half : 2 * half])
    return {
        **{f"quality/{name}": value for name, value in found.items()},
        "quality/kernel_distance_floor": floor["kernel_distance"],
    }


def _curve(codes: Codes) -> dict[str, float]:
    """Mean terms at some steps of the inversion, as `step 25/pixel` and so on."""
    last = len(codes.curve) - 1
    places = sorted({round(share * last) for share in CURVE_SHARES})
    return {
        f"step {place}/{term}": float(codes.curve[place, column])
        for place in places
        for column, term in enumerate(TERMS)
    }
