"""The HTML page of a study, and its section in the page of a run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from benchmark.avatars.counting import counted
from reports.figures.scores import Drawing
from reports.human_study.analysis.answers import Answers
from reports.human_study.analysis.simulated import WARNING
from reports.human_study.analysis.wording import raters_note, rule_note, stand_in_notes
from reports.page.html import Detail, embedded_figure, page_css, page_template
from reports.page.page import StudySection
from reports.tables import published as paper
from reports.tables import wording
from reports.tables.html import to_html
from reports.tables.table import Table, published

LANGUAGES = {"de": "German", "en": "English"}
OPEN = 1
"""Number of detail tables that are unfolded at first."""


@dataclass(frozen=True)
class StudyContent:
    """The measured Table 2, its detail tables and the figures."""

    headline: Table
    details: Sequence[Table]
    drawings: Sequence[Drawing]


@dataclass(frozen=True)
class Text:
    """What raters read, in one language."""

    title: str
    language: str
    paragraphs: tuple[str, ...]


def study_section(answers: Answers, content: StudyContent) -> StudySection:
    """Measured and published Table 2 side by side, figures and detail tables."""
    return StudySection(
        to_html(content.headline),
        to_html(published(paper.TABLE_2)),
        [embedded_figure(drawing) for drawing in content.drawings],
        [
            Detail(table.title, to_html(table), open=index < OPEN)
            for index, table in enumerate(content.details)
        ],
        [(table.key, table.title) for table in (content.headline, *content.details)],
        [(drawing.name, drawing.title) for drawing in content.drawings],
        answers.simulated,
    )


def render_study_page(answers: Answers, content: StudyContent, code: str) -> str:
    """The page's HTML; `code` names the commit."""
    study = answers.study
    return page_template("human_study/analysis/page.html.jinja").render(
        title=f"avatarbench: {study.title}" + " (simulated)" * answers.simulated,
        css=page_css(),
        lead=""
        if answers.simulated
        else f"Raters saw a face and {study.slots} avatars of it, one per method, and "
        "picked the avatar that matches best.",
        simulated=WARNING if answers.simulated else "",
        stand_in=" ".join(stand_in_notes(answers.key)),
        data=study_section(answers, content),
        protocol=protocol(answers),
        texts=texts(answers),
        provenance=_provenance(answers, code),
    )


def protocol(answers: Answers) -> list[str]:
    """The protocol of the study, one sentence per item."""
    study, rows = answers.study, answers.rows
    kinds = [trial.kind for trial in study.trials]
    per_engine = kinds.count("rating") // len(study.engines)
    tie = ", or say that they cannot tell" if study.settings.tie else ""
    back = "may" if study.settings.back == "allowed" else "may not"
    languages = ", ".join(
        f"{LANGUAGES.get(name, name)} {list(rows['language']).count(name)}"
        for name in study.languages
    )
    return [
        f"Each rater is asked {counted(len(kinds), 'question')}: "
        f"{counted(per_engine, 'face')} on {' and on '.join(study.engines)}, "
        f"{counted(kinds.count('catch'), 'catch trial')} with one right answer, and "
        f"{counted(kinds.count('repeat'), 'repeated face')}.",
        f"Raters pick one of {study.slots} avatars{tie}; they {back} go back and "
        "change an answer.",
        "The order of faces differs between raters. The order of avatars follows a "
        "balanced Latin square. There is no time limit.",
        raters_note(answers),
        f"Answers by language: {languages}. Answers by source: {_sources(answers)}. "
        f"Median time per answer: {_median(answers)}.",
        rule_note(answers.rule),
    ]


def _sources(answers: Answers) -> str:
    counts = answers.rows["source"].value_counts()
    return ", ".join(f"{name} {count}" for name, count in counts.items())


def _median(answers: Answers) -> str:
    rows = answers.rows
    included = (rows["kind"] == "rating") & rows["counts"]
    seconds = float(rows.loc[included, "seconds"].median())
    return "not measured" if seconds != seconds else f"{seconds:.1f} s"


def texts(answers: Answers) -> list[Text]:
    """Consent, instructions and question, word for word."""
    study, shown = answers.study, []
    for language in study.languages:
        words = study.texts[language]
        name = LANGUAGES.get(language, language)
        consent = study.consent.text[language].split("\n\n")
        title = f"Consent, version {study.consent.version}, {name}"
        shown.append(Text(title, language, tuple(consent)))
        read = [words[key] for key in ("instructions", "question") if key in words]
        split = tuple(part for text in read for part in text.strip().split("\n\n"))
        shown.append(Text(f"Instructions and question, {name}", language, split))
    return shown


def _provenance(answers: Answers, code: str) -> list[tuple[str, str]]:
    study, key = answers.study, answers.key
    split = wording.split_title(key.split)
    seeds = ", ".join(f"{key.methods[name]} {seed}" for name, seed in key.seeds.items())
    return [
        ("Study", f"{study.name}, SHA-256 {study.digest}"),
        ("Created", study.created),
        ("Seed of the orders", str(study.seed)),
        ("Ratings", f"SHA-256 {answers.digest}"),
        ("Suite", key.suite),
        ("Run", key.run),
        ("Faces", f"{key.face_set}, {split}"),
        ("Seeds of the methods", seeds),
        ("Ground truth of the metrics", key.designer),
        ("Code", code),
    ]
