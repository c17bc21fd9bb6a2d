"""The stages of a chain and what they may cost, told before any of them is made."""

from __future__ import annotations

from typing import NamedTuple

from benchmark.storage.store import Stage
from methods.shared.renders import foreseen_renders
from methods.shared.stage_estimate import Foreseen
from methods.swiftavatar.adaptation import adaptation_stage
from methods.swiftavatar.chain import Chain
from methods.swiftavatar.inversion import codes_stage
from methods.swiftavatar.mean_codes import mean_codes_stage
from methods.swiftavatar.pairs import pairs_stage

ADAPTING, INVERTING, DRAWING = 0.045, 0.011, 0.0045
"""Seconds that two processor cores need for a picture of 64 px: in each step of the
adaptation, in each step of the inversion, and to draw it. Time grows with its area."""


class _Stages(NamedTuple):
    adaptation: Stage
    means: Stage | None
    codes: Stage
    pairs: Stage


def foreseen(chain: Chain) -> tuple[tuple[Foreseen, ...], str]:
    """Every stage of the chain in the order of work, and the digest of its pairs.

    Nothing is made but the vectors of the avatars. Renders are left out where all that
    is made from them is there.
    """
    options, count = chain.options, chain.inverted
    scale = (chain.pair.realistic.config.size / 64) ** 2
    stages = _stages(chain)
    shown = options.adaptation.steps * options.adaptation.batch
    found = [Foreseen(stages.adaptation, ADAPTING * scale * shown)]
    if stages.means is not None:
        looked = options.mean.glasses_samples if options.mean.glasses else 0
        found.append(Foreseen(stages.means, DRAWING * scale * looked))
    tried, drawn = options.inversion.steps * count, options.semantic.copies * count
    found.append(Foreseen(stages.codes, INVERTING * scale * tried))
    found.append(Foreseen(stages.pairs, DRAWING * scale * drawn))
    if not all(map(chain.context.store.has, (stages.adaptation, stages.codes))):
        found.insert(0, _renders(chain))
    return tuple(found), stages.pairs.key


def _renders(chain: Chain) -> Foreseen:
    options, size = chain.options, chain.pair.realistic.config.size
    own = (options.samples, size, chain.seed, options.absent)
    return foreseen_renders(chain.context.engine, *own)


def _stages(chain: Chain) -> _Stages:
    options, context, pair = chain.options, chain.context, chain.pair
    size, device, seed = pair.realistic.config.size, context.device, chain.seed
    adapted = adaptation_stage(pair, chain.renders, options.adaptation, seed, device)
    means = None
    if options.inversion.start == "mean":
        means = mean_codes_stage(adapted.key, options.mean, seed, device)
    codes = codes_stage(
        chain.renders,
        chain.inverted,
        size,
        adapted.key,
        None if means is None else means.key,
        options.inversion,
        context.weights,
        seed,
        device,
    )
    vectors = chain.renders.vectors[: chain.inverted]
    own = (pair.digest, options.semantic, size, seed, device)
    return _Stages(adapted, means, codes, pairs_stage(codes.key, vectors, *own))
