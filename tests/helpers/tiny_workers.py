"""The tiny entries as plugins that worker processes find, and runs with workers."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import plugins
import tiny_suite
from places import HELPERS

MODULES = {
    "engines": {"tiny": "tiny_suite:TinyEngine"},
    "methods": {
        "tiny": "tiny_suite:TinyMethod",
        "mortal": "tiny_workers:Mortal",
    },
    "metrics": {
        "mouth-error": "tiny_suite:MouthError",
        "skin-share": "tiny_suite:SkinShare",
    },
}
COMMAND = (sys.executable, "-m", "benchmark.cli", "run", "tiny.yaml", "--no-mlflow")


class Mortal(tiny_suite.TinyMethod):
    """Kills its process while a file `deadly` exists beside the store."""

    meta = tiny_suite.MethodMeta("mortal", "Mortal", "1", "none", "CC0-1.0")

    def fit(self, context):
        if (context.store.root.parent / "deadly").exists():
            os.kill(os.getpid(), 9)
        super().fit(context)


def install(folder: Path) -> Path:
    """Write a distribution of the tiny entries; returns the folder for the path."""
    place = folder / "plugins"
    plugins.install(place, "tiny-entries", MODULES)
    return place


def start(home: Path, *options: str) -> subprocess.Popen:
    """Start `avatarbench run tiny.yaml` in a folder, in a session of its own.

    It obeys Ctrl-C, also where the tests run in the background.
    """
    path = os.pathsep.join([str(HELPERS), str(home / "plugins")])
    return subprocess.Popen(
        [*COMMAND, *options],
        cwd=home,
        env={**os.environ, "PYTHONPATH": path, "OMP_NUM_THREADS": "1"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )


def results(runs: Path) -> dict[str, bytes]:
    """Every file of the trials and ground truth below a folder, but for timings."""
    return {
        str(path.relative_to(runs)): path.read_bytes()
        for part in ("trials", "truths")
        for path in sorted(runs.glob(f"tiny/*/{part}/**/*"))
        if path.is_file() and path.name != "timing.json"
    }
