"""An assignment as a PDF to print, fill in by hand and return."""

from __future__ import annotations

import io
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from matplotlib import get_data_path
from PIL import Image
from reportlab.lib.pagesizes import A4
from reportlab.lib.units import mm
from reportlab.lib.utils import ImageReader, simpleSplit
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas

from benchmark.engines.rasterize import rasterize
from reports.human_study.design.practice import (
    Practice,
    effort,
    practice_question,
)
from reports.human_study.design.study import Shown, Study
from reports.human_study.forms.answers import letter
from reports.human_study.forms.offline import form_code, paragraphs
from reports.human_study.wording import words

WIDTH, HEIGHT = A4
MARGIN, FOOT = 15 * mm, 12 * mm
PORTRAIT, AVATAR, GAP = 38 * mm, 30 * mm, 3 * mm
ACROSS = 4
"""Options per row."""
HEAD, LETTERS, BELOW = 7 * mm, 7 * mm, 6 * mm
"""Heights: above the pictures, of the circles below them, and below each face."""
JPEG_QUALITY = 92
PLAIN, BOLD = "DejaVuSans", "DejaVuSans-Bold"


def printable_form(study: Study, index: int, language: str) -> bytes:
    """The PDF (A4) of assignment `index` in one of the study's languages, undated."""
    text = dict(words(language)) | dict(study.texts[language])
    sheets = _Sheets(study, form_code(study, index), text, language)
    sheets.consent(study.consent.text[language])
    sheets.practice(practice_question(study.slots, text))
    for shown in study.assignment(index).shown:
        sheets.face(shown)
    return sheets.to_bytes()


class _Sheets:
    """Lays out pages from top to bottom."""

    def __init__(
        self, study: Study, code: str, text: dict[str, str], language: str
    ) -> None:
        _load_fonts()
        self._study, self._code, self._text = study, code, text
        self._buffer = io.BytesIO()
        self._canvas = Canvas(self._buffer, pagesize=A4, invariant=1, lang=language)
        self._canvas.setTitle(text["title"])
        self._canvas.setAuthor("avatarbench")
        self._y = HEIGHT - MARGIN
        self._page = 1

    def consent(self, consent: str) -> None:
        """The first page: consent, the box to mark, and instructions."""
        text = self._text
        self._write(text["title"], BOLD, 17)
        self._write(f"{text['code']}: {self._code}", PLAIN, 9, after=6 * mm)
        self._write(text["heading_consent"], BOLD, 12)
        for part in paragraphs(consent):
            self._write(part, PLAIN, 10)
        self._write(effort(self._study, text), PLAIN, 10)
        self._space(2 * mm)
        self._canvas.rect(MARGIN, self._y - 4 * mm, 4 * mm, 4 * mm)
        self._write(text["agree"], PLAIN, 10, indent=8 * mm)
        self._write(text["agree_hint"], PLAIN, 9, indent=8 * mm, after=8 * mm)
        self._write(text["heading_instructions"], BOLD, 12)
        for part in (*paragraphs(text["instructions"]), text["paper_hint"]):
            self._write(part, PLAIN, 10)

    def practice(self, practice: Practice) -> None:
        """The practice question, and then a new page."""
        self._space(6 * mm)
        self._write(self._text["practice"], BOLD, 12)
        self._write(self._text["practice_hint"], PLAIN, 10)
        options = [_png(drawing) for drawing in practice.options]
        self._question("", _png(practice.face), options)
        self._new_page()

    def face(self, shown: Shown) -> None:
        """One face with its options and a circle under each."""
        pictures = self._study.pictures
        face = self._study.by_face[shown.trial.face]
        self._question(
            self._text["face"].format(
                position=shown.position, count=len(self._study.trials)
            ),
            _jpeg(pictures[face.picture]),
            [_jpeg(pictures[name]) for name in shown.order],
        )

    def _question(
        self, head: str, face: io.BytesIO, options: Sequence[io.BytesIO]
    ) -> None:
        rows = [
            options[start : start + ACROSS] for start in range(0, len(options), ACROSS)
        ]
        tie = 6 * mm if self._study.settings.tie else 0
        tall = max(PORTRAIT, len(rows) * (AVATAR + LETTERS) + tie)
        if self._y - HEAD - tall < MARGIN + FOOT:
            self._new_page()
        self._heading(head)
        top = self._y
        self._picture(face, MARGIN, top, PORTRAIT)
        left = MARGIN + PORTRAIT + 2 * GAP
        for number, row in enumerate(rows):
            below = top - number * (AVATAR + LETTERS)
            for column, picture in enumerate(row):
                x = left + column * (AVATAR + GAP)
                self._picture(picture, x, below, AVATAR)
                name = letter(number * ACROSS + column + 1)
                self._circle(name, x + AVATAR / 2 - 4 * mm, below - AVATAR - 4 * mm)
        if tie:
            self._circle(self._text["tie"], left + 2 * mm, top - tall + 2 * mm)
        self._y = top - tall
        self._space(BELOW)

    def to_bytes(self) -> bytes:
        """The whole document."""
        self._footer()
        self._canvas.save()
        return self._buffer.getvalue()

    def _heading(self, head: str) -> None:
        self._canvas.setFont(BOLD, 10)
        self._canvas.drawString(MARGIN, self._y - 4 * mm, head)
        right = MARGIN + PORTRAIT + 2 * GAP
        self._canvas.setFont(PLAIN, 10)
        self._canvas.drawString(right, self._y - 4 * mm, self._text["question"])
        self._y -= HEAD

    def _circle(self, name: str, x: float, y: float) -> None:
        self._canvas.circle(x, y, 2 * mm)
        self._canvas.setFont(PLAIN, 10)
        self._canvas.drawString(x + 4 * mm, y - 1.2 * mm, name)

    def _picture(self, picture: io.BytesIO, x: float, top: float, side: float) -> None:
        self._canvas.drawImage(ImageReader(picture), x, top - side, side, side)

    def _write(
        self,
        text: str,
        font: str,
        points: float,
        indent: float = 0,
        after: float = 2.5 * mm,
    ) -> None:
        """A paragraph, wrapped into lines and pages."""
        for line in simpleSplit(text, font, points, WIDTH - 2 * MARGIN - indent):
            if self._y - points < MARGIN + FOOT:
                self._new_page()
            self._canvas.setFont(font, points)
            self._canvas.drawString(MARGIN + indent, self._y - points, line)
            self._y -= 1.4 * points
        self._space(after)

    def _space(self, height: float) -> None:
        self._y -= height

    def _new_page(self) -> None:
        """Start the next page."""
        self._footer()
        self._canvas.showPage()
        self._page += 1
        self._y = HEIGHT - MARGIN

    def _footer(self) -> None:
        self._canvas.setFont(PLAIN, 8)
        self._canvas.drawString(MARGIN, FOOT, self._code)
        self._canvas.drawRightString(WIDTH - MARGIN, FOOT, str(self._page))


@cache
def _load_fonts() -> None:
    """DejaVu Sans from matplotlib, which has the letters of most names."""
    folder = Path(get_data_path()) / "fonts/ttf"
    for name in (PLAIN, BOLD):
        pdfmetrics.registerFont(TTFont(name, folder / f"{name}.ttf"))


def _png(drawing: str) -> io.BytesIO:
    """An SVG element of a page as PNG."""
    document = str(drawing).replace(
        "<svg", '<svg xmlns="http://www.w3.org/2000/svg"', 1
    )
    buffer = io.BytesIO()
    Image.fromarray(rasterize(document)[:, :, :3]).save(buffer, "png")
    buffer.seek(0)
    return buffer


def _jpeg(path: Path) -> io.BytesIO:
    """A picture as JPEG, which PDF embeds directly; WebP would be ten times larger."""
    buffer = io.BytesIO()
    with Image.open(path) as opened:
        opened.convert("RGB").save(buffer, "jpeg", quality=JPEG_QUALITY)
    buffer.seek(0)
    return buffer
