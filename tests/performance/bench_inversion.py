"""Renders per second of the inversion, in batches and one at a time.

Run it on an idle machine: python tests/performance/bench_inversion.py

The shipped generator inverts its own samples with a few steps; the rate is given for
the paper's 200. Batch sizes alternate, so that a busy machine slows all; times are
medians. The second table splits the time of a step.
"""

from __future__ import annotations

import argparse
import itertools
import os
import statistics
import sys
import time
from collections import defaultdict

from benchmark.system.openmp import limit_spinning

limit_spinning()  # before torch is imported

import torch
from figures import record

from benchmark.system.hardware import hardware
from benchmark.weights import find
from benchmark.weights.folders import SHIPPED
from methods.generator.pretrained import load_generator
from methods.generator.sampling import centre, draw_latents, render
from methods.swiftavatar.inversion import starts_of
from methods.swiftavatar.latent_optimisation import LatentOptimiser
from methods.swiftavatar.mean_latents import MeanLatents
from methods.swiftavatar.options import InversionOptions
from methods.swiftavatar.perceptual import open_perceptual, required_weights

GENERATOR = "portraits64"
COUNTS = {1: 4, 16: 16, 32: 32}
"""Renders that are inverted at each batch size."""
PAPER_STEPS = 200


class Bench:
    """The generator, its samples and a start, shared by everything measured."""

    def __init__(self, perceptual: str, steps: int, clock) -> None:
        self.clock = clock
        self.options = InversionOptions(steps=steps, perceptual=perceptual)
        (needed,) = required_weights(self.options.perceptual)
        file = find(needed)
        if file is None:
            sys.exit(f"run `avatarbench weights fetch {needed}` first")
        size = self.options.perceptual_size
        self.net = open_perceptual(perceptual, size, {needed: file}, "cpu")
        self.avatar = load_generator(SHIPPED / GENERATOR).requires_grad_(False)
        latents = draw_latents(self.avatar, max(COUNTS.values()), seed=0)
        self.targets = render(self.avatar, latents).image.clone()
        mean = self.avatar.layout.repeat(centre(self.avatar)[None])[0]
        self.start = MeanLatents(mean, mean, 0, "bench")

    def inversion(self, batch: int) -> float:
        """Seconds a render and a step."""
        starts = starts_of(self.start, one_row=False, device="cpu")
        inversion = LatentOptimiser(self.avatar, self.net, starts, self.options)
        targets = self.targets[: COUNTS[batch]]
        started = self.clock()
        for some in targets.split(batch):
            inversion.invert(some)
        return (self.clock() - started) / len(targets) / self.options.steps

    def step(self, batch: int) -> dict[str, float]:
        """Seconds per render of the four parts of a step."""
        targets = self.net.features(self.targets[:batch])
        latents = self.start.start.repeat(batch, 1, 1).requires_grad_(True)
        times = [self.clock()]
        image = self.avatar([latents], input_is_latent=True).image
        times.append(self.clock())
        distance = self.net.distances(image, targets).sum()
        times.append(self.clock())
        (pull,) = torch.autograd.grad(distance, image, retain_graph=True)
        times.append(self.clock())
        torch.autograd.grad(image, latents, pull)
        times.append(self.clock())
        pieces = [(b - a) / batch for a, b in itertools.pairwise(times)]
        names = ("generator", "perceptual", "perceptual back", "generator back")
        return dict(zip(names, pieces, strict=True))


def print_rates(bench: Bench, repeats: int) -> None:
    """Print renders per second and the speed-up of each batch size."""
    taken = defaultdict(list)
    for _ in range(repeats + 1):
        for batch in COUNTS:
            taken[batch].append(bench.inversion(batch))
    # The first call is a warm-up.
    found = {batch: statistics.median(times[1:]) for batch, times in taken.items()}
    print(f"{'batch':>5}{'ms a render and step':>24}{f'at {PAPER_STEPS} steps':>18}")
    for batch, seconds in found.items():
        rate = 1 / (seconds * PAPER_STEPS)
        times = found[1] / seconds
        print(f"{batch:>5}{seconds * 1e3:>24.2f}{rate:>11.3f} a second{times:>8.2f}x")
        record(f"inversion: a render and step, batch {batch}", seconds * 1e3, "ms")


def print_step(bench: Bench, batch: int, repeats: int) -> None:
    """Print the parts of the time of a step."""
    rows = [bench.step(batch) for _ in range(repeats + 1)][1:]
    print(f"\none step, batch {batch}, ms a render:")
    for name in rows[0]:
        found = statistics.median(row[name] for row in rows) * 1e3
        print(f"  {name:<18}{found:>8.2f}")
        record(f"inversion: {name}, batch {batch}", found, "ms")


def main() -> None:
    """Read the options, print the machine and both tables."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--perceptual", default="lite0-features")
    parser.add_argument("--steps", type=int, default=10)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument(
        "--processor-time",
        action="store_true",
        help="of all threads together, not the clock on the wall: for busy machines",
    )
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    machine = hardware("cpu", options.threads)
    print(f"{machine['name']} of {machine['cores']} cores, torch {torch.__version__}")
    clock = time.process_time if options.processor_time else time.perf_counter
    bench = Bench(options.perceptual, options.steps, clock)
    print(
        f"load before: {os.getloadavg()[0]:.1f}; {GENERATOR}, {options.perceptual}, "
        f"{options.steps} steps measured\n"
    )
    print_rates(bench, options.repeats)
    print_step(bench, 16, options.repeats)


if __name__ == "__main__":
    main()
