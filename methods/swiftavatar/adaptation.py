"""Domain adaptation (section 3.1): from the realistic generator to the avatar one.

The adapted generator is a stage of the store:

    generator.safetensors  the averaged generator
    curves.jsonl           losses and looks at the agreement, a JSON line a record
    measures.json          what came of it
    timing.json            machine hours, which differ from try to try
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
from methods.generator.sampling import BATCH, draw_codes, render
from methods.networks.semantic_stylegan import SemanticGenerator
from methods.shared.renders import Renders
from methods.swiftavatar.adaptation_training import Adaptation
from methods.swiftavatar.dual_domain import MEASURED_CODES, dual_measures
from methods.swiftavatar.options import AdaptationOptions
from methods.swiftavatar.pretrained_pair import Pair

ADAPTATION_VERSION = "1"
GENERATOR, MEASURES, TIMING = "generator.safetensors", "measures.json", "timing.json"
HALF_CHANGE = 1.0
"""Half precision is kept where it changes pictures by less than this, in 255ths."""
HALF_CODES = 64


@dataclass(frozen=True)
class Adapted:
    """The avatar generator.

    Attributes:
        generator: averaged, frozen, in evaluation mode, on the device.
        digest: the key of its stage.
        measures: `stopped_at` (iterations that were made), `half_change` (mean change
            of a pixel by half precision, in 255ths, whether kept or not), and what
            `dual_measures` tells of it and the realistic generator.
    """

    generator: SemanticGenerator
    digest: str
    measures: dict[str, float]


def adaptation_stage(
    pair: Pair, renders: Renders, options: AdaptationOptions, seed: int, device: str
) -> Stage:
    """What an adapted generator depends on, with what rounding depends on."""
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
    pair: Pair,
    renders: Renders,
    options: AdaptationOptions,
    seed: int,
    store: Store,
    progress: Progress,
    device: str,
) -> Adapted:
    """The avatar generator, from the store where it is there.

    A checkpoint is written every ten minutes; a build that was killed goes on from it
    and ends with the same bytes (on one machine with the same threads), but for
    `timing.json`. Without steps it is the realistic generator, as it is stored.

    Raises:
        MethodError: where renders are not of the generator's size.
        TrainingError: where the checkpoint is damaged.
        FloatingPointError: where a loss or weight is not finite.
    """
    _check(pair, renders)
    stage = adaptation_stage(pair, renders, options, seed, device)

    def build(folder: Path, scratch: Path) -> None:
        training = Adaptation(pair, renders, options, seed, scratch, stage.key, device)
        average = training.run(progress)
        tensors, change = _storable(average)
        (folder / GENERATOR).write_bytes(save(tensors))
        stored = _loaded(pair, folder)
        measures = {
            "stopped_at": float(training.state.iteration),
            "half_change": change,
            **dual_measures(
                pair.realistic, stored, options.colour_pixels, MEASURED_CODES
            ),
        }
        _write_json(folder / MEASURES, measures)
        _write_json(folder / TIMING, {"hours": round(training.curves.hours, 5)})
        (folder / CURVES).write_text(_timeless(scratch))

    folder = store.get_or_build(stage, build)
    measures = json.loads((folder / MEASURES).read_text())
    return Adapted(_loaded(pair, folder), stage.key, measures)


def _check(pair: Pair, renders: Renders) -> None:
    size, side = pair.realistic.config.size, renders.size
    if side != size:
        raise MethodError(
            f"renders of {side} px for a generator of {size}-px pictures: render the "
            "avatars at the generator's size"
        )


def _storable(average: SemanticGenerator) -> tuple[dict[str, Tensor], float]:
    """What to store of a generator, and the change that half precision makes.

    Half precision, in half the room, where the change is under `HALF_CHANGE`.
    """
    full = {k: v.detach().cpu().contiguous() for k, v in average.state_dict().items()}
    half = {key: value.half() for key, value in full.items()}
    rounded = copy.deepcopy(average)
    rounded.load_state_dict(half)
    change = picture_change(average, rounded, HALF_CODES)
    return (half if change < HALF_CHANGE else full), change


def picture_change(
    one: SemanticGenerator, other: SemanticGenerator, count: int, seed: int = 0
) -> float:
    """Mean absolute difference, in 255ths, of both's pictures of `count` seeded z."""
    codes = draw_codes(one, count, seed), draw_codes(other, count, seed)
    changes = [
        (render(one, ours).image - render(other, theirs).image).abs().mean((1, 2, 3))
        for ours, theirs in zip(*(some.split(BATCH) for some in codes), strict=True)
    ]
    return float(torch.cat(changes).mean()) * 127.5


def _loaded(pair: Pair, folder: Path) -> SemanticGenerator:
    """A stage's generator, in single precision, frozen, where the pair's lies."""
    generator = copy.deepcopy(pair.realistic)
    generator.load_state_dict(load_file(folder / GENERATOR))
    return generator


def _write_json(path: Path, values: Mapping[str, float]) -> None:
    path.write_text(json.dumps(values, indent=2, allow_nan=False) + "\n")


def _timeless(scratch: Path) -> str:
    """The curve without hours: they would not be the same at another try."""
    lines = [
        json.dumps(
            {k: v for k, v in record.items() if k != "train/hours"},
            sort_keys=True,  # which a resumed training has in another order
        )
        for record in read_curves(scratch)
    ]
    return "".join(line + "\n" for line in lines)
