"""What run reports and study reports share when they write a report folder."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from errno import ENOTDIR
from pathlib import Path

from benchmark.storage.store import atomic_write
from benchmark.storage.trial_folder import publish
from benchmark.storage.unwritable import cannot_write
from reports.tables.csv_files import to_csv
from reports.tables.formats import to_markdown
from reports.tables.latex import to_latex
from reports.tables.table import Table
from reports.trials import ReportError


def publish_report(folder: Path, fill: Callable[[Path], None]) -> None:
    """Replace a report folder atomically; `fill` writes the new content.

    An interrupted call leaves the earlier report as it was. Raises ReportError if the
    folder cannot be written.
    """
    try:
        if folder.is_file():
            raise NotADirectoryError(ENOTDIR, os.strerror(ENOTDIR))
        publish(folder, fill)
    except OSError as error:
        raise ReportError(cannot_write(folder, error)) from error


def write_tables(
    folder: Path, measured: Sequence[Table], printed: Sequence[Table]
) -> list[Path]:
    """Write KEY.md, KEY.tex and KEY.csv for each table, and all tables into tables.md.

    `printed` are the paper's published tables; they follow the measured ones under a
    separate heading. Returns the paths.
    """
    contents = {}
    for table in (*measured, *printed):
        contents[f"{table.key}.md"] = to_markdown(table)
        contents[f"{table.key}.tex"] = to_latex(table)
        contents[f"{table.key}.csv"] = to_csv(table)
    contents["tables.md"] = "\n".join(
        [
            "# Measured\n",
            *map(to_markdown, measured),
            "# Published, not measured here\n",
            *map(to_markdown, printed),
        ]
    )
    paths = []
    for name, text in contents.items():
        paths.append(folder / name)
        atomic_write(paths[-1], text.encode())
    return paths
