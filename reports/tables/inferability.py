"""Which parameters can be inferred from the pictures: the oracle against guessing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, cast

import numpy as np
import pandas as pd

from evaluation.parameters import parameter_losses
from evaluation.statistics import MIN_FACES, Interval, mean_interval
from reports.tables import wording
from reports.tables.table import Cell, Column, Row, Section, Table
from reports.trials import Run, Trial

SUPERVISED, SHUFFLED, CONSTANT = "supervised", "supervised-shuffled", "constant"

Verdict = Literal["inferable", "not inferable", "too few faces", "never active"]


@dataclass(frozen=True)
class Inferability:
    """One parameter of one engine on the validation split.

    Losses are the share of wrong options, or the mean absolute error. `over_constant`
    and `over_shuffled` are the losses of guessing minus the loss of the supervised
    oracle, paired by face. The parameter is inferable if both intervals lie above 0.
    Beating the constant guess alone is not enough: an oracle may just know how common
    each option is, and so does the shuffled one.
    """

    parameter: str
    kind: str
    n: int
    supervised: float
    shuffled: float
    constant: float
    over_constant: Interval
    over_shuffled: Interval
    verdict: Verdict


def inferability(run: Run, engine: str) -> list[Inferability]:
    """The verdict on each parameter; empty if a row it needs is missing or failed."""
    # Cached because a table and the breakdowns of the page show the same verdicts.
    asked = ("inferability", engine)
    if asked not in run.estimates:
        run.estimates[asked] = _inferability(run, engine)
    return run.estimates[asked]


def _inferability(run: Run, engine: str) -> list[Inferability]:
    if "validation" not in run.splits:
        return []
    rows = {
        name: _trials(run, engine, name) for name in (SUPERVISED, SHUFFLED, CONSTANT)
    }
    if not all(rows.values()):
        return []
    losses = {name: _losses(trials, run.designers[0]) for name, trials in rows.items()}
    spec = rows[SUPERVISED][0].spec
    kinds = {c.name: "continuous" for c in spec.continuous}
    kinds |= {d.name: d.kind for d in spec.discrete}
    return [
        _assess(name, kinds[name], {r: _column(f, name) for r, f in losses.items()})
        for name in spec.names
    ]


def _trials(run: Run, engine: str, method: str) -> tuple[Trial, ...]:
    variant = run.first_variant_of(method)
    return () if variant is None else run.finished_trials(variant.name, engine)


def _losses(trials: Sequence[Trial], designer: str) -> pd.DataFrame:
    """Loss by face (index) and parameter (column), seeds averaged."""
    frames = []
    for trial in trials:
        faces = trial.scores("validation", designer)["face"]
        losses = parameter_losses(*trial.vectors("validation", designer))
        frames.append(losses.set_index(pd.Index(faces, name="face")))
    return cast("pd.DataFrame", pd.concat(frames).groupby("face").mean())


def _column(frame: pd.DataFrame, name: str) -> pd.Series:
    return cast("pd.Series", frame[name])


def _assess(name: str, kind: str, losses: dict[str, pd.Series]) -> Inferability:
    supervised = losses[SUPERVISED].dropna()
    over_constant = _excess(losses[CONSTANT], supervised)
    over_shuffled = _excess(losses[SHUFFLED], supervised)
    return Inferability(
        parameter=name,
        kind=kind,
        n=len(supervised),
        supervised=_mean(supervised),
        shuffled=_mean(losses[SHUFFLED]),
        constant=_mean(losses[CONSTANT]),
        over_constant=over_constant,
        over_shuffled=over_shuffled,
        verdict=_verdict(len(supervised), over_constant, over_shuffled),
    )


def _verdict(faces: int, over_constant: Interval, over_shuffled: Interval) -> Verdict:
    if not faces:
        return "never active"
    if faces < MIN_FACES:
        return "too few faces"
    better = over_constant.low > 0 and over_shuffled.low > 0
    return "inferable" if better else "not inferable"


def _excess(guess: pd.Series, supervised: pd.Series) -> Interval:
    difference = (guess - supervised).dropna().to_numpy(dtype=np.float64)
    return mean_interval(difference)


def _mean(values: pd.Series) -> float:
    return float(values.mean()) if values.notna().any() else float("nan")


def inferability_table(run: Run) -> Table | None:
    """The table, a section for each engine; None if no engine has the rows it needs."""
    sections = []
    for engine in run.engines:
        found = inferability(run, engine)
        if found:
            sections.append(Section(engine, tuple(map(_row, found))))
    if not sections:
        return None
    heads = ("Kind", "n", "Supervised †", "Shuffled †", "Constant")
    return Table(
        "inferability",
        "Inferable parameters: the supervised oracle against guessing",
        "Parameter",
        (
            *(Column(head) for head in heads),
            Column("Constant − supervised"),
            Column("Shuffled − supervised"),
            Column("Verdict"),
        ),
        tuple(sections),
        (
            *wording.stand_in_notes(run),
            "Loss: share of wrong options (shape, colour) or mean absolute error "
            "(continuous), over the n validation faces whose ground truth has the "
            "parameter active.",
            *_verdict_notes(sections),
            wording.data_note(run, "validation", run.designers[0]),
            *wording.oracle_notes(run),
        ),
    )


def _verdict_notes(sections: Sequence[Section]) -> Iterator[str]:
    """Explains those verdicts that the table contains."""
    rows = [row for section in sections for row in section.rows]
    verdicts = {row.cells[-1].text for row in rows}
    if verdicts & {"inferable", "not inferable"}:
        yield (
            "Inferable: the 95 % intervals of both paired differences lie above 0, so "
            "the supervised oracle does better than the constant guess and than an "
            "oracle trained on shuffled ground truth."
        )
    if "too few faces" in verdicts:
        yield f"There is no interval and no verdict for fewer than {MIN_FACES} faces."


def _row(found: Inferability) -> Row:
    losses = (found.supervised, found.shuffled, found.constant)
    return Row(
        found.parameter,
        (
            Cell(found.kind),
            Cell(str(found.n)),
            *(Cell(wording.format_number(loss, 3)) for loss in losses),
            wording.score_cell(found.over_constant, 3),
            wording.score_cell(found.over_shuffled, 3),
            Cell(found.verdict, strong=found.verdict == "not inferable"),
        ),
    )
