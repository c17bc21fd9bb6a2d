"""How a table fits into one column of text and onto its pages, in LaTeX."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from reports.tables.latex_text import width_of, wrap
from reports.tables.table import Cell, Row, Section, Table

TEXT_WIDTH = 345.0
"""Points; that of LaTeX's class article at 10 pt, the narrowest of the usual ones."""
PAGE_HEIGHT = 530.0
"""Points that a float may take; a page of the class article has 550."""
COLUMN_GAP = 6.0
"""Points between two columns."""
DETAIL = 8.0
"""Points of an em of \\scriptsize, with which intervals and notes are set."""
LONG = 20.0
"""Cells with more em than this are paragraphs, which TeX breaks into lines."""
NARROWEST = 9.0
"""Fewest em of a column of paragraphs."""


@dataclass(frozen=True)
class Font:
    """A size: its command, the points of an em, and the points of a line."""

    name: str
    em: float
    line: float


_FONTS = (Font("small", 9.3, 11.0), Font("footnotesize", 8.5, 9.5))


@dataclass(frozen=True)
class Layout:
    """A table that fits, its font, the em of the labels and of each column.

    `inline` puts details beside the numbers instead of below. `paragraphs` says of each
    column whether its cells are paragraphs; details are inline if one is.
    """

    table: Table
    font: Font
    inline: bool
    label: float
    columns: tuple[float, ...]
    paragraphs: tuple[bool, ...]


def fitting_columns(table: Table) -> list[Layout]:
    """The table in groups of columns, each of which fits into the width of the text."""
    whole = _first_layout(table)
    if whole is not None:
        return [whole]
    found, start, stop = list[Layout](), 0, len(table.columns)
    while start < stop:
        fitting = [
            end
            for end in range(start + 1, stop + 1)
            if _first_layout(table.between(start, end)) is not None
        ]
        end = _end_of_group(table, start, max(fitting, default=start + 1))
        piece = table.between(start, end)
        found.append(_first_layout(piece) or _squeezed(piece))
        start = end
    return found


def _end_of_group(table: Table, start: int, end: int) -> int:
    """The last end of a group of columns up to `end`; `end` if there is none."""
    groups = [column.group for column in table.columns]
    ends = [e for e in range(start + 1, end + 1) if groups[e - 1] != [*groups, None][e]]
    return max(ends, default=end)


def _first_layout(table: Table) -> Layout | None:
    """The most legible layout that fits into the width of the text, or None."""
    small, footnotesize = _FONTS
    choices = [(small, False), (footnotesize, False)]
    if _details_align(table):
        choices.insert(0, (small, True))
    for font, inline in choices:
        found = _layout(table, font, inline)
        if found is not None:
            return found
    return None


def _details_align(table: Table) -> bool:
    """Whether numbers stay aligned with the details beside them."""
    rows = [row.cells for section in table.sections for row in section.rows]
    return all(
        len({len(cell.detail) for cell in column if cell.detail}) < 2
        for column in zip(*rows, strict=True)
    )


def _squeezed(table: Table) -> Layout:
    """The layout of a single column that is too wide, as paragraphs."""
    font = _FONTS[-1]
    label = _longest_word(_labels(table))
    room = TEXT_WIDTH / font.em - label - COLUMN_GAP / font.em
    return Layout(table, font, True, label, (max(room, NARROWEST),), (True,))


def _layout(table: Table, font: Font, inline: bool) -> Layout | None:
    """How the table fits into the width of the text in a font; None if it does not."""
    cells = [
        [row.cells[index] for section in table.sections for row in section.rows]
        for index in range(len(table.columns))
    ]
    paragraphs = tuple(any(map(_is_long, column)) for column in cells)
    inline = inline or any(paragraphs)
    widths: list[float] = [
        max(
            [
                _longest_word([column.head]),
                NARROWEST if long else 0.0,
                *([] if long else [_cell_width(c, font, inline) for c in found]),
            ]
        )
        for column, found, long in zip(table.columns, cells, paragraphs, strict=True)
    ]
    widths = _under_groups(table, widths)
    labels = _labels(table)
    room = (TEXT_WIDTH - COLUMN_GAP * len(widths)) / font.em - sum(widths)
    if room < _longest_word(labels):
        return None
    label = min(room, max(map(width_of, labels)))
    if not any(paragraphs):
        widths = _with_whole_heads(table, widths, room - label)
    else:
        label = min(label, max(_longest_word(labels), 14.0))
        widths = _shared(widths, paragraphs, cells, room - label)
    return Layout(table, font, inline, label, tuple(widths), paragraphs)


def _with_whole_heads(
    table: Table, widths: Sequence[float], room: float
) -> list[float]:
    """Widths with the room given to columns whose headings would be broken."""
    widened: list[float] = []
    for column, width in zip(table.columns, widths, strict=True):
        missing = max(width_of(column.head) - width, 0.0)
        given = missing if missing <= room else 0.0
        widened.append(width + given)
        room -= given
    return widened


def _labels(table: Table) -> list[str]:
    return [table.stub, *(r.label for s in table.sections for r in s.rows)]


def _longest_word(texts: Sequence[str]) -> float:
    return max((width_of(word) for text in texts for word in text.split()), default=1.0)


def _is_long(cell: Cell) -> bool:
    return max(width_of(cell.text), width_of(cell.detail)) > LONG


def _cell_width(cell: Cell, font: Font, inline: bool) -> float:
    main = width_of(cell.text, cell.strong)
    detail = width_of(cell.detail) * DETAIL / font.em
    if inline and cell.detail:
        return main + 0.3 + detail
    return max(main, detail)


def _under_groups(table: Table, widths: list[float]) -> list[float]:
    """Widths of columns that are as wide together as the heading above them."""
    start, widths = 0, list(widths)
    for group, span in table.groups:
        missing = width_of(group) - sum(widths[start : start + span])
        for index in range(start, start + span):
            widths[index] += max(missing, 0.0) / span
        start += span
    return widths


def _shared(
    widths: list[float],
    paragraphs: Sequence[bool],
    cells: Sequence[Sequence[Cell]],
    room: float,
) -> list[float]:
    """Widths with the room shared among paragraphs, by the length of their texts."""
    lengths = [
        max(len(c.text) + len(c.detail) for c in column) if long else 0
        for column, long in zip(cells, paragraphs, strict=True)
    ]
    return [w + room * n / sum(lengths) for w, n in zip(widths, lengths, strict=True)]


def fitting_rows(layout: Layout) -> Iterator[Layout]:
    """The table in groups of rows that fit onto a page, cut between sections if so."""
    whole = PAGE_HEIGHT - _head_height(layout)
    kept: list[Section] = []
    room = whole
    for section in layout.table.sections:
        for part in _parts(layout, section, whole):
            height = _section_height(layout, part)
            if kept and height > room:
                yield _with_sections(layout, kept)
                kept, room = [], whole
            kept.append(part)
            room -= height
    yield _with_sections(layout, kept)


def _parts(layout: Layout, section: Section, whole: float) -> Iterator[Section]:
    """A section in parts of at most the height `whole`."""
    rows: list[Row] = []
    for row in section.rows:
        longer = Section(section.title, (*rows, row))
        if rows and _section_height(layout, longer) > whole:
            yield Section(section.title, tuple(rows))
            rows = []
        rows.append(row)
    yield Section(section.title, tuple(rows))


def _section_height(layout: Layout, section: Section) -> float:
    title = 2 * layout.font.line if section.title else 6.0
    return title + sum(_row_height(layout, row) for row in section.rows)


def _with_sections(layout: Layout, sections: Sequence[Section]) -> Layout:
    return replace(layout, table=replace(layout.table, sections=tuple(sections)))


def height_of(layout: Layout) -> float:
    """Points of the whole table with its caption."""
    sections = layout.table.sections
    return _head_height(layout) + sum(_section_height(layout, s) for s in sections)


def _head_height(layout: Layout) -> float:
    """Height of the headings, rules and the caption."""
    lines = max(map(len, head_lines(layout))) + bool(layout.table.groups)
    return lines * layout.font.line + 50.0


def _row_height(layout: Layout, row: Row) -> float:
    if any(layout.paragraphs):
        texts = [len(wrap(row.label, layout.label))]
        for cell, width in zip(row.cells, layout.columns, strict=True):
            texts.append(len(wrap(f"{cell.text} {cell.detail}", width)))
        return max(texts) * layout.font.line + 3.0
    lines = len(wrap(row.label, layout.label))
    if not layout.inline and any(cell.detail for cell in row.cells):
        lines = max(lines, 2)
    return lines * layout.font.line + 3.0


def head_lines(layout: Layout) -> list[list[str]]:
    """The lines of each heading, that of the labels first."""
    heads = [wrap(layout.table.stub, layout.label)]
    for column, width in zip(layout.table.columns, layout.columns, strict=True):
        heads.append(wrap(column.head, width))
    return heads
