"""`avatarbench study create`, and the study that every run leaves in its folder."""

from __future__ import annotations

import secrets
import shlex
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from benchmark.commands.report import find_run, report_other_folders
from reports.human_study.design.creation import Rule, StudyPlan, create_study
from reports.human_study.design.selection import NoStudy, select
from reports.human_study.design.study import Study, read_study
from reports.human_study.design.texts import study_texts
from reports.human_study.forms.handouts import describe, write_forms
from reports.human_study.wording import LANGUAGES
from reports.trials import Run, read_run

STUDY_FOLDER, FORMS_FOLDER = "study", "forms"
PILOT_SPLIT = "validation"
"""The faces of the study that a run leaves."""


def create_study_from_run(
    run: str,
    *,
    runs: Path,
    out: Path | None,
    name: str | None,
    seed: int | None,
    faces: int | None,
    split: str | None,
    variants: tuple[str, ...],
    engines: tuple[str, ...],
    catches: int | None,
    repeats: int | None,
    tie: bool,
    back: Literal["allowed", "no"],
    languages: tuple[str, ...],
    texts: Path | None,
    contact: str | None,
    rule: Rule,
) -> None:
    """Create a study, then print what it asks and the next commands.

    None and empty tuples stand for the defaults of `avatarbench study create`.
    """
    folder = find_run(run, runs)
    selection = select(read_run(folder), variants, engines, split)
    # The pilot that the run left is in STUDY_FOLDER.
    target = out or folder / f"{STUDY_FOLDER}-{selection.split}"
    report_other_folders(folder)
    plan = StudyPlan(
        name=name or selection.run.first["suite"],
        seed=_random_seed() if seed is None else seed,
        created=_today(),
        texts=study_texts(languages or LANGUAGES, contact, texts),
        faces=faces,
        catches=catches,
        repeats=repeats,
        tie=tie,
        back=back,
        rule=rule,
    )
    study = create_study(selection, plan, target)
    print("\n".join(describe(study)))
    print(f"study folder: {target}")
    quoted = shlex.quote(str(target))
    print(f"preview it:   avatarbench study preview {quoted}")
    print(f"serve a site: avatarbench study serve {quoted}")
    print(f"write forms:  avatarbench study forms {quoted}")


def create_default_study(run: Path) -> list[str]:
    """Create a pilot study with default settings and its first forms in a run's folder.

    The pilot shows validation faces only, so nobody sees a held-out face who did not
    ask for it. Returns lines to print. An existing study is kept, because people may
    have answered it. A run without validation faces or with fewer than two methods gets
    no study, and the line says so.
    """
    folder = run / STUDY_FOLDER
    if folder.exists():
        return _write_first_forms(read_study(folder))
    try:
        scored = read_run(run)
        selection = select(scored, split=_pilot_split(scored))
        plan = StudyPlan(
            name=selection.run.first["suite"],
            seed=_random_seed(),
            created=_today(),
            texts=study_texts(LANGUAGES, None, None),
        )
        study = create_study(selection, plan, folder)
    except NoStudy as error:
        return [f"no study: {error}"]
    return _write_first_forms(study)


def _pilot_split(run: Run) -> str:
    if PILOT_SPLIT not in run.splits:
        quoted = shlex.quote(str(run.folder))
        raise NoStudy(
            "a pilot shows validation faces only, and the run has none; make a study "
            f"of other faces with `avatarbench study create {quoted}`"
        )
    return PILOT_SPLIT


def _random_seed() -> int:
    # Unpredictable, because the seed reveals which avatar belongs to which method.
    return secrets.randbits(48)


def _today() -> str:
    return datetime.now(UTC).date().isoformat()


def _write_first_forms(study: Study) -> list[str]:
    forms = write_forms(study, study.folder / FORMS_FOLDER)
    return [f"study:  {study.folder}", *(f"form:   {path}" for path in forms)]
