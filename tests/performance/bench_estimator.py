"""Predictions per second of the avatar estimator by backbone, one face at a time.

Run it on an idle machine: python tests/performance/bench_estimator.py

The paper's reading (the whole backbone, pooled, 224 px) with each backbone, then what
the suites use. Weights are random: they do not change the time. The second table runs
the estimators of the suites with other runtimes. Those that are not installed are
skipped. A runtime could replace torch where it is faster and differs by at most 1e-4.
"""

from __future__ import annotations

import copy
import io
from collections.abc import Callable, Iterator
from typing import Any

from benchmark.system.openmp import limit_spinning

limit_spinning()  # before torch is imported

import torch
from figures import record
from torch import Tensor

from benchmark.avatars import AvatarVectors
from benchmark.config.option_merge import merged_options
from benchmark.config.suite import load_suite
from benchmark.engines.base import Engine
from benchmark.registry import ENGINES
from benchmark.system.hardware import hardware
from benchmark.weights import find
from evaluation.speed import Calls, Subject, summarise, time_calls
from methods.estimator.estimation import make_estimator
from methods.estimator.options import EstimatorOptions
from methods.networks.backbones import STAGE_COUNTS, WEIGHT_FILES
from methods.networks.estimator import Estimator
from methods.networks.folding import fold

ENGINE, RENDER_SIZE = "toon-tiktok", 256
SUITES = ("quick", "standard")
FACES, ROUNDS, WARM, REPEATS = 8, 5, 5, 20
EXACT = 1e-4
"""The largest difference of outputs (scalars in [0, 1] and logits)."""

Runner = Callable[[Tensor], Tensor]
"""From a (1, 3, S, S) face to (1, flat_size) outputs."""


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


def folded(network: Estimator, face: Tensor) -> Runner:
    """Torch, with batch normalisations folded into the convolutions."""
    own = copy.deepcopy(network).requires_grad_(False)
    fold(own.backbone)
    return own


def compiled(network: Estimator, face: Tensor) -> Runner:
    """torch.compile, which needs a C++ compiler."""
    run = torch.compile(network)
    run(face)
    return run


def onnx_runtime(network: Estimator, face: Tensor) -> Runner:
    """ONNX Runtime on the CPU, with as many threads as torch."""
    import onnxruntime  # pyright: ignore[reportMissingImports]

    file = io.BytesIO()
    torch.onnx.export(network, (face,), file, input_names=["face"], dynamo=False)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = torch.get_num_threads()
    session = onnxruntime.InferenceSession(
        file.getvalue(), options, providers=["CPUExecutionProvider"]
    )
    return lambda x: torch.from_numpy(session.run(None, {"face": x.numpy()})[0])


RUNTIMES: dict[str, Callable[[Estimator, Tensor], Runner]] = {
    "folded": folded,
    "torch.compile": compiled,
    "ONNX Runtime": onnx_runtime,
}


def runners(network: Estimator, face: Tensor) -> Iterator[tuple[str, Runner | str]]:
    """Every runtime of a network, or why it does not work here."""
    yield "eager", network
    for name, make in RUNTIMES.items():
        try:
            yield name, make(network, face)
        except ModuleNotFoundError as error:
            yield name, f"not installed: {error.name}"
        except Exception as error:  # whatever a compiler or an exporter says
            yield name, f"failed: {str(error).splitlines()[0]}"


def print_runtimes(suite: str, options: EstimatorOptions, engine: Engine) -> None:
    """Print the speed of an estimator with every runtime, and how exact it is."""
    file = find(WEIGHT_FILES[options.backbone])
    network = make_estimator(engine.spec, options, 0, file).eval()
    faces = torch.rand(FACES, 3, *(options.input_size,) * 2) * 2 - 1
    with torch.inference_mode():
        made = list(runners(network, faces[:1]))
        working = {name: run for name, run in made if not isinstance(run, str)}
        calls: dict[str, list[Calls]] = {name: [] for name in working}
        for _ in range(ROUNDS):
            for name, run in working.items():
                subject = Subject[Any, Any](run, lambda flat: flat)
                calls[name].append(time_calls(subject, faces.split(1), WARM, REPEATS))
        wanted = torch.cat([network(face) for face in faces.split(1)])
        for name, run in made:
            if isinstance(run, str):
                print(f"{suite:<18}{name:<15}{run}")
                continue
            found = torch.cat([run(face).clone() for face in faces.split(1)])
            apart = float((found - wanted).abs().max())
            milliseconds = summarise(calls[name]).model.ms_p50
            exact = "yes" if apart <= EXACT else "no"
            print(f"{suite:<18}{name:<15}{milliseconds:>8.2f}{apart:>13.1e}  {exact}")
            record(f"estimator: {suite}, {name}", milliseconds, "ms")


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
        record(f"estimator: {name}", timing.model.hz_median, "/s")
    print(f"\n{'estimator':<18}{'runtime':<15}{'ms':>8}{'difference':>13}  exact")
    for name, options in named:
        if name.startswith("suite"):
            print_runtimes(name, options, engine)


if __name__ == "__main__":
    main()
