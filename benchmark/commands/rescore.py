"""`avatarbench rescore`: a finished run's predictions under the metrics of today."""

from __future__ import annotations

import time
from pathlib import Path

import yaml

from benchmark.commands.report import find_run, print_places, write
from benchmark.commands.run import Announcer, open_store, print_end
from benchmark.config.resolve import resolve
from benchmark.config.suite import SuiteError, load_suite
from benchmark.run.plan import make_plan
from benchmark.run.rescoring import same_faces
from benchmark.run.runner import run, run_folder
from benchmark.storage.trial_folder import trial_folders
from benchmark.system.console import open_progress


def rescore_run(
    source: str,
    suite: str | None,
    out: Path,
    store_root: Path,
    overrides: tuple[str, ...],
    lpips_backbone: Path | None,
    quiet: bool,
) -> int:
    """Score the run again below `out`; the exit status, 1 where a trial failed."""
    started = time.monotonic()
    folder = find_run(source, out)
    name = suite or yaml.safe_load((folder / "resolved.yaml").read_text())["name"]
    plan = make_plan(resolve(load_suite(name, overrides), lpips_backbone))
    if not same_faces(plan, folder):
        raise SuiteError(
            [f"{folder} was run on other faces or truths than {name} has now"]
        )
    speaker = open_progress(quiet)
    store = open_store(store_root, plan.resolved, speaker.say)
    announcer = Announcer(speaker, len(plan.trials))
    outcomes = run(plan, store, out, speaker, [announcer], scored_before=folder)
    made = run_folder(plan.resolved, out)
    print_end(made, outcomes, time.monotonic() - started)
    if trial_folders(made):
        print_places(write(made))
    return int(any(outcome.error for outcome in outcomes))
