"""A cold `avatarbench run quick` with one and with two local workers.

Run it on an idle machine: python tests/performance/bench_workers.py

Each run has an empty store and takes about ten minutes.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

from bench_quick import run_quick
from figures import record


def main() -> None:
    """Print seconds, CPU seconds and the speed-up of each number of workers."""
    print(f"{'workers':<10}{'seconds':>9}{'CPU seconds':>13}{'speed-up':>10}")
    one = None
    for workers in ("1", "2"):
        with tempfile.TemporaryDirectory() as place:
            options = ("--executor", "local", "--workers", workers)
            folders = (Path(place, "store"), Path(place, "out"))
            seconds, cpu = run_quick(*folders, *options)
        one = one or seconds
        print(f"{workers:<10}{seconds:>9.0f}{cpu:>13.0f}{one / seconds:>9.2f}x")
        record(f"workers: cold quick, {workers}", seconds, "s")


if __name__ == "__main__":
    main()
