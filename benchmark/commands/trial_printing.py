"""How the trials of a run ended, as it is printed."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from benchmark.avatars.counting import counted
from benchmark.commands.report import print_main_tables
from benchmark.run.runner import Outcome
from benchmark.storage.trial_folder import trial_folders
from benchmark.system.console import ConsoleProgress, duration


class TrialPrinter:
    """A Listener that prints how each trial ends, with tracebacks if `debug`."""

    def __init__(self, console: ConsoleProgress, trials: int, debug: bool) -> None:
        self._console, self._trials, self._count = console, trials, 0
        self._debug = debug

    def started(self, run: Path) -> None:
        """Print the run folder."""
        self._console.say(f"run folder: {run}")

    def finished_trial(self, outcome: Outcome, model: Path | None) -> None:
        """Print whether a trial is done, was cached, or failed."""
        self._count += 1
        if outcome.error is not None:
            end = f"failed: {_describe_failure(outcome, self._debug)}"
        else:
            took = duration(outcome.seconds)
            end = "already finished" if outcome.cached else f"done in {took}"
        self._console.say(f"[{self._count}/{self._trials}] {outcome.name}: {end}")

    def timed_trial(self, outcome: Outcome) -> None:
        """Print a trial that failed when its speed was measured."""
        if outcome.error is not None:
            failure = _describe_failure(outcome, self._debug)
            self._console.say(f"speed of {outcome.name}: failed: {failure}")


def _describe_failure(outcome: Outcome, debug: bool) -> str:
    """The error of a trial, with its traceback or where that is."""
    if debug:
        return f"{outcome.error}\n{outcome.traceback.rstrip()}"
    place = "use --debug" if outcome.record is None else f"see {outcome.record}"
    return f"{outcome.error} (traceback: {place})"


def print_summary(
    folder: Path, outcomes: Sequence[Outcome], seconds: float, debug: bool
) -> None:
    """Print the main tables of a run, if it has any, and how its trials ended.

    With `debug`, the traceback of each failed trial is printed.
    """
    if trial_folders(folder):
        print_main_tables(folder)
    failed = [outcome for outcome in outcomes if outcome.error]
    for outcome in failed:
        words = _describe_failure(outcome, debug)
        print(f"trial {outcome.name} failed: {words}", file=sys.stderr)
    cached = sum(outcome.cached for outcome in outcomes)
    print(
        f"{counted(len(outcomes), 'trial')} ({cached} cached, {len(failed)} failed) in "
        f"{duration(seconds)}"
    )
