"""A training's state: networks, optimisers, how far it is; kept in one file."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor, nn

from benchmark.store import atomic_write
from methods.generator.recipe import GeneratorRecipe
from methods.randomness import seed_of

BETA_SQUARES = 0.99
"""Adam's second beta; the first is 0."""


NOTE = "training"


class TrainingError(RuntimeError):
    """A training cannot start or go on; the message says why."""


def _optimiser(
    network: nn.Module, learning_rate: float, every: int | None
) -> torch.optim.Adam:
    """Adam; where a regularisation steps on its own `every` iterations, slowed for it.

    That is StyleGAN2's correction for lazy regularisation (Karras et al. 2020,
    appendix B): with c = every / (every + 1), the rate times c and betas to the c.
    """
    share = 1.0 if every is None else every / (every + 1)
    return torch.optim.Adam(
        network.parameters(),
        lr=learning_rate * share,
        betas=(0.0, BETA_SQUARES**share),
        fused=True,
    )


class TrainingState:
    """Generator, its running average, discriminator, and what the next step needs.

    Weights are drawn from the recipe's seed. `iteration` counts finished iterations;
    `path_mean` is the running mean of path lengths; `pending` holds losses that are not
    in a record of the curve yet.
    """

    def __init__(self, recipe: GeneratorRecipe, device: torch.device) -> None:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed_of(recipe.seed, "weights"))
            self.generator = recipe.make_generator().to(device)
            self.discriminator = recipe.make_discriminator().to(device)
        self.average = copy.deepcopy(self.generator).eval().requires_grad_(False)
        objective, rate = recipe.objective, recipe.learning_rate
        path_every = objective.path_every if objective.path else None
        self.generator_adam = _optimiser(self.generator, rate, path_every)
        self.discriminator_adam = _optimiser(
            self.discriminator, rate, objective.r1_every
        )
        self.path_mean = torch.zeros((), device=device)
        self.iteration = 0
        self.pending: dict[str, list[float]] = {}
        self.device = device

    def start_from(self, generator: nn.Module, discriminator: nn.Module) -> None:
        """Take over the weights of trained networks; optimisers start anew."""
        self.generator.load_state_dict(generator.state_dict())
        self.average.load_state_dict(generator.state_dict())
        self.discriminator.load_state_dict(discriminator.state_dict())

    def update_average(self, decay: float) -> None:
        """Move the averaged generator's parameters by 1 - decay towards the trained."""
        with torch.no_grad():
            trained = self.generator.parameters()
            for mean, parameter in zip(self.average.parameters(), trained, strict=True):
                mean.lerp_(parameter, 1 - decay)

    def save(self, path: Path, about: Mapping[str, Any]) -> None:
        """Write all of it, whole or not at all, with what the training is about."""
        tensors = {name: t.detach().cpu().contiguous() for name, t in self._tensors()}
        # One entry: the order of several is not the same in every process.
        note = json.dumps({"about": about, "pending": self.pending}, sort_keys=True)
        atomic_write(path, save(tensors, metadata={NOTE: note}))

    def resume(self, path: Path, about: Mapping[str, Any]) -> bool:
        """Read what `save` wrote, if it is there, and say whether it was.

        Raises TrainingError where the file is damaged or about another training.
        """
        if not path.is_file():
            return False
        try:
            with safe_open(path, "pt", device=str(self.device)) as file:
                note = json.loads((file.metadata() or {}).get(NOTE, "{}"))
                tensors = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118
        except (SafetensorError, json.JSONDecodeError) as error:
            raise TrainingError(
                f"{path} is damaged ({error}); remove it to start this training anew"
            ) from error
        _require_same(path, note.get("about", {}), about)
        self.pending = note["pending"]
        self._take(tensors)
        return True

    def _networks(self) -> dict[str, nn.Module]:
        return {
            "generator": self.generator,
            "average": self.average,
            "discriminator": self.discriminator,
        }

    def _adams(self) -> dict[str, tuple[nn.Module, torch.optim.Adam]]:
        return {
            "generator_adam": (self.generator, self.generator_adam),
            "discriminator_adam": (self.discriminator, self.discriminator_adam),
        }

    def _tensors(self) -> Iterator[tuple[str, Tensor]]:
        for name, network in self._networks().items():
            for key, value in network.state_dict().items():
                yield f"{name}/{key}", value
        for name, (network, adam) in self._adams().items():
            for key, parameter in network.named_parameters():
                for moment, value in adam.state.get(parameter, {}).items():
                    yield f"{name}/{moment}/{key}", value
        yield "path_mean", self.path_mean
        yield "iteration", torch.tensor(self.iteration)

    def _take(self, tensors: Mapping[str, Tensor]) -> None:
        for name, network in self._networks().items():
            start = f"{name}/"
            network.load_state_dict(
                {
                    key.removeprefix(start): value
                    for key, value in tensors.items()
                    if key.startswith(start)
                }
            )
        for name, (network, adam) in self._adams().items():
            for key, parameter in network.named_parameters():
                if f"{name}/step/{key}" not in tensors:
                    continue  # never had a gradient
                adam.state[parameter] = {
                    moment: tensors[f"{name}/{moment}/{key}"]
                    for moment in ("step", "exp_avg", "exp_avg_sq")
                }
        self.path_mean = tensors["path_mean"]
        self.iteration = int(tensors["iteration"])


def _require_same(
    path: Path, found: Mapping[str, Any], about: Mapping[str, Any]
) -> None:
    different = [key for key in about if found.get(key) != about[key]]
    if different:
        key = different[0]
        raise TrainingError(
            f"{path} holds another training: {key} was {found.get(key)!r} and is now "
            f"{about[key]!r}; give another folder, or the same {key}"
        )
