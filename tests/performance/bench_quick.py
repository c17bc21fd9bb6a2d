"""`avatarbench run quick`: with an empty store, with a full one, and once finished.

Run it on an idle machine: python tests/performance/bench_quick.py

It takes more than ten minutes. CPU seconds change less with other work on the machine
than seconds do. The stages of a cold run are printed with what each took.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from pathlib import Path

from figures import record


def run_suite(
    store: Path, out: Path, *options: str, suite: str = "quick"
) -> tuple[float, float]:
    """Seconds and CPU seconds of `avatarbench run`."""
    command = [sys.executable, "-m", "benchmark.cli", "run", suite, "--no-mlflow"]
    command += ["--quiet", "--store", str(store), "--out", str(out), *options]
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    seconds = time.perf_counter() - start
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return seconds, cpu


def stage_seconds(store: Path) -> dict[str, float]:
    """Seconds of the stages that were built in a store, by the kind of stage."""
    found: dict[str, float] = defaultdict(float)
    for file in store.glob("*/*/stage.json"):
        stage = json.loads(file.read_text(encoding="utf-8"))
        found[stage["name"]] += stage["seconds"]
    return dict(sorted(found.items(), key=lambda item: -item[1]))


def main() -> None:
    """Print and record the three runs, and the stages of the first one."""
    with tempfile.TemporaryDirectory() as place:
        store, out = Path(place, "store"), Path(place, "out")
        print(f"{'run quick':<24}{'seconds':>9}{'CPU seconds':>13}")
        for name, folder in (
            ("cold", out),
            ("all stages cached", Path(place, "again")),
            ("finished", out),
        ):
            seconds, cpu = run_suite(store, folder)
            print(f"{name:<24}{seconds:>9.0f}{cpu:>13.0f}", flush=True)
            record(f"quick: {name}", seconds, "s")
        print("\nstages of the cold run; a stage counts those that it builds")
        for name, seconds in stage_seconds(store).items():
            print(f"{name:<24}{seconds:>9.1f}")


if __name__ == "__main__":
    main()
