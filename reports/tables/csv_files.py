"""Converts a table to CSV, with numbers that programs read."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Sequence

from reports.tables.table import EMPTY, Cell, Table

_INTERVAL = re.compile(r"(−?[\d.]+)(?:–| to )(−?[\d.]+)( %)?")


def to_csv(table: Table) -> str:
    """CSV with the columns `section`, the labels, and those of the table.

    Numbers are those that the table prints. A column whose details are intervals is
    followed by its `low` and `high`, one with other details by its `detail`, and one
    with bold cells by `bold` (yes or no). An empty field means that there is no number.
    """
    rows = [(s.title, row) for s in table.sections for row in s.rows]
    columns = [[["section"], *([title] for title, _ in rows)]]
    columns.append([[table.stub], *([row.label] for _, row in rows)])
    for index, column in enumerate(table.columns):
        name = " ".join(part for part in (column.group, column.title) if part)
        columns.append(_fields(name, [row.cells[index] for _, row in rows]))
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    for fields in zip(*columns, strict=True):
        writer.writerow([field for group in fields for field in group])
    return text.getvalue()


def _fields(name: str, cells: Sequence[Cell]) -> list[list[str]]:
    """The fields of one column of the table: the heads, then those of each cell."""
    numbers = [c.text for c in cells if c.text != EMPTY]
    share = bool(numbers) and all(text.endswith(" %") for text in numbers)
    head = f"{name} (%)" if share else name
    lines = [[head], *([_number(c.text, share)] for c in cells)]
    details = [c.detail for c in cells if c.detail]
    if details and all(_INTERVAL.fullmatch(detail) for detail in details):
        _extend(lines, [f"{head} low", f"{head} high"], map(_bounds, cells))
    elif details:
        _extend(lines, [f"{name} detail"], ([c.detail] for c in cells))
    if any(c.strong for c in cells):
        _extend(lines, [f"{name} bold"], (["yes" if c.strong else "no"] for c in cells))
    return lines


def _extend(
    lines: list[list[str]], heads: list[str], more: Iterable[list[str]]
) -> None:
    for line, fields in zip(lines, [heads, *more], strict=True):
        line += fields


def _bounds(cell: Cell) -> list[str]:
    found = _INTERVAL.fullmatch(cell.detail)
    return (
        [found[1].replace("−", "-"), found[2].replace("−", "-")] if found else ["", ""]
    )


def _number(text: str, share: bool) -> str:
    if text == EMPTY:
        return ""
    text = text.removesuffix(" %") if share else text
    return re.sub(r"^−(?=[\d.])", "-", text)
