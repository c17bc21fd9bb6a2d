"""`avatarbench studio export`: write the finished work as ground-truth files."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from pathlib import Path

from benchmark.avatars import AvatarVectors
from benchmark.faces.truth_seal import FaceProvenance, seal_truth
from benchmark.storage.store import atomic_write
from reports.human_study.studio.drafts import Draft, StudioError, finished
from reports.human_study.studio.workbook import Workbook, open_workbook

FLAG_COLUMNS = ("face", "cannot_be_drawn")


def export_files(
    book: Workbook, designer: str, done: Mapping[str, Draft]
) -> dict[str, bytes]:
    """A designer's ground-truth CSV and its seal, as content by file name.

    If parameters are flagged, a third file lists face and parameter of each flag.
    """
    works = {
        face: FaceProvenance(
            draft.finish.picture, draft.finish.engine_version, draft.finish.at
        )
        for face, draft in sorted(done.items())
        if draft.finish is not None
    }
    vectors = AvatarVectors.concatenate(done[face].vector for face in works)
    files = dict(seal_truth(vectors, book.engine, designer, works))
    flags = [(face, name) for face in works for name in sorted(done[face].flags)]
    if flags:
        stream = io.StringIO()
        csv.writer(stream, lineterminator="\n").writerows([FLAG_COLUMNS, *flags])
        files[f"{book.engine}.{designer}.flags.csv"] = stream.getvalue().encode()
    return files


def export_truths(folder: Path, out: Path, common: bool) -> None:
    """Write the ground truth of every designer; print the suite section that uses it.

    With `common`, only faces that every designer has finished are written: a suite with
    several designers needs the same faces from each. Designers without a finished face
    are ignored. Raises StudioError if nothing is finished.
    """
    book = open_workbook(folder)
    done = {d.name: finished(book.drafts(d.name)) for d in book.designers()}
    done = {name: drafts for name, drafts in done.items() if drafts}
    if not done:
        raise StudioError(f"no face in {folder} is finished yet")
    if common:
        shared = set.intersection(*(set(drafts) for drafts in done.values()))
        if not shared:
            raise StudioError(
                f"no face in {folder} is finished by all of {', '.join(done)}"
            )
        done = {
            n: {f: d for f, d in ds.items() if f in shared} for n, ds in done.items()
        }
    out.mkdir(parents=True, exist_ok=True)
    for name, drafts in done.items():
        for file, content in export_files(book, name, drafts).items():
            atomic_write(out / file, content)
        print(f"{name}: {len(drafts)} faces, {out / f'{book.engine}.{name}.csv'}")
    print(_suite_section(book.engine, out, tuple(done)))


def _suite_section(engine: str, out: Path, designers: Sequence[str]) -> str:
    files = ", ".join(f"{name}: {out / f'{engine}.{name}.csv'}" for name in designers)
    return (
        "\nAdd this to a suite file. Replace FACES by the folder given to `studio "
        "serve`. Relative paths start\nat the folder of the suite file. Faces without "
        "ground truth become the train split.\n"
        "For pictures of `faces export portraits`, write `set: portraits` in place of "
        "`folder: FACES`.\n"
        "faces:\n"
        "  folder: FACES\n"
        "  truth:\n"
        f"    {engine}: {{{files}}}\n"
        f"designers: [{', '.join(designers)}]\n"
        "splits: [heldout]"
    )
