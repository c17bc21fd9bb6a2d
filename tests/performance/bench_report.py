"""The report of a run with 10,000 cases, and with 10,000 faces: seconds and size.

Run it on an idle machine with `make bench`. The comparison is the same report of 200
cases: it has the same tables and figures, so the difference is what cases cost. Rounds
alternate, so that a busy machine slows all; times are medians of processor seconds.
"""

from __future__ import annotations

import argparse
import re
import statistics
import tempfile
import time
from pathlib import Path

from figures import record
from reported_run import Shape, write_run

from reports.write import write_reports

ROWS = 5
"""Methods, controls and upper bounds of a made-up run."""
SIZES = {"200 cases": 40, "10,000 cases": 2000, "10,000 faces": 10_000}
"""Numbers of faces; half of them are held-out faces."""
PICTURE = re.compile(r'data:image/[^"]+')


def main() -> None:
    """Print processor seconds, and the size of the page, for each size."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    asked = parser.parse_args()
    times: dict[str, list[float]] = {name: [] for name in SIZES}
    sizes: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as place:
        runs = {name: Path(place) / name / "quick" / "run" for name in SIZES}
        for name, faces in SIZES.items():
            splits = {"heldout": faces // 2, "validation": faces // 2}
            made = {"engines": ("avataaars",), "seeds": (0,), "splits": splits}
            write_run(runs[name], Shape(**made, designers=("designer-a",)))
        write_reports(runs["200 cases"])  # imports
        for _ in range(asked.rounds):
            for name, folder in runs.items():
                started = time.process_time()
                page = write_reports(folder).page
                times[name].append(time.process_time() - started)
                text = page.read_text(encoding="utf-8")
                sizes[name] = len(PICTURE.sub("", text).encode()) / 1e6
    print(f"{'report':14}{'cases':>8}{'seconds':>9}{'page without pictures':>23}")
    for name, faces in SIZES.items():
        seconds = statistics.median(times[name])
        print(f"{name:14}{ROWS * faces:8,}{seconds:9.1f}{sizes[name]:20.2f} MB")
        record(f"report: {name}", seconds, "s")
        record(f"report: {name}, page", sizes[name], "MB")


if __name__ == "__main__":
    main()
