"""`avatarbench create photos`: read the arguments, report what was made."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from pathlib import Path

from benchmark.avatars.counting import counted
from benchmark.commands.create_model import choose_model
from benchmark.creation.creating import Outcome, Settings, create_avatars
from benchmark.creation.model import ModelError
from benchmark.creation.writing import (
    TABLE,
    avatar_path,
    pair_path,
    vector_path,
    write_problems,
    write_sheets,
    write_table,
)
from benchmark.engines.base import Engine
from benchmark.faces.folder import normal_id
from benchmark.faces.picture_listing import list_picture_files
from benchmark.registry import ENGINES
from benchmark.storage.unwritable import cannot_write
from benchmark.system.console import duration, open_progress
from benchmark.system.memory import keep_freed_memory


def create_from_photos(
    photos: Sequence[Path],
    *,
    engine_name: str,
    method: str | None,
    model: str | None,
    out: Path,
    size: int,
    every: bool,
    runs: Path,
    quiet: bool,
) -> int:
    """Create the avatars of photographs and folders; returns the exit status."""
    started = time.monotonic()
    keep_freed_memory()
    console = open_progress(quiet)
    problems: list[str] = []
    files = list_photos(photos, out, problems)
    engine: Engine = ENGINES.create(engine_name)
    opened = choose_model(engine, model, method, runs)
    console.say(f"model: {opened.title}")
    try:
        out.mkdir(parents=True, exist_ok=True)
        settings = Settings(engine, opened, out, size, every)
        outcome = create_avatars(files, settings, console, _tell)
        for problem in problems:
            _tell(problem)
            outcome.problems[problem] = problem
        _write_overview(photos, outcome, settings)
    except OSError as error:
        raise ModelError(cannot_write(out, error, "choose another --out")) from error
    _print_result(outcome, out, time.monotonic() - started)
    return 1 if outcome.problems else 0


def _tell(sentence: str) -> None:
    print(sentence, file=sys.stderr, flush=True)


def list_photos(
    photos: Sequence[Path], out: Path, problems: list[str]
) -> dict[str, Path]:
    """Photographs by the name of their avatars: the file name without its suffix.

    Of two with one name, the second keeps its suffix in the name. `problems` receives
    what is wrong with names in folders. Raises ModelError for a path that is missing.
    """
    found: list[Path] = []
    for path in photos:
        if path.is_dir():
            if out.resolve() == path.resolve():
                raise ModelError(
                    f"--out {out} is the folder of photographs: give another folder"
                )
            listed: list[str] = []
            found += list_picture_files(path, listed)
            problems += listed
        elif path.exists():
            found.append(path)
        else:
            raise ModelError(f"{path}: there is no such photograph; check the path")
    names: dict[str, Path] = {}
    for path in dict.fromkeys(found):
        name = normal_id(path.stem)
        number = 2
        while name in names:
            name = f"{normal_id(path.name)}" if number == 2 else f"{path.name}.{number}"
            number += 1
        names[name] = path
    return names


def _write_overview(
    photos: Sequence[Path], outcome: Outcome, settings: Settings
) -> None:
    """Write table and contact sheet, unless there is one photograph only."""
    if len(photos) == 1 and not photos[0].is_dir():
        return
    write_table(settings.out, settings.engine.spec.names, outcome.records)
    write_problems(settings.out, outcome.problems)
    if outcome.names:
        write_sheets(settings.out, outcome.names)


def _print_result(outcome: Outcome, out: Path, seconds: float) -> None:
    if len(outcome.names) == 1:
        name = outcome.names[0]
        for file in (vector_path, avatar_path, pair_path):
            print(file(out, name))
    made = f"{counted(len(outcome.names), 'avatar')} in {out}"
    if (out / TABLE).is_file() and len(outcome.names) > 1:
        made += f" (see {TABLE} and sheet.png)"
    cached = f", {outcome.cached} made before" if outcome.cached else ""
    failed = (
        f"; {counted(len(outcome.problems), 'photograph')} could not be used"
        if outcome.problems
        else ""
    )
    print(f"{made}{cached}{failed}, {duration(seconds)}")
