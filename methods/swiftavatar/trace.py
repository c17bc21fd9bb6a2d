"""What each step of a chain reached, so that a weak result leads to the weak step."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from methods.generator.quality import QualityJudge, feature_weights
from methods.generator.sampling import sample
from methods.generator.sheets import Sheet
from methods.shared.tracing import Step, Trace
from methods.swiftavatar.chain import Chain
from methods.swiftavatar.inversion import Codes
from methods.swiftavatar.latent_optimisation import TERMS
from methods.swiftavatar.sheets import dual_domain_sheet, pairs_sheet

JUDGED = 500
"""Renders that samples are held against, and as many others for the floor."""
CURVE_SHARES = (0.0, 0.05, 0.125, 0.25, 0.5, 0.75, 1.0)
"""Places on the way of the inversion at which its terms are told."""

SHOWN = 16
"""Codes and avatars on a sheet."""


def traced(chain: Chain) -> Trace:
    """The chain's steps, the paper's Figures 4 and 5, and the pairs.

    Raises WeightsError where the file is missing that samples are judged by.
    """
    steps = tuple(_steps(chain, feature_weights()))
    return Trace(steps, _sheets(chain), chain.pairs)


def _steps(chain: Chain, features: Path) -> Iterator[Step]:
    """The chain's steps in their order; `features` are weights that judge samples."""
    yield Step("renders", {"avatars": float(len(chain.renders.vectors))})
    measures = chain.adapted.measures
    yield Step("adaptation", {**measures, **_quality(chain, features)})
    if (means := chain.means) is not None:
        yield Step("mean-codes", {"glasses_shown": float(means.shown)})
    yield Step("codes", {**chain.codes.measures, **_curve(chain.codes)})
    yield Step("pairs", {"pairs": float(len(chain.pairs.vectors))})


def _quality(chain: Chain, features: Path) -> dict[str, float]:
    """Samples of the avatar generator against renders; the floor: other renders."""
    renders = np.asarray(chain.renders.pictures[: 2 * JUDGED])
    half = len(renders) // 2
    judge = QualityJudge(renders[:half], features, chain.context.device)
    found = judge.score(sample(chain.adapted.generator, half, 0).pictures)
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


def _sheets(chain: Chain) -> dict[str, Sheet]:
    realistic, avatar = chain.pair.realistic, chain.adapted.generator
    shown = range(min(SHOWN, len(chain.codes.latents)))
    return {
        "dual-domain": dual_domain_sheet(realistic, avatar, SHOWN),
        "pairs": pairs_sheet(
            chain.renders.pictures,
            chain.codes.latents,
            avatar,
            realistic,
            chain.pairs,
            shown,
        ),
    }
