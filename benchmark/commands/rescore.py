"""`avatarbench rescore`: score the predictions of a finished run again."""

from __future__ import annotations

import time
from pathlib import Path
from tempfile import TemporaryDirectory

import yaml

from benchmark.commands.report import find_run, print_report_paths
from benchmark.commands.trial_printing import TrialPrinter, print_summary
from benchmark.config.resolve import resolve
from benchmark.config.suite import SuiteError, load_suite, suite_names
from benchmark.run.fresh import changed_since_prediction
from benchmark.run.open_store import open_store
from benchmark.run.plan import make_plan
from benchmark.run.rescoring import same_inputs
from benchmark.run.runner import create_out_folder, run, run_folder
from benchmark.storage.trial_folder import trial_folders
from benchmark.system.console import open_progress


def rescore_run(
    source: str,
    suite: str | None,
    *,
    out: Path,
    overrides: tuple[str, ...],
    lpips_backbone: Path | None,
    quiet: bool,
    debug: bool = False,
) -> int:
    """Score a run again, below `out`; returns the exit status, 1 if a trial failed.

    Raises SuiteError if the suite has other faces or ground truth than the run.
    """
    from reports.write import write_reports

    started = time.monotonic()
    folder = find_run(source, out)
    name = suite or _suite_of(folder)
    plan = make_plan(resolve(load_suite(name, overrides), lpips_backbone))
    if not same_inputs(plan, folder):
        raise SuiteError(
            [
                f"{folder} was run on other faces or ground truth than {name} has now, "
                "or with another from_scratch"
            ]
        )
    console = open_progress(quiet)
    cached = open_store(out / "store", plan, console.say)
    for warning in changed_since_prediction(plan, cached):
        console.say(warning)
    printer = TrialPrinter(console, len(plan.trials), debug)
    create_out_folder(out)
    # A run must not take predictions that were only read from a folder for its own.
    with TemporaryDirectory(prefix=".rescore-", dir=out) as private:
        store = open_store(Path(private), plan, console.say)
        outcomes = run(plan, store, out, console, [printer], rescore_from=folder)
    rescored = run_folder(plan.resolved, out)
    print_summary(rescored, outcomes, time.monotonic() - started, debug)
    if trial_folders(rescored):
        print_report_paths(write_reports(rescored))
    return int(any(outcome.error for outcome in outcomes))


def _suite_of(folder: Path) -> str:
    """The built-in suite of a run; raises SuiteError if it is a suite of one's own."""
    name = yaml.safe_load((folder / "resolved.yaml").read_text(encoding="utf-8"))[
        "name"
    ]
    if name not in suite_names():
        raise SuiteError(
            [
                f"{folder} is a run of the suite {name!r}, which is not built in; name "
                "its YAML file with --suite FILE"
            ]
        )
    return name
