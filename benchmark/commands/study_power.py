"""`avatarbench study power`: simulate how many raters and faces a study needs."""

from __future__ import annotations

import io
import os
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TypeVar

import pandas as pd

from benchmark.avatars.counting import counted
from benchmark.storage.store import atomic_write
from benchmark.system.console import open_progress, print_table
from evaluation.ratings import Power, RaterModel, Simulations, ahead_by, power_grid

Number = TypeVar("Number", int, float)


class OptionError(ValueError):
    """An option has an invalid value; the message says what to do."""


def parse_numbers(
    option: str, text: str, kind: Callable[[str], Number]
) -> tuple[Number, ...]:
    """Parse numbers separated by commas; raises OptionError for anything else."""
    try:
        return tuple(kind(part) for part in text.split(","))
    except ValueError:
        example = "0.4,0.3,0.3" if kind is float else "10,20,50"
        raise OptionError(
            f"{option} {text}: expected numbers separated by commas, such as {example}"
        ) from None


def simulate_power(
    *,
    methods: int,
    difference: float,
    shares: Sequence[float],
    raters: Sequence[int],
    faces: Sequence[int],
    rater_spread: float,
    face_spread: float,
    target: float,
    simulations: Simulations,
    csv: Path | None,
    quiet: bool,
) -> None:
    """Simulate studies of every size and print the power of each size.

    `shares` are the shares of picks of all methods; the first two are compared. If
    empty, the share of the first of `methods` is `difference` above each other one.
    """
    _check_writable(csv)
    model = RaterModel(
        tuple(shares) or ahead_by(difference, methods), rater_spread, face_spread
    )
    powers = []
    with open_progress(quiet).task(
        "simulated studies", len(raters) * len(faces)
    ) as bar:
        for power in power_grid(model, raters, faces, simulations):
            powers.append(power)
            bar.advance(1)
    if csv is not None:
        atomic_write(csv, _to_csv(model, powers).encode())
    _print_assumptions(model, powers, simulations)
    _print_grid(powers, raters, faces)
    print(_recommend(powers, target))


def _check_writable(csv: Path | None) -> None:
    """Fail before minutes of simulation if the CSV file cannot be written."""
    if csv is not None and (csv.is_dir() or not os.access(csv.parent, os.W_OK)):
        raise OptionError(
            f"--csv {csv}: expected a file in an existing, writable folder"
        )


def _print_assumptions(
    model: RaterModel, powers: Sequence[Power], simulations: Simulations
) -> None:
    shares = ", ".join(f"{100 * share:.1f} %" for share in model.shares)
    print(
        "Simulated, not a result: every rater rates every face, and the methods get "
        f"{shares} of the picks."
    )
    print(
        "Power: share of studies whose 95 % confidence interval of the difference "
        "between the first two methods lies above 0; "
        f"{counted(simulations.studies, 'study', 'studies')} per size, "
        f"±{_largest_half_width(powers):.0f} percentage points. Assumed spread of "
        f"raters {model.rater_spread:g}, of faces {model.face_spread:g} "
        "(log-strength); a pilot study gives better values."
    )


def _print_grid(
    powers: Sequence[Power], raters: Sequence[int], faces: Sequence[int]
) -> None:
    cells = {(p.raters, p.faces): f"{100 * p.power:.0f} %" for p in powers}
    print_table(
        ("raters", *(counted(count, "face") for count in faces)),
        ([str(n), *(cells[n, count] for count in faces)] for n in raters),
    )


def _largest_half_width(powers: Sequence[Power]) -> float:
    """Of the confidence intervals of the powers, in percentage points."""
    return max(50 * (power.bounds.high - power.bounds.low) for power in powers)


def _recommend(powers: Sequence[Power], target: float) -> str:
    """The size that reaches the target with the fewest ratings, if any does."""
    enough = [power for power in powers if power.power >= target]
    percent = f"{100 * target:.0f} %"
    if not enough:
        return f"No size reaches {percent}: try more raters and faces."
    least = min(enough, key=lambda power: power.raters * power.faces)
    return (
        f"Fewest ratings with at least {percent}: {least.raters} raters × "
        f"{least.faces} faces ({least.raters * least.faces:,} ratings per engine)."
    )


def _to_csv(model: RaterModel, powers: Sequence[Power]) -> str:
    """The grid as CSV; each row is marked as simulated."""
    rows = [
        {
            "source": "simulated",
            "shares": " ".join(f"{share:g}" for share in model.shares),
            "rater_spread": model.rater_spread,
            "face_spread": model.face_spread,
            **{k: v for k, v in asdict(power).items() if k != "bounds"},
            "power_low": power.bounds.low,
            "power_high": power.bounds.high,
        }
        for power in powers
    ]
    text = io.StringIO()
    pd.DataFrame(rows).to_csv(text, index=False, lineterminator="\n")
    return text.getvalue()
