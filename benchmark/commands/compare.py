"""`avatarbench compare`: two runs, face by face, as a gate against regressions."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from benchmark.avatars.counting import counted
from benchmark.commands.report import find_run
from benchmark.config.suite import SuiteError

if TYPE_CHECKING:
    from reports.comparison import RunComparison


def compare_two_runs(
    before: str,
    after: str,
    out: Path,
    *,
    variants: Sequence[str],
    engines: Sequence[str],
    metrics: Sequence[str],
    tolerated: Sequence[str],
    as_json: bool,
) -> int:
    """Print how a run differs from a reference run; 1 if something became worse.

    Raises SuiteError for a run that does not exist or a tolerance that is no number,
    ReportError if the runs cannot be compared.
    """
    from reports.comparison import Choice, compare_runs, comparison_data
    from reports.trials import read_run

    choice = Choice(tuple(variants), tuple(engines), tuple(metrics), _limits(tolerated))
    first, second = (read_run(find_run(name, out)) for name in (before, after))
    found = compare_runs(first, second, choice)
    if as_json:
        print(json.dumps(comparison_data(found), indent=2))
    else:
        _print(found)
    return 0 if found.passed else 1


def _limits(texts: Sequence[str]) -> dict[str, float]:
    """Tolerances by metric from `VALUE` or `METRIC=VALUE`; "" stands for all others."""
    limits: dict[str, float] = {}
    for text in texts:
        name, _, value = text.rpartition("=")
        try:
            limits[name] = float(value)
        except ValueError:
            limits[name] = math.nan
        if not 0 <= limits[name] < math.inf:
            raise SuiteError(
                [
                    f"--tolerance {text}: expected a number of at least 0, such as "
                    "0.01 or lpips=0.01"
                ]
            )
    return limits


def _print(found: RunComparison) -> None:
    from rich.console import Console

    from reports.comparison import comparison_table
    from reports.tables.terminal import print_table

    print_table(comparison_table(found), Console(highlight=False))
    better = sum(change.outcome == "better" for change in found.changes)
    total = counted(len(found.changes), "comparison")
    worse = len(found.regressions)
    print(f"{total}: {better} better, {worse} worse, {len(found.lost)} lost")
