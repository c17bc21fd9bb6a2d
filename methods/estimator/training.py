"""A deterministic training loop that survives being killed."""

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

CHECKPOINT = "checkpoint.safetensors"
CHECKPOINT_SECONDS = 600
LOG_STEPS = 20

MOMENTUM = 0.9

Schedule = Literal["halving", "cosine"]
OptimiserName = Literal["adam", "sgd"]


@dataclass(frozen=True)
class Recipe:
    """How long and how fast to learn, by Adam or by descent with a momentum of 0.9.

    "halving" halves the learning rate after 30, 60 and 90 % of the steps (the paper:
    after every 30 of 100 epochs); "tenths" takes 10 % off after every tenth of the
    steps (F2P: every 50 of 500 epochs); "constant" leaves it (F2P v2); "cosine" lets it
    rise over the first 5 % and then fall to zero along a half wave. A checkpoint is
    written every `checkpoint_steps`, and earlier where those take more than ten
    minutes.
    """

    steps: int
    learning_rate: float
    schedule: Schedule | Literal["tenths", "constant"] = "halving"
    checkpoint_steps: int = 200
    optimiser: OptimiserName = "adam"


def learning_rate_at(step: int, recipe: Recipe) -> float:
    """The learning rate of a step (0 to steps - 1)."""
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
    """Fit the parameters of `network` that want gradients, in place.

    `loss_at(step)` is the loss of a step and may depend on nothing but the step and the
    network: then a run that was killed and resumed from `scratch` ends with the same
    bytes (same machine, same number of threads). Raises FloatingPointError where the
    loss is not finite.
    """
    learner = _Learner(network, recipe)
    done = learner.resume(scratch / CHECKPOINT)
    saved = time.monotonic()
    network.train()
    with progress.task(label, recipe.steps, done) as task:
        for step in range(done, recipe.steps):
            loss = learner.step(loss_at(step), step)
            task.advance()
            if step % LOG_STEPS == 0:
                progress.log({f"{label}/loss": loss}, step)
            finished = step + 1
            due = finished % recipe.checkpoint_steps == 0
            late = time.monotonic() - saved > CHECKPOINT_SECONDS
            if (due or late) and finished < recipe.steps:
                learner.save(scratch / CHECKPOINT, finished)
                saved = time.monotonic()
    network.eval()


class _Learner:
    """A network with its optimiser: steps, and a checkpoint of both in one file."""

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
        """One step down `loss`; its value."""
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
        """Write everything that the next step depends on, whole or not at all."""
        tensors = {f"network/{k}": v for k, v in self._network.state_dict().items()}
        for name, parameter in self._named.items():
            for key, value in self._optimiser.state[parameter].items():
                tensors[f"{self._recipe.optimiser}/{key}/{name}"] = value
        tensors = {k: v.detach().cpu().contiguous() for k, v in tensors.items()}
        atomic_write(path, save({**tensors, "done": torch.tensor(done)}))

    def resume(self, path: Path) -> int:
        """Read a checkpoint, if there is one; the number of steps that it holds."""
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
            self._optimiser.state[parameter] = self._remembered(
                name, parameter, tensors
            )
        return int(tensors["done"])

    def _remembered(
        self, name: str, parameter: Tensor, tensors: Mapping[str, Tensor]
    ) -> dict[str, Tensor]:
        """What the optimiser knew of a parameter, as the checkpoint has it."""
        kind = self._recipe.optimiser
        # The fused step wants moments in the memory order of their parameter.
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
