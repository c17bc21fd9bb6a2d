"""Converts a table to Markdown."""

from __future__ import annotations

from reports.tables.table import Cell, Table


def to_markdown(table: Table) -> str:
    """A GitHub Markdown table with a bold title and a list of notes below."""
    heads = [table.stub]
    for column in table.columns:
        heads.append(f"{column.group}: {column.head}" if column.group else column.head)
    lines = [f"**{_escape_markdown(table.title)}**", "", _markdown_row(heads)]
    lines.append("|:--" + "|--:" * len(table.columns) + "|")
    for section in table.sections:
        if section.title:
            lines.append(
                _markdown_row([f"**{section.title}**", *[""] * len(table.columns)])
            )
        lines += [
            _markdown_row([row.label, *map(_markdown_cell, row.cells)])
            for row in section.rows
        ]
    notes = [f"- {_escape_markdown(note)}" for note in table.notes]
    return "\n".join([*lines, *([""] if notes else []), *notes]) + "\n"


def _markdown_row(texts: list[str]) -> str:
    return "| " + " | ".join(_escape_markdown(text) for text in texts) + " |"


def _escape_markdown(text: str) -> str:
    return text.replace("|", r"\|").replace("<", "&lt;")


def _markdown_cell(cell: Cell) -> str:
    main = f"**{cell.text}**" if cell.strong else cell.text
    return f"{main} ({cell.detail})" if cell.detail else main
