"""The study's answers as one tidy table for further analysis."""

from __future__ import annotations

import pandas as pd

from reports.human_study.analysis.answers import Answers

COLUMNS = (
    "study",
    "participant",
    "assignment",
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
    """One row per answer, with methods in place of pictures, by rater and position.

    `order` holds the methods as shown, separated by spaces. `chosen` is empty for a
    tie. `counts` says whether the rater is included.
    """
    rows = answers.rows.assign(order=answers.rows["order"].map(" ".join))
    ordered = rows.sort_values(["participant", "position"], kind="stable")
    return ordered.loc[:, list(COLUMNS)].reset_index(drop=True)
