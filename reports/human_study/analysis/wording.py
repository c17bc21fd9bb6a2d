"""Formats a study's statistics as text."""

from __future__ import annotations

from benchmark.avatars.counting import counted
from evaluation.ratings import MIN_CLUSTERS, RESAMPLES, Bounds
from evaluation.statistics import SEED, Interval
from reports.human_study.analysis.answers import AnalysisRule, Answers
from reports.human_study.analysis.simulated import simulated_notes
from reports.human_study.design.key import Key
from reports.tables import wording
from reports.tables.table import Cell

TIES = {
    "left out": "left out",
    "shared": "shared equally among all methods",
}
INTERVALS = (
    "95 % intervals by the bootstrap over raters and faces at once "
    f"({RESAMPLES} draws, seed {SEED}). It keeps ratings of one rater, and of one "
    "face, together."
)
BOLD = (
    "Bold: the most picks, and every method without significantly "
    "fewer (paired bootstrap over raters and faces, two-sided, Holm, α = 0.05)."
)
WILSON = (
    "Wilson's intervals and the exact binomial test against 1/N assume independent "
    "ratings. Ratings of one rater, or of one face, are not independent, so both are "
    "too optimistic{better}. p-values have Holm's correction within an "
    "engine."
)


def percent(value: float) -> str:
    """A share as a percentage with one decimal."""
    return f"{wording.format_number(100 * value, 1)} %"


def bounds(low: float, high: float) -> str:
    """`low–high %`, or an empty text without an interval."""
    if low != low:
        return ""
    return f"{100 * low:.1f}–{100 * high:.1f} %"


def share_cell(interval: Interval, strong: bool = False) -> Cell:
    """A share with its interval as the detail."""
    return Cell(percent(interval.mean), bounds(interval.low, interval.high), strong)


def bounds_cell(interval: Bounds) -> Cell:
    """A cell with only an interval."""
    return Cell(bounds(interval.low, interval.high))


def picks_text(picks: float) -> str:
    """A number of picks, with one decimal if it is fractional (shared ties)."""
    return f"{picks:.0f}" if picks == int(picks) else f"{picks:.1f}"


def study_notes(answers: Answers) -> tuple[str, ...]:
    """The notes of every table of a study: faces, raters, exclusions."""
    key = answers.key
    split = wording.split_title(key.split)
    faces = f"{counted(answers.faces, f'{split} face')} of {key.face_set}."
    return (
        *simulated_notes(answers),
        *stand_in_notes(key),
        f"Study {answers.study.id}: {faces}",
        raters_note(answers),
    )


def stand_in_notes(key: Key) -> tuple[str, ...]:
    """The warning about faces that are no photographs of real people."""
    # The key has the name and the version of the face set.
    name = key.face_set.partition(" ")[0]
    return (wording.stand_in_text(name),) if key.stand_in else ()


def raters_note(answers: Answers) -> str:
    """Numbers of included and excluded raters, ratings and ties."""
    rows = answers.rows
    rows = rows.loc[(rows["kind"] == "rating") & rows["counts"]]
    ties = int(rows["tie"].sum())
    excluded = len(answers.excluded)
    out = f", {excluded} more excluded by the rule fixed beforehand" * (excluded > 0)
    tied = "no ties allowed"
    if answers.study.settings.tie:
        tied = f"{ties} of them ties ({TIES[answers.rule.ties]})"
    kind = "simulated rater" if answers.simulated else "rater"
    raters = counted(len(answers.counted), kind)
    return f"{raters}{out}; {counted(len(rows), 'rating')}, {tied}."


def rule_note(rule: AnalysisRule) -> str:
    """The rule of exclusion in one sentence."""
    return (
        "A rater is excluded, by a rule fixed before the first answer, for more than "
        f"{counted(rule.max_failed_catches, 'failed catch trial')}, a median time "
        f"below {rule.min_median_seconds:g} s, or less than "
        f"{100 * rule.min_finished:g} % of the questions answered."
    )


def interval_note(answers: Answers) -> str:
    """How intervals were made, or why there are none."""
    if _enough(answers):
        return INTERVALS
    return (
        f"Fewer than {MIN_CLUSTERS} raters or faces: no intervals by the bootstrap "
        "over raters and faces."
    )


def bold_note(answers: Answers) -> str:
    """Which methods are bold."""
    return BOLD if _enough(answers) else "Bold: the most picks."


def wilson_note(answers: Answers) -> str:
    """What Wilson's intervals and the binomial test assume."""
    better = "; prefer the bootstrap" * _enough(answers)
    return WILSON.format(better=better)


def _enough(answers: Answers) -> bool:
    return min(len(answers.counted), answers.faces) >= MIN_CLUSTERS
