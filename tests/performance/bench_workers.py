"""A cold run in one process, with 1 and 2 local workers, and with 2 Ray workers.

Run it on an idle machine: python tests/performance/bench_workers.py

Each run has an empty store and six trials. Each worker uses one thread, so that two
workers need two cores. All runs must write the same scores. At the end, the command
itself measures the speeds; they take as long for any number of workers. The Ray row
needs the extra [ray]; its CPU seconds are not known.
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path

from bench_quick import run_suite
from figures import record

from benchmark.storage.digests import file_digest

SUITE = """
name: workers
title: Many workers
faces: {set: portraits, validation_count: 16, heldout_count: 16}
designers: [designer-a]
engines: [toon-tiktok, avataaars]
threads: 1
variants:
  - {name: baseline, method: baseline}
  - {name: supervised, method: supervised}
  - {name: supervised-shuffled, method: supervised-shuffled}
options:
  input_size: 128
  backbone: efficientnet_lite0
  backbone_stages: 4
  frozen_stages: 4
  reading: grid
  grid_channels: 16
  head_width: 64
  samples: 1000
  cached_views: 1000
  steps: 200
  batch_size: 64
metrics: [part-iou, discrete-accuracy, continuous-mae]
speed: {warmup: 1, repeats: 5}
"""
ROWS = {
    "serial": (),
    "local, 1 worker": ("--executor", "local", "--workers", "1"),
    "local, 2 workers": ("--executor", "local", "--workers", "2"),
    "ray, 2 workers": ("--executor", "ray", "--workers", "2"),
}


def digests(out: Path) -> Mapping[str, str]:
    """The digests of the scores of all trials of a run, by trial."""
    files = out.glob("workers/*/trials/*/cases.parquet")
    return {file.parent.name: file_digest(file) for file in files}


def main() -> None:
    """Print and record the seconds and the speed-up of each number of workers."""
    serial, scores = None, {}
    titles = f"{'workers':<20}{'seconds':>9}{'speed-up':>10}{'CPU seconds':>13}"
    print(titles, flush=True)
    for name, options in ROWS.items():
        if "ray" in options and find_spec("ray") is None:
            print(f"{name:<20}  the extra [ray] is not installed")
            continue
        with tempfile.TemporaryDirectory() as place:
            suite = Path(place, "workers.yaml")
            suite.write_text(SUITE, encoding="utf-8")
            store, out = Path(place, "store"), Path(place, "out")
            seconds, cpu = run_suite(store, out, *options, suite=str(suite))
            found = digests(out)
        serial, scores = serial or seconds, scores or found
        if not found or found != scores:
            raise SystemExit(f"{name}: other scores than in one process")
        shown = "" if "ray" in options else f"{cpu:>13.0f}"
        speed_up = f"{serial / seconds:>9.2f}x"
        print(f"{name:<20}{seconds:>9.0f}{speed_up}{shown}", flush=True)
        record(f"workers: cold run, {name}", seconds, "s")


if __name__ == "__main__":
    main()
