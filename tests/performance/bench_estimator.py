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
from evaluation.speed import Subject, measure
from methods.estimator.estimation import make_estimator
from methods.estimator.options import EstimatorOptions
from methods.networks.backbones import STAGE_COUNTS

ENGINE, RENDER_SIZE = "toon-tiktok", 256
SUITES = ("quick", "standard")
FACES, WARM, REPEATS = 8, 10, 100


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


def print_line(name: str, engine: Engine, options: EstimatorOptions) -> None:
    """Time one estimator: model alone, and with the engine's render."""
    network = make_estimator(engine.spec, options, seed=0).eval()
    size = options.input_size
    faces = list((torch.rand(FACES, 3, size, size) * 2 - 1).split(1))

    def predict(face: torch.Tensor) -> AvatarVectors:
        with torch.inference_mode():
            flat = network(options.network_input(face))
        return AvatarVectors.from_flat(engine.spec, flat.numpy())

    subject = Subject(predict, lambda v: engine.render(v, RENDER_SIZE))
    timing = measure(subject, faces, {}, WARM, REPEATS)
    numbers = sum(p.numel() for p in network.parameters()) / 1e6
    print(
        f"{name:<28}{size:>5}{numbers:>10.1f} M"
        f"{timing.model.hz_median:>8.1f}{timing.end_to_end.hz_median:>10.1f}"
    )


def main() -> None:
    """Print one line per recipe."""
    engine = ENGINES.load(ENGINE)()
    machine = hardware("cpu", torch.get_num_threads())
    print(f"{machine['processor']}, {machine['threads']} threads; renders of {ENGINE}")
    print(f"{'estimator':<28}{'px':>5}{'parameters':>12}{'Hz':>8}{'+ engine':>10}")
    for name, options in recipes():
        print_line(name, engine, options)


if __name__ == "__main__":
    main()
