"""An assignment as one HTML file that works offline, with or without JavaScript."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from reports.human_study.design.practice import effort, practice_question
from reports.human_study.design.study import Shown, Study
from reports.human_study.forms.answers import COLUMNS, TIE, letter
from reports.human_study.wording import words


@dataclass(frozen=True)
class Option:
    """An option as the page shows it. `picture` is a data URI."""

    letter: str
    alt: str
    picture: str


@dataclass(frozen=True)
class Question:
    """One face with its options; `position` counts from 1."""

    position: int
    heading: str
    portrait: str
    options: tuple[Option, ...]


def offline_form(study: Study, index: int, language: str, preview: bool = False) -> str:
    """The HTML form of assignment `index` in one of the study's languages.

    Raters open the file, answer, and save a CSV that `study import` reads. Without
    JavaScript they print it. A `preview` is labelled and saves nothing.
    """
    text = dict(words(language)) | dict(study.texts[language])
    css, script = _asset("offline.css"), _asset("offline.js")
    assignment = study.assignment(index)
    policy = (
        f"default-src 'none'; img-src data:; style-src {_policy_source(css)}; "
        f"script-src {_policy_source(script)}; form-action 'none'; base-uri 'none'"
    )
    return _template().render(
        study=study,
        index=index,
        language=language,
        text=text,
        preview=preview,
        code=form_code(study, index),
        consent=paragraphs(study.consent.text[language]),
        effort=effort(study, text),
        instructions=paragraphs(text["instructions"]),
        practice=practice_question(study.slots, text),
        letters=[letter(slot) for slot in range(1, study.slots + 1)],
        questions=[_question(study, shown, text) for shown in assignment.shown],
        css=Markup(css),
        script=Markup(script),
        policy=policy,
        columns=" ".join(COLUMNS),
        tie=TIE,
    )


def form_code(study: Study, index: int) -> str:
    """The code on a rater's form: study id and assignment number."""
    return f"{study.id} / {index}"


def paragraphs(text: str) -> list[str]:
    """The paragraphs of a text, separated by empty lines."""
    return [part.strip() for part in text.split("\n\n") if part.strip()]


def _question(study: Study, shown: Shown, text: dict[str, str]) -> Question:
    face = study.by_face[shown.trial.face]
    options = (
        Option(
            letter(slot),
            text["option"].format(letter=letter(slot)),
            _data_uri(study.pictures[name]),
        )
        for slot, name in enumerate(shown.order, start=1)
    )
    heading = text["face"].format(position=shown.position, count=len(study.trials))
    portrait = _data_uri(study.pictures[face.picture])
    return Question(shown.position, heading, portrait, tuple(options))


def _data_uri(path: Path) -> str:
    return f"data:image/webp;base64,{base64.b64encode(path.read_bytes()).decode()}"


def _policy_source(content: str) -> str:
    """The Content-Security-Policy source that allows only this text."""
    digest = hashlib.sha256(content.encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"


@cache
def _asset(name: str) -> str:
    return files("reports.human_study.forms").joinpath(name).read_text(encoding="utf-8")


@cache
def _template():
    environment = Environment(
        loader=PackageLoader("reports.human_study.forms", "."),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("offline.html.jinja")
