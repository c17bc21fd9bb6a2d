"""All benches, or some of them, and one file with their figures.

python tests/performance/bench.py [--out FILE] [PART ...]

Each part is a bench_PART.py here and has a fresh process. Parts that take minutes run
only if they are named. Compare two files with compare.py.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from figures import FIGURES_FILE, recorded

from benchmark.storage.store import atomic_write
from benchmark.system.environment import made_with
from benchmark.system.hardware import hardware

HERE = Path(__file__).parent
ALL = {
    path.stem.removeprefix("bench_"): path for path in sorted(HERE.glob("bench_*.py"))
}
ON_REQUEST = ("quick", "workers")
RESULTS = Path("runs", "bench")


def measure(parts: list[str], gathered: Path) -> list[str]:
    """Run the parts, which add their figures to a file; return those that failed."""
    environment = {**os.environ, FIGURES_FILE: str(gathered)}
    failed = []
    for part in parts:
        print(f"\n== {part} ==", flush=True)
        command = [sys.executable, str(ALL[part])]
        if subprocess.run(command, env=environment, check=False).returncode:
            failed.append(part)
    return failed


def describe(gathered: Path, load: float) -> dict[str, Any]:
    """Everything that the file of figures holds; `load` is that before the parts."""
    machine = hardware("cpu", os.cpu_count() or 1)
    return {
        "made": datetime.now(UTC).isoformat(timespec="seconds"),
        # The benches choose their own number of threads.
        "machine": {k: v for k, v in machine.items() if k not in ("name", "threads")},
        "made_with": made_with(),
        "load": [round(value, 1) for value in (load, os.getloadavg()[0])],
        "figures": recorded(gathered),
    }


def main() -> int:
    """Measure and write; returns 1 if a part failed."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("parts", nargs="*", metavar="PART", help=", ".join(ALL))
    parser.add_argument("--out", type=Path, help="the file; default: in runs/bench")
    asked = parser.parse_args()
    if unknown := [part for part in asked.parts if part not in ALL]:
        parser.error(f"no part {', '.join(unknown)}; the parts are {', '.join(ALL)}")
    parts = asked.parts or [part for part in ALL if part not in ON_REQUEST]
    load = os.getloadavg()[0]
    with tempfile.TemporaryDirectory() as place:
        gathered = Path(place) / "figures.jsonl"
        failed = measure(parts, gathered)
        data = describe(gathered, load)
    stamp = data["made"].replace(":", "-").removesuffix("+00-00")
    out = asked.out or RESULTS / f"{stamp}.json"
    out.parent.mkdir(parents=True, exist_ok=True)
    atomic_write(out, (json.dumps(data, indent=2) + "\n").encode())
    print(f"\nfigures: {out}")
    print(f"compare: python {HERE / 'compare.py'} OLD.json {out}")
    if load > 1:
        print(f"the load average was {load:.1f} before: measure on an idle machine")
    if failed:
        print(f"failed: {', '.join(failed)}", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
