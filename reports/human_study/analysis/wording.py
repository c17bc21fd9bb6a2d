"""How a study's figures are put into words."""

from __future__ import annotations

from evaluation.ratings import MIN_CLUSTERS, RESAMPLES, Bounds
from evaluation.statistics import SEED, Interval
from reports.human_study.analysis.answers import AnalysisRule, Answers
from reports.tables import wording
from reports.tables.table import Cell

TIES = {
    "left out": "left out",
    "shared": "an equal part of a pick for every method",
}
INTERVALS = (
    f"Intervals are of 95 %, by the bootstrap over raters and faces at once "
    f"({RESAMPLES} draws, seed {SEED}), which keeps the judgements of one rater and of "
    "one face together."
)
BOLD = (
    "Bold: the most picked and every method not significantly less picked (paired "
    "bootstrap over raters and faces, two-sided, Holm, α = 0.05)."
)
WILSON = (
    "Wilson's intervals and the exact binomial test against 1/N take every judgement "
    "as independent, which judgements of one rater, or of one face, are not: they are "
    "too sure; read the bootstrap's. p-values with Holm's correction within an engine."
)


def percent(value: float) -> str:
    """A share as a percentage with one decimal."""
    return f"{wording.number(100 * value, 1)} %"


def bounds(low: float, high: float) -> str:
    """`low–high %`, or nothing where there is no interval."""
    if low != low:
        return ""
    return f"{100 * low:.1f}–{100 * high:.1f} %"


def share_cell(interval: Interval, strong: bool = False) -> Cell:
    """A share with its interval as the detail."""
    return Cell(percent(interval.mean), bounds(interval.low, interval.high), strong)


def bounds_cell(found: Bounds) -> Cell:
    """An interval alone."""
    return Cell(bounds(found.low, found.high))


def picks_text(picks: float) -> str:
    """A number of picks; with a decimal where ties are shared."""
    return f"{picks:.0f}" if picks == int(picks) else f"{picks:.1f}"


def study_notes(answers: Answers) -> tuple[str, ...]:
    """What every table of a study says: on what, by whom, what was left out."""
    key = answers.key
    split = wording.SPLITS.get(key.split, key.split)
    stand_in = (wording.STAND_IN,) if key.stand_in else ()
    faces = f"{answers.faces} {split} faces of {key.face_set}."
    return (*stand_in, f"Study {answers.study.id}: {faces}", raters_note(answers))


def raters_note(answers: Answers) -> str:
    """How many raters there are, how many count, and what became of ties."""
    judged = answers.rows["kind"] == "judgement"
    rows = answers.rows.loc[judged & answers.rows["counts"]]
    ties = int(rows["tie"].sum())
    excluded = len(answers.excluded)
    out = f", {excluded} more excluded by the rule fixed beforehand" * (excluded > 0)
    tied = "no ties allowed"
    if answers.study.settings.tie:
        tied = f"{ties} of them ties: {TIES[answers.rule.ties]}"
    return f"{len(answers.counted)} raters{out}; {len(rows):,} judgements, {tied}."


def rule_note(rule: AnalysisRule) -> str:
    """The rule of exclusion in one sentence."""
    return (
        "Excluded, as fixed before the first answer, is a rater with more than "
        f"{rule.max_failed_catches} failed catch trials, a median time under "
        f"{rule.min_median_seconds:g} s, or fewer than {100 * rule.min_finished:g} % "
        "of the questions answered."
    )


def few_note(answers: Answers) -> tuple[str, ...]:
    """Said where there is too little for intervals."""
    if min(len(answers.counted), answers.faces) >= MIN_CLUSTERS:
        return ()
    few = f"Fewer than {MIN_CLUSTERS} raters or faces: no intervals but Wilson's"
    return (f"{few}, and no tests but the binomial one.",)
