"""Writes the forms that are handed out, and describes a study in text."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Literal

from benchmark.avatars.counting import counted
from benchmark.avatars.spec import did_you_mean
from benchmark.storage.store import atomic_write
from benchmark.storage.unwritable import cannot_write
from reports.human_study.design.study import (
    EXCLUSIONS_FILE,
    PICTURES,
    SECONDS_A_QUESTION,
    Study,
    StudyError,
)
from reports.human_study.forms.answers import blank_sheet
from reports.human_study.forms.offline import offline_form
from reports.human_study.forms.printable import printable_form

Format = Literal["html", "pdf", "csv"]


def write_forms(
    study: Study,
    folder: Path,
    assignments: Iterable[int] = (0,),
    formats: Sequence[Format] = ("html", "pdf"),
    language: str | None = None,
) -> list[Path]:
    """Write each assignment in each format. `language` defaults to the study's first.

    Raises StudyError for a language that the study does not have, and if a file cannot
    be written.
    """
    spoken = check_language(study, language)
    paths = []
    for index in assignments:
        for kind in formats:
            path = folder / f"{study.name}-assignment-{index:03d}-{spoken}.{kind}"
            _write(path, _form(study, index, spoken, kind))
            paths.append(path)
    return paths


def write_preview(study: Study, path: Path, index: int, language: str | None) -> None:
    """Write what the rater of an assignment sees, as a page that saves no answers."""
    form = offline_form(study, index, check_language(study, language), preview=True)
    _write(path, form.encode())


def check_language(study: Study, language: str | None) -> str:
    """The language, or the study's first for None; StudyError for an unknown one."""
    if language is None:
        return study.languages[0]
    if language not in study.languages:
        raise StudyError(
            f"--language {language}: the study does not have this language"
            f"{did_you_mean(language, study.languages)}; it has "
            f"{', '.join(study.languages)}"
        )
    return language


def _form(study: Study, index: int, language: str, kind: Format) -> bytes:
    if kind == "html":
        return offline_form(study, index, language).encode()
    if kind == "pdf":
        return printable_form(study, index, language)
    return blank_sheet(study, index, language).encode()


def _write(path: Path, content: bytes) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        atomic_write(path, content)
    except OSError as error:
        raise StudyError(cannot_write(path, error, "choose another path")) from error


def describe(study: Study) -> list[str]:
    """A study in a few lines of text, without anything from its key."""
    kinds = [trial.kind for trial in study.trials]
    rated = {trial.face for trial in study.trials if trial.kind == "rating"}
    back = "may" if study.settings.back == "allowed" else "may not"
    tie = ", or say that they cannot tell" if study.settings.tie else ""
    identical = _count_identical(study)
    rule = (study.folder / EXCLUSIONS_FILE).read_text(encoding="utf-8")
    return [
        f"study {study.id}: {study.title} (created {study.created}, seed {study.seed})",
        f"each face with {study.slots} avatars, one per method; "
        f"{counted(len(rated), 'face')} on {', '.join(study.engines)}",
        f"an assignment: {counted(kinds.count('rating'), 'rating')}, "
        f"{counted(kinds.count('catch'), 'catch trial')}, "
        f"{counted(kinds.count('repeat'), 'repeat')}; about {study.minutes} min at "
        f"{SECONDS_A_QUESTION} s per question",
        f"raters pick one avatar{tie}; they {back} go back",
        f"languages {', '.join(study.languages)}; consent version "
        f"{study.consent.version}",
        f"identical avatars within a question: in {identical} of "
        f"{counted(kinds.count('rating'), 'rating')}",
        "raters excluded from the results, by a rule that is now fixed:",
        *(f"  {line}" for line in rule.splitlines() if not line.startswith("#")),
    ]


def _count_identical(study: Study) -> int:
    """Number of rating trials with identical pictures, where a pick is a guess."""
    return sum(
        len({study.files[f"{PICTURES}/{name}.webp"] for name in trial.options})
        < study.slots
        for trial in study.trials
        if trial.kind == "rating"
    )
