"""What fits of F2P and F2P v2 make and cost, as far as it is known before."""

from __future__ import annotations

from methods.base import FitContext
from methods.f2p.imitation import imitator_renders, imitator_stage, seed_of_imitator
from methods.f2p.options import F2POptions, F2PV2Options, SharedOptions
from methods.shared.renders import foreseen_renders
from methods.shared.stage_estimate import Foreseen, Foresight

IMITATING = 0.06
"""Seconds for a picture of 64 px in a step of the whole imitator's training; time grows
with the picture's area and with the square of the width."""
SEARCHING = {"content": 0.028, "identity": 0.11}
"""Seconds for a face in a step of the search, by the term that has a weight."""
TRANSLATING, WARMING, SEEING = 0.125, 0.025, 0.09
"""Seconds for a face in a step of the translator, for a step of its warm start, and for
a face's features."""
EMBEDDING = 0.06
"""Seconds for the prediction of a face by its embedding."""


def foreseen_search(context: FitContext, options: F2POptions) -> Foresight:
    """The imitator; then, where a prior is wanted, searches for its faces."""
    similarity, search = options.similarity, options.search
    weights = {
        "content": similarity.content_weight,
        "identity": similarity.identity_weight,
    }
    step = sum(SEARCHING[name] for name, weight in weights.items() if weight)
    face = step * search.steps
    faces = _count(options.prior.faces, context) if options.prior.share else 0
    return Foresight(_imitator(context, options), face * faces, face)


def foreseen_translation(context: FitContext, options: F2PV2Options) -> Foresight:
    """The imitator; then features, the warm start and the steps on faces.

    Their keys hold where the engine draws eyes, which is found by looking.
    """
    own = options.translator
    seen = SEEING * _count(own.faces, context)
    steps = TRANSLATING * own.steps * own.batch + WARMING * own.warm_steps
    return Foresight(_imitator(context, options), seen + steps, EMBEDDING)


def _count(wanted: int | None, context: FitContext) -> int:
    there = len(context.faces.images)
    return there if wanted is None else min(wanted, there)


def _imitator(context: FitContext, options: SharedOptions) -> tuple[Foreseen, ...]:
    """The imitator and its renders, but for these where it is there."""
    own, seed = options.imitator, seed_of_imitator(context, options)
    renders = imitator_renders(context, options)
    trained = imitator_stage(renders, own, seed, context.device)
    scale = own.width**2 * (own.size / 64) ** 2
    found = Foreseen(trained, IMITATING * scale * own.steps * own.batch)
    if context.store.has(trained):
        return (found,)
    drawn = (options.samples, own.size, seed, options.absent)
    return foreseen_renders(context.engine, *drawn), found
