"""The avatar generator, a stage of the store (SwiftAvatar, section 3.1).

Files of the stage:

    generator.safetensors  the averaged generator
    curves.jsonl           losses and agreement, one JSON record a line
    measures.json          final measurements
    timing.json            training hours, which differ between runs
"""

from __future__ import annotations

import copy
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors.torch import load_file, save
from torch import Tensor

from benchmark.storage.store import Stage, Store
from benchmark.system.progress import Progress
from methods.base import MethodError
from methods.generator.curves import CURVES, read_curves
from methods.generator.sampling import BATCH, draw_latents, render
from methods.networks.semantic_stylegan import SemanticGenerator
from methods.shared.renders import Renders
from methods.shared.tensors import storable
from methods.swiftavatar.adaptation_training import AdaptationTraining
from methods.swiftavatar.dual_domain import dual_measures
from methods.swiftavatar.options import AdaptationOptions
from methods.swiftavatar.pretrained_pair import PretrainedPair

ADAPTATION_VERSION = "1"
GENERATOR, MEASURES, TIMING = "generator.safetensors", "measures.json", "timing.json"
HALF_CHANGE = 1.0
"""Largest mean change of a pixel, in 255ths, at which half precision is stored."""
HALF_PRECISION_LATENTS = 64


@dataclass(frozen=True)
class AdaptedGenerator:
    """The avatar generator, G_avatar of SwiftAvatar, section 3.1.

    Attributes:
        generator: the averaged generator, frozen, in evaluation mode.
        digest: the key of its stage.
        measures: `stopped_at`, the iterations done; `half_change`, the mean change of a
            pixel in 255ths by half precision, stored or not; and `dual_measures` of it
            and the realistic generator.
    """

    generator: SemanticGenerator
    digest: str
    measures: dict[str, float]


def adaptation_stage(
    pair: PretrainedPair,
    renders: Renders,
    options: AdaptationOptions,
    seed: int,
    device: str,
) -> Stage:
    """Return the stage of the avatar generator (SwiftAvatar, section 3.1).

    Device and number of threads are part of the key because they change rounding.
    """
    return Stage(
        "adaptation",
        ADAPTATION_VERSION,
        {
            **options.model_dump(mode="json"),
            "device": device,
            "threads": torch.get_num_threads(),
        },
        {"pair": pair.digest, "renders": renders.digest},
        seed,
    )


def adapted_generator(
    pair: PretrainedPair,
    renders: Renders,
    options: AdaptationOptions,
    seed: int,
    store: Store,
    progress: Progress,
    device: str,
) -> AdaptedGenerator:
    """Train the avatar generator (SwiftAvatar, section 3.1) or read it from the store.

    A checkpoint is written every ten minutes. A killed build resumes from it and ends
    with the same bytes, except `timing.json`, on the same machine with the same number
    of threads. With 0 steps the result is the realistic generator.

    Raises:
        MethodError: if the renders do not have the generator's size.
        TrainingError: if the checkpoint is damaged.
        FloatingPointError: if a loss or a weight is not finite.
    """
    _check(pair, renders)
    stage = adaptation_stage(pair, renders, options, seed, device)

    def build(folder: Path, scratch: Path) -> None:
        training = AdaptationTraining(
            pair, renders, options, seed, scratch, stage.key, device
        )
        average = training.run(progress)
        tensors, change = _tensors_to_store(average, options.measured)
        (folder / GENERATOR).write_bytes(save(tensors))
        stored = _loaded(pair, folder)
        measures = {
            "stopped_at": float(training.state.iteration),
            "half_change": change,
            **dual_measures(
                pair.realistic, stored, options.colour_pixels, options.measured
            ),
        }
        _write_json(folder / MEASURES, measures)
        _write_json(folder / TIMING, {"hours": round(training.curves.hours, 5)})
        (folder / CURVES).write_text(_curves_without_hours(scratch))

    folder = store.get_or_build(stage, build)
    measures = json.loads((folder / MEASURES).read_text())
    return AdaptedGenerator(_loaded(pair, folder), stage.key, measures)


def _check(pair: PretrainedPair, renders: Renders) -> None:
    size, side = pair.realistic.config.size, renders.size
    if side != size:
        raise MethodError(
            f"the renders have {side} px and the generator {size} px: render the "
            "avatars at the generator's size"
        )


def _tensors_to_store(
    average: SemanticGenerator, measured: int
) -> tuple[dict[str, Tensor], float]:
    """The tensors to store, and the change of the pictures by half precision.

    They are in half precision if the change is below `HALF_CHANGE`.
    """
    full = storable(average.state_dict())
    half = {key: value.half() for key, value in full.items()}
    rounded = copy.deepcopy(average)
    rounded.load_state_dict(half)
    count = min(measured, HALF_PRECISION_LATENTS)
    change = picture_change(average, rounded, count)
    return (half if change < HALF_CHANGE else full), change


def picture_change(
    one: SemanticGenerator, other: SemanticGenerator, count: int, seed: int = 0
) -> float:
    """Mean absolute difference, in 255ths, of two generators' pictures of seeded z.

    It decides whether half precision is stored; it is not part of SwiftAvatar.
    """
    latents = draw_latents(one, count, seed), draw_latents(other, count, seed)
    changes = [
        (render(one, ours).image - render(other, theirs).image).abs().mean((1, 2, 3))
        for ours, theirs in zip(*(each.split(BATCH) for each in latents), strict=True)
    ]
    return float(torch.cat(changes).mean()) * 127.5


def _loaded(pair: PretrainedPair, folder: Path) -> SemanticGenerator:
    """Read the generator of a stage in single precision, on the pair's device."""
    generator = copy.deepcopy(pair.realistic)
    generator.load_state_dict(load_file(folder / GENERATOR))
    return generator


def _write_json(path: Path, values: Mapping[str, float]) -> None:
    path.write_text(json.dumps(values, indent=2, allow_nan=False) + "\n")


def _curves_without_hours(scratch: Path) -> str:
    """The curves without hours, which would differ between runs."""
    lines = [
        json.dumps(
            {k: v for k, v in record.items() if k != "train/hours"},
            sort_keys=True,  # a resumed training has another order
        )
        for record in read_curves(scratch)
    ]
    return "".join(line + "\n" for line in lines)
