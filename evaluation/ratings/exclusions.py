"""Which raters do not count, by a rule that was fixed before the first answer."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd


@dataclass(frozen=True)
class ExclusionRule:
    """When a rater's answers do not count.

    Attributes:
        max_failed_catches: more failed catch trials than this exclude a rater.
        min_median_seconds: of the times to answer judgement trials.
        min_finished: share of the paper's trials that must be answered.
    """

    max_failed_catches: int
    min_median_seconds: float
    min_finished: float


@dataclass(frozen=True)
class Screening:
    """What a rater did, and why the answers do not count (no reason: they do).

    `median_seconds` is NaN where no times were taken (sheets of paper).
    """

    participant: str
    answered: int
    finished: float
    catches: int
    failed_catches: int
    median_seconds: float
    reasons: tuple[str, ...]

    @property
    def counts(self) -> bool:
        """Whether the rater's answers count."""
        return not self.reasons


def screen(
    answers: pd.DataFrame, trials: int, rule: ExclusionRule
) -> tuple[Screening, ...]:
    """Every rater, held against the rule.

    `answers` has participant, kind, seconds (NaN without) and right (for catch trials);
    `trials` is how many a paper has. A catch trial that was not answered is not failed;
    a tie is wrong there.
    """
    return tuple(
        _screen(str(participant), rows, trials, rule)
        for participant, rows in answers.groupby("participant", sort=True)
    )


def _screen(
    participant: str, rows: pd.DataFrame, trials: int, rule: ExclusionRule
) -> Screening:
    catches = rows.loc[rows["kind"] == "catch", "right"].astype(bool)
    failed = int((~catches).sum())
    seconds = rows.loc[rows["kind"] == "judgement", "seconds"].astype(np.float64)
    median = float(seconds.median()) if seconds.notna().any() else float("nan")
    finished = len(rows) / trials
    reasons = []
    if failed > rule.max_failed_catches:
        reasons.append(f"failed {failed} of {len(catches)} catch trials")
    if median < rule.min_median_seconds:
        reasons.append(f"median time of {median:.2f} s")
    if finished < rule.min_finished:
        reasons.append(f"answered {len(rows)} of {trials} trials")
    return Screening(
        participant, len(rows), finished, len(catches), failed, median, tuple(reasons)
    )
