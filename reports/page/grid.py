"""Which faces a report shows, and each row's avatar of them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from reports.trials import Contestant, Run

FACES, MOST_FACES = 8, 24
PIXELS = 128
SPLIT = "validation"
"""Pictures show validation faces alone: nobody looks at held-out ones."""


@dataclass(frozen=True)
class Picture:
    """One picture of the grid; without a file `path` is None and `alt` says why."""

    path: Path | None
    alt: str

    def small(self) -> Image.Image:
        """The picture at the grid's size; it must have a file."""
        assert self.path is not None
        with Image.open(self.path) as opened:
            small = opened.convert("RGB")
        small.thumbnail((PIXELS, PIXELS), Image.Resampling.LANCZOS)
        return small


@dataclass(frozen=True)
class Grid:
    """Faces × (input, designer's avatar, one of each row of Table 1) on an engine."""

    engine: str
    heads: tuple[str, ...]
    rows: tuple[tuple[Picture, ...], ...]


def grid_faces(run: Run, count: int = FACES) -> list[str]:
    """Up to `count` validation faces, drawn by the digest of their names."""
    done = next((t for t in run.trials if t.error is None), None)
    if SPLIT not in run.splits or done is None:
        return []
    names = sorted(set(map(str, done.scores(SPLIT, run.designers[0])["face"])))
    drawn = sorted(names, key=lambda name: hashlib.sha256(name.encode()).hexdigest())
    return drawn[:count]


def grids(run: Run, count: int = FACES) -> list[Grid]:
    """A grid an engine; none where no validation face was predicted."""
    faces = grid_faces(run, count)
    return [_grid(run, engine, faces) for engine in run.engines if faces]


def grid_note(run: Run) -> str:
    """How the faces were chosen, and whose avatars are shown."""
    seed = min(t.record["seed"] for t in run.trials)
    return (
        f"Validation faces, drawn by the hash of their names before anything was "
        f"measured; held-out faces are shown nowhere. Avatars of seed {seed}."
    )


def _grid(run: Run, engine: str, faces: Iterable[str]) -> Grid:
    heads = ("Input", "Designer's avatar", *(c.label for c in run.main_contestants))
    return Grid(engine, heads, tuple(_grid_row(run, engine, face) for face in faces))


def _grid_row(run: Run, engine: str, face: str) -> tuple[Picture, ...]:
    truth = run.folder / "truths" / engine / run.designers[0] / SPLIT / f"{face}.webp"
    portrait = next(
        (t.folder / "pictures" / SPLIT / f"{face}.face.webp")
        for t in run.trials
        if t.error is None
    )
    return (
        _picture(portrait, f"face {face}"),
        _picture(truth, f"designer's avatar of face {face} on {engine}"),
        *(_prediction(run, c, engine, face) for c in run.main_contestants),
    )


def _prediction(run: Run, contestant: Contestant, engine: str, face: str) -> Picture:
    done = run.done(contestant.name, engine)
    if not done:
        missing = "failed" if run.failed(contestant.name, engine) else "not run"
        return Picture(None, missing)
    path = done[0].folder / "pictures" / SPLIT / f"{face}.prediction.webp"
    return _picture(path, f"avatar of face {face} by {contestant.title} on {engine}")


def _picture(path: Path, alt: str) -> Picture:
    return Picture(path, alt) if path.is_file() else Picture(None, "no picture")
