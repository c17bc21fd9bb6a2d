"""The tables of a board: the current scores, and every result over time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from reports.leaderboard.boards import Board, Entry
from reports.tables import wording
from reports.tables.estimates import best_rows, leading_rows
from reports.tables.table import Cell, Column, Row, Section, Table
from reports.tables.timing import common_hardware, speed_cell
from reports.trials import ReportError


def board_table(board: Board, number: int) -> Table:
    """The newest result of each method, by engine and metric; then its run.

    `number` makes the table's anchor unique.
    """
    entries = board.current
    columns = [Column(*_head(board, e, i)) for e, i in _pairs(board)]
    cells = [_scores(board, entries, e, i) for e, i in _pairs(board)]
    speed, note = _speeds(entries)
    if speed:
        columns.append(Column("Model", "Speed (Hz)", "↑"))
        cells.append(speed)
    columns += [Column("Date"), Column("Run"), Column("Commit")]
    cells += [[Cell(e.date) for e in entries], [Cell(e.run_name) for e in entries]]
    cells.append([Cell(e.commit or "—") for e in entries])
    rows = zip(entries, zip(*cells, strict=True), strict=True)
    return Table(
        f"board-{number}",
        f"Board {number}: newest result of each method",
        "Method",
        tuple(columns),
        (Section("", tuple(Row(e.variant.label, tuple(c)) for e, c in rows)),),
        (*_notes(board), note),
    )


def history_table(board: Board, number: int) -> Table | None:
    """Every result by method, oldest first; None for a board with a single run."""
    if len(board.runs) < 2:
        return None
    metric = board.metrics[0]
    sections: dict[str, list[Entry]] = {e.variant.label: [] for e in board.current}
    for entry in reversed(board.entries):
        sections[entry.variant.label].append(entry)
    decimals = wording.decimals_of(metric)
    found = {e: board.scores(board.entries, metric, e) for e in board.engines}

    def cell(entry: Entry, engine: str) -> Cell:
        score = found[engine][entry.row.name]
        return Cell() if score is None else wording.score_cell(score.interval, decimals)

    return Table(
        f"history-{number}",
        f"Board {number}: {metric['title']} over time",
        "Run",
        (
            *(Column(*_head(board, e, 0)) for e in board.engines),
            Column("Date"),
            Column("Commit"),
        ),
        tuple(
            Section(
                label,
                tuple(
                    Row(
                        entry.run_name,
                        (
                            *(cell(entry, engine) for engine in board.engines),
                            Cell(entry.date),
                            Cell(entry.commit or "—"),
                        ),
                    )
                    for entry in entries
                ),
            )
            for label, entries in sections.items()
        ),
        ("Oldest first. Cells: mean over faces with its 95 % interval.",),
    )


def leaders(board: Board) -> Iterator[str]:
    """A sentence for each engine: who has the best mean, and who is as good."""
    metric = board.metrics[0]
    extreme = "lowest" if metric["direction"] == "lower" else "highest"
    rows = [entry.row for entry in board.current]
    labels = {entry.row.name: entry.variant.label for entry in board.current}
    for engine in board.engines:
        found = board.scores(board.current, metric, engine)
        ahead = leading_rows(rows, found, metric)
        close = best_rows(rows, found, metric) - ahead
        if not ahead:
            continue
        best, equal = (
            ", ".join(labels[r.name] for r in rows if r.name in names)
            for names in (ahead, close)
        )
        text = f"{engine}: {best} has the {extreme} {metric['title']}."
        yield text + (f" Not significantly worse: {equal}." if equal else "")


def _pairs(board: Board) -> list[tuple[str, int]]:
    return [(e, index) for e in board.engines for index in range(len(board.metrics))]


def _head(board: Board, engine: str, metric: int) -> tuple[str, str, str]:
    data = board.metrics[metric]
    return data["title"], engine, wording.ARROWS[data["direction"]]


def _scores(
    board: Board, entries: Sequence[Entry], engine: str, index: int
) -> list[Cell]:
    metric = board.metrics[index]
    found = board.scores(entries, metric, engine)
    rows = [entry.row for entry in entries]
    strong = best_rows(rows, found, metric)
    decimals = wording.decimals_of(metric)
    return [
        Cell()
        if (score := found[row.name]) is None
        else wording.score_cell(score.interval, decimals, row.name in strong)
        for row in rows
    ]


def _speeds(entries: Sequence[Entry]) -> tuple[list[Cell], str]:
    """Speeds if one machine measured them all, and a note."""
    trials = {
        e.row.name: [t for t in e.run.trials if t.variant == e.variant.name]
        for e in entries
    }
    try:
        machine = common_hardware([t for group in trials.values() for t in group])
    except ReportError:
        return [], "Speeds are left out: different machines measured them."
    if machine is None:
        return [], "Speeds were not measured."
    cells = [speed_cell(trials[entry.row.name], "model") for entry in entries]
    name = machine.get("name", "one machine")
    return cells, f"Speed: median of the method alone, measured on {name}."


def _notes(board: Board) -> Iterator[str]:
    run = board.runs[0]
    yield from wording.stand_in_notes(run)
    yield wording.data_note(run, run.main_split, run.designers[0])
    faces = run.splits[run.main_split]
    cells = [
        {e.row.name: c for e, c in zip(board.current, column, strict=True)}
        for column in (_scores(board, board.current, e, i) for e, i in _pairs(board))
    ]
    yield from wording.score_notes(run, faces, board.metrics, cells)
    yield (
        "Date: the day of the last speed measurement, or of the run's files if that is "
        "not recorded."
    )
    yield f"Rows are sorted by {board.metrics[0]['title']} on {board.engines[0]}."
    if any(entry.commit.endswith("+") for entry in board.current):
        yield "Commit: + stands for local changes."
    yield from wording.oracle_notes(run)
    yield from (wording.metric_note(metric) for metric in board.metrics)
