"""Converts a table to Markdown, LaTeX and a terminal table."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from reports.tables.table import Cell, Section, Table

if TYPE_CHECKING:
    from rich.table import Table as RichTable

_LATEX = {
    "\\": r"\textbackslash{}",
    "&": r"\&",
    "%": r"\%",
    "$": r"\$",
    "#": r"\#",
    "_": r"\_",
    "{": r"\{",
    "}": r"\}",
    "~": r"$\sim$",
    "^": r"\textasciicircum{}",
    "↓": r"$\downarrow$",
    "↑": r"$\uparrow$",
    "†": r"$\dagger$",
    "Δ": r"$\Delta$",
    "×": r"$\times$",
    "±": r"$\pm$",
    "τ": r"$\tau$",
    "α": r"$\alpha$",
    "κ": r"$\kappa$",
    "−": r"$-$",
    "<": r"$<$",
    ">": r"$>$",
    "–": "--",
    "—": "---",
    "²": r"$^2$",
    "…": r"\dots{}",
}


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


def to_latex(table: Table) -> str:
    """A LaTeX table; it needs the package booktabs."""
    width = len(table.columns)
    lines = [
        r"\begin{table}",
        r"\centering",
        rf"\caption{{{latex(table.title)}}}",
        rf"\label{{tab:{table.key}}}",
        rf"\begin{{tabular}}{{l{'r' * width}}}",
        r"\toprule",
        *_latex_heads(table),
        r"\midrule",
    ]
    for number, section in enumerate(table.sections):
        if number:
            lines.append(r"\midrule")
        lines += _latex_section(section, width)
    lines += [r"\bottomrule", r"\end{tabular}"]
    lines += [rf"\par\footnotesize {latex(note)}" for note in table.notes]
    return "\n".join([*lines, r"\end{table}"]) + "\n"


def latex(text: str) -> str:
    """Text with LaTeX's special characters and our symbols escaped."""
    return "".join(_LATEX.get(character, character) for character in text)


def _latex_heads(table: Table) -> list[str]:
    heads = [table.stub, *(column.head for column in table.columns)]
    lines = [" & ".join(map(latex, heads)) + r" \\"]
    if not table.groups:
        return lines
    cells, rules, start = [""], [], 2
    for group, span in table.groups:
        cells.append(rf"\multicolumn{{{span}}}{{c}}{{{latex(group)}}}")
        if group:
            rules.append(rf"\cmidrule(lr){{{start}-{start + span - 1}}}")
        start += span
    return [" & ".join(cells) + r" \\", " ".join(rules), *lines]


def _latex_section(section: Section, width: int) -> list[str]:
    lines = []
    if section.title:
        lines.append(
            rf"\multicolumn{{{width + 1}}}{{l}}{{\textit{{{latex(section.title)}}}}} \\"
        )
    for row in section.rows:
        cells = [latex(row.label), *map(_latex_cell, row.cells)]
        lines.append(" & ".join(cells) + r" \\")
    return lines


def _latex_cell(cell: Cell) -> str:
    main = rf"\textbf{{{latex(cell.text)}}}" if cell.strong else latex(cell.text)
    return rf"{main} {{\scriptsize {latex(cell.detail)}}}" if cell.detail else main


def to_rich(table: Table, details: bool = True) -> RichTable:
    """A terminal table; `details` adds a second line with the interval to each cell."""
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
    printed.add_column(table.stub, overflow="fold", min_width=longest, no_wrap=details)
    spans = [group for group, span in table.groups for _ in range(span)]
    for column, group in zip(
        table.columns, spans or [""] * len(table.columns), strict=True
    ):
        head = f"{group}\n{column.head}" if spans else column.head
        if not details:
            head = head.replace(f" {column.arrow}", f"\n{column.arrow}")
        printed.add_column(plain(head), justify="right", no_wrap=True)
    for section, following in pairwise([*table.sections, None]):
        assert section is not None
        if section.title:
            printed.add_row(f"[italic]{plain(section.title)}[/]")
        for row in section.rows:
            printed.add_row(
                plain(row.label), *(_rich_cell(c, details) for c in row.cells)
            )
        if following is not None:
            printed.add_section()
    return printed


def _rich_cell(cell: Cell, details: bool) -> str:
    from rich.markup import escape as plain

    main = f"[bold]{plain(cell.text)}[/]" if cell.strong else plain(cell.text)
    if not (details and cell.detail):
        return main
    return f"{main}\n[dim]{plain(cell.detail)}[/]"
