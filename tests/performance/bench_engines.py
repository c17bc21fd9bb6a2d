"""Renders per second of every engine, in batches and one by one.

Run it on an idle machine: python tests/performance/bench_engines.py
"""

from __future__ import annotations

import time
from collections.abc import Callable

from figures import record

from benchmark.avatars import AvatarVectors
from benchmark.engines.base import Engine
from benchmark.registry import ENGINES
from benchmark.system.hardware import hardware

SIZE = 256
WARM, COUNT, BATCH = 8, 256, 64


def rate(work: Callable[[AvatarVectors], object], vectors: AvatarVectors, step: int):
    """Vectors per second of `work` in calls of `step` vectors."""
    started = time.perf_counter()
    for start in range(0, len(vectors), step):
        work(vectors[start : start + step])
    return len(vectors) / (time.perf_counter() - started)


def measure(engine: Engine) -> tuple[float, float]:
    """Renders per second at SIZE pixels: in batches, one by one."""
    vectors = AvatarVectors.sample(engine.spec, COUNT, seed=0)
    engine.render(vectors[:WARM], SIZE)

    def draw(batch: AvatarVectors) -> object:
        return engine.render(batch, SIZE)

    return rate(draw, vectors, BATCH), rate(draw, vectors, 1)


def main() -> None:
    """Print one line per engine."""
    machine = hardware("cpu", threads=1)
    print(f"{machine['processor']}, {machine['cores']} cores, {SIZE} px")
    print(f"{'engine':<16}{'batch/s':>10}{'single/s':>10}")
    for item in ENGINES.listing():
        if item.problem is not None:
            print(f"{item.name:<16}{item.problem}")
            continue
        batched, single = measure(ENGINES.load(item.name)())
        print(f"{item.name:<16}{batched:>10.0f}{single:>10.0f}")
        record(f"engines: {item.name}, batches", batched, "/s")
        record(f"engines: {item.name}, one by one", single, "/s")


if __name__ == "__main__":
    main()
