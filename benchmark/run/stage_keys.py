"""The stages of a trial and what each of their keys depends on."""

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

    `method` holds name, version and revision; `inputs` the digests of the engine, the
    train faces, each weight file, and of the truths where the method is an oracle;
    `compute` the device and the number of threads, on which floating point depends.
    """
    return Stage(
        "fit",
        "1",
        {"method": dict(method), "options": dict(options), "compute": dict(compute)},
        inputs,
        seed,
    )


def predict_stage(fit: Stage, faces: str) -> Stage:
    """A fitted method's vectors for the faces of a split (their digest)."""
    inputs = {"fit": fit.key, "faces": faces}
    return Stage("predict", "1", {"batch": PREDICT_BATCH}, inputs)


def truth_render_stage(engine: str, truth: str, size: int) -> Stage:
    """The pictures of true vectors; `engine` and `truth` are digests."""
    return _render_stage({"engine": engine, "truth": truth}, size)


def render_stage(engine: str, predict: Stage, size: int) -> Stage:
    """The pictures of predicted vectors."""
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
    """One metric over the cases of a split: rendered predictions against truths."""
    inputs = {"predicted": predicted.key, "truth": truth.key}
    inputs |= {f"weights.{name}": digest for name, digest in weights.items()}
    return Stage("score", "1", {"metric": metric, "identity": dict(identity)}, inputs)


def speed_stage(
    fit: Stage, engine: str, machine: str, options: Mapping[str, Any]
) -> Stage:
    """How fast a fitted method is on one machine; no result is keyed by it."""
    inputs = {"fit": fit.key, "engine": engine, "machine": machine}
    return Stage("speed", "1", options, inputs)
