"""The stages of the suite `paper` on a GPU and on this machine's CPU.

Run it on an idle machine: python tests/performance/bench_gpu.py

Networks have the published sizes and random weights: the 512-px generators and their
discriminator, LPIPS-VGG at 256 px, and ResNet-18 at 224 px. Every stage is measured in
32 bits, in 32 bits with TF32, in bfloat16, and compiled. The CPU gets smaller batches.
Errors are differences from 32 bits on the CPU. Times are medians.
"""

from __future__ import annotations

import argparse
import copy
import statistics
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmark.system.openmp import limit_spinning

limit_spinning()  # before torch is imported

import numpy as np
import torch
from figures import record
from safetensors.torch import save_file
from tiny_networks import PUBLISHED
from torch import Tensor

from benchmark.avatars import AvatarSpec, AvatarVectors, Discrete
from benchmark.system.hardware import hardware
from benchmark.system.progress import Silent
from benchmark.system.torchvision_ops import declare_missing_operators
from benchmark.weights import VGG16
from methods.estimator.estimation import make_estimator
from methods.estimator.losses import Targets, estimator_loss
from methods.estimator.options import EstimatorOptions
from methods.estimator.training import Trainer
from methods.generator.recipe import DiscriminatorOptions, read_recipe
from methods.generator.sampling import centre, draw_latents
from methods.networks.discriminator import SemanticDiscriminator
from methods.networks.semantic_stylegan import SemanticGenerator
from methods.shared.precision import Precision, autocast
from methods.shared.renders import Renders
from methods.swiftavatar.adaptation_training import AdaptationTraining
from methods.swiftavatar.latent_optimisation import LatentOptimiser
from methods.swiftavatar.options import AdaptationOptions, InversionOptions
from methods.swiftavatar.perceptual import open_perceptual
from methods.swiftavatar.pretrained_pair import PretrainedPair

GENERATOR_BATCH = {"cuda": 16, "cpu": 2}
ESTIMATOR_BATCH = {"cuda": 256, "cpu": 32}
EVEN, WITH_PATH, WITH_BOTH = 1, 4, 16
"""Iterations of an adaptation without regularisation, with that of path lengths (every
4th) and also with R1 (every 16th)."""
SPEC = AvatarSpec(
    "bench",
    tuple(
        Discrete(f"choice-{n}", "face", tuple(f"option-{k}" for k in range(8)))
        for n in range(20)
    ),
)


@dataclass(frozen=True)
class Mode:
    """Device and precision of a measurement, a column of the tables."""

    name: str
    device: str
    tf32: bool = False
    precision: Precision = "32-true"
    compiled: bool = False

    def set_tf32(self) -> None:
        """Switch TF32 on or off, for all operations of this process."""
        torch.set_float32_matmul_precision("high" if self.tf32 else "highest")
        torch.backends.cudnn.allow_tf32 = self.tf32

    def start(self) -> None:
        """Begin to measure: TF32 as the mode says, peak memory from here."""
        self.set_tf32()
        if self.device == "cuda":
            torch.cuda.empty_cache()
            torch.cuda.reset_peak_memory_stats()

    def prepared(self, network: Any) -> Any:
        """The network, compiled where the mode asks for it."""
        return torch.compile(network) if self.compiled else network

    def seconds(
        self, call: Callable[[], object], repeats: int, others: int = 2
    ) -> float:
        """Median seconds of a call after a number of others."""
        taken = []
        for _ in range(repeats + others):
            started = time.perf_counter()
            call()
            if self.device == "cuda":
                torch.cuda.synchronize()
            taken.append(time.perf_counter() - started)
        return statistics.median(taken[others:])

    def gigabytes(self) -> float:
        """Peak memory on the GPU since `start`; 0 for the CPU."""
        if self.device == "cpu":
            return 0.0
        return torch.cuda.max_memory_allocated() / 1e9


MODES = (
    Mode("CPU, 32 bits", "cpu"),
    Mode("GPU, 32 bits", "cuda"),
    Mode("GPU, TF32", "cuda", tf32=True),
    Mode("GPU, bf16", "cuda", tf32=True, precision="bf16-mixed"),
    Mode("GPU, TF32, compiled", "cuda", tf32=True, compiled=True),
    Mode("GPU, bf16, compiled", "cuda", True, "bf16-mixed", compiled=True),
)


class Bench:
    """The untrained networks, and latent codes that all modes share."""

    def __init__(self, small: bool, repeats: int, steps: int, folder: Path) -> None:
        torch.manual_seed(0)
        config = read_recipe("portraits64").generator if small else PUBLISHED
        self.generator = SemanticGenerator(**config).requires_grad_(False).eval()
        self.side = self.generator.config.size
        self.discriminator = SemanticDiscriminator(self.side)
        self.latents = draw_latents(self.generator, GENERATOR_BATCH["cuda"], seed=0)
        self.start = self.generator.layout.repeat(centre(self.generator)[None])
        self.repeats, self.steps = repeats, steps
        declare_missing_operators()
        from torchvision.models import vgg16

        trunk = {
            name: tensor
            for name, tensor in vgg16(weights=None).state_dict().items()
            if name.startswith("features.")
        }
        self.weights = {VGG16: folder / "vgg16.safetensors"}
        save_file(trunk, self.weights[VGG16])
        self.expected: dict[str, Tensor] = {}

    def change(self, name: str, found: Tensor) -> float:
        """Mean absolute difference from the first mode, that of the CPU."""
        expected = self.expected.setdefault(name, found.detach().float().cpu())
        rows = min(len(expected), len(found))
        return float((found[:rows].float().cpu() - expected[:rows]).abs().mean())

    def pictures(self, mode: Mode) -> tuple[float, float]:
        """Seconds a picture, and the change of its pixels in 255ths."""
        generator = mode.prepared(copy.deepcopy(self.generator).to(mode.device))
        latents = self.latents[: GENERATOR_BATCH[mode.device]].to(mode.device)

        @torch.no_grad()
        def draw() -> Tensor:
            with autocast(mode.device, mode.precision):
                return generator([latents], input_is_latent=True).image

        taken = mode.seconds(draw, self.repeats) / len(latents)
        return taken, self.change("pictures", draw()) * 127.5

    def adaptation(self, mode: Mode) -> tuple[float, float]:
        """Seconds a picture of an iteration, the mean of all kinds of iterations.

        It has 32 bits, and regularisations are differentiated twice, which compiled
        networks cannot be.
        """
        batch = GENERATOR_BATCH[mode.device]
        kinds = {}
        for kind in (EVEN, WITH_PATH, WITH_BOTH):
            kinds[kind] = self._iteration(mode, kind, batch)
        path = kinds[WITH_PATH] - kinds[EVEN]
        penalty = kinds[WITH_BOTH] - kinds[WITH_PATH]
        taken = kinds[EVEN] + path / WITH_PATH + penalty / WITH_BOTH
        return taken / batch, 0.0

    def _iteration(self, mode: Mode, number: int, batch: int) -> float:
        options = AdaptationOptions(
            steps=number + 1,
            batch=batch,
            check_every=10**6,
        )
        pair = PretrainedPair(
            copy.deepcopy(self.generator).to(mode.device),
            copy.deepcopy(self.discriminator).to(mode.device),
            DiscriminatorOptions(),
            "bench",
        )
        shape = (batch, self.side, self.side, 3)
        pictures = np.random.default_rng(0).integers(0, 256, shape, np.uint8)
        vectors = AvatarVectors.sample(SPEC, batch, 0)
        renders = Renders(vectors, self.side, "bench", lambda: pictures)
        with tempfile.TemporaryDirectory() as scratch:
            training = AdaptationTraining(
                pair, renders, options, 0, Path(scratch), "bench", mode.device
            )
            mode.set_tf32()  # the training has allowed it

            def iterate() -> None:
                training.state.iteration = number
                training.run(Silent())

            # An iteration of 512 px takes most of a minute on a CPU.
            if mode.device == "cpu":
                return mode.seconds(iterate, 1, others=0)
            return mode.seconds(iterate, self.repeats)

    def inversion(self, mode: Mode) -> tuple[float, float]:
        """Seconds a render and a step, and the change of the loss's final terms."""
        batch = GENERATOR_BATCH[mode.device]
        options = InversionOptions(steps=self.steps, precision=mode.precision)
        net = open_perceptual(
            "lpips-vgg", options.perceptual_size, self.weights, mode.device
        )
        generator = copy.deepcopy(self.generator).to(mode.device)
        start = self.start.to(mode.device)
        with torch.no_grad():
            latents = self.latents[:batch].to(mode.device)
            targets = generator([latents], input_is_latent=True).image
        inversion = LatentOptimiser(
            mode.prepared(generator),
            net,
            lambda some: start.repeat(len(some), 1, 1),
            options,
        )
        found = inversion.invert(targets)  # also the warm-up
        started = time.perf_counter()
        inversion.invert(targets)
        taken = (time.perf_counter() - started) / len(targets) / self.steps
        return taken, self.change("inversion", found.terms)

    def estimator(self, mode: Mode) -> tuple[float, float]:
        """Seconds a picture of a ResNet-18 training step, and the first loss's change.

        Pictures are on the device before: loading and augmentation are not measured.
        """
        options = EstimatorOptions(pretrained=False)
        batch = ESTIMATOR_BATCH[mode.device]
        network = make_estimator(SPEC, options, seed=0).to(mode.device).train()
        trainer = Trainer(network, options.recipe)
        forward = mode.prepared(network)
        draws = torch.Generator().manual_seed(0)
        side = options.input_size
        pictures = torch.rand((ESTIMATOR_BATCH["cpu"], 3, side, side), generator=draws)
        pictures = pictures.repeat(batch // len(pictures), 1, 1, 1) * 2 - 1
        pictures = pictures.to(mode.device, memory_format=torch.channels_last)
        vectors = AvatarVectors.sample(SPEC, ESTIMATOR_BATCH["cpu"], 0)
        rows = torch.arange(batch) % len(vectors)
        targets = Targets.of(vectors, mode.device).rows(rows.to(mode.device))
        losses = []

        def step() -> None:
            with autocast(mode.device, mode.precision):
                found = forward(pictures)
            loss = estimator_loss(SPEC, found.float(), targets, options.loss_weights)
            losses.append(trainer.step(loss, 0))

        taken = mode.seconds(step, self.repeats) / batch
        return taken, self.change("estimator", torch.tensor(losses[:1]))


STAGES = {
    "pictures": ("a picture of the generator", "255ths"),
    "inversion": ("a render and a step of the inversion", "of the terms"),
    "estimator": ("a picture of a step of the estimator", "of the loss"),
    "adaptation": ("a picture of an iteration of the adaptation", ""),
}


def print_stage(bench: Bench, stage: str, modes: list[Mode]) -> None:
    """Measure a stage in every mode and print one line for each."""
    what, unit = STAGES[stage]
    print(f"\n{what}\n{'':<24}{'ms':>10}{'a second':>12}{'GB':>8}  change {unit}")
    for mode in modes:
        if stage == "adaptation" and mode not in MODES[:3]:
            continue
        mode.start()
        taken, change = getattr(bench, stage)(mode)
        held = mode.gigabytes()
        line = f"{mode.name:<24}{taken * 1e3:>10.3f}{1 / taken:>12.1f}{held:>8.1f}"
        print(f"{line}  {change:.5f}", flush=True)
        record(f"gpu: {what}, {mode.name}", 1 / taken, "/s")


def main() -> None:
    """Read the options, print the machine and the tables."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--only", choices=STAGES, help="one stage")
    parser.add_argument("--small", action="store_true", help="the 64-px generator")
    parser.add_argument("--cpu-only", action="store_true", help="to try the bench")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--steps", type=int, default=5, help="of an inversion")
    options = parser.parse_args()
    if not options.cpu_only and not torch.cuda.is_available():
        print("no GPU: torch.cuda.is_available() is false; nothing is measured")
        return
    if not options.cpu_only:
        print(torch.cuda.get_device_name())
    machine = hardware("cpu", torch.get_num_threads())
    print(f"{machine['name']} of {machine['cores']} cores, torch {torch.__version__}")
    modes = [m for m in MODES if m.device == "cpu" or not options.cpu_only]
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(options.small, options.repeats, options.steps, Path(folder))
        for stage in [options.only] if options.only else STAGES:
            print_stage(bench, stage, modes)


if __name__ == "__main__":
    main()
