"""The study's answers as one tidy table that anybody can analyse again."""

from __future__ import annotations

import pandas as pd

from reports.human_study.analysis.answers import Answers

COLUMNS = (
    "study",
    "participant",
    "paper",
    "position",
    "trial",
    "kind",
    "engine",
    "face",
    "order",
    "chosen",
    "slot",
    "tie",
    "right",
    "seconds",
    "revisions",
    "language",
    "consent_version",
    "source",
    "counts",
)


def tidy(answers: Answers) -> pd.DataFrame:
    """A row an answer, methods for pictures, in the order of raters and positions.

    `order` holds the methods as presented, joined by blanks; `chosen` is empty for a
    tie; `counts` says whether the rater's answers count.
    """
    rows = answers.rows.assign(order=answers.rows["order"].map(" ".join))
    ordered = rows.sort_values(["participant", "position"], kind="stable")
    return ordered.loc[:, list(COLUMNS)].reset_index(drop=True)
