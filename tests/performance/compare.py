"""What became slower or larger between two files of bench.py.

python tests/performance/compare.py OLD.json NEW.json [--threshold PERCENT]

Exit status: 0 without a regression, 1 with one, 2 if the files cannot be compared.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import dataclass
from pathlib import Path

from figures import HIGHER_IS_BETTER, Figures, FiguresError, read_figures

THRESHOLD = 15.0
"""Percent by which a figure must be worse to count as a regression."""


@dataclass(frozen=True)
class Change:
    """A figure of both files; `percent` is positive where the new value is worse."""

    name: str
    old: float
    new: float
    unit: str
    percent: float


def change(name: str, old: float, new: float, unit: str) -> Change:
    """By how much a figure became worse: the growth of time or memory, in percent."""
    before, after = (new, old) if HIGHER_IS_BETTER[unit] else (old, new)
    percent = 100 * (after / before - 1) if before else 0.0
    return Change(name, old, new, unit, percent)


def changes(old: Figures, new: Figures) -> list[Change]:
    """The figures that both files have in the same unit, the worst one first."""
    found = [
        change(name, value, new.values[name][0], unit)
        for name, (value, unit) in old.values.items()
        if name in new.values and new.values[name][1] == unit
    ]
    return sorted(found, key=lambda each: -each.percent)


def machine_differences(old: Figures, new: Figures) -> list[str]:
    """What differs between the two machines."""
    keys = [*old.machine, *(key for key in new.machine if key not in old.machine)]
    return [
        f"{key}: {old.machine.get(key)} and {new.machine.get(key)}"
        for key in keys
        if old.machine.get(key) != new.machine.get(key)
    ]


def notes(old: Figures, new: Figures) -> list[str]:
    """What a reader must know about the two files."""
    lines = []
    for name in dict.fromkeys([*old.made_with, *new.made_with]):
        before, after = old.made_with.get(name), new.made_with.get(name)
        if before != after:
            lines.append(f"{name}: {before} and {after}")
    for title, figures in (("old", old), ("new", new)):
        if figures.load and figures.load[0] > 1:
            lines.append(
                f"{title}: the machine was busy, load average {figures.load[0]:g}"
            )
    for title, here, there in (("old", old, new), ("new", new, old)):
        alone = [name for name in here.values if name not in there.values]
        if alone:
            lines.append(f"only in the {title} file: {'; '.join(alone)}")
    return lines


def print_changes(found: list[Change], threshold: float) -> None:
    """Print a line for each figure."""
    width = max(len(each.name) for each in found)
    print(f"{'figure':<{width}}{'old':>12}{'new':>12}  {'unit':<5}{'change':>8}")
    for each in found:
        mark = "  worse" if each.percent > threshold else ""
        grown = 100 * (each.new / each.old - 1) if each.old else 0.0
        print(
            f"{each.name:<{width}}{each.old:>12.4g}{each.new:>12.4g}  {each.unit:<5}"
            f"{grown:>+7.0f}%{mark}"
        )


def compare(old: Figures, new: Figures, threshold: float, other: bool) -> int:
    """Print the comparison; `other` allows different machines."""
    print(f"old: {old.made}; new: {new.made}")
    print(f"machine: {', '.join(f'{k} {v}' for k, v in new.machine.items())}")
    different = machine_differences(old, new)
    if different:
        print(f"different machines: {'; '.join(different)}", file=sys.stderr)
        if not other:
            print(
                "times of different machines cannot be compared: measure both on one "
                "machine, or add --other-machine",
                file=sys.stderr,
            )
            return 2
    found = changes(old, new)
    if not found:
        print("the files have no figure in common", file=sys.stderr)
        return 2
    print_changes(found, threshold)
    for note in notes(old, new):
        print(note)
    worse = sum(each.percent > threshold for each in found)
    print(f"{worse} of {len(found)} figures are more than {threshold:g} % worse")
    return 1 if worse else 0


def main(arguments: list[str] | None = None) -> int:
    """Read the options and both files, and compare them."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("old", type=Path)
    parser.add_argument("new", type=Path)
    parser.add_argument("--threshold", type=float, default=THRESHOLD, help="percent")
    parser.add_argument("--other-machine", action="store_true", help="only warn")
    asked = parser.parse_args(arguments)
    try:
        old, new = read_figures(asked.old), read_figures(asked.new)
    except FiguresError as error:
        print(error, file=sys.stderr)
        return 2
    return compare(old, new, asked.threshold, asked.other_machine)


if __name__ == "__main__":
    sys.exit(main())
