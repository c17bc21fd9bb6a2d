"""A deterministic training loop that resumes after a kill."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import torch
from safetensors.torch import load_file, save
from torch import Tensor, nn

from benchmark.storage.store import atomic_write
from benchmark.system.progress import Progress
from methods.shared.tensors import storable

CHECKPOINT = "checkpoint.safetensors"
CHECKPOINT_SECONDS = 600
LOG_STEPS = 20

MOMENTUM = 0.9

Schedule = Literal["halving", "cosine"]
OptimiserName = Literal["adam", "sgd"]


class TrainingDiverged(FloatingPointError):
    """A loss or a weight is not finite; the message says when and what is kept."""


@dataclass(frozen=True)
class Recipe:
    """The length, learning rate and optimiser of a training.

    Attributes:
        steps: optimiser steps.
        learning_rate: the largest learning rate.
        schedule: "halving" halves the learning rate after 30, 60 and 90 % of the steps
            (SwiftAvatar: every 30 of 100 epochs); "tenths" reduces it by 10 % after
            every tenth of the steps (F2P: every 50 of 500 epochs); "constant" keeps it
            (F2P v2); "cosine" warms up over the first 5 % and then decays to zero along
            half a cosine.
        checkpoint_steps: steps between two checkpoints. A checkpoint is also written
            after ten minutes without one.
        optimiser: "adam", or "sgd" with momentum 0.9.
        betas: Adam's decay rates of the moments.
        weight_decay: decoupled decay of matrices under Adam, which is then AdamW
            (Loshchilov and Hutter, ICLR 2019); biases and scales do not decay.
    """

    steps: int
    learning_rate: float
    schedule: Schedule | Literal["tenths", "constant"] = "halving"
    checkpoint_steps: int = 200
    optimiser: OptimiserName = "adam"
    betas: tuple[float, float] = (0.9, 0.999)
    weight_decay: float = 0.0

    def __post_init__(self) -> None:
        if self.weight_decay and self.optimiser != "adam":
            raise ValueError("weight_decay needs the optimiser adam")


def learning_rate_at(step: int, recipe: Recipe) -> float:
    """Return the learning rate of a step (0 to steps - 1)."""
    if recipe.schedule == "constant":
        return recipe.learning_rate
    share = step / recipe.steps
    if recipe.schedule == "halving":
        return recipe.learning_rate * 0.5 ** int(share / 0.3 + 1e-9)
    if recipe.schedule == "tenths":
        return recipe.learning_rate * 0.9 ** int(share * 10 + 1e-9)
    warm = max(1, round(recipe.steps * 0.05))
    rise = min(1.0, (step + 1) / warm)
    wave = torch.pi * max(0, step - warm) / max(1, recipe.steps - warm)
    return recipe.learning_rate * rise * 0.5 * (1 + float(torch.tensor(wave).cos()))


def train(
    network: nn.Module,
    loss_at: Callable[[int], Tensor],
    recipe: Recipe,
    scratch: Path,
    progress: Progress,
    label: str,
) -> None:
    """Train the parameters of `network` that require gradients, in place.

    A training that was killed resumes from the checkpoint in `scratch` and ends with
    the same bytes, on the same machine with the same number of threads.

    Args:
        network: the network; in evaluation mode at the end.
        loss_at: gives the loss of a step; it must depend only on the step and on the
            network.
        recipe: the length, learning rate and optimiser.
        scratch: the folder of the checkpoint.
        progress: progress bar and logged loss.
        label: the name of both.

    Raises:
        TrainingDiverged: if a loss or a weight is not finite. The checkpoint keeps the
            last good state.
    """
    trainer = Trainer(network, recipe)
    network.train()
    repeat(
        lambda step: trainer.step(loss_at(step), step),
        {"": trainer},
        recipe,
        scratch / CHECKPOINT,
        progress,
        label,
    )
    network.eval()


def repeat(
    take_step: Callable[[int], float],
    trainers: Mapping[str, Trainer],
    recipe: Recipe,
    checkpoint: Path,
    progress: Progress,
    label: str,
) -> None:
    """Take the steps of a recipe with the trainers of one or more networks.

    Args:
        take_step: takes a step with every trainer and returns its loss. It must depend
            only on the step and on the trained networks.
        trainers: the trainers; the keys begin the names of their tensors in the
            checkpoint.
        recipe: the number of steps, and how often the checkpoint is written.
        checkpoint: the file to resume from.
        progress: progress bar and logged loss.
        label: the name of both.

    Raises:
        TrainingDiverged: if a loss or a weight is not finite. The checkpoint keeps the
            last good state.
    """
    done = kept = _resume(checkpoint, trainers)
    saved = time.monotonic()
    with progress.task(label, recipe.steps, done) as task:
        for step in range(done, recipe.steps):
            try:
                loss = take_step(step)
            except FloatingPointError as error:
                raise _diverged(label, str(error), kept) from error
            task.advance()
            if step % LOG_STEPS == 0:
                progress.log({f"{label}/loss": loss}, step)
            finished = step + 1
            due = finished % recipe.checkpoint_steps == 0
            late = time.monotonic() - saved > CHECKPOINT_SECONDS
            if not (due or late or finished == recipe.steps):
                continue
            if not all(trainer.is_finite() for trainer in trainers.values()):
                problem = f"a weight is not finite after step {step}"
                raise _diverged(label, problem, kept)
            if finished < recipe.steps:
                _save(checkpoint, trainers, finished)
                saved, kept = time.monotonic(), finished


def _diverged(label: str, problem: str, kept: int) -> TrainingDiverged:
    state = f"the checkpoint after {kept} steps is kept" if kept else "no step was kept"
    return TrainingDiverged(f"{label}: {problem}; lower the learning rate ({state})")


def _save(path: Path, trainers: Mapping[str, Trainer], done: int) -> None:
    """Write everything that the next step depends on, atomically."""
    tensors = {
        f"{prefix}{key}": value
        for prefix, trainer in trainers.items()
        for key, value in trainer.state().items()
    }
    atomic_write(path, save({**storable(tensors), "done": torch.tensor(done)}))


def _resume(path: Path, trainers: Mapping[str, Trainer]) -> int:
    """Read the checkpoint if it exists; return the number of steps done."""
    if not path.is_file():
        return 0
    tensors = load_file(path)
    for prefix, trainer in trainers.items():
        own = {
            k.removeprefix(prefix): v
            for k, v in tensors.items()
            if k.startswith(prefix)
        }
        trainer.load_state(own)
    return int(tensors["done"])


class Trainer:
    """A network with its optimiser, saved together in one checkpoint file.

    Parameters that require no gradients now are not trained.
    """

    def __init__(self, network: nn.Module, recipe: Recipe) -> None:
        self._network = network
        self._recipe = recipe
        self._named = {
            name: parameter
            for name, parameter in network.named_parameters()
            if parameter.requires_grad
        }
        self._optimiser = _optimiser(recipe, list(self._named.values()))

    def step(self, loss: Tensor, step: int) -> float:
        """Take one optimiser step; return the value of `loss`."""
        value = float(loss.detach())
        if value != value or value in (float("inf"), float("-inf")):
            raise FloatingPointError(f"the loss of step {step} is not finite")
        for group in self._optimiser.param_groups:
            group["lr"] = learning_rate_at(step, self._recipe)
        self._optimiser.zero_grad(set_to_none=True)
        loss.backward()
        self._optimiser.step()
        return value

    def is_finite(self) -> bool:
        """Whether all weights and moments are finite."""
        tensors = [v for v in self.state().values() if v.is_floating_point()]
        return all(bool(value.isfinite().all()) for value in tensors)

    def state(self) -> dict[str, Tensor]:
        """Everything that the next step depends on."""
        tensors = {f"network/{k}": v for k, v in self._network.state_dict().items()}
        for name, parameter in self._named.items():
            for key, value in self._optimiser.state[parameter].items():
                tensors[f"{self._recipe.optimiser}/{key}/{name}"] = value
        return tensors

    def load_state(self, tensors: Mapping[str, Tensor]) -> None:
        """Continue from what `state` returned."""
        self._network.load_state_dict(
            {
                key.removeprefix("network/"): value
                for key, value in tensors.items()
                if key.startswith("network/")
            }
        )
        for name, parameter in self._named.items():
            self._optimiser.state[parameter] = self._saved_state(
                name, parameter, tensors
            )

    def _saved_state(
        self, name: str, parameter: Tensor, tensors: Mapping[str, Tensor]
    ) -> dict[str, Tensor]:
        """The optimiser state of a parameter in the checkpoint."""
        kind = self._recipe.optimiser
        # The fused step needs moments in the memory order of their parameter.
        moments = {
            key: torch.empty_like(parameter).copy_(tensors[f"{kind}/{key}/{name}"])
            for key in _MOMENTS[kind]
        }
        if kind == "sgd":
            return moments
        return {"step": tensors[f"adam/step/{name}"].to(parameter.device), **moments}


_MOMENTS: dict[OptimiserName, tuple[str, ...]] = {
    "adam": ("exp_avg", "exp_avg_sq"),
    "sgd": ("momentum_buffer",),
}


def _optimiser(recipe: Recipe, parameters: list[nn.Parameter]) -> torch.optim.Optimizer:
    rate = recipe.learning_rate
    if recipe.optimiser == "adam" and recipe.weight_decay:
        groups = [
            {
                "params": [p for p in parameters if p.ndim > 1],
                "weight_decay": recipe.weight_decay,
            },
            {"params": [p for p in parameters if p.ndim <= 1], "weight_decay": 0.0},
        ]
        return torch.optim.AdamW(groups, lr=rate, betas=recipe.betas, fused=True)
    if recipe.optimiser == "adam":
        return torch.optim.Adam(parameters, lr=rate, betas=recipe.betas, fused=True)
    return torch.optim.SGD(parameters, lr=rate, momentum=MOMENTUM, fused=True)
