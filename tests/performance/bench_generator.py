"""Our generator beside the sequential oracle: time and peak memory, in one run.

Run it on an idle machine: python tests/performance/bench_generator.py

Both get the same weights and codes. Calls of the two alternate, so that a busy machine
slows both; times are medians. Peak memory is what a fresh process needs on top of the
weights, for one call. The official code's figures were measured elsewhere, once, and
stand in columns of their own.
"""

from __future__ import annotations

import argparse
import os
import resource
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from benchmark.system.openmp import limit_spinning

limit_spinning()  # before torch is imported

import torch
from sequential import SequentialGenerator
from torch import nn

from benchmark.system.hardware import hardware
from methods.generator.recipe import read_recipe
from methods.networks.generator_config import GeneratorConfig
from methods.networks.semantic_stylegan import SemanticGenerator

PUBLISHED = {
    "size": 512,
    "style_dim": 512,
    "n_mlp": 8,
    "channel_multiplier": 2,
    "seg_dim": 13,
    "local_layers": 10,
    "local_channel": 64,
    "base_layers": 2,
    "depth_layers": 6,
    "coarse_size": 64,
    "coarse_channel": 512,
    "min_feat_size": 16,
    "transparent_dims": (10, 12),
}
SMALL = read_recipe("portraits64").generator
CONFIGS = {"512": PUBLISHED, "64": SMALL}
NETWORKS = {"ours": SemanticGenerator, "oracle": SequentialGenerator}


class Uncut(nn.Module):
    """Stands in for the render net: what it would get is what comes out."""

    def forward(self, feature, seg_coarse, randomize):
        return feature, seg_coarse


@dataclass(frozen=True)
class Case:
    """One row of the table.

    Attributes:
        config: a key of CONFIGS.
        batch: codes in a call.
        local: end before the render net.
        backward: go back from the picture to the W+ codes.
        official: the official code's seconds, as published.
        official_memory: its peak memory, as published.
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

    def make(self, network: str):
        """The network, frozen, and its codes."""
        torch.manual_seed(0)
        made = NETWORKS[network](**CONFIGS[self.config]).requires_grad_(False)
        if self.local:
            made.render_net = Uncut()
        config = GeneratorConfig(**CONFIGS[self.config])
        return made, torch.randn(self.batch, config.layout.rows, config.style_dim)

    def call(self, network: nn.Module, codes: torch.Tensor) -> None:
        """What is measured."""
        codes = codes.requires_grad_(self.backward)
        with torch.set_grad_enabled(self.backward):
            made = network([codes], input_is_latent=True, randomize_noise=False)
            if self.backward:
                torch.autograd.grad(made.image.square().mean(), codes)


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


def seconds(case: Case, repeats: int, clock) -> dict[str, float]:
    """Median seconds of a call by network; their calls alternate."""
    made = {name: case.make(name) for name in NETWORKS}
    made["oracle"][0].load_state_dict(made["ours"][0].state_dict())
    taken: dict[str, list[float]] = {name: [] for name in made}
    for _ in range(repeats + 1):
        for name, (network, codes) in made.items():
            started = clock()
            case.call(network, codes)
            taken[name].append(clock() - started)
    # The first call of each warms up.
    return {name: statistics.median(times[1:]) for name, times in taken.items()}


def print_memory(index: int, network: str) -> None:
    """In a process of its own: MiB of one call on top of imports and weights."""
    made = CASES[index].make(network)
    before = held_at_most(since_now=True)
    CASES[index].call(*made)
    print(held_at_most() - before)


def held_at_most(since_now: bool = False) -> float:
    """MiB that this process has held at most, so far or (on Linux) since now."""
    status = Path("/proc/self/status")
    if status.is_file():
        # getrusage would hand the peak of the parent down to the child.
        if since_now:
            Path("/proc/self/clear_refs").write_text("5")
        lines = status.read_text().splitlines()
        (line,) = (line for line in lines if line.startswith("VmHWM:"))
        return int(line.split()[1]) / 1024
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 2**20


def memory(index: int, network: str, threads: int) -> float:
    """MiB that one call needs on top of the weights."""
    options = ["--memory-of", str(index), network, "--threads", str(threads)]
    command = [sys.executable, __file__, *options]
    return float(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)


def print_table(cases: list[int], repeats: int, threads: int, clock) -> None:
    """Measure the cases and print a line each."""
    columns = f"{'ours':>9}{'oracle':>9}{'':>7}{'official':>10}"
    print(f"{'':<48}{'seconds':<36}MiB on top of the weights")
    print(f"{'':<44}{columns}  {columns}")
    for index in cases:
        case = CASES[index]
        taken = seconds(case, repeats, clock)
        held = {name: memory(index, name, threads) for name in NETWORKS}
        cells = [
            f"{found['ours']:>9.{digits}f}{found['oracle']:>9.{digits}f}"
            f"{found['oracle'] / max(found['ours'], 1e-9):>6.1f}x{official:>10}"
            for found, digits, official in (
                (taken, 4, case.official),
                (held, 0, case.official_memory),
            )
        ]
        print(f"{case.name:<44}" + "  ".join(cells), flush=True)
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
        help="of all threads together, not the clock on the wall: for busy machines",
    )
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--memory-of", nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    if options.memory_of:
        print_memory(int(options.memory_of[0]), options.memory_of[1])
        return
    machine = hardware("cpu", options.threads)
    print(f"{machine['name']} of {machine['cores']} cores, torch {torch.__version__}")
    print(f"load before: {os.getloadavg()[0]:.1f}\n")
    chosen = [i for i, c in enumerate(CASES) if options.only in (None, c.config)]
    clock = time.process_time if options.processor_time else time.perf_counter
    print_table(chosen, 2 if options.quick else 9, options.threads, clock)


if __name__ == "__main__":
    main()
