"""The imitator as a stage: trained on renders of an engine, measured on held-out ones.

F2P (Shi et al., ICCV 2019; TPAMI 2022, section 3.1). The stage's folder contains:

    imitator.safetensors   the network
    measures.json          its error against the engine, on held-out and train renders
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
from methods.f2p.options import ImitationOptions, ImitatorOptions
from methods.f2p.relaxed import activity
from methods.networks.imitator import Imitator
from methods.shared.pictures import as_tensor
from methods.shared.randomness import seed_of
from methods.shared.renders import Renders, training_renders
from methods.shared.tensors import restored, storable

IMITATOR_VERSION = "1"
IMITATOR, MEASURES = "imitator.safetensors", "measures.json"
MEASURED = 32
"""Pictures per batch while errors are measured."""


@dataclass(frozen=True)
class TrainedImitator:
    """A trained imitator.

    Attributes:
        spec: of the engine that it imitates.
        network: frozen, in evaluation mode, on the device.
        digest: the key of its stage.
        measures: mean absolute differences to the engine's renders, where black and
            white differ by 1. `error_unseen`: on held-out renders. `error_seen`: on as
            many train renders. `error_mean_picture`: of the mean train render on the
            held-out ones, the error of a network that ignores the vectors. `unseen` and
            `trained_on` are the numbers of held-out and train renders.
    """

    spec: AvatarSpec
    network: Imitator
    digest: str
    measures: Mapping[str, float]

    def draw(self, vectors: Tensor) -> Tensor:
        """(n, 3, S, S) pictures in [-1, 1] of (n, flat_size) relaxed vectors."""
        return draw_relaxed(self.network, self.spec, vectors)


def draw_relaxed(network: Imitator, spec: AvatarSpec, vectors: Tensor) -> Tensor:
    """(n, 3, S, S) pictures in [-1, 1] of (n, flat_size) relaxed vectors.

    Inactive parameters (`active_when`) are multiplied by 0, so the network need not
    learn to ignore them. Gradients also reach the parameters that activate others.
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
    """The stage of a trained imitator: its key covers all that affects the weights."""
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
) -> TrainedImitator:
    """The imitator of the engine that drew `renders`; cached in the store.

    It is trained on the first renders and measured on the last, a share of
    `options.held_out`. A build that was killed resumes from its checkpoint and ends
    with the same bytes (on one machine with the same number of threads).

    Raises:
        MethodError: where renders are not of the imitator's size, or too few.
        FloatingPointError: where the loss is not finite.
    """
    trained_on = _train_count(renders, options)
    stage = imitator_stage(renders, options, seed, device)
    spec = renders.vectors.spec
    label = f"{spec.name} imitator"

    def build(folder: Path, scratch: Path) -> None:
        network = make_imitator(spec, options, seed).to(device)
        loss_at = _loss(network, renders, trained_on, options.batch, seed, device)
        train(network, loss_at, _recipe(options), scratch, progress, label)
        measures = _measured(network, renders, trained_on, device)
        save_file(storable(network.state_dict()), folder / IMITATOR)
        (folder / MEASURES).write_text(json.dumps(measures, indent=2) + "\n")

    folder = store.get_or_build(stage, build)
    network = restore_imitator(spec, options, load_file(folder / IMITATOR), device)
    measures = json.loads((folder / MEASURES).read_text())
    # Logged for a cached imitator too, so that every trial records its error.
    progress.log({f"{label}/{k}": v for k, v in measures.items()}, options.steps)
    return TrainedImitator(spec, network, stage.key, measures)


def imitator_renders(context: FitContext, options: ImitationOptions) -> Renders:
    """Renders of random avatars at the imitator's size, for a context's engine."""
    return training_renders(
        context.engine,
        options.samples,
        options.imitator.size,
        seed_of_imitator(context, options),
        context.store,
        context.progress,
        options.absent,
    )


def fit_imitator(context: FitContext, options: ImitationOptions) -> TrainedImitator:
    """The imitator of a context's engine; renders and training are stages."""
    return trained_imitator(
        imitator_renders(context, options),
        options.imitator,
        seed_of_imitator(context, options),
        context.store,
        context.progress,
        context.device,
    )


def seed_of_imitator(context: FitContext, options: ImitationOptions) -> int:
    """The seed of renders and imitator: `imitator_seed`, or the seed of the fit."""
    own = options.imitator_seed
    return context.seed if own is None else own


def restore_imitator(
    spec: AvatarSpec, options: ImitatorOptions, tensors: dict[str, Tensor], device: str
) -> Imitator:
    """An imitator with the given tensors, frozen, in evaluation mode, on `device`."""
    return restored(make_imitator(spec, options, seed=0), tensors, device)


def _train_count(renders: Renders, options: ImitatorOptions) -> int:
    """The number of train renders, which are the first ones."""
    count, side = len(renders.vectors), renders.size
    if side != options.size:
        raise MethodError(
            f"renders of {side} px for an imitator of {options.size} px: render the "
            "avatars at the imitator's size"
        )
    unseen = max(1, round(count * options.held_out))
    if unseen >= count:
        raise MethodError(
            f"{count} renders leave none to train on with held_out "
            f"{options.held_out:g}: raise samples or lower held_out"
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
    """The mean absolute difference of a step's batch, for pictures in [-1, 1]."""
    spec = renders.vectors.spec
    flat = torch.from_numpy(renders.vectors.flat()).to(device)
    rows_at = row_order(trained_on, batch, seed)

    def loss_at(step: int) -> Tensor:
        rows = rows_at(step)
        targets = as_tensor(renders.pictures[rows.numpy()], device)
        return (
            (draw_relaxed(network, spec, flat[rows.to(device)]) - targets).abs().mean()
        )

    return loss_at


def _measured(
    network: Imitator, renders: Renders, trained_on: int, device: str
) -> dict[str, float]:
    """See `TrainedImitator.measures`."""
    count = len(renders.vectors)
    unseen = range(trained_on, count)
    train = range(min(trained_on, len(unseen)))
    mean = _mean_picture(renders, trained_on)
    flat = torch.from_numpy(renders.vectors.flat())
    spec = renders.vectors.spec

    @torch.inference_mode()
    def pictures(rows: slice) -> Tensor:
        return draw_relaxed(network, spec, flat[rows].to(device)).cpu()

    return {
        "error_unseen": _error(renders, unseen, pictures),
        "error_seen": _error(renders, train, pictures),
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
    """Mean absolute difference to the renders of the given rows, in [0, 1]."""
    total = 0.0
    for some in _slices(rows):
        difference = pictures_of(some) - as_tensor(renders.pictures[some])
        total += float(difference.abs().double().mean((1, 2, 3)).sum())
    return total / len(rows) / 2


def _slices(rows: range) -> Iterator[slice]:
    """Slices of at most `MEASURED` rows."""
    for start in range(rows.start, rows.stop, MEASURED):
        yield slice(start, min(start + MEASURED, rows.stop))
