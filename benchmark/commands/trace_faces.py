"""The parts of a trace that use validation faces and their ground truth.

Methods never see this ground truth. It comes from the validation split only.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from benchmark.run.plan import TrialPlan
from benchmark.run.stage_executor import StageExecutor
from evaluation.fidelity import Reading, pair_fidelity
from methods.base import Method
from methods.estimator.examples import Pairs
from methods.generator.page import Panel, draw_page, fitted
from methods.shared.pictures import as_tensor, at_effective_resolution
from methods.tracing import SimilarityProbe

VALIDATION = "validation"
FOUND, TRUTH = "found", "truth"
"""The engine's renders of the predictions, and of the ground truth."""
SHEET_FACES = 20


def measure_fidelity(
    executor: StageExecutor, trial: TrialPlan, pairs: Pairs, count: int
) -> pd.DataFrame | None:
    """How well the oracle of the suite predicts the vectors of `count` training pairs.

    Validation portraits calibrate the oracle. They have the size of the pairs, so that
    the resolution of the pairs does not count against them. See
    `evaluation.fidelity.pair_fidelity` for the columns. Returns None if the suite has
    no oracle or no validation split.
    """
    resolved = executor.plan.resolved
    oracle = next(
        (
            other
            for other in executor.plan.trials
            if other.variant.meta.name == "supervised"
            and (other.engine, other.seed) == (trial.engine, trial.seed)
        ),
        None,
    )
    if oracle is None or VALIDATION not in resolved.suite.splits:
        return None
    method = executor.load_fitted(oracle)
    pictures = np.asarray(pairs.pictures[:count])
    portraits = executor.pictures(VALIDATION, pictures.shape[1])
    on_pairs, on_portraits = _predict(method, pictures), _predict(method, portraits)
    truth = resolved.truths[trial.engine, VALIDATION, resolved.suite.designers[0]]
    return pair_fidelity(
        Reading(on_pairs, pairs.vectors[: len(on_pairs)]), Reading(on_portraits, truth)
    )


def _predict(method: Method, pictures: NDArray[np.uint8]) -> Any:
    faces = at_effective_resolution(as_tensor(pictures), method.options.input_size)
    return method.predict(faces.clamp(-1, 1))


@dataclass(frozen=True)
class Comparison:
    """Distances of avatars to validation faces, as the method measures them.

    Attributes:
        table: one row per face and term. Its columns are the pictures that the method
            draws on its way (`SimilarityProbe.draw`), then `FOUND` and `TRUTH`.
        means: means over the faces, one row per term.
        sheet: (H, W, 3) uint8, one row of pictures per face.
    """

    table: pd.DataFrame
    means: pd.DataFrame
    sheet: NDArray[np.uint8]


def compare_faces(
    executor: StageExecutor, trial: TrialPlan, probe: SimilarityProbe, count: int
) -> Comparison | None:
    """Compare avatars with the first `count` validation faces.

    Returns None if the suite has no validation split.
    """
    resolved = executor.plan.resolved
    if VALIDATION not in resolved.suite.splits:
        return None
    faces = executor.pictures(VALIDATION, trial.variant.options.input_size)[:count]
    face_tensor = as_tensor(faces)
    vectors = probe.predict(face_tensor)
    engine = executor.engine(trial)
    truths = resolved.truths[trial.engine, VALIDATION, resolved.suite.designers[0]]
    pictures = {
        **probe.draw(face_tensor, vectors),
        FOUND: engine.render(vectors, probe.size),
        TRUTH: engine.render(truths[: len(faces)], probe.size),
    }
    distances = {
        name: probe.distances(face_tensor, as_tensor(each)).double().numpy()
        for name, each in pictures.items()
    }
    means = pd.DataFrame(
        {"term": probe.terms, **{k: d.mean(axis=0) for k, d in distances.items()}}
    )
    title = f"{trial.variant.name} on {trial.engine}: {_summarise(probe, distances)}"
    sheet = _draw_sheet(title, faces, pictures)
    return Comparison(_long_table(probe, distances), means, sheet)


def _long_table(
    probe: SimilarityProbe, distances: dict[str, NDArray[np.float64]]
) -> pd.DataFrame:
    """One row per face, term after term; `distances` are (faces, terms) by picture."""
    faces, terms = distances[FOUND].shape
    return pd.DataFrame(
        {
            "face": np.tile(np.arange(faces), terms),
            "term": np.repeat(np.array(probe.terms), faces),
            **{name: each.T.ravel() for name, each in distances.items()},
        }
    )


def _summarise(
    probe: SimilarityProbe, distances: dict[str, NDArray[np.float64]]
) -> str:
    means = {name: each.mean(axis=0) for name, each in distances.items()}
    shown = dict.fromkeys((next(iter(means)), FOUND))
    return "; ".join(
        f"{term} "
        + ", ".join(f"{means[name][k]:.3f} {name}" for name in shown)
        + f", {means[TRUTH][k]:.3f} for the ground truth"
        for k, term in enumerate(probe.terms)
    )


def _draw_sheet(
    title: str, faces: NDArray[np.uint8], pictures: dict[str, NDArray[np.uint8]]
) -> NDArray[np.uint8]:
    shown = min(SHEET_FACES, len(faces))
    columns = [faces, *pictures.values()]
    tiles = np.stack([fitted(each[:shown]) for each in columns], axis=1)
    middle = -(-shown // 2)
    panels = [
        Panel(
            "one validation face per row",
            half.reshape(-1, *half.shape[2:]),
            len(columns),
            ("face", *pictures),
        )
        for half in (tiles[:middle], tiles[middle:])
        if len(half)
    ]
    return draw_page(title, panels)
