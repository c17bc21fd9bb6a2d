"""`avatarbench leaderboard`: one page over many runs."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from benchmark.avatars.counting import counted
from benchmark.commands.options import RUNS
from benchmark.commands.report import find_run


def write_page(runs: Sequence[str], path: Path) -> None:
    """Write the leaderboard of runs and print its boards.

    `runs` are run folders, or suites for their latest runs below `runs/`. Raises
    SuiteError for a run that does not exist, ReportError for one that cannot be read.
    """
    from reports.leaderboard.page import write_leaderboard
    from reports.trials import read_run

    found = [
        read_run(folder) for folder in dict.fromkeys(find_run(r, RUNS) for r in runs)
    ]
    for board in write_leaderboard(found, path):
        age = "" if board.newest else " (older version)"
        print(f"{board.title}{age}: {counted(len(board.runs), 'run')}")
    print(f"leaderboard: {path}")
