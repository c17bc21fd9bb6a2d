"""Adversarial training of SemanticStyleGAN, resumable after a kill.

Shi et al., "SemanticStyleGAN: Learning Compositional Generative Priors for Controllable
Image Synthesis and Editing" (CVPR 2022).
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import torch
from lightning_fabric import Fabric

from benchmark.avatars.counting import counted
from benchmark.avatars.part_classes import PART_NAMES
from benchmark.faces.parsed import ParsedFaces
from benchmark.system.progress import Progress, Silent
from benchmark.system.tf32 import allow_tf32
from methods.generator.adversarial import AdversarialStep, require_finite
from methods.generator.augmentation import augment
from methods.generator.coverage import Coverage
from methods.generator.curves import Curves
from methods.generator.examples import Examples
from methods.generator.recipe import GeneratorRecipe
from methods.generator.state import TrainingError, TrainingState
from methods.networks.discriminator import GROUP
from methods.networks.semantic_stylegan import SemanticGenerator
from methods.shared.randomness import generator_of, seed_of

CHECKPOINT = "checkpoint.safetensors"
CHECKPOINT_SECONDS = 600
LOG_EVERY = 20


class Observer(Protocol):
    """Receives the losses and previews of a training; given by the command line."""

    def figures(self, values: Mapping[str, float], iteration: int) -> None:
        """Receive losses, as means over the last `LOG_EVERY` iterations."""
        ...

    def preview(self, average: SemanticGenerator, images: int) -> Mapping[str, float]:
        """Preview the averaged generator after `images` pictures; return scores."""
        ...


class Unobserved:
    """An Observer that does nothing."""

    def figures(self, values: Mapping[str, float], iteration: int) -> None:
        """Do nothing."""

    def preview(self, average: SemanticGenerator, images: int) -> Mapping[str, float]:
        """Return no scores."""
        return {}


@dataclass(frozen=True)
class Trained:
    """The state after a call of `train_generator`.

    Attributes:
        state: networks and optimisers.
        images: real pictures shown so far, over all calls.
        finished: whether all of the recipe's `images` were shown.
        hours: machine hours so far, over all calls, without lost iterations.
    """

    state: TrainingState
    images: int
    finished: bool
    hours: float


def open_fabric(recipe: GeneratorRecipe, device: str, devices: int = 1) -> Fabric:
    """Device ("cpu", "cuda" or "mps"), precision and processes of a training.

    On CUDA, operations in 32 bits (penalties, path lengths) use TF32.
    """
    allow_tf32(device)
    strategy = "ddp" if devices > 1 else "auto"
    return Fabric(
        accelerator=device,
        devices=devices,
        strategy=strategy,
        precision=recipe.precision,
    )


def about_training(recipe: GeneratorRecipe, faces: ParsedFaces) -> dict[str, Any]:
    """Identity of a training; a checkpoint is only resumed with the same one."""
    plain = recipe.model_dump(mode="json", exclude={"images", "preview_every"})
    return {"recipe": plain, "faces": faces.digest}


def require_trainable(
    recipe: GeneratorRecipe, faces: ParsedFaces, processes: int = 1
) -> None:
    """Raise TrainingError where recipe, faces and number of processes do not match."""
    config = recipe.config
    if faces.size != config.size:
        raise TrainingError(
            f"{faces.name} has {faces.size}-px pictures and the generator makes "
            f"{config.size}-px ones: give faces of {config.size} px"
        )
    if config.seg_dim != len(PART_NAMES):
        raise TrainingError(
            f"recipe {recipe.name}: generator.seg_dim is {config.seg_dim}, and the "
            f"part maps of {faces.name} have {len(PART_NAMES)} classes: set it to "
            f"{len(PART_NAMES)}"
        )
    if recipe.batch > len(faces):
        raise TrainingError(
            f"{faces.name} has {counted(len(faces), 'face')}, fewer than a batch of "
            f"{recipe.batch}: give more faces or a smaller batch"
        )
    share, rest = divmod(recipe.batch, processes)
    if rest or (share > GROUP and share % GROUP):
        raise TrainingError(
            f"a batch of {recipe.batch} cannot be shared by {processes} devices: each "
            f"device needs fewer than {GROUP} pictures or a multiple of {GROUP}"
        )


def train_generator(
    recipe: GeneratorRecipe,
    faces: ParsedFaces,
    folder: Path,
    fabric: Fabric,
    progress: Progress | None = None,
    observer: Observer | None = None,
    start: TrainingState | None = None,
    minutes: float | None = None,
) -> Trained:
    """Train until the recipe's pictures are shown or `minutes` have passed.

    The folder gets `curves.jsonl`, and a checkpoint every ten minutes and at the end.
    A second call with the same folder resumes from the last checkpoint. Its curve is
    that of an uninterrupted training: bit-exact on the CPU of one machine with the same
    number of threads and processes, elsewhere up to rounding.

    Args:
        recipe: networks, losses and length.
        faces: train faces of the generator's size.
        folder: of this training.
        fabric: from `open_fabric`, launched.
        progress: shows a bar over pictures.
        observer: receives losses, and a preview every `recipe.preview_every` pictures.
        start: the initial state where the folder has no checkpoint.
        minutes: maximum duration of this call.

    Raises:
        TrainingError: from `require_trainable`, or for a folder of another training.
        FloatingPointError: where a loss is not finite.
    """
    trainer = _Trainer(recipe, faces, folder, fabric, observer or Unobserved(), start)
    return trainer.run(progress or Silent(), minutes)


class _Trainer:
    def __init__(
        self,
        recipe: GeneratorRecipe,
        faces: ParsedFaces,
        folder: Path,
        fabric: Fabric,
        observer: Observer,
        start: TrainingState | None,
    ) -> None:
        require_trainable(recipe, faces, fabric.world_size)
        folder.mkdir(parents=True, exist_ok=True)
        self.recipe, self.fabric, self.observer = recipe, fabric, observer
        self.folder = folder
        self.about = about_training(recipe, faces)
        self.state = start or TrainingState(recipe, fabric.device)
        self.state.resume(folder / CHECKPOINT, self.about)
        coverage = Coverage(recipe, self.state, faces) if recipe.coverage else None
        self.step = AdversarialStep(recipe, self.state, fabric, coverage=coverage)
        self.curves = Curves(folder, self.state.iteration, fabric.is_global_zero)
        if fabric.is_global_zero:
            # Partly written checkpoints of killed processes.
            for leftover in folder.glob(f".{CHECKPOINT}.*.tmp"):
                leftover.unlink(missing_ok=True)
        self.examples = Examples(
            faces, recipe.config.seg_dim, recipe.batch, recipe.seed
        )

    def run(self, progress: Progress, minutes: float | None) -> Trained:
        """Iterate to the end of the recipe, or until `minutes` have passed."""
        state, recipe = self.state, self.recipe
        started = saved = time.monotonic()
        before = self.curves.hours
        total = recipe.iterations * recipe.batch
        shown = state.iteration * recipe.batch
        with (
            progress.task("train generator (pictures)", total, shown) as task,
            torch.random.fork_rng(devices=self._cuda()),
            closing(self.examples),
        ):
            while state.iteration < recipe.iterations:
                for name, value in self.iterate().items():
                    state.pending.setdefault(name, []).append(value)
                task.advance(recipe.batch)
                self.curves.hours = before + (time.monotonic() - started) / 3600
                if state.iteration % LOG_EVERY == 0:
                    self._record(state.pending)
                    state.pending = {}
                self._preview_if_due()
                over = minutes is not None and (
                    self._agreed(time.monotonic() - started) > minutes * 60
                )
                if over:
                    break
                if self._agreed(time.monotonic() - saved) > CHECKPOINT_SECONDS:
                    self._save()
                    saved = time.monotonic()
        self._save()
        images = state.iteration * recipe.batch
        finished = state.iteration >= recipe.iterations
        return Trained(state, images, finished, self.curves.hours)

    def _cuda(self) -> list[torch.device]:
        device = self.fabric.device
        return [device] if device.type == "cuda" else []

    def _agreed(self, seconds: float) -> float:
        """The first process's value, so that all stop at the same iteration."""
        if self.fabric.world_size == 1:
            return seconds
        return float(self.fabric.broadcast(seconds))

    def _record(self, sums: Mapping[str, list[float]]) -> None:
        means = {name: sum(values) / len(values) for name, values in sums.items()}
        means["train/images"] = float(self.state.iteration * self.recipe.batch)
        self.curves.add(means, self.state.iteration)
        if self.fabric.is_global_zero:
            self.observer.figures(means, self.state.iteration)

    def _preview_if_due(self) -> None:
        every = max(1, self.recipe.preview_every // self.recipe.batch)
        state = self.state
        last = state.iteration == self.recipe.iterations
        if (state.iteration % every and not last) or not self.fabric.is_global_zero:
            return
        images = state.iteration * self.recipe.batch
        scores = self.observer.preview(state.average, images)
        if scores:
            self.curves.add(scores, state.iteration)

    def _save(self) -> None:
        # Checked by every process, since weights are the same: if only one raised, the
        # others would wait at the barrier until it times out.
        self.state.require_finite()
        if self.fabric.is_global_zero:
            self.state.save(self.folder / CHECKPOINT, self.about)
        self.fabric.barrier()

    def iterate(self) -> dict[str, float]:
        """Run one iteration; return its losses."""
        state, rank = self.state, self.fabric.global_rank
        iteration = state.iteration
        draws = generator_of(self.recipe.seed, "draws", iteration, rank)
        # The generator draws its noise from the global random numbers.
        torch.manual_seed(seed_of(self.recipe.seed, "noise", iteration, rank))
        ranks = self.fabric.world_size
        picture, seg = self.examples.take(iteration, rank, ranks)
        # Augmentation of a batch of 512-px maps takes most of a second on a CPU core.
        picture, seg = picture.to(state.device), seg.to(state.device)
        picture, seg = augment(picture, seg, self.recipe.augmentation, draws)
        picture = picture.to(memory_format=torch.channels_last)
        seg = seg.to(memory_format=torch.channels_last)
        losses = self.step.take(picture, seg, draws)
        state.update_average(self.recipe.ema_decay)
        state.iteration += 1
        require_finite(losses, iteration)
        return losses
