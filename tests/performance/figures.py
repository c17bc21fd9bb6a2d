"""What the benches measured, in one JSON file with the machine that measured it.

made       when, in UTC
machine    everything that times depend on; only equal machines are compared
made_with  versions of the code and the numeric packages
load       load average before and after
figures    {"engines: toon-tiktok, batches": {"value": 143.2, "unit": "/s"}, ...}
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FIGURES_FILE = "AVATARBENCH_BENCH_FIGURES"
"""Environment variable: the file to which a bench adds its figures."""
HIGHER_IS_BETTER = {"s": False, "ms": False, "MiB": False, "MB": False, "/s": True}
"""Units, and whether a larger value is better."""


class FiguresError(ValueError):
    """A file does not hold figures; the message names it."""


@dataclass(frozen=True)
class Figures:
    """The contents of a file of figures; values and units by the name of the figure."""

    made: str
    machine: dict[str, Any]
    made_with: dict[str, Any]
    load: list[float]
    values: dict[str, tuple[float, str]]


def record(name: str, value: float, unit: str) -> None:
    """Add a figure to the file of the bench; without such a file, do nothing."""
    if unit not in HIGHER_IS_BETTER:
        raise ValueError(f"unit {unit}: expected one of {', '.join(HIGHER_IS_BETTER)}")
    if file := os.environ.get(FIGURES_FILE):
        line = json.dumps({"name": name, "value": value, "unit": unit})
        with Path(file).open("a", encoding="utf-8") as stream:
            stream.write(line + "\n")


def recorded(file: Path) -> dict[str, dict[str, Any]]:
    """The figures that benches added to a file."""
    lines = file.read_text(encoding="utf-8").splitlines() if file.is_file() else []
    rows = [json.loads(line) for line in lines]
    return {row.pop("name"): row for row in rows}


def read_figures(file: Path) -> Figures:
    """Read what `bench.py` wrote; FiguresError if the file holds something else."""
    try:
        data = json.loads(file.read_text(encoding="utf-8"))
        return Figures(
            data["made"],
            data["machine"],
            data["made_with"],
            data["load"],
            {n: (float(v["value"]), v["unit"]) for n, v in data["figures"].items()},
        )
    except OSError as error:
        raise FiguresError(f"{file}: {error.strerror or error}") from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise FiguresError(
            f"{file} holds no figures of make bench: give a file that it wrote"
        ) from error
