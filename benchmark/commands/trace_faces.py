"""A trace held against people: an oracle reads pairs, validation faces are compared.

Only these see truths, and only of the validation split.
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
from methods.shared.pictures import as_tensor, seen
from methods.shared.tracing import Likeness

VALIDATION = "validation"
PICTURES = ("start", "imitated", "found", "truth")
"""The mean of all avatars, what was found as the method imagines it and as the engine
draws it, and the designer's."""
SHOWN = 20
"""Faces at most on a sheet."""


def fidelity(
    executor: StageExecutor, trial: TrialPlan, pairs: Pairs, count: int
) -> pd.DataFrame | None:
    """How well the suite's oracle reads `count` pairs; None where the suite has none.

    It reads validation portraits, which calibrate it, at the pairs' size, so that only
    what the pairs lose counts against them and not their resolution. See
    `evaluation.fidelity.pair_fidelity` for the columns.
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
    reader = oracle.variant.method.load(executor.fit(oracle), resolved.device)
    pictures = np.asarray(pairs.pictures[:count])
    portraits = executor.pictures(VALIDATION, pictures.shape[1])
    read, calibrating = _read(reader, pictures), _read(reader, portraits)
    truth = resolved.truths[trial.engine, VALIDATION, resolved.suite.designers[0]]
    return pair_fidelity(
        Reading(read, pairs.vectors[: len(read)]), Reading(calibrating, truth)
    )


def _read(reader: Method, pictures: NDArray[np.uint8]) -> Any:
    faces = seen(as_tensor(pictures), reader.options.input_size)
    return reader.predict(faces.clamp(-1, 1))


@dataclass(frozen=True)
class Compared:
    """How like avatars are to validation faces, in the method's own eyes.

    Attributes:
        table: a row a face and term; a column for each of `PICTURES`.
        means: the same over all faces, a row a term.
        sheet: (H, W, 3) uint8, a line a face.
    """

    table: pd.DataFrame
    means: pd.DataFrame
    sheet: NDArray[np.uint8]


def compared(
    executor: StageExecutor, trial: TrialPlan, likeness: Likeness, count: int
) -> Compared | None:
    """The first `count` validation faces; None where the suite leaves them out."""
    resolved = executor.plan.resolved
    if VALIDATION not in resolved.suite.splits:
        return None
    faces = executor.pictures(VALIDATION, trial.variant.options.input_size)[:count]
    asked = as_tensor(faces)
    vectors = likeness.predict(asked)
    size, engine = likeness.start.shape[0], executor.engine(trial)
    truths = resolved.truths[trial.engine, VALIDATION, resolved.suite.designers[0]]
    pictures = {
        "start": np.repeat(likeness.start[None], len(faces), axis=0),
        "imitated": likeness.imitate(vectors),
        "found": engine.render(vectors, size),
        "truth": engine.render(truths[: len(faces)], size),
    }
    apart = {
        name: likeness.apart(asked, as_tensor(pictures[name])).double().numpy()
        for name in PICTURES
    }
    means = pd.DataFrame(
        {"term": likeness.terms, **{k: each.mean(axis=0) for k, each in apart.items()}}
    )
    title = f"{trial.variant.name} on {trial.engine}: {_in_words(likeness, apart)}"
    return Compared(_table(likeness, apart), means, _sheet(title, faces, pictures))


def _table(likeness: Likeness, apart: dict[str, NDArray[np.float64]]) -> pd.DataFrame:
    """Faces below each other, term by term."""
    faces, terms = apart["start"].shape
    return pd.DataFrame(
        {
            "face": np.tile(np.arange(faces), terms),
            "term": np.repeat(np.array(likeness.terms), faces),
            **{name: each.T.ravel() for name, each in apart.items()},
        }
    )


def _in_words(likeness: Likeness, apart: dict[str, NDArray[np.float64]]) -> str:
    means = {name: each.mean(axis=0) for name, each in apart.items()}
    return "; ".join(
        f"{term} {means['start'][k]:.3f} at the start, {means['found'][k]:.3f} found, "
        f"{means['truth'][k]:.3f} of the truth"
        for k, term in enumerate(likeness.terms)
    )


def _sheet(
    title: str, faces: NDArray[np.uint8], pictures: dict[str, NDArray[np.uint8]]
) -> NDArray[np.uint8]:
    shown = min(SHOWN, len(faces))
    columns = [faces, *(pictures[name] for name in PICTURES)]
    tiles = np.stack([fitted(each[:shown]) for each in columns], axis=1)
    middle = -(-shown // 2)
    panels = [
        Panel(
            "one validation face a line",
            half.reshape(-1, *half.shape[2:]),
            len(columns),
            ("face", *PICTURES),
        )
        for half in (tiles[:middle], tiles[middle:])
        if len(half)
    ]
    return draw_page(title, panels)
