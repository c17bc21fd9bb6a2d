"""Notes on metrics that are not defined on some faces, or on none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from evaluation.colour import HairDifference, SkinDifference
from evaluation.parameters import ContinuousError, DiscreteAccuracy, MacroF1
from evaluation.part_iou import PartIou
from reports.tables.estimates import ScoreKey, estimates
from reports.trials import Run

_NEEDS = {
    kind.meta.name: kind.engine_needs
    for kind in (
        ContinuousError,
        DiscreteAccuracy,
        HairDifference,
        MacroF1,
        PartIou,
        SkinDifference,
    )
}
"""What these metrics need of an engine; run folders do not say it."""


def undefined_notes(
    run: Run, split: str, designer: str, metrics: Sequence[Mapping[str, Any]]
) -> tuple[str, ...]:
    """A sentence for each metric and engine without a score on some or all faces."""
    faces = run.splits[split]
    notes: list[str] = []
    for metric in metrics:
        for engine in run.engines:
            where = f"{metric['title']} on {engine}"
            key = ScoreKey(engine, split, designer)
            found = estimates(run, metric, key).values()
            counts = {e.interval.n for e in found if e is not None}
            if not counts and _was_scored(run, metric, engine):
                needs = _NEEDS.get(metric["name"])
                reason = f"; it needs {needs} of the engine" if needs else ""
                notes.append(f"{where}: defined on no face{reason}.")
            elif counts and min(counts) < faces:
                few, many = min(counts), max(counts)
                span = str(few) if few == many else f"{few} to {many} (by row)"
                notes.append(f"{where}: defined on {span} of {faces} faces.")
    return tuple(notes)


def _was_scored(run: Run, metric: Mapping[str, Any], engine: str) -> bool:
    return metric["skipped"] is None and any(
        run.finished_trials(variant.name, engine) for variant in run.variants
    )
