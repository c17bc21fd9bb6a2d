"""Tables of the page: no empty columns, explanations once, and numbers with links."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from markupsafe import Markup

from reports.page.trials import trial_anchor
from reports.tables import wording
from reports.tables.html import Extras, to_html
from reports.tables.table import EMPTY, Column, Row, Section, Table
from reports.trials import Run


@dataclass(frozen=True)
class PageTables:
    """Tables of one page. `legend` holds the notes that several of them share."""

    run: Run
    tables: Sequence[Table]

    @property
    def legend(self) -> list[str]:
        """The notes of the first table, and those that two or more tables have."""
        counts = Counter(note for table in self.tables for note in set(table.notes))
        first = set(self.tables[0].notes) if self.tables else set[str]()
        notes = dict.fromkeys(note for table in self.tables for note in table.notes)
        return [note for note in notes if note in first or counts[note] > 1]

    def html(self, table: Table) -> Markup:
        """A table without empty columns and without the notes of the legend."""
        shared = set(self.legend)
        own = tuple(note for note in table.notes if note not in shared)
        shown = replace(measured_columns(table), notes=own)
        return to_html(shown, Extras(_tips(self.run), _links(self.run).of))


def measured_columns(table: Table) -> Table:
    """The table without columns in which no row has a value; a note says why."""
    rows = [row for section in table.sections for row in section.rows]
    keep = [
        index
        for index in range(len(table.columns))
        if any(row.cells[index].text != EMPTY for row in rows)
    ]
    if not keep:
        return table
    sections = tuple(
        Section(
            section.title,
            tuple(
                Row(row.label, tuple(row.cells[index] for index in keep))
                for row in section.rows
            ),
        )
        for section in table.sections
    )
    columns = tuple(table.columns[index] for index in keep)
    return replace(table, columns=columns, sections=sections)


def _tips(run: Run) -> dict[str, str]:
    """Tooltips of metrics and of rows that are no methods."""
    roles = {"control": "A control: it does not look at the face."}
    roles["oracle"] = wording.ORACLE_NOTE
    return {
        **{metric["title"]: wording.metric_note(metric) for metric in run.metrics},
        "Model": "The method alone, without drawing the avatar.",
        "With render": "The method and the engine that draws the avatar.",
        **{v.label: roles[v.role] for v in run.variants if v.role in roles},
    }


@dataclass(frozen=True)
class _Links:
    """Anchors of the trials behind a cell, from its row, column and section."""

    names: Mapping[str, str]
    engines: Sequence[str]

    def of(self, section: Section, column: Column, row: Row) -> str:
        name = self.names.get(row.label)
        if name is None:
            return ""
        found = [e for e in self.engines if e in (section.title, column.group)]
        return "#" + trial_anchor(name, found[0] if found else None)


def _links(run: Run) -> _Links:
    steps = run.ablation.variants if run.ablation else ()
    names = {variant.label: variant.name for variant in (*steps, *run.variants)}
    return _Links(names, run.engines)
