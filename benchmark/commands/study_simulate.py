"""`avatarbench study simulate`: ratings of simulated raters, to try a report."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from pathlib import Path

from benchmark.avatars.counting import counted
from benchmark.storage.unwritable import cannot_write
from evaluation.ratings import RaterModel
from reports.human_study.design.key import read_key
from reports.human_study.design.ratings_table import write_ratings
from reports.human_study.design.study import StudyError, read_study
from reports.human_study.simulation import (
    SimulatedRaters,
    simulate_ratings,
    simulated_file,
)


def simulate_study(
    folder: Path,
    *,
    raters: int,
    careless: int,
    shares: Sequence[float],
    rater_spread: float,
    face_spread: float,
    seed: int,
) -> None:
    """Write the ratings of simulated raters to STUDY/simulated, and print where.

    Empty `shares` give all methods the same share of the picks.
    """
    study = read_study(folder)
    methods = len(read_key(study).methods)
    model = RaterModel(
        tuple(shares) or (1 / methods,) * methods, rater_spread, face_spread
    )
    rows = simulate_ratings(study, SimulatedRaters(raters, model, careless, seed))
    path = simulated_file(folder)
    try:
        path.parent.mkdir(exist_ok=True)
        write_ratings(rows, path)
    except OSError as error:
        raise StudyError(cannot_write(path.parent, error)) from error
    print(f"Simulated, not a result: {counted(len(rows), 'rating')} in {path}")
    quoted = shlex.quote(str(folder))
    print(f"report them: avatarbench study report {quoted} --simulated")
