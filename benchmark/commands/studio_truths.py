"""`avatarbench studio export` and `agreement`: truth files that designers made."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from benchmark.avatars import AvatarVectors
from benchmark.contest import Judge, judge_data
from benchmark.engines.base import Engine, PartMapped
from benchmark.faces.heldout import TruthFile
from benchmark.faces.pictures import FaceSetError
from benchmark.faces.sealed import FaceWork, sealed_files, sealed_truth
from benchmark.registry import ENGINES, METRICS
from benchmark.shelf import Shelf, lacking
from benchmark.store import atomic_write
from evaluation.base import Cases, MetricSetup
from evaluation.designers import ceiling, parameter_agreement
from evaluation.statistics import Interval
from reports.agreement import Pair, ceiling_table, parameter_agreement_table
from reports.forms.studio.drafts import Draft, StudioError
from reports.forms.studio.room import finished
from reports.forms.studio.workbook import Workbook, open_workbook

USUAL_METRICS = ("lpips", "st-lpips", "discrete-accuracy", "continuous-mae")


def export_files(
    book: Workbook, designer: str, done: Mapping[str, Draft]
) -> dict[str, bytes]:
    """A designer's truth file and its seal, by file name, over drafts that are done."""
    works = {
        face: FaceWork(
            draft.finish.picture, draft.finish.engine_version, draft.finish.at
        )
        for face, draft in sorted(done.items())
        if draft.finish is not None
    }
    vectors = AvatarVectors.concatenate(done[face].vector for face in works)
    return sealed_files(vectors, book.engine, designer, works)


def export(folder: Path, out: Path, common: bool) -> None:
    """Write every designer's truth file and seal; print how a suite names them.

    With `common`, only faces that every designer with a finished face has done: suites
    with several designers want the same faces of each.
    """
    book = open_workbook(folder)
    done = {d.name: finished(book.drafts(d.name)) for d in book.designers()}
    done = {name: drafts for name, drafts in done.items() if drafts}
    if not done:
        raise StudioError(f"nobody has called a face done in {folder} yet")
    if common:
        shared = set.intersection(*(set(drafts) for drafts in done.values()))
        if not shared:
            raise StudioError(f"no face in {folder} is done by {' and '.join(done)}")
        done = {
            n: {f: d for f, d in ds.items() if f in shared} for n, ds in done.items()
        }
    out.mkdir(parents=True, exist_ok=True)
    for name, drafts in done.items():
        for file, content in export_files(book, name, drafts).items():
            atomic_write(out / file, content)
        print(f"{name}: {len(drafts)} faces, {out / f'{book.engine}.{name}.csv'}")
    print(_suite_lines(book.engine, out, tuple(done)))


def _suite_lines(engine: str, out: Path, designers: Sequence[str]) -> str:
    files = ", ".join(f"{name}: {out / f'{engine}.{name}.csv'}" for name in designers)
    return (
        "\nIn a suite, with the faces that were given to `studio serve` (its pictures "
        "without a truth train):\n"
        "faces:\n"
        "  folder: FACES\n"
        "  truth:\n"
        f"    {engine}: {{{files}}}\n"
        f"designers: [{', '.join(designers)}]\n"
        "splits: [heldout]"
    )


def agreement(
    one: Path, other: Path, engine_name: str, metrics: Sequence[str], size: int
) -> None:
    """Print two designers' agreement over the faces that both files hold."""
    from rich.console import Console

    from reports.formats import to_rich

    engine: Engine = ENGINES.load(engine_name)()
    judges = _judges(metrics)
    mine, theirs = sealed_truth(one), sealed_truth(other)
    faces = _shared(mine, theirs)
    made = mine.read(engine.spec, faces)
    remade = theirs.read(engine.spec, faces)
    names = [path.stem.removeprefix(f"{engine_name}.") for path in (one, other)]
    pair = Pair(engine_name, names[0], names[1], len(faces), size)
    scores = _scores(judges, _cases(engine, made, remade, size))
    console = Console(highlight=False)
    for table in (
        ceiling_table(pair, scores),
        parameter_agreement_table(pair, parameter_agreement(made, remade)),
    ):
        console.print(to_rich(table))
        for note in table.notes:
            console.print(f"- {note}", markup=False)


def _shared(one: TruthFile, other: TruthFile) -> list[str]:
    """The faces of both files, in the order of the first."""
    theirs = set(other.faces())
    shared = [face for face in one.faces() if face in theirs]
    if not shared:
        raise FaceSetError(f"{one.path} and {other.path} have no face in common")
    return shared


def _judges(names: Sequence[str]) -> list[Judge]:
    shelf, judges = Shelf({}), []
    for name in dict.fromkeys(names):
        metric = METRICS.load(name)
        missing = shelf.missing(metric.meta.needs)
        skipped = f"{name}: {'; '.join(lacking(missing))}" if missing else None
        judges.append(Judge(metric, *shelf.take(metric.meta.needs), skipped))
    return judges


def _cases(
    engine: Engine, one: AvatarVectors, other: AvatarVectors, size: int
) -> Cases:
    """The other designer's avatars as predictions of the one's."""
    mapped = isinstance(engine, PartMapped)
    return Cases(
        predicted=other,
        truth=one,
        predicted_renders=engine.render(other, size),
        truth_renders=engine.render(one, size),
        predicted_parts=engine.parts(other, size) if mapped else None,
        truth_parts=engine.parts(one, size) if mapped else None,
    )


def _scores(
    judges: Sequence[Judge], cases: Cases
) -> list[tuple[dict[str, object], Interval | None]]:
    return [
        (
            judge_data(judge),
            None
            if judge.skipped
            else ceiling(judge.metric(MetricSetup(judge.weights)), cases),
        )
        for judge in judges
    ]
