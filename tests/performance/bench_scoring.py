"""Scoring by LPIPS and ST-LPIPS: pairs per second.

Run it on an idle machine: python tests/performance/bench_scoring.py

Each prediction is compared with the ground truth of two designers, whose pictures come
up again in every trial. The reference computes the features of both pictures of every
pair, as the packages do. Rounds alternate, so that a busy machine slows all; times are
medians.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time

from benchmark.system.openmp import limit_spinning

limit_spinning()  # before torch is imported

import numpy as np
import torch
from figures import record

from benchmark.avatars import AvatarVectors
from benchmark.registry import ENGINES, METRICS
from benchmark.system.hardware import hardware
from benchmark.weights import find
from evaluation.base import Cases, MetricSetup

GOAL = 10_000
"""Number of pairs of the printed total."""


def make_metric(name: str):
    """A metric by name; ends the program if its weights are missing."""
    kind = METRICS.load(name)
    files = {need: find(need) for need in kind.meta.needs}
    missing = [need for need, file in files.items() if file is None]
    if missing:
        sys.exit(f"run `avatarbench weights fetch {' '.join(missing)}` first")
    return kind(MetricSetup(files))


class Bench:
    """Avatars of one engine: predictions of several trials, two ground truths."""

    def __init__(self, faces: int, trials: int) -> None:
        engine = ENGINES.load("toon-tiktok")()
        vectors = AvatarVectors.sample(engine.spec, faces * (trials + 2), seed=0)
        pictures = engine.render(vectors, 256)
        whole = np.split(pictures, trials + 2)
        self.vectors = vectors[np.arange(faces)]
        self.truths, self.trials = whole[:2], whole[2:]

    def score(self, metric, forget: bool) -> float:
        """Seconds per pair; `forget` empties the cache of features before each pair."""
        pairs = [(trial, truth) for trial in self.trials for truth in self.truths]
        started = time.perf_counter()
        for trial, truth in pairs:
            if not forget:
                metric.score(Cases(self.vectors, self.vectors, trial, truth))
                continue
            for row in range(len(trial)):
                metric._features._cached.clear()
                one = self.vectors[np.array([row])]
                metric.score(
                    Cases(one, one, trial[row : row + 1], truth[row : row + 1])
                )
        count = len(pairs) * len(self.vectors)
        metric._features._cached.clear()
        return (time.perf_counter() - started) / count


def main() -> None:
    """Print seconds for 10,000 pairs of each metric, with and without the cache."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--faces", type=int, default=50)
    parser.add_argument("--trials", type=int, default=3)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=2)
    asked = parser.parse_args()
    torch.set_num_threads(asked.threads)
    print(hardware("cpu", asked.threads))
    bench = Bench(asked.faces, asked.trials)
    times: dict[tuple[str, bool], list[float]] = {}
    metrics = {name: make_metric(name) for name in ("lpips", "st-lpips")}
    for _ in range(asked.rounds):
        for name, metric in metrics.items():
            for forget in (False, True):
                found = bench.score(metric, forget)
                times.setdefault((name, forget), []).append(found)
    pairs = 2 * asked.faces * asked.trials
    print(f"{pairs} pairs of 256 px a round, {asked.rounds} rounds")
    for name in metrics:
        kept, again = (statistics.median(times[name, forget]) for forget in (0, 1))
        print(
            f"{name:<9} {1000 * kept:5.1f} ms a pair, {GOAL * kept:4.0f} s for "
            f"{GOAL:,}; features again {1000 * again:5.1f} ms: {again / kept:.1f}x"
        )
        record(f"scoring: {name}, a pair", 1000 * kept, "ms")
        record(f"scoring: {name}, a pair without cache", 1000 * again, "ms")


if __name__ == "__main__":
    main()
