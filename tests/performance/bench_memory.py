"""Time of a training iteration with small and large pages, and memory of pairs.

Run it on an idle machine with `make bench`. Each setting has a fresh process.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import time
from dataclasses import asdict, dataclass

from figures import record

from benchmark.system.memory import HUGE_PAGES, use_huge_pages
from benchmark.system.openmp import limit_spinning

WARM_UP, ITERATIONS = 3, 15
PAIRS = (100, 1_000, 10_000)


@dataclass(frozen=True)
class Cost:
    """Means over iterations, and the peak of the process.

    Attributes:
        seconds: on the clock.
        user: processor seconds of the program.
        system: processor seconds of the kernel.
        peak: resident memory in MiB.
    """

    seconds: float
    user: float
    system: float
    peak: float


def measure(large: bool) -> Cost:
    """The cost of an iteration of the recipe `portraits64`, forward and backward."""
    limit_spinning()
    if large:
        use_huge_pages()
    import torch

    from methods.generator.recipe import read_recipe

    recipe = read_recipe("portraits64-projected")
    torch.manual_seed(0)
    generator = recipe.make_generator()
    z = torch.randn(recipe.batch, recipe.config.style_dim)

    def iterate() -> None:
        made = generator([z])
        (made.image.square().mean() + made.seg.square().mean()).backward()

    for _ in range(WARM_UP):
        iterate()
    before, began = resource.getrusage(resource.RUSAGE_SELF), time.perf_counter()
    for _ in range(ITERATIONS):
        iterate()
    seconds = time.perf_counter() - began
    after = resource.getrusage(resource.RUSAGE_SELF)
    return Cost(
        seconds / ITERATIONS,
        (after.ru_utime - before.ru_utime) / ITERATIONS,
        (after.ru_stime - before.ru_stime) / ITERATIONS,
        after.ru_maxrss / 1024,
    )


def print_pairs() -> None:
    """Print the peak memory of producing and reading pairs, by their number."""
    from pair_memory import peak_in_fresh_process  # imports torch

    print("\nmemory: pairs of 64 px from renders to the reads of an estimator")
    print(f"{'pairs':>10}{'peak MiB':>10}{'of their pictures':>19}")
    for count in PAIRS:
        peak = peak_in_fresh_process(count)
        if peak is None:
            print("this system does not tell a process its peak memory")
            return
        print(f"{count:>10,}{peak:>10.0f}{count * 64 * 64 * 3 / 2**20:>19.1f}")
        record(f"memory: {count:,} pairs", peak, "MiB")


def main() -> None:
    """Print one row for each setting."""
    print("memory: generator of portraits64, batch 32, forward and backward")
    print(f"{'':10}{'seconds':>9}{'user':>8}{'system':>8}{'peak MiB':>10}")
    for setting in ("4 KiB", "2 MiB"):
        command = [sys.executable, __file__, setting]
        plain = {k: v for k, v in os.environ.items() if k != HUGE_PAGES}
        done = subprocess.run(
            command, check=True, capture_output=True, text=True, env=plain
        )
        cost = Cost(**json.loads(done.stdout))
        print(
            f"{setting:10}{cost.seconds:9.2f}{cost.user:8.2f}{cost.system:8.2f}"
            f"{cost.peak:10.0f}"
        )
        record(f"memory: training iteration, pages of {setting}", cost.seconds, "s")
        record(f"memory: training, pages of {setting}", cost.peak, "MiB")
    print_pairs()


if __name__ == "__main__":
    if len(sys.argv) > 1:
        print(json.dumps(asdict(measure(sys.argv[1] == "2 MiB"))))
    else:
        main()
