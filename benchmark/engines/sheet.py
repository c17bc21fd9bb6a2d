"""Contact sheets: every option and the range of every scalar of an engine."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from benchmark.avatars import AvatarVectors
from benchmark.avatars.counting import counted
from benchmark.avatars.spec import AvatarSpec, Continuous, Discrete, Parameter
from benchmark.engines.base import Engine
from benchmark.engines.contexts import options_in_context, sweep_in_context

if TYPE_CHECKING:
    from PIL import Image, ImageDraw, ImageFont

SWEEP_STEPS = 6
"""Avatars per continuous parameter."""
COLUMNS = 12
"""Avatars per row; two panels with at most half as many share a row."""
RANDOM_AVATARS = 24

PAPER, INK, FAINT, RULE = "#ffffff", "#1f2933", "#66788a", "#d9e2ec"
"""Colours of page, text, secondary text and lines."""
MARGIN, GAP, GUTTER = 36, 8, 28
"""Pixels around the page, between avatars, and between panels in a row."""
HEADING, CAPTION, FOOT = 46, 20, 22
"""Heights in pixels of a panel's heading, an avatar's caption and a panel's foot."""


@dataclass(frozen=True)
class Panel:
    """A heading with a note, and captioned avatars.

    `colours` has one swatch per avatar if the panel shows a colour parameter.
    """

    title: str
    note: str
    captions: tuple[str, ...]
    vectors: AvatarVectors
    colours: tuple[str, ...] = ()

    @property
    def columns(self) -> int:
        """Avatars per row: `COLUMNS`, or half of that for small panels."""
        half = COLUMNS // 2
        return half if len(self.captions) <= half else COLUMNS

    def height(self, size: int) -> int:
        """The panel's height in pixels, with avatars of `size` px."""
        lines = -(-len(self.captions) // self.columns)
        return HEADING + lines * (size + CAPTION) + FOOT


def describe(engine: Engine) -> list[tuple[str, str, str, str]]:
    """One row per parameter: name, component, values, and when it is active."""
    spec = engine.spec
    return [
        (p.name, p.component, _values(p), _condition(spec, p)) for p in spec.parameters
    ]


def summary(spec: AvatarSpec) -> str:
    """One line with the numbers of parameters and options."""
    options = sum(len(choice.options) for choice in spec.discrete)
    return (
        f"{len(spec.continuous)} continuous and "
        f"{counted(len(spec.discrete), 'discrete parameter')}, "
        f"{counted(options, 'option')} in all"
    )


def draw_sheet(engine: Engine, path: Path, size: int = 112, seed: int = 0) -> None:
    """Write a PNG with random avatars, every option and the range of every scalar.

    Each parameter is shown on an avatar for which it is active.

    Args:
        engine: the engine to draw.
        path: the PNG.
        size: edge of an avatar, 64-1024 px.
        seed: seed of the random avatars.

    Raises:
        AvatarError: for another size.
    """
    from PIL import Image, ImageDraw

    bands = list(_bands(engine.spec, seed))
    top = MARGIN + 104
    heights = [max(panel.height(size) for panel in band) for band in bands]
    width = 2 * MARGIN + COLUMNS * (size + GAP) - GAP + GUTTER
    page = Image.new("RGB", (width, top + sum(heights) + MARGIN), PAPER)
    pen = ImageDraw.Draw(page)
    _draw_header(pen, engine)
    for band, height in zip(bands, heights, strict=True):
        pen.line((MARGIN, top, width - MARGIN, top), fill=RULE)
        for place, panel in enumerate(band):
            left = MARGIN + place * (panel.columns * (size + GAP) + GUTTER)
            pictures = engine.render(panel.vectors, size)
            _draw_panel(page, panel, pictures, (left, top))
        top += height
    page.save(path, "PNG")


def _bands(spec: AvatarSpec, seed: int) -> Iterator[list[Panel]]:
    """Panels from top to bottom; two small ones in succession share a band."""
    band: list[Panel] = []
    for panel in _panels(spec, seed):
        if sum(p.columns for p in band) + panel.columns > COLUMNS:
            yield band
            band = []
        band.append(panel)
    yield band


def _panels(spec: AvatarSpec, seed: int) -> Iterator[Panel]:
    count = RANDOM_AVATARS
    sample = AvatarVectors.sample(spec, count, seed)
    note = f"uniform over every range and option, seed {seed}"
    yield Panel("Random avatars", note, ("",) * count, sample)
    for choice in spec.discrete:
        yield _options_panel(spec, choice)
    for scalar in spec.continuous:
        yield _sweep_panel(spec, scalar)


def _options_panel(spec: AvatarSpec, choice: Discrete) -> Panel:
    kind = "colours" if choice.kind == "colour" else "options"
    note = _note(spec, choice, f"{len(choice.options)} {kind}")
    vectors = options_in_context(spec, choice)
    return Panel(choice.name, note, choice.options, vectors, choice.colours)


def _sweep_panel(spec: AvatarSpec, scalar: Continuous) -> Panel:
    captions = tuple(f"{value:g}" for value in np.linspace(0, 1, SWEEP_STEPS))
    note = _note(spec, scalar, _values(scalar))
    vectors = sweep_in_context(spec, scalar.name, SWEEP_STEPS)
    return Panel(scalar.name, note, captions, vectors)


def _draw_header(pen: ImageDraw.ImageDraw, engine: Engine) -> None:
    meta = engine.meta
    pen.text((MARGIN, MARGIN - 8), meta.title, fill=INK, font=_font(34))
    lines = (
        f"{meta.name}, version {meta.version}: {summary(engine.spec)}",
        f"source: {meta.source}; licence: {meta.licence}",
    )
    for row, line in enumerate(lines):
        pen.text((MARGIN, MARGIN + 40 + 22 * row), line, fill=FAINT, font=_font(15))


def _draw_panel(
    page: Image.Image,
    panel: Panel,
    pictures: NDArray[np.uint8],
    corner: tuple[int, int],
) -> None:
    from PIL import Image, ImageDraw

    pen = ImageDraw.Draw(page)
    left, top = corner
    size = pictures.shape[1]
    pen.text((left, top + 12), panel.title, fill=INK, font=_font(20))
    indent = left + pen.textlength(panel.title, font=_font(20)) + 14
    pen.text((indent, top + 17), panel.note, fill=FAINT, font=_font(14))
    for index, picture in enumerate(pictures):
        row, column = divmod(index, panel.columns)
        x = left + column * (size + GAP)
        y = top + HEADING + row * (size + CAPTION)
        page.paste(Image.fromarray(picture), (x, y))
        swatch = panel.colours[index] if panel.colours else None
        _draw_caption(pen, panel.captions[index], swatch, (x, y + size + 3), size)


def _draw_caption(
    pen: ImageDraw.ImageDraw,
    caption: str,
    swatch: str | None,
    corner: tuple[int, int],
    width: int,
) -> None:
    x, y = corner
    if swatch is not None:
        pen.rectangle((x, y + 1, x + 10, y + 11), fill=swatch, outline=FAINT)
        x, width = x + 15, width - 15
    points = 12
    while points > 8 and pen.textlength(caption, font=_font(points)) > width:
        points -= 1
    pen.text((x, y), caption, fill=INK, font=_font(points))


@cache
def _font(points: int) -> ImageFont.ImageFont | ImageFont.FreeTypeFont:
    from PIL import ImageFont

    return ImageFont.load_default(points)


def _note(spec: AvatarSpec, parameter: Parameter, what: str) -> str:
    condition = _condition(spec, parameter)
    return f"{what}; active when {condition}" if condition else what


def _values(parameter: Parameter) -> str:
    if isinstance(parameter, Discrete):
        return f"{len(parameter.options)}: {', '.join(parameter.options)}"
    blend = f", weight of {parameter.group}" if parameter.group else ""
    return f"0 to 1, default {parameter.default:g}{blend}"


def _condition(spec: AvatarSpec, parameter: Parameter) -> str:
    """`active_when` in words, naming either the active or the inactive options."""
    condition = parameter.active_when
    if condition is None:
        return ""
    owner = spec[condition.parameter]
    assert isinstance(owner, Discrete)
    without = [option for option in owner.options if option not in condition.options]
    if len(without) < len(condition.options):
        return f"{owner.name} is not {' or '.join(without)}"
    return f"{owner.name} is {' or '.join(condition.options)}"
