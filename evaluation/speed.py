"""Speed in Hz: one face at a time, after warm-up, without and with the engine."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

Face = TypeVar("Face")
Vector = TypeVar("Vector")


@dataclass(frozen=True)
class Latency:
    """Median Hz of one-face calls, and latency percentiles in milliseconds."""

    hz_median: float
    ms_p5: float
    ms_p50: float
    ms_p95: float


@dataclass(frozen=True)
class Timing:
    """Latency of the model alone, and end to end with the engine's render.

    `hardware` describes the machine; tables print its `name`. Tables only compare
    timings with equal `hardware`.
    """

    model: Latency
    end_to_end: Latency
    repeats: int
    hardware: Mapping[str, Any]

    def to_json(self) -> dict[str, Any]:
        """The flat form for timing.json."""
        return {
            **{f"model_{name}": value for name, value in asdict(self.model).items()},
            **{
                f"end_to_end_{name}": value
                for name, value in asdict(self.end_to_end).items()
            },
            "repeats": self.repeats,
            "hardware": dict(self.hardware),
        }


@dataclass(frozen=True)
class Clock:
    """A monotonic clock in seconds, and a call that waits for the device."""

    now: Callable[[], float] = time.perf_counter
    synchronize: Callable[[], None] = lambda: None

    def read(self) -> float:
        """Wait for the device and return the time in seconds."""
        self.synchronize()
        return self.now()


@dataclass(frozen=True)
class Subject(Generic[Face, Vector]):
    """The two calls to time: from a face to a vector, and from there to a picture."""

    predict_one: Callable[[Face], Vector]
    render_one: Callable[[Vector], object]


def measure(
    subject: Subject[Face, Vector],
    faces: Sequence[Face],
    hardware: Mapping[str, Any],
    warmup: int = 5,
    repeats: int = 50,
    clock: Clock | None = None,
) -> Timing:
    """Time one-face calls.

    Args:
        subject: the calls to time. Loading and fitting are not timed.
        faces: used in turn.
        hardware: describes the machine.
        warmup: number of untimed calls before.
        repeats: number of timed calls.
        clock: the default uses `time.perf_counter` without synchronisation.

    Raises:
        ValueError: without faces or repeats, or for a negative warm-up.
    """
    if not faces or repeats < 1 or warmup < 0:
        raise ValueError(
            "timing needs faces, one or more repeats and a warm-up of 0 or more; got "
            f"{len(faces)} faces, {repeats} repeats, {warmup} warm-up calls"
        )
    clock = clock or Clock()
    for turn in range(warmup):
        subject.render_one(subject.predict_one(faces[turn % len(faces)]))
    model, end_to_end = np.empty(repeats), np.empty(repeats)
    for turn in range(repeats):
        face = faces[turn % len(faces)]
        start = clock.read()
        vector = subject.predict_one(face)
        predicted = clock.read()
        subject.render_one(vector)
        model[turn], end_to_end[turn] = predicted - start, clock.read() - start
    return Timing(_latency(model), _latency(end_to_end), repeats, hardware)


def torch_clock(device: str) -> Clock:
    """The clock for a torch device; on CUDA it synchronises at every reading."""
    import torch

    if not device.startswith("cuda"):
        return Clock()
    return Clock(synchronize=lambda: torch.cuda.synchronize(device))


def _latency(seconds: NDArray[np.float64]) -> Latency:
    p5, p50, p95 = (float(value) for value in np.percentile(seconds, [5, 50, 95]))
    hz = 1 / p50 if p50 > 0 else float("inf")
    return Latency(hz, p5 * 1000, p50 * 1000, p95 * 1000)
