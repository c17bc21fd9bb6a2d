"""Renders with their avatar vectors as training pairs of an estimator."""

from __future__ import annotations

from benchmark.storage.store import Stage
from methods.base import FitContext
from methods.estimator.examples import Pairs
from methods.shared.renders import renders_stage, training_renders


def render_pairs(
    count: int, size: int, absent: float | None, context: FitContext
) -> Pairs:
    """Pairs of `count` random avatars of the engine, rendered at `size` px.

    Methods that ask for the same pairs share one stage. `absent` is that of
    `training_renders`.
    """
    renders = training_renders(
        context.engine,
        count,
        size,
        context.seed,
        context.store,
        context.progress,
        absent,
    )
    return Pairs(renders.pictures, renders.vectors, renders.digest)


def render_pairs_stage(
    count: int, size: int, absent: float | None, context: FitContext
) -> Stage:
    """The stage of `render_pairs`; its key is the digest of the pairs."""
    return renders_stage(context.engine, count, size, context.seed, absent)
