"""Predictions per second of the avatar estimator by backbone, one face at a time.

Run it on an idle machine: python tests/performance/bench_estimator.py

The paper's reading (the whole backbone, pooled, 224 px) with each backbone, then what
the suites use. Weights are random: they do not change the time.
"""

from __future__ import annotations

from collections.abc import Iterator

from benchmark.system.openmp import limit_spinning

limit_spinning()  # before torch is imported

import torch

from benchmark.avatars import AvatarVectors
from benchmark.config.option_merge import merged_options
from benchmark.config.suite import load_suite
from benchmark.engines.base import Engine
from benchmark.registry import ENGINES
from benchmark.system.hardware import hardware
from evaluation.speed import Calls, Subject, summarise, time_calls
from methods.estimator.estimation import make_estimator
from methods.estimator.options import EstimatorOptions
from methods.networks.backbones import STAGE_COUNTS

ENGINE, RENDER_SIZE = "toon-tiktok", 256
SUITES = ("quick", "standard")
FACES, ROUNDS, WARM, REPEATS = 8, 5, 5, 20


def recipes() -> Iterator[tuple[str, EstimatorOptions]]:
    """The timed recipes, by the name of their line."""
    for backbone in STAGE_COUNTS:
        yield f"{backbone}, whole", EstimatorOptions(backbone=backbone)
    for name in SUITES:
        suite = load_suite(name)
        section = next(v for v in suite.variants if v.method == "baseline")
        wanted = merged_options(
            suite,
            section,
            EstimatorOptions.accepted_names(),
            EstimatorOptions.old_names(),
        )
        yield f"suite {name}", EstimatorOptions.model_validate(wanted)


def make_subject(
    engine: Engine, options: EstimatorOptions
) -> tuple[Subject[torch.Tensor, AvatarVectors], float]:
    """An estimator to time, and its number of parameters in millions."""
    network = make_estimator(engine.spec, options, seed=0).eval()

    def predict(face: torch.Tensor) -> AvatarVectors:
        with torch.inference_mode():
            flat = network(options.network_input(face))
        return AvatarVectors.from_flat(engine.spec, flat.numpy())

    numbers = sum(p.numel() for p in network.parameters()) / 1e6
    return Subject(predict, lambda v: engine.render(v, RENDER_SIZE)), numbers


def main() -> None:
    """Time all recipes in turn, without and with the engine; print a line for each."""
    engine = ENGINES.load(ENGINE)()
    machine = hardware("cpu", torch.get_num_threads())
    print(f"{machine['processor']}, {machine['threads']} threads; renders of {ENGINE}")
    print(f"{'estimator':<28}{'px':>5}{'parameters':>12}{'Hz':>8}{'+ engine':>10}")
    named = list(recipes())
    made = [make_subject(engine, options) for _, options in named]
    sizes = [options.input_size for _, options in named]
    faces = {s: (torch.rand(FACES, 3, s, s) * 2 - 1).split(1) for s in set(sizes)}
    calls: list[list[Calls]] = [[] for _ in named]
    for _ in range(ROUNDS):  # in turn, so that other work slows all of them alike
        for (subject, _), size, rounds in zip(made, sizes, calls, strict=True):
            rounds.append(time_calls(subject, faces[size], WARM, REPEATS))
    for (name, _), (_, numbers), size, rounds in zip(
        named, made, sizes, calls, strict=True
    ):
        timing = summarise(rounds)
        print(
            f"{name:<28}{size:>5}{numbers:>10.1f} M"
            f"{timing.model.hz_median:>8.1f}{timing.end_to_end.hz_median:>10.1f}"
        )


if __name__ == "__main__":
    main()
