"""Excludes raters by a rule that is fixed before the first answer."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd


@dataclass(frozen=True)
class ExclusionRule:
    """When a rater is excluded.

    Attributes:
        max_failed_catches: the most failed catch trials that are allowed.
        min_median_seconds: the least median time of a rating that is allowed.
        min_finished: share of the assigned trials that must be answered, in [0, 1].
    """

    max_failed_catches: int
    min_median_seconds: float
    min_finished: float


@dataclass(frozen=True)
class Screening:
    """What a rater did, and the reasons for exclusion, if any.

    `finished` is the share of the assigned trials that was answered. `median_seconds`
    is NaN if no times were taken, as on paper sheets.
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
    """Apply the rule to every rater.

    Args:
        answers: columns participant, kind, seconds (NaN without a time) and right (for
            catch trials). An unanswered catch trial is not failed; a tie fails it.
        trials: number of trials that each rater is assigned.
        rule: the rule.
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
    seconds = rows.loc[rows["kind"] == "rating", "seconds"].astype(np.float64)
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
