"""The one shape of every printed table; each output format reads it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from reports.tables import published as paper

EMPTY = "—"


@dataclass(frozen=True)
class Cell:
    """A figure with what qualifies it (interval, spread); strong ones are set bold."""

    text: str = EMPTY
    detail: str = ""
    strong: bool = False


@dataclass(frozen=True)
class Column:
    """A column's head; `group` spans neighbours of the same group, `arrow` is ↓, ↑."""

    title: str
    group: str = ""
    arrow: str = ""

    @property
    def head(self) -> str:
        """Title and arrow."""
        return f"{self.title} {self.arrow}".strip()


@dataclass(frozen=True)
class Row:
    """A label and one cell a column."""

    label: str
    cells: tuple[Cell, ...]


@dataclass(frozen=True)
class Section:
    """Rows under a common heading (an engine); an empty title prints no heading."""

    title: str
    rows: tuple[Row, ...]


@dataclass(frozen=True)
class Table:
    """`key` names files and anchors, `stub` heads the first column."""

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
    def groups(self) -> list[tuple[str, int]]:
        """Neighbouring columns' groups with their widths; empty where none has one."""
        spans: list[tuple[str, int]] = []
        for column in self.columns:
            if spans and spans[-1][0] == column.group:
                spans[-1] = (column.group, spans[-1][1] + 1)
            else:
                spans.append((column.group, 1))
        return spans if any(group for group, _ in spans) else []

    def between(self, start: int, stop: int) -> Table:
        """The same rows with the columns from `start` to before `stop` alone."""
        sections = tuple(
            Section(
                section.title,
                tuple(Row(row.label, row.cells[start:stop]) for row in section.rows),
            )
            for section in self.sections
        )
        return replace(self, columns=self.columns[start:stop], sections=sections)


def published(table: paper.PublishedTable) -> Table:
    """A published table in the common shape, with its source and its warning."""
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
        (f"Source: {paper.SOURCE}.", paper.CONDITIONS),
    )
