"""`avatarbench studio agreement`: how far two designers agree, printed."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from benchmark.avatars import AvatarVectors
from benchmark.config.resolved import BoundMetric, metric_data
from benchmark.engines.base import Engine
from benchmark.faces.pictures import FaceSetError
from benchmark.faces.truth_csv import TruthFile
from benchmark.faces.truth_seal import sealed_truth
from benchmark.registry import ENGINES, METRICS
from benchmark.run.rendering import cases_of, render
from benchmark.weights.resolver import WeightResolver, lacking
from evaluation.base import Cases, MetricSetup
from evaluation.designers import ceiling, parameter_agreement
from evaluation.statistics import Interval
from reports.tables.agreement import Pair, ceiling_table, parameter_agreement_table
from reports.tables.formats import to_rich
from reports.tables.table import Table

USUAL_METRICS = ("lpips", "st-lpips", "discrete-accuracy", "continuous-mae")


def agreement(
    one: Path, other: Path, engine_name: str, metrics: Sequence[str], size: int
) -> None:
    """Print two designers' agreement over the faces that both files hold."""
    engine: Engine = ENGINES.load(engine_name)()
    bound_metrics = _bound_metrics(metrics)
    mine, theirs = sealed_truth(one), sealed_truth(other)
    faces = _shared(mine, theirs)
    made = mine.read(engine.spec, faces)
    remade = theirs.read(engine.spec, faces)
    names = [path.stem.removeprefix(f"{engine_name}.") for path in (one, other)]
    pair = Pair(engine_name, names[0], names[1], len(faces), size)
    scores = _scores(bound_metrics, _cases(engine, made, remade, size))
    console = Console(highlight=False)
    for table in (
        ceiling_table(pair, scores),
        parameter_agreement_table(pair, parameter_agreement(made, remade)),
    ):
        _show(table, console)


def _show(table: Table, console: Console) -> None:
    """A table under a title as wide as the terminal, its notes below."""
    shown = to_rich(table)
    shown.title = None
    console.print(table.title, style="bold", markup=False)
    console.print(shown)
    for note in table.notes:
        console.print(f"- {note}", markup=False)
    console.print()


def _shared(one: TruthFile, other: TruthFile) -> list[str]:
    """The faces of both files, in the order of the first."""
    theirs = set(other.faces())
    shared = [face for face in one.faces() if face in theirs]
    if not shared:
        raise FaceSetError(f"{one.path} and {other.path} have no face in common")
    return shared


def _bound_metrics(names: Sequence[str]) -> list[BoundMetric]:
    resolver, bound_metrics = WeightResolver({}), []
    for name in dict.fromkeys(names):
        metric = METRICS.load(name)
        missing = resolver.missing(metric.meta.needs)
        skipped = f"{name}: {'; '.join(lacking(missing))}" if missing else None
        bound_metrics.append(
            BoundMetric(metric, *resolver.take(metric.meta.needs), skipped)
        )
    return bound_metrics


def _cases(
    engine: Engine, one: AvatarVectors, other: AvatarVectors, size: int
) -> Cases:
    """The other designer's avatars as predictions of the one's."""
    drawn, drawn_truth = render(engine, other, size), render(engine, one, size)
    return cases_of(other, one, drawn, drawn_truth)


def _scores(
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
