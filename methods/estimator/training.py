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
    """

    steps: int
    learning_rate: float
    schedule: Schedule | Literal["tenths", "constant"] = "halving"
    checkpoint_steps: int = 200
    optimiser: OptimiserName = "adam"


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
        FloatingPointError: if a loss is not finite.
    """
    trainer = _Trainer(network, recipe)
    done = trainer.resume(scratch / CHECKPOINT)
    saved = time.monotonic()
    network.train()
    with progress.task(label, recipe.steps, done) as task:
        for step in range(done, recipe.steps):
            loss = trainer.step(loss_at(step), step)
            task.advance()
            if step % LOG_STEPS == 0:
                progress.log({f"{label}/loss": loss}, step)
            finished = step + 1
            due = finished % recipe.checkpoint_steps == 0
            late = time.monotonic() - saved > CHECKPOINT_SECONDS
            if (due or late) and finished < recipe.steps:
                trainer.save(scratch / CHECKPOINT, finished)
                saved = time.monotonic()
    network.eval()


class _Trainer:
    """A network with its optimiser, saved together in one checkpoint file."""

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

    def save(self, path: Path, done: int) -> None:
        """Write everything that the next step depends on, atomically."""
        tensors = {f"network/{k}": v for k, v in self._network.state_dict().items()}
        for name, parameter in self._named.items():
            for key, value in self._optimiser.state[parameter].items():
                tensors[f"{self._recipe.optimiser}/{key}/{name}"] = value
        atomic_write(path, save({**storable(tensors), "done": torch.tensor(done)}))

    def resume(self, path: Path) -> int:
        """Read the checkpoint if it exists; return the number of steps done."""
        if not path.is_file():
            return 0
        tensors = load_file(path)
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
        return int(tensors["done"])

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
    if recipe.optimiser == "adam":
        return torch.optim.Adam(parameters, lr=rate, fused=True)
    return torch.optim.SGD(parameters, lr=rate, momentum=MOMENTUM, fused=True)
