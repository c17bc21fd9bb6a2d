"""Time and peak memory of the generator.

Run it on an idle machine with `make bench`.

Times are medians. Peak memory is what a fresh process needs for one call on top of the
weights. The figures of the official code were measured once on another machine.
"""

from __future__ import annotations

import argparse
import os
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from benchmark.system.openmp import limit_spinning

limit_spinning()  # before torch is imported

import torch
from figures import record
from tiny_networks import PUBLISHED
from torch import nn

from benchmark.system.hardware import hardware
from methods.generator.recipe import read_recipe
from methods.networks.generator_config import GeneratorConfig
from methods.networks.semantic_stylegan import SemanticGenerator

SMALL = read_recipe("portraits64").generator
CONFIGS = {"512": PUBLISHED, "64": SMALL}


class Uncut(nn.Module):
    """Replaces the render net and returns its inputs."""

    def forward(self, feature, seg_coarse, randomize):
        return feature, seg_coarse


@dataclass(frozen=True)
class Case:
    """One row of the table.

    Attributes:
        config: a key of CONFIGS.
        batch: latent codes in a call.
        local: skip the render net.
        backward: compute the gradient of the picture to the latents in W+.
        official: seconds of the official code.
        official_memory: its peak memory.
    """

    config: str
    batch: int = 1
    local: bool = False
    backward: bool = False
    official: str = ""
    official_memory: str = ""

    @property
    def name(self) -> str:
        part = "local part" if self.local else "whole"
        way = "forward+backward" if self.backward else "forward"
        return f"{self.config} px, {part}, {way}, batch {self.batch}"

    def make(self) -> tuple[SemanticGenerator, torch.Tensor]:
        """The frozen network and its latents in W+."""
        torch.manual_seed(0)
        made = SemanticGenerator(**CONFIGS[self.config]).requires_grad_(False)
        if self.local:
            made.render_net = Uncut()
        config = GeneratorConfig(**CONFIGS[self.config])
        return made, torch.randn(self.batch, config.layout.rows, config.style_dim)

    def call(self, network: SemanticGenerator, latents: torch.Tensor) -> None:
        """The call that is measured."""
        latents = latents.requires_grad_(self.backward)
        with torch.set_grad_enabled(self.backward):
            made = network([latents], input_is_latent=True, randomize_noise=False)
            if self.backward:
                torch.autograd.grad(made.image.square().mean(), latents)


CASES = [
    Case("512", official="2.8-3.2", official_memory="2.9 GB"),
    Case("512", backward=True, official="7.6-11"),
    Case("512", local=True),
    Case("512", local=True, backward=True),
    *(
        Case("64", batch, local, backward)
        for batch in (1, 8)
        for local in (False, True)
        for backward in (False, True)
    ),
]


def seconds(case: Case, repeats: int, clock: Callable[[], float]) -> float:
    """Median seconds of a call after a warm-up call."""
    made = case.make()
    taken = []
    for _ in range(repeats + 1):
        started = clock()
        case.call(*made)
        taken.append(clock() - started)
    return statistics.median(taken[1:])


def print_memory(index: int) -> None:
    """Print the MiB of one call on top of imports and weights, in a fresh process."""
    made = CASES[index].make()
    before = held_at_most(since_now=True)
    CASES[index].call(*made)
    print(held_at_most() - before)


def held_at_most(since_now: bool = False) -> float:
    """Peak MiB of this process; on Linux, `since_now` counts only from this call."""
    status = Path("/proc/self/status")
    if status.is_file():
        # getrusage would report the peak of the parent process.
        if since_now:
            Path("/proc/self/clear_refs").write_text("5")
        lines = status.read_text().splitlines()
        (line,) = (line for line in lines if line.startswith("VmHWM:"))
        return int(line.split()[1]) / 1024
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 2**20


def memory(index: int, threads: int) -> float:
    """MiB that one call needs on top of the weights."""
    options = ["--memory-of", str(index), "--threads", str(threads)]
    command = [sys.executable, __file__, *options]
    return float(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)


def print_table(
    cases: list[int], repeats: int, threads: int, clock: Callable[[], float]
) -> None:
    """Measure the cases and print one line for each."""
    columns = f"{'ours':>9}{'official':>10}"
    print(f"{'':<48}{'seconds':<20}MiB on top of the weights")
    print(f"{'':<44}{columns}  {columns}")
    for index in cases:
        case = CASES[index]
        taken = seconds(case, repeats, clock)
        held = memory(index, threads)
        cells = f"{taken:>9.4f}{case.official:>10}  {held:>9.0f}"
        print(f"{case.name:<44}{cells}{case.official_memory:>10}", flush=True)
        record(f"generator: {case.name}", taken, "s")
        record(f"generator: {case.name}, memory", held, "MiB")
    print(
        "\nofficial: the official code, measured once on a busy 2-core AMD EPYC with "
        "torch 2.13 (cpu);\nits memory is the peak of the whole process, imports and "
        "weights included."
    )


def main() -> None:
    """Read the options, print the machine and the table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--quick", action="store_true", help="few repeats")
    parser.add_argument("--only", choices=CONFIGS, help="one configuration")
    parser.add_argument(
        "--processor-time",
        action="store_true",
        help="measure processor time instead of elapsed time: for busy machines",
    )
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--memory-of", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    if options.memory_of is not None:
        print_memory(options.memory_of)
        return
    machine = hardware("cpu", options.threads)
    print(f"{machine['name']} of {machine['cores']} cores, torch {torch.__version__}")
    print(f"load before: {os.getloadavg()[0]:.1f}\n")
    chosen = [i for i, c in enumerate(CASES) if options.only in (None, c.config)]
    clock = time.process_time if options.processor_time else time.perf_counter
    print_table(chosen, 2 if options.quick else 9, options.threads, clock)


if __name__ == "__main__":
    main()
