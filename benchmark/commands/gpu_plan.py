"""What a suite for GPUs lacks on this machine, and what it costs in GPU-hours."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from benchmark.commands.gpu_stages import GENERATOR, GpuStage, gpu_stages
from benchmark.config.suite import Suite

GPUS = (1, 8, 64)
H200 = 36_000.0
"""GFLOP/s of one H200 with TF32: `make bench PARTS=gpu` measured 9.85 ms for a step of
the inversion of a 512-px render with LPIPS-VGG. A training step of ResNet-18 sustained
56,000."""
TWO_CORES = GENERATOR / 0.91
"""GFLOP/s of two cores of an AMD EPYC: `make bench` measured 0.91 s for a forward pass
of the 512-px generator."""

_VARIANT = re.compile(r"variants\.([\w-]+): (.*)", re.DOTALL)


def print_missing(suite: Suite, problems: Sequence[str]) -> None:
    """Print what keeps a suite from starting; needs of several variants once."""
    print(f"{suite.name} cannot start on this machine yet. Missing or wrong:")
    needed_by: dict[str, list[str]] = {}
    for problem in problems:
        found = _VARIANT.fullmatch(problem)
        sentence, variant = (found[2], found[1]) if found else (problem, "")
        needed_by.setdefault(sentence, []).append(variant)
    for sentence, variants in needed_by.items():
        names = ", ".join(filter(None, variants))
        print(f"  - {sentence}" + (f" (for {names})" if names else ""))
    print()


def print_gpu_plan(suite: Suite) -> None:
    """Print GPU-hours, hours on 1, 8 and 64 GPUs, and disk of every costly stage."""
    chains = gpu_stages(suite)
    stages = list(dict.fromkeys(stage for chain in chains for stage in chain))
    if not stages:
        return
    width = max(len(stage.name) for stage in stages)
    head = "".join(f"{f'on {count}':>10}" for count in GPUS)
    print(f"{'stage':<{width}}{'GPU-hours':>11}{head}{'disk':>11}")
    for engine in suite.engines:
        print(engine)
        for stage in stages:
            if stage.engine == engine:
                print(_line(stage.name, [[stage]], width))
    print(_line("all stages", chains, width))
    for note in _notes(stages):
        print(note)


def gpu_hours(stages: Iterable[GpuStage]) -> float:
    """Hours of work on one H200; stages that occur several times count once."""
    return sum(stage.gflop for stage in dict.fromkeys(stages)) / H200 / 3600


def hours_on(chains: Sequence[Sequence[GpuStage]], gpus: int) -> float:
    """Least hours until all chains are done on so many GPUs.

    The stages of a chain follow each other; chains run side by side. Sharded stages use
    all GPUs, trainings one.
    """
    even = gpu_hours(stage for chain in chains for stage in chain) / gpus
    longest = max(
        sum(gpu_hours([s]) / (gpus if s.sharded else 1) for s in chain)
        for chain in chains
    )
    return max(even, longest)


def _line(name: str, chains: Sequence[Sequence[GpuStage]], width: int) -> str:
    stages = list(dict.fromkeys(stage for chain in chains for stage in chain))
    hours = gpu_hours(stages)
    if hours:
        spread = (f"{_number(hours_on(chains, count))} h" for count in GPUS)
        cells = f"{_number(hours):>11}" + "".join(f"{text:>10}" for text in spread)
    else:
        cells = f"{'CPU':>11}" + " " * 10 * len(GPUS)
    return f"{name:<{width}}{cells}{_size(sum(s.disk for s in stages)):>11}"


def _number(value: float) -> str:
    if value < 0.1:
        return "< 0.1"
    return f"{value:.1f}" if value < 10 else f"{value:.0f}"


def _size(count: float) -> str:
    if count < 1e8:
        return f"{count / 1e6:.0f} MB" if count else "-"
    return f"{count / 1e9:.1f} GB"


def _notes(stages: Sequence[GpuStage]) -> list[str]:
    days = sum(stage.gflop for stage in stages) / TWO_CORES / 86_400
    unpacked = max(stage.unpacked for stage in stages)
    return [
        "",
        "Hours are for H200 GPUs and the published 512-px generator. Operations are "
        f"counted; an H200\nsustains {H200 / 1000:g} TFLOP/s, measured with the "
        "inversion. Loading and augmentation are not counted.",
        f"Measured: two cores of an AMD EPYC sustain {TWO_CORES / 1000:.2f} TFLOP/s "
        f"with this generator. They would need {days:,.0f} days.",
        "On 8 and 64 GPUs, shards of inversions and pairs run side by side, and each "
        "training uses one GPU.",
        f"While an estimator is trained, its pairs take up to {unpacked / 1e9:,.0f} GB "
        "more disk,\nbecause they are unpacked. Pairs are never in memory as a whole.",
    ]
