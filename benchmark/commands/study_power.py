"""`avatarbench study power`: how many raters and faces see a given difference."""

from __future__ import annotations

import io
import os
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TypeVar

import pandas as pd

from benchmark.storage.store import atomic_write
from benchmark.system.console import open_progress, print_table
from evaluation.ratings import Power, RaterModel, Simulations, ahead_by, power_grid

Number = TypeVar("Number", int, float)


class OptionError(ValueError):
    """An option that cannot be as it is; the message says what to do."""


@dataclass(frozen=True)
class Request:
    """What the command line asked for.

    `shares` are those of all methods, the two compared first; without them the first of
    `methods` is `difference` above the others, which are alike.
    """

    methods: int
    difference: float
    shares: tuple[float, ...]
    raters: tuple[int, ...]
    faces: tuple[int, ...]
    rater_spread: float
    face_spread: float
    target: float
    simulations: Simulations
    csv: Path | None
    quiet: bool


def numbers(
    option: str, text: str, kind: Callable[[str], Number]
) -> tuple[Number, ...]:
    """Numbers typed with commas between; raises OptionError for anything else."""
    try:
        return tuple(kind(part) for part in text.split(","))
    except ValueError:
        raise OptionError(
            f"{option} {text}: expected numbers with commas between, such as "
            f"{'0.4,0.3,0.3' if kind is float else '10,20,50'}"
        ) from None


def carry_out(request: Request) -> None:
    """Simulate studies of every size; print how many see the difference."""
    _check_place(request.csv)
    shares = request.shares or ahead_by(request.difference, request.methods)
    crowd = RaterModel(shares, request.rater_spread, request.face_spread)
    sizes = len(request.raters) * len(request.faces)
    found = []
    progress = open_progress(request.quiet)
    with progress.task("simulated studies", sizes) as task:
        for power in power_grid(
            crowd, request.raters, request.faces, request.simulations
        ):
            found.append(power)
            task.advance(1)
    if request.csv is not None:
        atomic_write(request.csv, _csv(crowd, found).encode())
    _print(request, crowd, found)


def _check_place(csv: Path | None) -> None:
    """Say so before minutes of simulation where the figures cannot be written."""
    if csv is not None and (csv.is_dir() or not os.access(csv.parent, os.W_OK)):
        raise OptionError(
            f"--csv {csv}: expected a file in a folder that is there and can be "
            "written to"
        )


def _print(request: Request, crowd: RaterModel, found: Sequence[Power]) -> None:
    print(
        "Simulated, not a result: studies in which all raters bound all faces, and "
        f"methods get {', '.join(f'{100 * share:.1f} %' for share in crowd.shares)} of "
        "the picks."
    )
    print(
        f"Power to see the first ahead of the second (95 % interval of the difference "
        f"above 0), {request.simulations.studies} studies a size, ±"
        f"{_widest(found):.0f} points. Raters' tastes spread by "
        f"{crowd.rater_spread:g}, faces by {crowd.face_spread:g} (in log-strength): "
        "assumptions; a pilot tells better."
    )
    powers = {(power.raters, power.faces): power for power in found}
    print_table(
        ("raters", *(f"{faces} faces" for faces in request.faces)),
        (
            [str(count), *(_cell(powers[count, faces]) for faces in request.faces)]
            for count in request.raters
        ),
    )
    print(_advice(request, found))


def _widest(found: Sequence[Power]) -> float:
    """The largest half width of a power's own interval, in percentage points."""
    return max(50 * (power.bounds.high - power.bounds.low) for power in found)


def _cell(power: Power) -> str:
    return f"{100 * power.power:.0f} %"


def _advice(request: Request, found: Sequence[Power]) -> str:
    """The sizes that reach the target with the fewest judgements, or that none does."""
    enough = [power for power in found if power.power >= request.target]
    target = f"{100 * request.target:.0f} %"
    if not enough:
        return f"No size reaches {target}: ask for more raters and faces."
    least = min(enough, key=lambda power: power.raters * power.faces)
    return (
        f"Fewest judgements with {target} or more: {least.raters} raters × "
        f"{least.faces} faces ({least.raters * least.faces:,} judgements an engine)."
    )


def _csv(crowd: RaterModel, found: Sequence[Power]) -> str:
    """The grid as a table that says of itself that it is simulated."""
    rows = [
        {
            "source": "simulated",
            "shares": " ".join(f"{share:g}" for share in crowd.shares),
            "rater_spread": crowd.rater_spread,
            "face_spread": crowd.face_spread,
            **{k: v for k, v in asdict(power).items() if k != "bounds"},
            "power_low": power.bounds.low,
            "power_high": power.bounds.high,
        }
        for power in found
    ]
    text = io.StringIO()
    pd.DataFrame(rows).to_csv(text, index=False, lineterminator="\n")
    return text.getvalue()
