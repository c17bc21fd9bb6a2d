"""The state of a training: networks, optimisers and progress, saved in one file."""

from __future__ import annotations

import copy
import json
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor, nn

from benchmark.storage.store import atomic_write
from methods.generator.growing import grown_weights
from methods.generator.recipe import GeneratorRecipe
from methods.networks.semantic_stylegan import SemanticGenerator
from methods.shared.randomness import seed_of
from methods.shared.tensors import storable

BETA_SQUARES = 0.99
"""Adam's second beta; the first is 0."""

NOTE = "training"
"""The only key of a checkpoint's metadata."""


class TrainingError(RuntimeError):
    """A training cannot start or resume; the message says why."""


def _optimiser(
    network: nn.Module, learning_rate: float, every: int | None
) -> torch.optim.Adam:
    """Adam with StyleGAN2's correction for lazy regularisation.

    Karras et al. (2020), appendix B: with c = every / (every + 1), the rate is
    multiplied by c, and betas are raised to c. None means no correction.
    """
    share = 1.0 if every is None else every / (every + 1)
    return torch.optim.Adam(
        network.parameters(),
        lr=learning_rate * share,
        betas=(0.0, BETA_SQUARES**share),
        fused=True,
    )


class TrainingState:
    """Generator, its running average, discriminator, optimisers and progress.

    Weights are initialised from the recipe's seed. `iteration` counts finished
    iterations, `path_mean` is the running mean of path lengths, `assignment`
    contains the samples that coverage assigned to faces (empty without coverage), and
    `pending` contains losses that are not in a record of the curves yet.
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
        projected = recipe.projected
        self.discriminator_adam = (
            _optimiser(self.discriminator, rate, objective.r1_every)
            if projected is None
            else _optimiser(self.discriminator, projected.learning_rate, None)
        )
        self.path_mean = torch.zeros((), device=device)
        self.assignment = torch.zeros(0, dtype=torch.long)
        self.iteration = 0
        self.pending: dict[str, list[float]] = {}
        self.device = device

    def start_from(
        self, generator: SemanticGenerator, discriminator: nn.Module | None
    ) -> None:
        """Copy the weights of trained networks; optimisers start from scratch.

        A generator of smaller pictures grows. Without `discriminator`, it keeps its
        random weights.
        """
        weights = generator.state_dict()
        if generator.config.size < self.generator.config.size:
            weights = grown_weights(generator, self.generator)
        self.generator.load_state_dict(weights)
        self.average.load_state_dict(weights)
        if discriminator is not None:
            self.discriminator.load_state_dict(discriminator.state_dict())

    def update_average(self, decay: float, only: Collection[str] = ()) -> None:
        """Update the exponential moving average of the generator's parameters.

        `only` names the modules of the generator to update; empty means all.
        """
        means = dict(self.average.named_parameters())
        with torch.no_grad():
            for name, parameter in self.generator.named_parameters():
                if not only or name.partition(".")[0] in only:
                    means[name].lerp_(parameter, 1 - decay)

    def require_finite(self) -> None:
        """Raise FloatingPointError where a weight is not finite."""
        for name, network in self._networks().items():
            if not all(bool(p.isfinite().all()) for p in network.parameters()):
                raise FloatingPointError(
                    f"a weight of the {name} is not finite at iteration "
                    f"{self.iteration}: lower the learning rate, or use 32-bit "
                    "precision"
                )

    def save(self, path: Path, about: Mapping[str, Any]) -> None:
        """Write the state and the training's identity `about`, atomically."""
        tensors = storable(dict(self._tensors()))
        # One entry, because the order of several differs between processes.
        note = json.dumps({"about": about, "pending": self.pending}, sort_keys=True)
        atomic_write(path, save(tensors, metadata={NOTE: note}))

    def resume(self, path: Path, about: Mapping[str, Any]) -> bool:
        """Read what `save` wrote; returns False where there is no file.

        Raises TrainingError where the file is damaged or of another training.
        """
        if not path.is_file():
            return False
        with _opened(path, str(self.device)) as file:
            note = _read_note(path, file, about)
            tensors = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118
        self.pending = note["pending"]
        self._set(tensors)
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
        if len(self.assignment):
            yield "assignment", self.assignment
        yield "iteration", torch.tensor(self.iteration)

    def _set(self, tensors: Mapping[str, Tensor]) -> None:
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
                    continue  # the parameter never had a gradient
                adam.state[parameter] = {
                    moment: tensors[f"{name}/{moment}/{key}"]
                    for moment in ("step", "exp_avg", "exp_avg_sq")
                }
        self.path_mean = tensors["path_mean"]
        if "assignment" in tensors:
            self.assignment = tensors["assignment"].cpu()
        self.iteration = int(tensors["iteration"])


def check_checkpoint(path: Path, about: Mapping[str, Any]) -> None:
    """Raise TrainingError where the file exists, but is damaged or of another training.

    Reads only the header, before any process is started.
    """
    if path.is_file():
        with _opened(path, "cpu") as file:
            _read_note(path, file, about)


@contextmanager
def _opened(path: Path, device: str) -> Iterator[Any]:
    """Open a checkpoint; read errors in the body become TrainingError."""
    try:
        with safe_open(path, "pt", device=device) as file:
            yield file
    except (SafetensorError, json.JSONDecodeError) as error:
        raise TrainingError(
            f"{path} is damaged ({error}); remove it to restart this training"
        ) from error


def _read_note(path: Path, file: Any, about: Mapping[str, Any]) -> dict[str, Any]:
    """The checkpoint's metadata; TrainingError where it is of another training."""
    note = json.loads((file.metadata() or {}).get(NOTE, "{}"))
    for key, was, now in _differences(note.get("about", {}), about):
        raise TrainingError(
            f"{path} is of another training: {key} was {was!r} and is now {now!r}; "
            f"give another folder, or the same {key}"
        )
    return note


def _differences(
    was: Any, now: Any, name: str = ""
) -> Iterator[tuple[str, object, object]]:
    """Values that differ between nested mappings, with dotted names."""
    if isinstance(was, Mapping) and isinstance(now, Mapping):
        for key in sorted(was.keys() | now.keys()):
            inner = f"{name}.{key}" if name else key
            yield from _differences(was.get(key), now.get(key), inner)
    elif was != now:
        yield name, was, now
