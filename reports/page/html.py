"""Parts of HTML pages: templates, style, script and embedded pictures.

A page consists of sections. To add a section to the page of a run:

1. Write a module in `reports/page/` with a function that takes the `Run` and returns a
   `Section`, or None if the run has no data for it.
2. Write the template `reports/page/NAME.html.jinja`. It shows `data`, the section's
   content, and begins with `<h2 id="NAME">`.
3. Add a call of the function to `run_sections` in `reports/page/page.py`.

`page.css` holds the style of all sections, and `cases.css` and `breakdowns.css` that of
these sections. Take colours from the custom properties in `page.css`, which have values
for light and dark mode. `page.js` holds the script of all sections, and `cases.js` that
of the cases. The page must be complete without scripts.
"""

from __future__ import annotations

import base64
import io
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, Template
from markupsafe import Markup
from PIL import Image

from reports.figures.palette import css_properties
from reports.figures.scores import Drawing

PIXELS_PER_INCH = 92


@dataclass(frozen=True)
class Section:
    """A section of a page.

    `name` is the anchor of its heading, `title` its entry in the table of contents,
    `template` its file below `reports/` and `data` what the template shows. `data` may
    be any object.
    """

    name: str
    title: str
    template: str
    data: Any


@dataclass(frozen=True)
class Detail:
    """A table in a `details` element, closed unless `open`."""

    title: str
    table: Markup
    open: bool = False


def page_template(name: str) -> Template:
    """A template below `reports/`; an undefined name in it raises an error."""
    environment = Environment(
        loader=PackageLoader("reports", "."),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template(name)


def page_css() -> Markup:
    """The style sheet of all pages, with the colours of the figures."""
    sheets = _texts_of("page.css", "cases.css", "breakdowns.css")
    return Markup(css_properties()) + sheets


def page_script() -> Markup:
    """The script of all pages."""
    return _texts_of("page.js", "cases.js")


def _texts_of(*names: str) -> Markup:
    texts = (files("reports.page").joinpath(n).read_text("utf-8") for n in names)
    return Markup("\n".join(texts))


def data_uri(content: bytes, kind: str) -> str:
    """Bytes as a data URI; `kind` is their media type."""
    return f"data:{kind};base64,{base64.b64encode(content).decode()}"


def picture_uri(path: Path, pixels: int) -> str:
    """A picture as a WebP data URI, reduced to at most `pixels` a side."""
    with Image.open(path) as opened:
        small = opened.convert("RGB")
    small.thumbnail((pixels, pixels), Image.Resampling.LANCZOS)
    buffer = io.BytesIO()
    small.save(buffer, "webp", quality=80, method=4)
    return data_uri(buffer.getvalue(), "image/webp")


def embedded_figure(drawing: Drawing) -> dict[str, str | int]:
    """A figure as an SVG data URI, with its title, alt text and size in pixels."""
    width, height = drawing.figure.get_size_inches() * PIXELS_PER_INCH
    return {
        "uri": data_uri(drawing.svg(), "image/svg+xml"),
        "alt": drawing.description,
        "title": drawing.title,
        "width": round(width),
        "height": round(height),
    }
