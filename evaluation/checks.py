"""Checks of metric inputs, with error messages that say what is wrong."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmark.avatars.part_classes import PART_NAMES
from evaluation.base import Cases, MetricError


def check_cases(cases: Cases) -> None:
    """Check that vectors, renders and part maps belong together.

    Renders must be (n, S, S, 3) uint8 for n vectors, part maps (n, S, S) uint8 with
    class ids below 13, beards (n, S, S) bool. Raises MetricError otherwise.
    """
    check_vectors(cases)
    check_renders("predicted renders", cases.predicted_renders, len(cases.truth))
    check_renders("ground-truth renders", cases.truth_renders, len(cases.truth))
    if cases.predicted_renders.shape != cases.truth_renders.shape:
        raise MetricError(
            f"predicted renders have shape {cases.predicted_renders.shape} but "
            f"ground-truth renders {cases.truth_renders.shape}; render both at one size"
        )
    shape = cases.truth_renders.shape[:3]
    for name, parts in (
        ("predicted part maps", cases.predicted_parts),
        ("ground-truth part maps", cases.truth_parts),
    ):
        if parts is not None:
            _check_parts(name, parts, shape)
    for name, beards in (
        ("predicted beards", cases.predicted_beards),
        ("ground-truth beards", cases.truth_beards),
    ):
        if beards is not None:
            _check_map(name, beards, "bool", shape)


def check_vectors(cases: Cases) -> None:
    """Check for one spec and equal numbers of vectors; raises MetricError."""
    if cases.predicted.spec != cases.truth.spec:
        raise MetricError(
            f"predictions are vectors of {cases.predicted.spec.name}, but the ground "
            f"truth is of {cases.truth.spec.name}; use one engine for both"
        )
    if len(cases.predicted) != len(cases.truth):
        raise MetricError(
            f"{len(cases.predicted)} predictions for {len(cases.truth)} ground-truth "
            "vectors; give one prediction for each"
        )


def check_renders(name: str, renders: NDArray[Any], count: int) -> None:
    """Check for (count, S, S, 3) uint8 pictures; raises MetricError."""
    if renders.dtype != np.uint8:
        raise MetricError(
            f"{name} must be uint8 in [0, 255], got {renders.dtype}{_range(renders)}"
        )
    square = renders.ndim == 4 and renders.shape[1] == renders.shape[2]
    if not square or renders.shape[3] != 3 or len(renders) != count:
        raise MetricError(
            f"{name} must have shape ({count}, S, S, 3), got {renders.shape}"
        )


def _range(values: NDArray[Any]) -> str:
    if not values.size or not np.issubdtype(values.dtype, np.number):
        return ""
    return f" in [{values.min():g}, {values.max():g}]"


def _check_parts(name: str, parts: NDArray[Any], shape: tuple[int, ...]) -> None:
    _check_map(name, parts, "uint8", shape)
    if parts.size and parts.max() >= len(PART_NAMES):
        raise MetricError(
            f"{name} hold class {parts.max()}, but the part classes are 0 to "
            f"{len(PART_NAMES) - 1}"
        )


def _check_map(
    name: str, maps: NDArray[Any], kind: str, shape: tuple[int, ...]
) -> None:
    if maps.dtype != kind or maps.shape != shape:
        raise MetricError(
            f"{name} must be {kind} of shape {shape}, got {maps.dtype} of {maps.shape}"
        )
