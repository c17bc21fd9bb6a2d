"""The workers of `avatarbench run --executor`: how many, and with which threads."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from benchmark.avatars.counting import counted
from benchmark.execution import Executor, WorkersError
from benchmark.execution.processes import Processes
from benchmark.execution.ray_cluster import RayCluster, import_ray
from benchmark.run.plan import Plan
from benchmark.run.trial_worker import SuiteSource, Workers
from benchmark.system.console import ConsoleProgress
from benchmark.system.cpu_load import usable_cores

ExecutorName = Literal["serial", "local", "ray"]


@dataclass(frozen=True)
class WorkerOptions:
    """What the command line says about workers.

    Attributes:
        executor: serial works in this process.
        workers: how many; None for as many as the cores or GPUs allow.
        address: of a Ray cluster; None starts one here.
        gpus: that each Ray worker reserves; None for one where the suite uses GPUs.
    """

    executor: ExecutorName = "serial"
    workers: int | None = None
    address: str | None = None
    gpus: float | None = None

    def check(self) -> None:
        """Raise WorkersError for options that do not go together."""
        given = {
            "--workers": (self.workers, ("local", "ray")),
            "--address": (self.address, ("ray",)),
            "--gpus-per-worker": (self.gpus, ("ray",)),
        }
        for option, (value, allowed) in given.items():
            if value is not None and self.executor not in allowed:
                raise WorkersError(
                    f"{option} needs --executor {' or '.join(allowed)}, but the "
                    f"executor is {self.executor}"
                )
        if self.executor == "ray":
            import_ray()


def open_workers(
    options: WorkerOptions,
    plan: Plan,
    source: SuiteSource,
    console: ConsoleProgress,
) -> Workers | None:
    """The workers that carry a plan out, described by a line; None for serial work."""
    if options.executor == "serial":
        return None
    executor, label = _open_executor(options, plan, console.say)
    return Workers(executor, source, console, f"trials on {label}")


def _open_executor(
    options: WorkerOptions, plan: Plan, say: Callable[[str], None]
) -> tuple[Executor, str]:
    threads = plan.resolved.suite.threads
    on_gpu = plan.resolved.device == "cuda"
    environment = thread_environment(threads)
    if options.executor == "ray":
        gpus = float(on_gpu) if options.gpus is None else options.gpus
        workers = options.workers
        executor = RayCluster(options.address, workers, threads, gpus, environment)
        return executor, "Ray workers" if workers is None else _workers(workers)
    count = options.workers or _room(plan)
    say(f"{_workers(count)} with {counted(threads, 'thread')} each")
    for note in _notes(count, plan):
        say(note)
    devices = _devices() if on_gpu else []
    executor = Processes(_environments(count, environment, devices))
    return executor, _workers(count)


def _workers(count: int) -> str:
    return counted(count, "worker")


def _room(plan: Plan) -> int:
    """The number of workers that this machine has cores for, or GPUs."""
    if plan.resolved.device == "cuda":
        return max(1, len(_devices()))
    if plan.resolved.device != "cpu":
        return 1
    return max(1, usable_cores() // plan.resolved.suite.threads)


def _notes(count: int, plan: Plan) -> Iterator[str]:
    """What a number of workers means for this machine. Results stay the same."""
    threads, cores = plan.resolved.suite.threads, usable_cores()
    if plan.resolved.device != "cpu":
        return
    if count > 1 and count * threads > cores:
        yield (
            f"warning: {count} workers with {counted(threads, 'thread')} each need "
            f"{count * threads} cores, but this machine has {cores}, so they slow each "
            f"other down; give --workers {_room(plan)}"
        )
    elif threads > 1 and count == 1 and cores > 1:
        yield (
            f"the suite uses {threads} of {counted(cores, 'core')}; --set threads=1 "
            f"makes room for {_workers(cores)}, but it is another configuration with "
            "results of its own"
        )


def thread_environment(threads: int) -> dict[str, str]:
    """Variables that tell numeric libraries how many threads to use."""
    names = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")
    return dict.fromkeys(names, str(threads))


def _environments(
    count: int, environment: Mapping[str, str], devices: Sequence[str]
) -> list[dict[str, str]]:
    """The variables of each worker; GPUs are given out in turn."""
    own = [{"CUDA_VISIBLE_DEVICES": device} for device in devices] or [{}]
    return [{**environment, **own[number % len(own)]} for number in range(count)]


def _devices() -> list[str]:
    """The GPUs of this process, as CUDA_VISIBLE_DEVICES names them."""
    named = os.environ.get("CUDA_VISIBLE_DEVICES")
    if named:
        return named.split(",")
    import torch

    return [str(number) for number in range(torch.cuda.device_count())]


def source_of(
    suite: str, overrides: tuple[str, ...], lpips_backbone: Path | None
) -> SuiteSource:
    """The suite that this command names, for workers."""
    return SuiteSource(suite, overrides, lpips_backbone, Path.cwd())
