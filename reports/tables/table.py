"""The data structure of a printed table, independent of the output format."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from reports.tables import published as paper

EMPTY = "—"


@dataclass(frozen=True)
class Cell:
    """A number, with its interval or another qualifier as `detail`.

    `strong` cells are bold. `leads` marks the best mean of a column.
    """

    text: str = EMPTY
    detail: str = ""
    strong: bool = False
    leads: bool = False


@dataclass(frozen=True)
class Column:
    """A column's heading.

    Neighbours of the same `group` share a heading above; `arrow` is "↓" or "↑", where
    lower or higher is better.
    """

    title: str
    group: str = ""
    arrow: str = ""

    @property
    def head(self) -> str:
        """Title and arrow, as printed."""
        return f"{self.title} {self.arrow}".strip()


@dataclass(frozen=True)
class Row:
    """A label and one cell for each column."""

    label: str
    cells: tuple[Cell, ...]


@dataclass(frozen=True)
class Section:
    """Rows under a common heading, such as an engine; no heading if the title is ""."""

    title: str
    rows: tuple[Row, ...]


@dataclass(frozen=True)
class Table:
    """A table. `key` names files and HTML anchors; `stub` heads the first column.

    Raises ValueError if a row does not have one cell for each column.
    """

    key: str
    title: str
    stub: str
    columns: tuple[Column, ...]
    sections: tuple[Section, ...]
    notes: tuple[str, ...] = field(default=())

    def __post_init__(self) -> None:
        for section in self.sections:
            for row in section.rows:
                if len(row.cells) != len(self.columns):
                    raise ValueError(
                        f"table {self.key}: row {row.label} has {len(row.cells)} cells "
                        f"for {len(self.columns)} columns"
                    )

    @property
    def has_details(self) -> bool:
        """Whether a cell has a detail."""
        return any(c.detail for s in self.sections for r in s.rows for c in r.cells)

    @property
    def groups(self) -> list[tuple[str, int]]:
        """Group headings with the number of columns each spans; [] without groups."""
        spans: list[tuple[str, int]] = []
        for column in self.columns:
            if spans and spans[-1][0] == column.group:
                spans[-1] = (column.group, spans[-1][1] + 1)
            else:
                spans.append((column.group, 1))
        return spans if any(group for group, _ in spans) else []

    def between(self, start: int, stop: int) -> Table:
        """The table with only the columns `start` to `stop - 1`."""
        sections = tuple(
            Section(
                section.title,
                tuple(Row(row.label, row.cells[start:stop]) for row in section.rows),
            )
            for section in self.sections
        )
        return replace(self, columns=self.columns[start:stop], sections=sections)


def published(table: paper.PublishedTable) -> Table:
    """A table of the paper as a `Table`, with its source and a warning as notes."""
    columns = []
    for head in table.columns:
        title, _, arrow = head.rpartition(" ")
        columns.append(Column(title, arrow=arrow))
    rows = tuple(
        Row(label, tuple(Cell(text) for text in texts)) for label, texts in table.rows
    )
    return Table(
        f"published-{table.number}",
        f"Published Table {table.number}: {table.title}",
        "Method",
        tuple(columns),
        (Section("", rows),),
        (f"Source: {paper.SOURCE}.", table.made, paper.CONDITIONS),
    )
