"""The trace of SwiftAvatar: figures and contact sheets of each stage."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from methods.generator.quality import SampleQuality, feature_weights
from methods.generator.sampling import sample
from methods.generator.sheets import Sheet
from methods.swiftavatar.chain import Chain
from methods.swiftavatar.inversion import RenderLatents
from methods.swiftavatar.latent_optimisation import TERMS
from methods.swiftavatar.sheets import dual_domain_sheet, pairs_sheet
from methods.tracing import Step, Trace

COMPARED_RENDERS = 500
"""Renders that samples are compared with, and as many others for the floor."""
CURVE_SHARES = (0.0, 0.05, 0.125, 0.25, 0.5, 0.75, 1.0)
"""Shares of the inversion steps at which the mean terms are reported."""

SHOWN = 16
"""Number of latent codes and of avatars on a contact sheet."""


def traced(chain: Chain) -> Trace:
    """Trace the stages of SwiftAvatar, sections 3.1 and 3.2, with its Figures 4 and 5.

    Raises WeightsError if the weights that measure sample quality are missing.
    """
    steps = tuple(_steps(chain, feature_weights()))
    return Trace(steps, _sheets(chain), chain.pairs)


def _steps(chain: Chain, features: Path) -> Iterator[Step]:
    """The steps in order; `features` is the file of the feature network."""
    yield Step("renders", {"avatars": float(len(chain.renders.vectors))})
    measures = chain.adapted.measures
    yield Step("adaptation", {**measures, **_quality(chain, features)})
    if (means := chain.means) is not None:
        yield Step("mean-codes", {"glasses_shown": float(means.shown)})
    yield Step("codes", {**chain.latents.measures, **_curve(chain.latents)})
    yield Step("pairs", {"pairs": float(len(chain.pairs.vectors))})


def _quality(chain: Chain, features: Path) -> dict[str, float]:
    """Compare samples of the avatar generator with renders.

    The floor compares other renders with these renders.
    """
    renders = np.asarray(chain.renders.pictures[: 2 * COMPARED_RENDERS])
    half = len(renders) // 2
    quality = SampleQuality(renders[:half], features, chain.context.device)
    found = quality.score(sample(chain.adapted.generator, half, 0).pictures)
    floor = quality.floor(renders[half : 2 * half])
    return {
        **{f"quality/{name}": value for name, value in found.items()},
        "quality/kernel_distance_floor": floor["kernel_distance"],
    }


def _curve(inverted: RenderLatents) -> dict[str, float]:
    """Mean terms at some steps of the inversion, named like `step 25/pixel`."""
    last = len(inverted.curve) - 1
    steps = sorted({round(share * last) for share in CURVE_SHARES})
    return {
        f"step {step}/{term}": float(inverted.curve[step, column])
        for step in steps
        for column, term in enumerate(TERMS)
    }


def _sheets(chain: Chain) -> dict[str, Sheet]:
    realistic, avatar = chain.pair.realistic, chain.adapted.generator
    shown = range(min(SHOWN, len(chain.latents.latents)))
    return {
        "dual-domain": dual_domain_sheet(realistic, avatar, SHOWN),
        "pairs": pairs_sheet(
            chain.inverted_renders.pictures,
            chain.latents.latents,
            avatar,
            realistic,
            chain.pairs,
            shown,
        ),
    }
