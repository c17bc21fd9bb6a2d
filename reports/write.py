"""Writes the report of a run into its folder, and its tables to the terminal."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from benchmark.avatars.counting import counted
from benchmark.storage.store import atomic_write
from reports.page.grid import FACES, MOST_FACES, SHEET_FACES, Grid, grid_note, grids
from reports.publishing import publish_report, write_tables
from reports.tables import published as paper
from reports.tables import wording
from reports.tables.table import Table, published
from reports.tables.terminal import legend, print_columns, print_notes
from reports.trials import Run, read_run

if TYPE_CHECKING:
    from rich.console import Console

    from reports.human_study.analysis.answers import Answers

FOLDER = "report"


@dataclass(frozen=True)
class ReportFiles:
    """Paths that `write_reports` wrote; figures include their CSV files."""

    folder: Path
    page: Path
    tables: tuple[Path, ...]
    figures: tuple[Path, ...]
    sheets: tuple[Path, ...]


def write_reports(
    run_folder: Path, faces: int = FACES, answers: Answers | None = None
) -> ReportFiles:
    """Write RUN/report: page.html, tables.md, files of each table, figures/, faces/.

    Args:
        run_folder: the run's folder.
        faces: number of validation faces on the page, at most 200. The face sheets show
            the first 24 of them.
        answers: answers of a rating study of this run, for Table 2.

    Raises:
        ReportError: if the folder holds no run, the study belongs to another run, or
            the report cannot be written.
    """
    from reports.figures.overview import draw_overview
    from reports.figures.scores import draw_scores
    from reports.figures.sweeps import draw_sweeps
    from reports.human_study.analysis.of_run import study_of_run
    from reports.page.page import Content, render_page
    from reports.tables.ablation_tables import ablation_tables
    from reports.tables.groups import groups_table
    from reports.tables.scores import all_scores_table, headline_table

    run = read_run(run_folder)
    rating = study_of_run(run, answers)
    first, ablation = headline_table(run), ablation_tables(run)
    everything = all_scores_table(run, run.main_split, run.designers[0])
    details = detail_tables(run)
    printed = [published(table) for table in paper.TABLES]
    drawings = draw_overview(run) + draw_scores(run) + draw_sweeps(run)
    faces = min(faces, MOST_FACES)
    shown = grids(run, min(faces, SHEET_FACES))
    groups = groups_table(run)
    # The page shows the groups among its breakdowns.
    files = [] if groups is None else [groups]
    content = Content(
        first, ablation, everything, printed, details, files, drawings, faces
    )
    page = render_page(run, content, rating.section)
    folder = run_folder / FOLDER
    tables: list[Path] = []
    figures: list[Path] = []
    sheets: list[Path] = []

    def fill(partial: Path) -> None:
        (partial / "figures").mkdir()
        measured = [first, *rating.tables, *ablation, everything, *details, *files]
        tables.extend(write_tables(partial, measured, printed))
        tables.extend(_write_ablation_data(partial, run))
        for drawing in (*drawings, *rating.drawings):
            figures.extend(drawing.write(partial / "figures"))
        sheets.extend(_write_sheets(partial / "faces", run, shown))
        atomic_write(partial / "page.html", page.encode())
        for paths in (tables, figures, sheets):
            paths[:] = [folder / path.relative_to(partial) for path in paths]

    publish_report(folder, fill)
    written = (tuple(tables), tuple(figures), tuple(sheets))
    return ReportFiles(folder, folder / "page.html", *written)


def terminal_table(run_folder: Path, console: Console) -> None:
    """Print Table 1, all scores by engine, Table 3, notes and the verdict."""
    from reports.tables.ablation_tables import ablation_tables
    from reports.tables.scores import all_scores_table, headline_table
    from reports.verdict import verdict

    run = read_run(run_folder)
    table = headline_table(run)
    print_columns(table, console)
    scores = all_scores_table(run, run.main_split, run.designers[0], speed=False)
    print_columns(scores, console, details=False)
    for further in ablation_tables(run):
        print_columns(further, console)
    print_notes((*legend([table, scores]), *table.notes), console)
    if scores.has_details:
        note = "For the intervals of all scores, see the report's tables.md."
        print_notes((note,), console)
    console.print(verdict(run).text, markup=False)


def detail_tables(run: Run) -> list[Table]:
    """The tables behind "Checks and details", as far as the run has data for them."""
    from reports.tables.comparisons import designers_table, differences_table
    from reports.tables.costs import costs_table
    from reports.tables.inferability import inferability_table
    from reports.tables.parameters import parameter_table
    from reports.tables.ranking import ranking_table
    from reports.tables.scores import all_scores_table, parts_table
    from reports.tables.seeds import seeds_table

    main, designer = run.main_split, run.designers[0]
    others = [split for split in run.splits if split != main]
    candidates = [
        parts_table(run),
        *(all_scores_table(run, split, designer) for split in others),
        ranking_table(run),
        designers_table(run),
        differences_table(run),
        seeds_table(run),
        inferability_table(run),
        parameter_table(run, main, designer),
        costs_table(run),
    ]
    return [table for table in candidates if table is not None]


def _write_ablation_data(folder: Path, run: Run) -> tuple[Path, ...]:
    from reports.tables.ablation import ablation_data

    if run.ablation is None:
        return ()
    path = folder / "table-3.csv"
    atomic_write(path, ablation_data(run, run.ablation).to_csv(index=False).encode())
    return (path,)


def _write_sheets(folder: Path, run: Run, shown: list[Grid]) -> tuple[Path, ...]:
    """The page's faces as one picture for each engine."""
    from reports.page.face_sheet import sheet_bytes

    note = " ".join((*wording.stand_in_notes(run)[:1], grid_note(run)))
    paths = []
    for grid in shown:
        folder.mkdir(exist_ok=True)
        paths.append(folder / f"{grid.engine}.webp")
        title = f"{grid.engine}: {counted(len(grid.rows), 'validation face')}"
        atomic_write(paths[-1], sheet_bytes(grid, title, note))
    return tuple(paths)
