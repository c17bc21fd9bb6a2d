"""`avatarbench studio agreement`: measure how well two designers agree."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from benchmark.config.resolve import bind_metric
from benchmark.config.resolved import BoundMetric, metric_data
from benchmark.engines.base import Engine
from benchmark.faces.pictures import FaceSetError
from benchmark.faces.truth_csv import TruthFile
from benchmark.faces.truth_seal import open_truth
from benchmark.registry import ENGINES, METRICS
from benchmark.run.rendering import make_cases, render
from benchmark.weights.resolver import WeightResolver
from evaluation.base import Cases, MetricSetup
from evaluation.designers import ceiling, parameter_agreement
from evaluation.statistics import Interval
from reports.tables.agreement import Pair, ceiling_table, parameter_agreement_table
from reports.tables.table import Table
from reports.tables.terminal import to_rich

MAIN_METRICS = ("lpips", "st-lpips", "discrete-accuracy", "continuous-mae")


def print_agreement(
    one: Path, other: Path, engine_name: str, metrics: Sequence[str], size: int
) -> None:
    """Print the agreement of two designers on the faces that both files contain."""
    engine: Engine = ENGINES.create(engine_name)
    resolver = WeightResolver({})
    bound_metrics = [
        bind_metric(METRICS.load(name), resolver) for name in dict.fromkeys(metrics)
    ]
    first, second = open_truth(one), open_truth(other)
    faces = _shared_faces(first, second)
    truth = first.read(engine.spec, faces)
    prediction = second.read(engine.spec, faces)
    names = [path.stem.removeprefix(f"{engine_name}.") for path in (one, other)]
    pair = Pair(engine_name, names[0], names[1], len(faces), size)
    cases = make_cases(
        prediction,
        truth,
        render(engine, prediction, size),
        render(engine, truth, size),
    )
    console = Console(highlight=False)
    for table in (
        ceiling_table(pair, _score(bound_metrics, cases)),
        parameter_agreement_table(pair, parameter_agreement(truth, prediction)),
    ):
        _print_table(table, console)


def _print_table(table: Table, console: Console) -> None:
    """Print the title on its own line, so that it may be wider than the table."""
    shown = to_rich(table)
    shown.title = None
    console.print(table.title, style="bold", markup=False)
    console.print(shown)
    for note in table.notes:
        console.print(f"- {note}", markup=False)
    console.print()


def _shared_faces(one: TruthFile, other: TruthFile) -> list[str]:
    """The faces in both files, in the order of the first."""
    others = set(other.faces())
    shared = [face for face in one.faces() if face in others]
    if not shared:
        raise FaceSetError(f"{one.path} and {other.path} have no face in common")
    return shared


def _score(
    bound_metrics: Sequence[BoundMetric], cases: Cases
) -> list[tuple[dict[str, object], Interval | None]]:
    return [
        (
            metric_data(bound),
            None
            if bound.skipped
            else ceiling(bound.metric(MetricSetup(bound.weights)), cases),
        )
        for bound in bound_metrics
    ]
