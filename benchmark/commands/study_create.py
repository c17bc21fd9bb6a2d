"""`avatarbench study create`, and the study that a run leaves behind."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from benchmark.commands.report import find_run
from reports.human_study.design.creation import Rule, StudyPlan, create_study
from reports.human_study.design.selection import NoStudy, Selection, select
from reports.human_study.design.study import Study, read_study
from reports.human_study.design.texts import study_texts
from reports.human_study.forms.handouts import describe, write_forms
from reports.human_study.wording import LANGUAGES
from reports.trials import read_run

FOLDER, FORMS = "study", "forms"


@dataclass(frozen=True)
class Request:
    """What the command line asked for; None takes the default that `create` tells."""

    run: str
    runs: Path
    out: Path | None = None
    name: str | None = None
    seed: int | None = None
    faces: int | None = None
    split: str | None = None
    variants: tuple[str, ...] = ()
    engines: tuple[str, ...] = ()
    catches: int | None = None
    repeats: int | None = None
    tie: bool = False
    back: Literal["allowed", "no"] = "allowed"
    languages: tuple[str, ...] = LANGUAGES
    texts: Path | None = None
    contact: str | None = None
    rule: Rule = field(default_factory=Rule)


def create(request: Request) -> None:
    """Freeze a study and say what it asks and what comes next."""
    folder = find_run(request.run, request.runs)
    out = request.out or folder / FOLDER
    run = read_run(folder)
    selection = select(run, request.variants, request.engines, request.split)
    study = create_study(selection, _plan(request, selection), out)
    print("\n".join(describe(study)))
    print(f"study folder: {out}")
    print(f"look at it:   avatarbench study preview {out}")
    print(f"on a site:    avatarbench study serve {out}")
    print(f"on paper:     avatarbench study forms {out}")


def _plan(request: Request, selection: Selection) -> StudyPlan:
    seed = request.seed
    return StudyPlan(
        name=request.name or selection.run.first["suite"],
        # Drawn anew where none is asked for: who knows the seed knows the orders.
        seed=secrets.randbits(48) if seed is None else seed,
        created=datetime.now(UTC).date().isoformat(),
        texts=study_texts(request.languages, request.contact, request.texts),
        faces=request.faces,
        catches=request.catches,
        repeats=request.repeats,
        tie=request.tie,
        back=request.back,
        rule=request.rule,
    )


def leave_study(run: Path) -> list[str]:
    """Leave a ready study and its first form in a run's folder; lines that say where.

    A study that is there already stays as it is: people may have answered it. A run
    with fewer than two methods gets none, and the line says so.
    """
    folder = run / FOLDER
    if folder.exists():
        return _places(read_study(folder))
    request = Request(run=str(run), runs=run.parent)
    try:
        selection = select(read_run(run))
        study = create_study(selection, _plan(request, selection), folder)
    except NoStudy as why:
        return [f"no study: {why}"]
    return _places(study)


def _places(study: Study) -> list[str]:
    forms = write_forms(study, study.folder / FORMS)
    return [f"study:  {study.folder}", *(f"form:   {path}" for path in forms)]
