"""Speed in Hz: batch one, warmed up, model alone and with the engine."""

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
    """Of one-face calls: median Hz, and 5th, 50th, 95th percentile in milliseconds."""

    hz_median: float
    ms_p5: float
    ms_p50: float
    ms_p95: float


@dataclass(frozen=True)
class Timing:
    """What `measure` found: model alone, and end to end through the engine.

    `hardware` describes the machine (`name` is what tables print); timings are put side
    by side only where it is the same.
    """

    model: Latency
    end_to_end: Latency
    repeats: int
    hardware: Mapping[str, Any]

    def to_json(self) -> dict[str, Any]:
        """The flat form that a trial's timing.json holds."""
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
    """Seconds that only grow, and a wait until the device has done what was asked."""

    now: Callable[[], float] = time.perf_counter
    synchronize: Callable[[], None] = lambda: None

    def read(self) -> float:
        """The time once the device is idle."""
        self.synchronize()
        return self.now()


@dataclass(frozen=True)
class Subject(Generic[Face, Vector]):
    """What is timed: one face to one vector, one vector to one picture."""

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
    """Time `repeats` one-face calls over `faces` in turn, after `warmup` untimed ones.

    Loading, fitting and the warm-up stay outside the clock. Raises ValueError without
    faces or repeats.
    """
    if not faces or repeats < 1 or warmup < 0:
        raise ValueError(
            f"a timing needs faces, one repeat or more and no negative warm-up; got "
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
    """The clock for a torch device: on CUDA it waits for the queue at every reading."""
    import torch

    if not device.startswith("cuda"):
        return Clock()
    return Clock(synchronize=lambda: torch.cuda.synchronize(device))


def _latency(seconds: NDArray[np.float64]) -> Latency:
    p5, p50, p95 = (float(value) for value in np.percentile(seconds, [5, 50, 95]))
    hz = 1 / p50 if p50 > 0 else float("inf")
    return Latency(hz, p5 * 1000, p50 * 1000, p95 * 1000)
