"""Runs of the tiny suite."""

from __future__ import annotations

from pathlib import Path

import tiny_suite

from benchmark.config.resolve import resolve
from benchmark.config.suite import parse_suite
from benchmark.run.plan import make_plan
from benchmark.run.runner import run, run_folder
from benchmark.storage.store import Store
from benchmark.system.progress import Silent

ROWS = [
    {"name": "one", "method": "tiny"},
    {"name": "two", "method": "tiny", "options": {"input_size": 65}},
    {"name": "oracle", "method": "oracle"},
]


class TinyRun:
    """A tiny suite on the faces in a folder, its store and its run folder."""

    def __init__(self, home: Path, **changes):
        data = tiny_suite.suite_data(**changes)
        self.home = home
        self.plan = make_plan(resolve(parse_suite(data, "tiny.yaml", home)))
        self.store = Store(home / "runs" / "store")
        self.folder = run_folder(self.plan.resolved, home / "runs")

    def run(self, listeners=(), progress=None):
        out, shown = self.home / "runs", progress or Silent()
        return run(self.plan, self.store, out, shown, listeners)

    def trial(self, variant):
        return self.folder / "trials" / f"{variant}__tiny__s0"
