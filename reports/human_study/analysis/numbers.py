"""The statistics of a study by name, for MLflow."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from evaluation.statistics import Interval
from reports.human_study.analysis.answers import Answers
from reports.human_study.analysis.findings import Findings


def study_numbers(answers: Answers, results: Sequence[Findings]) -> dict[str, float]:
    """All defined statistics, such as `engine.method.share` and `engine.alpha`.

    The ends of an interval have the suffixes `_low` and `_high`.
    """
    values = {
        "raters": float(len(answers.counted)),
        "raters.excluded": float(len(answers.excluded)),
        "judgements": float(sum(each.picks.total for each in results)),
        "ties": float(sum(each.picks.ties for each in results)),
    }
    for each in results:
        values |= dict(_of_engine(each))
    return {name: value for name, value in values.items() if value == value}


def _of_engine(result: Findings) -> Iterator[tuple[str, float]]:
    head = result.engine
    for share, strength in zip(result.shares, result.strengths, strict=True):
        place = f"{head}.{share.option}"
        yield f"{place}.picks", share.picks
        yield from _interval(f"{place}.share", share.share)
        yield f"{place}.share_p", share.cluster_p
        yield from _interval(f"{place}.strength", strength.value)
    yield from _interval(f"{head}.alpha", result.agreement.alpha)
    yield f"{head}.kappa", result.agreement.kappa
    yield f"{head}.slots_p", result.slots.p
    yield f"{head}.slots_effect", result.slots.effect
    if result.consistency is not None:
        yield f"{head}.same_again", result.consistency.same / result.consistency.asked
    for name, agreed in result.metrics.items():
        yield from _interval(f"{head}.{name}.favourite", agreed.favourite)
        yield from _interval(f"{head}.{name}.tau", agreed.tau)


def _interval(name: str, interval: Interval) -> Iterator[tuple[str, float]]:
    yield name, interval.mean
    yield f"{name}_low", interval.low
    yield f"{name}_high", interval.high
