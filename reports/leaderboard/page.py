"""The leaderboard: one self-contained HTML file that makes no requests."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from markupsafe import Markup

from benchmark.avatars.counting import counted
from benchmark.storage.store import atomic_write
from benchmark.storage.unwritable import cannot_write
from reports.leaderboard.boards import Board, boards
from reports.leaderboard.tables import board_table, history_table, leaders
from reports.leaderboard.trends import HEIGHT, WIDTH, Trend, trends
from reports.page.html import page_css, page_script, page_template
from reports.tables.html import to_html
from reports.trials import ReportError, Run


@dataclass(frozen=True)
class ShownBoard:
    """A board as the template shows it."""

    board: Board
    number: int
    leaders: tuple[str, ...]
    table: Markup
    trends: tuple[Trend, ...]
    history: Markup | None


def write_leaderboard(runs: Sequence[Run], path: Path) -> list[Board]:
    """Write the leaderboard of some runs to an HTML file; returns its boards.

    Raises ReportError if the file cannot be written.
    """
    found = boards(runs)
    shown = [_shown(board, number) for number, board in enumerate(found, 1)]
    style = files("reports.leaderboard").joinpath("leaderboard.css").read_text("utf-8")
    versions = {board.version for board in found} - {"none"}
    count = f"{counted(sum(len(b.runs) for b in found), 'run')}"
    if versions:
        count += f" of {counted(len(versions), 'benchmark version')}"
    page = page_template("leaderboard/leaderboard.html.jinja").render(
        css=page_css() + Markup(style),
        script=page_script(),
        lead=f"{count}, on {counted(len(found), 'board')}.",
        boards=shown,
        width=WIDTH,
        height=HEIGHT,
    )
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        atomic_write(path, page.encode())
    except OSError as error:
        raise ReportError(cannot_write(path, error)) from error
    return found


def _shown(board: Board, number: int) -> ShownBoard:
    history = history_table(board, number)
    return ShownBoard(
        board,
        number,
        tuple(leaders(board)),
        to_html(board_table(board, number)),
        tuple(trends(board)),
        None if history is None else to_html(history),
    )
