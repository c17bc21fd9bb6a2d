"""Everything people read about a run, written into its folder or the terminal."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from benchmark.storage.store import atomic_write
from benchmark.storage.trial_folder import publish
from reports.page.grid import FACES, MOST_FACES, Grid, grid_note, grids
from reports.tables import published as paper
from reports.tables import wording
from reports.tables.formats import to_latex, to_markdown, to_rich
from reports.tables.table import Table, published
from reports.trials import ReportError, Run, read_run

if TYPE_CHECKING:
    from rich.console import Console
    from rich.measure import Measurement
    from rich.table import Table as RichTable

    from reports.human_study.analysis.answers import Answers

FOLDER = "report"


@dataclass(frozen=True)
class ReportFiles:
    """What `write_reports` wrote: the page, tables, figures with data, face sheets."""

    folder: Path
    page: Path
    tables: tuple[Path, ...]
    figures: tuple[Path, ...]
    sheets: tuple[Path, ...]


def write_reports(
    run_folder: Path, faces: int = FACES, answers: Answers | None = None
) -> ReportFiles:
    """Write RUN/report: page.html, tables.md, files of each table, figures/, faces/.

    Page and sheets show `faces` validation faces, 24 at most; Table 2 is there with the
    answers of a study of this run. Raises ReportError where the folder holds no run or
    the study is of another one, or it cannot be written.
    """
    from reports.figures.scores import draw
    from reports.figures.sweeps import draw_sweeps
    from reports.human_study.analysis.of_run import rating_of_run
    from reports.page.page import Content, render_page
    from reports.tables.ablation_tables import ablation_tables
    from reports.tables.scores import by_engine, headline

    run = read_run(run_folder)
    first, ablation, details = headline(run), ablation_tables(run), detail_tables(run)
    everything = by_engine(run, run.main_split, run.designers[0])
    printed = [published(table) for table in paper.TABLES]
    drawings = draw(run) + draw_sweeps(run)
    shown = grids(run, min(faces, MOST_FACES))
    content = Content(first, ablation, everything, printed, details, drawings, shown)
    rating = rating_of_run(run, answers)
    page = render_page(run, content, rating.section)
    folder = run_folder / FOLDER
    if folder.is_file():
        raise ReportError(f"cannot write to {folder}: it is a file; move it away")
    tables: list[Path] = []
    figures: list[Path] = []
    sheets: list[Path] = []

    def fill(place: Path) -> None:
        (place / "figures").mkdir()
        measured = [first, *rating.tables, *ablation, everything, *details]
        written = _write_tables(place, measured, printed) + _write_data(place, run)
        every = (*drawings, *rating.drawings)
        drawn = [p for d in every for p in d.write(place / "figures")]
        atomic_write(place / "page.html", page.encode())
        tables.extend(folder / path.relative_to(place) for path in written)
        figures.extend(folder / path.relative_to(place) for path in drawn)
        shot = _write_sheets(place / "faces", run, shown)
        sheets.extend(folder / path.relative_to(place) for path in shot)

    try:
        # Whole or not at all, and without tables of an earlier report.
        publish(folder, fill)
    except OSError as error:
        raise ReportError(
            f"cannot write to {folder}: {error.strerror}; make it writable or free "
            "some space"
        ) from error
    files = (tuple(tables), tuple(figures), tuple(sheets))
    return ReportFiles(folder, folder / "page.html", *files)


def print_table(table: Table, console: Console) -> None:
    """Print a table with its notes."""
    _print_fitting(table, console)
    _print_notes(table, console)


def terminal_table(run_folder: Path, console: Console) -> None:
    """Print Tables 1 and 3, every score by engine, and what one must know to read."""
    from reports.tables.ablation_tables import ablation_tables
    from reports.tables.scores import by_engine, headline

    run = read_run(run_folder)
    table = headline(run)
    wide = _print_fitting(table, console)
    scores = by_engine(run, run.main_split, run.designers[0], speed=False)
    for piece in _pieces(scores, console):
        console.print(to_rich(piece, details=False))
    for further in ablation_tables(run):
        wide &= _print_fitting(further, console)
    _print_notes(table, console)
    if not wide:
        console.print("· Intervals are in the report's tables.md.", style="dim")


def _print_notes(table: Table, console: Console) -> None:
    for note in table.notes:
        console.print(f"· {note}", markup=False, highlight=False, style="dim")


def _print_fitting(table: Table, console: Console) -> bool:
    """Print a table, with intervals under the means where the terminal is that wide."""
    whole = to_rich(table, details=True)
    if _width(whole, console).maximum <= console.width:
        console.print(whole)
        return True
    for piece in _pieces(table, console):
        console.print(to_rich(piece, details=False))
    return False


def _pieces(table: Table, console: Console) -> list[Table]:
    """As many columns in a row as fit the terminal, every piece with all labels."""
    pieces, start = [], 0
    for stop in range(1, len(table.columns) + 1):
        wider = to_rich(table.between(start, stop), details=False)
        if stop - start > 1 and _width(wider, console).minimum > console.width:
            pieces.append(table.between(start, stop - 1))
            start = stop - 1
    pieces.append(table.between(start, len(table.columns)))
    return pieces


def _width(table: RichTable, console: Console) -> Measurement:
    unbounded = console.options.update(max_width=10_000)
    return console.measure(table, options=unbounded)


def detail_tables(run: Run) -> list[Table]:
    """Every further table that this run has the trials for."""
    from reports.tables.comparisons import designers, differences
    from reports.tables.costs import costs
    from reports.tables.inferability import inferability_table
    from reports.tables.parameters import parameter_table
    from reports.tables.ranking import ranking_table
    from reports.tables.scores import by_engine, parts
    from reports.tables.seeds import seeds_table

    main, designer = run.main_split, run.designers[0]
    others = [split for split in run.splits if split != main]
    candidates = [
        parts(run),
        *(by_engine(run, split, designer) for split in others),
        ranking_table(run),
        designers(run),
        differences(run),
        seeds_table(run),
        inferability_table(run),
        parameter_table(run, main, designer),
        costs(run),
    ]
    return [table for table in candidates if table is not None]


def _write_data(folder: Path, run: Run) -> tuple[Path, ...]:
    """Table 3 in numbers, where the suite has one."""
    from reports.tables.ablation import ablation_data

    if run.ablation is None:
        return ()
    path = folder / "table-3.csv"
    atomic_write(path, ablation_data(run, run.ablation).to_csv(index=False).encode())
    return (path,)


def _write_sheets(folder: Path, run: Run, shown: list[Grid]) -> tuple[Path, ...]:
    """The page's faces once more, a picture an engine."""
    from reports.page.face_sheet import sheet_bytes

    note = " ".join((*wording.stand_in_note(run)[:1], grid_note(run)))
    paths = []
    for grid in shown:
        folder.mkdir(exist_ok=True)
        paths.append(folder / f"{grid.engine}.webp")
        title = f"{grid.engine}: {len(grid.rows)} validation faces"
        atomic_write(paths[-1], sheet_bytes(grid, title, note))
    return tuple(paths)


def _write_tables(
    folder: Path, measured: list[Table], printed: list[Table]
) -> tuple[Path, ...]:
    contents: dict[str, str] = {}
    for name, convert in (("md", to_markdown), ("tex", to_latex)):
        for table in (*measured, *printed):
            contents[f"{table.key}.{name}"] = convert(table)
    contents["tables.md"] = "\n".join(
        [
            "# Measured\n",
            *map(to_markdown, measured),
            "# Published, not measured here\n",
        ]
        + [to_markdown(table) for table in printed]
    )
    paths = []
    for name, text in contents.items():
        paths.append(folder / name)
        atomic_write(paths[-1], text.encode())
    return tuple(paths)
