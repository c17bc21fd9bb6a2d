"""The stages of a trial and everything that their keys depend on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from benchmark.storage.store import Stage

PREDICT_BATCH = 16
RENDER_BATCH = 32


def fit_stage(
    method: Mapping[str, str],
    options: Mapping[str, Any],
    inputs: Mapping[str, str],
    compute: Mapping[str, Any],
    seed: int,
) -> Stage:
    """A method fitted to an engine.

    Args:
        method: name, version and revision.
        options: of the method.
        inputs: digests of the engine, the train faces, each weight file and, for an
            oracle, the ground truth.
        compute: device and number of threads; floating-point results depend on them.
        seed: of the trial.
    """
    return Stage(
        "fit",
        "1",
        {"method": dict(method), "options": dict(options), "compute": dict(compute)},
        inputs,
        seed,
    )


def predict_stage(fit: Stage, faces: str) -> Stage:
    """The predicted vectors for the faces of a split, given by their digest."""
    inputs = {"fit": fit.key, "faces": faces}
    return Stage("predict", "1", {"batch": PREDICT_BATCH}, inputs)


def truth_render_stage(engine: str, truth: str, size: int) -> Stage:
    """Renders of the ground truth; `engine` and `truth` are digests."""
    return _render_stage({"engine": engine, "truth": truth}, size)


def render_stage(engine: str, predict: Stage, size: int) -> Stage:
    """Renders of predicted vectors; `engine` is a digest."""
    return _render_stage({"engine": engine, "predicted": predict.key}, size)


def _render_stage(inputs: Mapping[str, str], size: int) -> Stage:
    return Stage("render", "2", {"size": size, "batch": RENDER_BATCH}, inputs)


def score_stage(
    metric: str,
    identity: Mapping[str, Any],
    weights: Mapping[str, str],
    predicted: Stage,
    truth: Stage,
) -> Stage:
    """The scores of one metric on the rendered predictions of a split."""
    inputs = {"predicted": predicted.key, "truth": truth.key}
    inputs |= {f"weights.{name}": digest for name, digest in weights.items()}
    return Stage("score", "1", {"metric": metric, "identity": dict(identity)}, inputs)


def speed_stage(
    fit: Stage, engine: str, session: Mapping[str, str], options: Mapping[str, Any]
) -> Stage:
    """The speed of a fitted method; no other stage depends on it.

    `session` holds digests of the machine and of all fits of the run. All are timed in
    turn, and speeds of different sessions are less comparable.
    """
    return Stage("speed", "2", options, {"fit": fit.key, "engine": engine, **session})
