"""Selects the faces that a report shows, with each row's avatar of them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from benchmark.storage.digests import bytes_digest
from reports.tables import wording
from reports.trials import ReportedVariant, Run, Trial

FACES, MOST_FACES, SHEET_FACES = 24, 200, 24
"""Faces of the page by default and at most, and of a face sheet at most."""
PIXELS = 128
SPLIT = "validation"
"""Only validation faces are shown; held-out faces must stay unseen."""


@dataclass(frozen=True)
class Picture:
    """One picture of the grid; without a file `path` is None and `alt` says why."""

    path: Path | None
    alt: str

    def small(self) -> Image.Image:
        """The picture reduced to PIXELS; it must have a file."""
        assert self.path is not None
        with Image.open(self.path) as opened:
            small = opened.convert("RGB")
        small.thumbnail((PIXELS, PIXELS), Image.Resampling.LANCZOS)
        return small


@dataclass(frozen=True)
class Grid:
    """Pictures on one engine: a row for each face.

    Columns: the input, the designer's avatar, then the avatar of each row of Table 1.
    """

    engine: str
    heads: tuple[str, ...]
    rows: tuple[tuple[Picture, ...], ...]


def grid_faces(run: Run, count: int = FACES) -> list[str]:
    """Names of up to `count` validation faces, chosen by the hash of their names."""
    done = next((t for t in run.trials if t.error is None), None)
    if SPLIT not in run.splits or done is None:
        return []
    names = sorted(set(map(str, done.scores(SPLIT, run.designers[0])["face"])))
    shuffled = sorted(names, key=lambda name: bytes_digest(name.encode()))
    return shuffled[:count]


def grids(run: Run, count: int = FACES) -> list[Grid]:
    """One grid for each engine; [] if no validation face was predicted."""
    faces = grid_faces(run, count)
    return [_grid(run, engine, faces) for engine in run.engines if faces]


def grid_note(run: Run) -> str:
    """How the faces were chosen, and which seed's avatars are shown."""
    seed = min(t.record["seed"] for t in run.trials)
    return (
        "Validation faces, chosen by the hash of their names and not by their scores. "
        f"Held-out faces are not shown here. Avatars of seed {seed}."
    )


def _grid(run: Run, engine: str, faces: Iterable[str]) -> Grid:
    truth_head = f"{wording.truth_maker(run).capitalize()}'s avatar"
    heads = ("Input", truth_head, *(c.label for c in run.main_variants))
    return Grid(engine, heads, tuple(_grid_row(run, engine, face) for face in faces))


def _grid_row(run: Run, engine: str, face: str) -> tuple[Picture, ...]:
    return (
        portrait(run, face),
        truth(run, engine, face),
        *(prediction(run, c, engine, face) for c in run.main_variants),
    )


def portrait(run: Run, face: str) -> Picture:
    """The input picture of a validation face, which must have been predicted."""
    done = next(t for t in run.trials if t.error is None)
    return _picture(_pictures(done) / f"{face}.face.webp", f"face {face}")


def truth(run: Run, engine: str, face: str) -> Picture:
    """The main designer's avatar of a validation face."""
    folder = run.folder / "truths" / engine / run.designers[0] / SPLIT
    alt = f"{wording.truth_maker(run)}'s avatar of face {face} on {engine}"
    return _picture(folder / f"{face}.webp", alt)


def prediction(run: Run, variant: ReportedVariant, engine: str, face: str) -> Picture:
    """A variant's avatar of a validation face, of its first finished seed."""
    trial = shown_trial(run, variant, engine)
    if trial is None:
        missing = "failed" if run.failed(variant.name, engine) else "not run"
        return Picture(None, missing)
    path = _pictures(trial) / f"{face}.prediction.webp"
    return _picture(path, f"avatar of face {face} by {variant.title} on {engine}")


def shown_trial(run: Run, variant: ReportedVariant, engine: str) -> Trial | None:
    """The trial whose avatars are shown: the first finished seed; None without one."""
    return next(iter(run.finished_trials(variant.name, engine)), None)


def _pictures(trial: Trial) -> Path:
    return trial.folder / "pictures" / SPLIT


def _picture(path: Path, alt: str) -> Picture:
    return Picture(path, alt) if path.is_file() else Picture(None, "no picture")
