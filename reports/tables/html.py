"""Converts a table to HTML."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from markupsafe import Markup, escape

from reports.tables.table import EMPTY, Cell, Column, Row, Section, Table

Link = Callable[[Section, Column, Row], str]
"""Where a cell's number leads, such as "#trial-baseline"; "" for nowhere."""


@dataclass(frozen=True)
class Extras:
    """What a page adds to a table: tooltips of heads and labels, and links of cells."""

    tips: Mapping[str, str] = field(default_factory=dict)
    link: Link = lambda section, column, row: ""


def to_html(table: Table, extras: Extras = Extras()) -> Markup:
    """An HTML table with a caption and scoped heads; it scrolls on small screens.

    A head or label that is a key of `extras.tips` gets that tooltip.
    """
    notes = Markup("").join(Markup("<li>{}</li>").format(n) for n in table.notes)
    body = Markup("").join(
        _html_section(section, table.columns, extras) for section in table.sections
    )
    footer = Markup('<ul class="notes">{}</ul>').format(notes) if table.notes else ""
    return Markup(
        '<section class="table" id="{key}"><div class="scroll" role="region" '
        'aria-labelledby="{key}-caption" tabindex="0"><table>'
        '<caption id="{key}-caption"><span>{title}</span></caption>'
        "<thead>{heads}</thead>{body}</table></div>{footer}</section>"
    ).format(
        key=table.key,
        title=table.title,
        heads=_html_heads(table, extras.tips),
        body=body,
        footer=footer,
    )


def _html_heads(table: Table, tips: Mapping[str, str]) -> Markup:
    stub = Markup('<th scope="col"{}>{}</th>').format(
        Markup(' rowspan="2"') if table.groups else "", table.stub
    )
    columns = Markup("").join(
        Markup('<th scope="col"{}>{}</th>').format(
            _tip(tips.get(column.title, "")), _html_head(column)
        )
        for column in table.columns
    )
    if not table.groups:
        return Markup("<tr>{}{}</tr>").format(stub, columns)
    groups = Markup("").join(
        Markup('<th scope="colgroup" colspan="{}">{}</th>').format(span, group)
        if group
        else Markup('<td colspan="{}"></td>').format(span)
        for group, span in table.groups
    )
    return Markup("<tr>{}{}</tr><tr>{}</tr>").format(stub, groups, columns)


def _html_head(column: Column) -> str:
    """Title and arrow, which stay on one line."""
    return f"{column.title}\u00a0{column.arrow}" if column.arrow else column.title


def _html_section(
    section: Section, columns: Sequence[Column], extras: Extras
) -> Markup:
    rows = Markup("").join(
        _html_row(section, row, columns, extras) for row in section.rows
    )
    head = (
        Markup('<tr><th class="section" scope="rowgroup" colspan="{}">{}</th></tr>')
        if section.title
        else Markup("")
    ).format(len(columns) + 1, section.title)
    return Markup("<tbody>{}{}</tbody>").format(head, rows)


def _html_row(
    section: Section, row: Row, columns: Sequence[Column], extras: Extras
) -> Markup:
    cells = Markup("").join(
        _html_cell(cell, extras.link(section, column, row))
        for cell, column in zip(row.cells, columns, strict=True)
    )
    tip = _tip(extras.tips.get(row.label, ""))
    return Markup('<tr><th scope="row"{}>{}</th>{}</tr>').format(tip, row.label, cells)


def _tip(text: str) -> Markup:
    return Markup(' title="{}"').format(text) if text else Markup("")


def _html_cell(cell: Cell, link: str) -> Markup:
    main = escape(cell.text)
    if cell.strong:
        main = Markup("<strong>{}</strong>").format(main)
    if link and cell.text != EMPTY:
        main = Markup('<a class="cell" href="{}">{}</a>').format(link, main)
    detail = Markup(" <small>{}</small>").format(cell.detail) if cell.detail else ""
    return Markup("<td>{}{}</td>").format(main, detail)
