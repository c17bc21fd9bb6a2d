"""Speed in Hz: one face at a time, after warm-up, without and with the engine."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Generic, TypeVar

import numpy as np

Face = TypeVar("Face")
Vector = TypeVar("Vector")


@dataclass(frozen=True)
class Latency:
    """Speed over rounds of one-face calls.

    Attributes:
        hz_median: calls per second: 1 over the median of the rounds' median latency.
        hz_q1: first quartile of the rounds' calls per second.
        hz_q3: third quartile.
        ms_p5: 5th percentile of the latency of all calls, in milliseconds.
        ms_p50: median over the rounds' median latency.
        ms_p95: 95th percentile of the latency of all calls.
    """

    hz_median: float
    hz_q1: float
    hz_q3: float
    ms_p5: float
    ms_p50: float
    ms_p95: float


@dataclass(frozen=True)
class Timing:
    """Latency of the model alone, and end to end with the engine's render.

    `repeats` counts the timed calls of all rounds.
    """

    model: Latency
    end_to_end: Latency
    repeats: int

    def to_json(self) -> dict[str, Any]:
        """The flat form for timing.json."""
        return {
            **{f"model_{name}": value for name, value in asdict(self.model).items()},
            **{
                f"end_to_end_{name}": value
                for name, value in asdict(self.end_to_end).items()
            },
            "repeats": self.repeats,
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


@dataclass(frozen=True)
class Calls:
    """Seconds of each timed call of one round: of the model alone, and end to end."""

    model: Sequence[float]
    end_to_end: Sequence[float]


def time_calls(
    subject: Subject[Face, Vector],
    faces: Sequence[Face],
    warmup: int,
    repeats: int,
    clock: Clock | None = None,
    first: int = 0,
) -> Calls:
    """Time one round of one-face calls.

    Args:
        subject: the calls to time. Loading and fitting are not timed.
        faces: used in turn.
        warmup: number of untimed calls before.
        repeats: number of timed calls.
        clock: the default uses `time.perf_counter` without synchronisation.
        first: the place in `faces` of the first timed call, counted round and round.

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
    model: list[float] = []
    end_to_end: list[float] = []
    for turn in range(first, first + repeats):
        face = faces[turn % len(faces)]
        start = clock.read()
        vector = subject.predict_one(face)
        predicted = clock.read()
        subject.render_one(vector)
        model.append(predicted - start)
        end_to_end.append(clock.read() - start)
    return Calls(model, end_to_end)


def summarise(rounds: Sequence[Calls]) -> Timing:
    """The speed over one or more rounds of the same calls.

    A round in which something else used the machine moves the median over rounds less
    than it moves a percentile of all calls.
    """
    return Timing(
        _latency([calls.model for calls in rounds]),
        _latency([calls.end_to_end for calls in rounds]),
        sum(len(calls.model) for calls in rounds),
    )


def torch_clock(device: str) -> Clock:
    """The clock for a torch device; on CUDA it synchronises at every reading."""
    import torch

    if not device.startswith("cuda"):
        return Clock()
    return Clock(synchronize=lambda: torch.cuda.synchronize(device))


def _latency(rounds: Sequence[Sequence[float]]) -> Latency:
    medians = [float(np.median(seconds)) for seconds in rounds]
    p50 = float(np.median(medians))
    p5, p95 = (float(v) for v in np.percentile(np.concatenate(rounds), [5, 95]))
    hertz = [_hertz(seconds) for seconds in medians]
    q1, q3 = (_quartile(hertz, percent) for percent in (25, 75))
    return Latency(_hertz(p50), q1, q3, p5 * 1000, p50 * 1000, p95 * 1000)


def _hertz(seconds: float) -> float:
    return 1 / seconds if seconds > 0 else float("inf")


def _quartile(hertz: Sequence[float], percent: float) -> float:
    # Infinite speeds of calls that no clock can resolve have no mean.
    return float(np.percentile(hertz, percent, method="nearest"))
