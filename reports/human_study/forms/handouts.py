"""Writing forms: what a study's leader hands out, and what a study looks like."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Literal

from benchmark.avatars.spec import nearest
from benchmark.storage.store import atomic_write
from reports.human_study.design.study import (
    EXCLUSIONS_FILE,
    PICTURES,
    Study,
    StudyError,
)
from reports.human_study.forms.answers import blank_sheet
from reports.human_study.forms.offline import offline_form
from reports.human_study.forms.printable import printable_form

Format = Literal["html", "pdf", "csv"]
SECONDS_A_FACE = 8
"""How long a rater is taken to look at one face where a study is described."""


def write_forms(
    study: Study,
    folder: Path,
    papers: Iterable[int] = (0,),
    formats: Sequence[Format] = ("html", "pdf"),
    language: str | None = None,
) -> list[Path]:
    """Write each paper in each format; `language` is the study's first unless given.

    Raises StudyError for a language that the study does not have, and where nothing can
    be written.
    """
    spoken = check_language(study, language)
    paths = []
    for index in papers:
        for kind in formats:
            path = folder / f"{study.name}-paper-{index:03d}-{spoken}.{kind}"
            _write(path, _form(study, index, spoken, kind))
            paths.append(path)
    return paths


def write_preview(study: Study, path: Path, index: int, language: str | None) -> None:
    """Write what the rater of a paper sees, as a page that keeps no answers."""
    form = offline_form(study, index, check_language(study, language), preview=True)
    _write(path, form.encode())


def check_language(study: Study, language: str | None) -> str:
    """The language, or the study's first for None; StudyError for another one."""
    if language is None:
        return study.languages[0]
    if language not in study.languages:
        raise StudyError(
            f"--language {language}: the study has no such language"
            f"{nearest(language, study.languages)}; it has "
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
        raise StudyError(
            f"cannot write to {path}: {error.strerror}; make it writable, free some "
            "space, or name another place"
        ) from error


def describe(study: Study) -> list[str]:
    """What a study asks, of whom, in lines; nothing of its key."""
    kinds = [trial.kind for trial in study.trials]
    judged = {trial.face for trial in study.trials if trial.kind == "judgement"}
    minutes = max(1, round(len(kinds) * SECONDS_A_FACE / 60))
    back = "may" if study.settings.back == "allowed" else "may not"
    tie = "and may say that they cannot tell" if study.settings.tie else "and must pick"
    alike = _identical(study)
    rule = (study.folder / EXCLUSIONS_FILE).read_text(encoding="utf-8")
    return [
        f"study {study.id}: {study.title} (made {study.created}, seed {study.seed})",
        f"each face with {study.slots} avatars, one a method; {len(judged)} faces on "
        f"{', '.join(study.engines)}",
        f"a paper: {kinds.count('judgement')} judgements, {kinds.count('catch')} catch "
        f"trials, {kinds.count('repeat')} repeats; about {minutes} min at "
        f"{SECONDS_A_FACE} s a face",
        f"raters pick one {tie}; they {back} go back",
        f"languages {', '.join(study.languages)}; consent version "
        f"{study.consent.version}",
        f"identical avatars stand side by side in {alike} of "
        f"{kinds.count('judgement')} judgements",
        "left out of the results, as fixed now:",
        *(f"  {line}" for line in rule.splitlines() if not line.startswith("#")),
    ]


def _identical(study: Study) -> int:
    """Judgements that show the same picture twice or more; a pick there is a guess."""
    return sum(
        len({study.files[f"{PICTURES}/{name}.webp"] for name in trial.options})
        < study.slots
        for trial in study.trials
        if trial.kind == "judgement"
    )
