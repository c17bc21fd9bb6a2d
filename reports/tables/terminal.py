"""Prints tables to the terminal: intervals, and marks that need no bold print."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise
from typing import TYPE_CHECKING

from reports.tables.table import Cell, Section, Table

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table as RichTable

LEADS, CLOSE = "★", "≈"
LEGEND = f"{LEADS} best mean of a column; {CLOSE} not significantly worse"


def print_table(table: Table, console: Console) -> None:
    """Print a table, with intervals, and its notes."""
    print_columns(table, console)
    print_notes(legend([table]), console)
    print_notes(table.notes, console)


def print_notes(notes: Iterable[str], console: Console) -> None:
    """Print notes as a list."""
    for note in notes:
        console.print(f"· {note}", markup=False, highlight=False, style="dim")


def legend(tables: Iterable[Table]) -> tuple[str, ...]:
    """What the marks mean; empty if the tables have none."""
    return (f"{LEGEND}.",) if any(map(_has_leader, tables)) else ()


def print_columns(table: Table, console: Console, details: bool = True) -> None:
    """Print a table without notes; columns that do not fit follow below.

    Without `details`, intervals are left out.
    """
    whole = to_rich(table, details)
    if _width(whole, console) <= console.width:
        console.print(whole)
        return
    for piece in _pieces(table, console, details):
        console.print(to_rich(piece, details, wrapped=True))


def _pieces(table: Table, console: Console, details: bool) -> list[Table]:
    """The table cut into column groups that fit the terminal, each with all labels."""
    pieces, start = [], 0
    for stop in range(1, len(table.columns) + 1):
        wider = to_rich(table.between(start, stop), details, wrapped=True)
        wider.columns[0].max_width = wider.columns[0].min_width
        if stop - start > 1 and _width(wider, console) > console.width:
            pieces.append(table.between(start, stop - 1))
            start = stop - 1
    pieces.append(table.between(start, len(table.columns)))
    return pieces


def _width(table: RichTable, console: Console) -> int:
    unbounded = console.options.update(max_width=10_000)
    return console.measure(table, options=unbounded).maximum


def to_rich(table: Table, details: bool = True, wrapped: bool = False) -> RichTable:
    """A terminal table.

    `details` adds a second line with the interval to each cell; `wrapped` lets labels
    and headings take several lines.
    """
    from rich import box
    from rich.markup import escape as plain
    from rich.table import Table as RichTable

    printed = RichTable(
        title=plain(table.title),
        padding=(0, 0, 0, 1),
        title_justify="left",
        box=box.SIMPLE_HEAD,
        pad_edge=False,
    )
    stubs = [row.label for section in table.sections for row in section.rows]
    stubs += [table.stub, *(section.title for section in table.sections)]
    longest = max(len(word) for stub in stubs for word in stub.split())
    printed.add_column(
        plain(table.stub), overflow="fold", min_width=longest, no_wrap=not wrapped
    )
    spans = [group for group, span in table.groups for _ in range(span)]
    for column, group in zip(
        table.columns, spans or [""] * len(table.columns), strict=True
    ):
        head = f"{group}\n{column.head}" if spans else column.head
        if wrapped:
            head = head.replace(f" {column.arrow}", f"\n{column.arrow}")
        printed.add_column(plain(head), justify="right", no_wrap=True)
    marked = _has_leader(table)
    for section, following in pairwise([*table.sections, None]):
        assert section is not None
        if section.title:
            printed.add_row(f"[italic]{plain(section.title)}[/]")
        _add_rows(printed, section, details, marked)
        if following is not None:
            printed.add_section()
    return printed


def _has_leader(table: Table) -> bool:
    return any(c.leads for s in table.sections for r in s.rows for c in r.cells)


def _add_rows(
    printed: RichTable, section: Section, details: bool, marked: bool
) -> None:
    from rich.markup import escape as plain

    for row in section.rows:
        cells = (_rich_cell(cell, details, marked) for cell in row.cells)
        printed.add_row(plain(row.label), *cells)


def _rich_cell(cell: Cell, details: bool, marked: bool) -> str:
    from rich.markup import escape as plain

    main = plain(cell.text)
    if cell.strong:
        mark = f"{LEADS if cell.leads else CLOSE} " * marked
        main = f"[bold]{mark}{main}[/]"
    if not (details and cell.detail):
        return main
    return f"{main}\n[dim]{plain(cell.detail)}[/]"
