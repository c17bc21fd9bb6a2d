"""Converts a table to LaTeX that fits into one column of text and onto its pages."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from itertools import zip_longest

from reports.tables.latex_layout import (
    COLUMN_GAP,
    DETAIL,
    PAGE_HEIGHT,
    TEXT_WIDTH,
    Font,
    Layout,
    fitting_columns,
    fitting_rows,
    head_lines,
    height_of,
)
from reports.tables.latex_text import latex, wrap
from reports.tables.table import Cell, Row, Section, Table

PREAMBLE = r"""% Needs \usepackage{booktabs} in the preamble.
% In a document of two columns, replace {table} by {table*}.
% To leave out the notes, define \NoTableNotes before this file: \def\NoTableNotes{}
"""


def to_latex(table: Table) -> str:
    """LaTeX of the table; of the packages it needs booktabs only.

    Columns that do not fit beside each other follow below, with the labels again. A
    table higher than a page is continued in a further float under the same number.
    """
    blocks = [
        (height_of(page), _tabular(page))
        for piece in fitting_columns(table)
        for page in fitting_rows(piece)
    ]
    if table.notes:
        blocks.append((_notes_height(table.notes), _notes(table.notes)))
    floats: list[list[str]] = []
    room = 0.0
    for height, block in blocks:
        if not floats or height > room:
            floats.append([])
            room = PAGE_HEIGHT
        floats[-1].append(block)
        room -= height + 8.0
    return PREAMBLE + "\n".join(
        _float(table, "\n\\par\\medskip\n".join(blocks), number)
        for number, blocks in enumerate(floats)
    )


def caption_of(table: Table) -> str:
    """The title without its number, since LaTeX numbers tables itself."""
    found = re.match(r"(Published )?Table \d+: ", table.title)
    rest = table.title[found.end() :] if found else table.title
    caption = rest[:1].upper() + rest[1:]
    return f"Published: {caption}" if found and found[1] else caption


def _float(table: Table, content: str, number: int) -> str:
    caption = latex(caption_of(table))
    heads = [rf"\caption{{{caption}}}", rf"\label{{tab:{table.key}}}"]
    if number:
        heads = [r"\addtocounter{table}{-1}", rf"\caption{{{caption} (continued)}}"]
    lines = [r"\begin{table}", r"\centering", *heads, content, r"\end{table}"]
    return "\n".join(lines) + "\n"


def _notes(notes: Sequence[str]) -> str:
    lines = [latex(note) + r"\par" for note in notes]
    begin = r"\ifdefined\NoTableNotes\else{\scriptsize\raggedright"
    return "\n".join([begin, *lines, r"}\fi"])


def _notes_height(notes: Sequence[str]) -> float:
    return sum(len(wrap(note, TEXT_WIDTH / DETAIL)) * 8.0 for note in notes)


def _tabular(layout: Layout) -> str:
    table = layout.table
    kinds = "".join("l" if long else "r" for long in layout.paragraphs)
    lines = [
        rf"{{\{layout.font.name}\setlength{{\tabcolsep}}{{{COLUMN_GAP / 2:g}pt}}",
        rf"\begin{{tabular}}{{@{{}}l{kinds}@{{}}}}",
        r"\toprule",
        *_heads(layout),
        r"\midrule",
    ]
    for number, section in enumerate(table.sections):
        if number:
            lines.append(r"\midrule")
        if section.title:
            title = rf"\textit{{{latex(section.title)}}}"
            width = len(table.columns) + 1
            lines.append(rf"\multicolumn{{{width}}}{{@{{}}l@{{}}}}{{{title}}} \\")
        lines += _section_rows(layout, section)
    return "\n".join([*lines, r"\bottomrule", r"\end{tabular}}"])


def _section_rows(layout: Layout, section: Section) -> list[str]:
    rows = [
        _paragraph_row(layout, row)
        if any(layout.paragraphs)
        else _row_lines(layout, row)
        for row in section.rows
    ]
    apart = any(layout.paragraphs) or any(len(row) > 1 for row in rows)
    lines: list[str] = []
    for number, row in enumerate(rows):
        lines += [r"\addlinespace[2pt]"] * (apart and number > 0) + row
    return lines


def _heads(layout: Layout) -> list[str]:
    lines = [
        " & ".join(map(latex, line)) + r" \\"
        for line in zip(*_bottomed(head_lines(layout)), strict=True)
    ]
    if not layout.table.groups:
        return lines
    cells, rules, start = [""], [], 2
    for group, span in layout.table.groups:
        cells.append(rf"\multicolumn{{{span}}}{{c}}{{{latex(group)}}}")
        if group:
            rules.append(rf"\cmidrule(lr){{{start}-{start + span - 1}}}")
        start += span
    return [" & ".join(cells) + r" \\", " ".join(rules), *lines]


def _bottomed(heads: list[list[str]]) -> list[list[str]]:
    most = max(map(len, heads))
    return [[""] * (most - len(head)) + head for head in heads]


def _row_lines(layout: Layout, row: Row) -> list[str]:
    """A row of numbers; its label is broken into lines here, not by TeX."""
    cells = [list(map(latex, wrap(row.label, layout.label)))]
    for cell in row.cells:
        lines = _stacked(cell)
        cells.append([" ".join(lines)] if layout.inline else lines)
    return [" & ".join(c) + r" \\" for c in zip_longest(*cells, fillvalue="")]


def _stacked(cell: Cell) -> list[str]:
    detail = [rf"{{\scriptsize {latex(cell.detail)}}}"] if cell.detail else []
    return [_main(cell), *detail]


def _main(cell: Cell) -> str:
    return rf"\textbf{{{latex(cell.text)}}}" if cell.strong else latex(cell.text)


def _paragraph_row(layout: Layout, row: Row) -> list[str]:
    """A row with paragraphs, which TeX breaks into lines."""
    cells = [_paragraph(latex(row.label), layout.label, layout.font)]
    for cell, width, long in zip(
        row.cells, layout.columns, layout.paragraphs, strict=True
    ):
        text = " ".join(_stacked(cell))
        cells.append(_paragraph(text, width, layout.font) if long else text)
    return [" & ".join(cells) + r" \\"]


def _paragraph(text: str, width: float, font: Font) -> str:
    share = math.floor(1000 * width * font.em / TEXT_WIDTH) / 1000
    return rf"\parbox[t]{{{share:g}\linewidth}}{{\raggedright {text}\strut}}"
