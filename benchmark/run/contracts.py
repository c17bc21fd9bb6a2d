"""What plugins return, checked against their contracts."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmark.avatars import AvatarSpec, AvatarVectors
from benchmark.avatars.counting import counted
from benchmark.avatars.part_classes import PART_NAMES
from evaluation.base import MetricMeta


class ContractError(TypeError):
    """A plugin returned something else than its contract says."""


def describe_failure(error: BaseException) -> str:
    """What code of a plugin raised, with its type."""
    if isinstance(error, SystemExit):
        return (
            f"SystemExit: its code called sys.exit({error.code!r}), but it must raise "
            "an error instead"
        )
    return f"{type(error).__name__}: {error}"


def check_predictions(found: Any, spec: AvatarSpec, count: int) -> AvatarVectors:
    """What `predict` returned for `count` faces; raises ContractError."""
    if not isinstance(found, AvatarVectors):
        raise ContractError(
            f"predict must return AvatarVectors, but it returned {_describe(found)}"
        )
    if found.spec != spec:
        raise ContractError(
            f"predict must return vectors of engine {spec.name}, but it returned "
            f"vectors of another spec, {found.spec.name}"
        )
    if len(found) != count:
        raise ContractError(
            "predict must return one vector for each face, but it returned "
            f"{len(found)} for {counted(count, 'face')}"
        )
    return found


def check_pixels(
    found: Any, name: str, kind: type[np.generic], shape: tuple[int, ...]
) -> NDArray[Any]:
    """What function `name` of an engine returned; raises ContractError."""
    expected = f"{np.dtype(kind).name} of shape {shape}"
    if not isinstance(found, np.ndarray):
        raise ContractError(
            f"{name} must return {expected}, but it returned {_describe(found)}"
        )
    if found.shape != shape or found.dtype != kind:
        raise ContractError(
            f"{name} must return {expected}, but it returned {found.dtype} of shape "
            f"{found.shape}"
        )
    return found


def check_parts(found: Any, shape: tuple[int, ...]) -> NDArray[np.uint8]:
    """What `parts` of an engine returned; raises ContractError."""
    maps = check_pixels(found, "parts", np.uint8, shape)
    highest = len(PART_NAMES) - 1
    if maps.size and maps.max() > highest:
        raise ContractError(
            f"parts must return part classes 0-{highest}, but it returned {maps.max()}"
        )
    return maps


def check_scores(found: Any, meta: MetricMeta, cases: int) -> NDArray[np.float64]:
    """What `score` returned for so many cases; raises ContractError."""
    count = cases if meta.level == "case" else 1
    expected = (
        f"metric {meta.name}: score must return {count} float64 "
        f"{'values' if count != 1 else 'value'} (level {meta.level!r})"
    )
    if not isinstance(found, np.ndarray):
        raise ContractError(f"{expected}, but it returned {_describe(found)}")
    if found.shape != (count,) or not np.issubdtype(found.dtype, np.floating):
        raise ContractError(
            f"{expected}, but it returned {found.dtype} of shape {found.shape}"
        )
    if np.isinf(found).any():
        raise ContractError(f"{expected}, finite or NaN, but some are infinite")
    return found


def _describe(value: Any) -> str:
    return "nothing" if value is None else f"a {type(value).__name__}"
