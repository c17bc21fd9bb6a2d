"""`avatarbench studio export`: truth files of what designers called done."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from benchmark.avatars import AvatarVectors
from benchmark.faces.truth_seal import FaceWork, sealed_files
from benchmark.storage.store import atomic_write
from reports.human_study.studio.drafts import Draft, StudioError, finished
from reports.human_study.studio.workbook import Workbook, open_workbook


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
        "\nIn a suite, whose paths count from its own folder, with the faces that were "
        "given to `studio serve` (pictures without a truth train):\n"
        "faces:\n"
        "  folder: FACES\n"
        "  truth:\n"
        f"    {engine}: {{{files}}}\n"
        f"designers: [{', '.join(designers)}]\n"
        "splits: [heldout]"
    )
