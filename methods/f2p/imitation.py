"""The imitator as a stage: trained on renders of an engine, measured on others.

A trained imitator lies in the store:

    imitator.safetensors   the network
    measures.json          its error against the engine on vectors it never saw
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from benchmark.avatars import AvatarSpec
from benchmark.storage.store import Stage, Store
from benchmark.system.progress import Progress
from methods.base import FitContext, MethodError
from methods.estimator.examples import row_order
from methods.estimator.training import Recipe, train
from methods.f2p.options import ImitatorOptions, SharedOptions
from methods.f2p.relaxed import activity
from methods.networks.imitator import Imitator
from methods.shared.pictures import as_tensor
from methods.shared.randomness import seed_of
from methods.shared.renders import Renders, training_renders

IMITATOR_VERSION = "1"
IMITATOR, MEASURES = "imitator.safetensors", "measures.json"
MEASURED = 32
"""Pictures a call while errors are measured."""


@dataclass(frozen=True)
class Imitated:
    """A trained imitator.

    Attributes:
        spec: of the engine that it imitates.
        network: frozen, in evaluation mode, on the device.
        digest: the key of its stage.
        measures: mean absolute differences to the engine's renders, in [0, 1] where
            black and white differ by 1: `error_unseen` on renders that it was not
            trained on, `error_seen` on as many that it was, and `error_mean_picture`,
            which the mean of the train renders makes on the unseen ones: what a network
            reaches that has learnt nothing of the vectors. `unseen` and `trained_on`
            count renders.
    """

    spec: AvatarSpec
    network: Imitator
    digest: str
    measures: Mapping[str, float]

    def draw(self, vectors: Tensor) -> Tensor:
        """(n, 3, S, S) pictures in [-1, 1] of (n, flat_size) relaxed vectors."""
        return drawn(self.network, self.spec, vectors)


def drawn(network: Imitator, spec: AvatarSpec, vectors: Tensor) -> Tensor:
    """(n, 3, S, S) pictures of (n, flat_size) relaxed vectors, in training as after.

    What an avatar does not show (`active_when`) is zero to the network, which so need
    not learn that it makes no difference; gradients reach what hides and shows.
    """
    return network(vectors * activity(spec, vectors))


def make_imitator(spec: AvatarSpec, options: ImitatorOptions, seed: int) -> Imitator:
    """The untrained imitator of these options for an engine's spec."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed_of("imitator", seed))
        return Imitator(spec.flat_size, options.size, options.width, options.start)


def imitator_stage(
    renders: Renders, options: ImitatorOptions, seed: int, device: str
) -> Stage:
    """What a trained imitator depends on, with what rounding depends on."""
    return Stage(
        "imitator",
        IMITATOR_VERSION,
        {
            **options.model_dump(mode="json", exclude={"checkpoint_steps"}),
            "device": device,
            "threads": torch.get_num_threads(),
        },
        {"renders": renders.digest},
        seed,
    )


def trained_imitator(
    renders: Renders,
    options: ImitatorOptions,
    seed: int,
    store: Store,
    progress: Progress,
    device: str,
) -> Imitated:
    """The imitator of the engine that drew `renders`, from the store where it is there.

    It learns from the first renders and is measured on the last, a share of
    `options.held_out`. A build that was killed goes on from its checkpoint and ends
    with the same bytes (on one machine with the same threads).

    Raises:
        MethodError: where renders are not of the imitator's size, or too few.
        FloatingPointError: where the loss stops being finite.
    """
    trained_on = _division(renders, options)
    stage = imitator_stage(renders, options, seed, device)
    spec = renders.vectors.spec
    label = f"{spec.name} imitator"

    def build(folder: Path, scratch: Path) -> None:
        network = make_imitator(spec, options, seed).to(device)
        loss_at = _loss(network, renders, trained_on, options.batch, seed, device)
        train(network, loss_at, _recipe(options), scratch, progress, label)
        measures = _measured(network, renders, trained_on, device)
        save_file(plain(network), folder / IMITATOR)
        (folder / MEASURES).write_text(json.dumps(measures, indent=2) + "\n")

    folder = store.get_or_build(stage, build)
    network = restored(spec, options, load_file(folder / IMITATOR), device)
    measures = json.loads((folder / MEASURES).read_text())
    # Told of one that was there before too: every trial says how good its imitator is.
    progress.log({f"{label}/{k}": v for k, v in measures.items()}, options.steps)
    return Imitated(spec, network, stage.key, measures)


def imitator_renders(context: FitContext, options: SharedOptions) -> Renders:
    """Random avatars of a context's engine at the imitator's size, a stage."""
    return training_renders(
        context.engine,
        options.samples,
        options.imitator.size,
        seed_of_imitator(context, options),
        context.store,
        context.progress,
        options.absent,
    )


def fitted_imitator(context: FitContext, options: SharedOptions) -> Imitated:
    """The imitator of a context's engine, on renders of its own; both are stages."""
    return trained_imitator(
        imitator_renders(context, options),
        options.imitator,
        seed_of_imitator(context, options),
        context.store,
        context.progress,
        context.device,
    )


def seed_of_imitator(context: FitContext, options: SharedOptions) -> int:
    """Of the renders and of the imitator: the options' own, or else the fit's."""
    own = options.imitator_seed
    return context.seed if own is None else own


def restored(
    spec: AvatarSpec, options: ImitatorOptions, tensors: dict[str, Tensor], device: str
) -> Imitator:
    """A trained imitator of its tensors, frozen, in evaluation mode, on `device`."""
    network = make_imitator(spec, options, seed=0)
    network.load_state_dict(tensors)
    return network.eval().requires_grad_(False).to(device)


def plain(network: Imitator) -> dict[str, Tensor]:
    """Its tensors as a file takes them."""
    return {k: v.detach().cpu().contiguous() for k, v in network.state_dict().items()}


def _division(renders: Renders, options: ImitatorOptions) -> int:
    """How many of the renders, from the first on, it learns from."""
    count, side = len(renders.vectors), renders.size
    if side != options.size:
        raise MethodError(
            f"renders of {side} px for an imitator of {options.size} px: render the "
            "avatars at the imitator's size"
        )
    unseen = max(1, round(count * options.held_out))
    if unseen >= count:
        raise MethodError(
            f"{count} renders leave none to learn from where a share of "
            f"{options.held_out:g} is held out: raise samples or lower held_out"
        )
    return count - unseen


def _recipe(options: ImitatorOptions) -> Recipe:
    return Recipe(
        options.steps,
        options.learning_rate,
        options.schedule,
        options.checkpoint_steps,
        options.optimiser,
    )


def _loss(
    network: Imitator,
    renders: Renders,
    trained_on: int,
    batch: int,
    seed: int,
    device: str,
) -> Callable[[int], Tensor]:
    """From a step to the mean absolute difference of its batch, in [-1, 1]."""
    spec = renders.vectors.spec
    flat = torch.from_numpy(renders.vectors.flat()).to(device)
    rows_at = row_order(trained_on, batch, seed)

    def loss_at(step: int) -> Tensor:
        rows = rows_at(step)
        targets = as_tensor(renders.pictures[rows.numpy()], device)
        return (drawn(network, spec, flat[rows.to(device)]) - targets).abs().mean()

    return loss_at


def _measured(
    network: Imitator, renders: Renders, trained_on: int, device: str
) -> dict[str, float]:
    """See `Imitated.measures`."""
    count = len(renders.vectors)
    unseen = range(trained_on, count)
    seen = range(min(trained_on, len(unseen)))
    mean = _mean_picture(renders, trained_on)
    flat = torch.from_numpy(renders.vectors.flat())
    spec = renders.vectors.spec

    @torch.inference_mode()
    def imitated(rows: slice) -> Tensor:
        return drawn(network, spec, flat[rows].to(device)).cpu()

    return {
        "error_unseen": _error(renders, unseen, imitated),
        "error_seen": _error(renders, seen, imitated),
        "error_mean_picture": _error(renders, unseen, lambda _: mean),
        "unseen": float(len(unseen)),
        "trained_on": float(trained_on),
    }


def _mean_picture(renders: Renders, count: int) -> Tensor:
    """(1, 3, S, S) in [-1, 1]: the mean of the first `count` renders."""
    total = np.zeros(renders.pictures.shape[1:])
    for rows in _slices(range(count)):
        total += renders.pictures[rows].sum(axis=0, dtype=np.float64)
    mean = torch.from_numpy(total / count / 127.5 - 1).float()
    return mean.permute(2, 0, 1)[None]


def _error(
    renders: Renders, rows: range, pictures_of: Callable[[slice], Tensor]
) -> float:
    """Mean absolute difference to the renders of some rows, in [0, 1]."""
    total = 0.0
    for some in _slices(rows):
        difference = pictures_of(some) - as_tensor(renders.pictures[some])
        total += float(difference.abs().double().mean((1, 2, 3)).sum())
    return total / len(rows) / 2


def _slices(rows: range) -> Iterator[slice]:
    """Rows in pieces."""
    for start in range(rows.start, rows.stop, MEASURED):
        yield slice(start, min(start + MEASURED, rows.stop))
