"""A study's figures by name, as MLflow takes them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from evaluation.statistics import Interval
from reports.human_study.analysis.answers import Answers
from reports.human_study.analysis.findings import Findings


def study_numbers(answers: Answers, found: Sequence[Findings]) -> dict[str, float]:
    """Every figure that is defined, such as `engine.method.share`, `engine.alpha`.

    An interval's ends stand beside it as `_low` and `_high`.
    """
    values = {
        "raters": float(len(answers.counted)),
        "raters.excluded": float(len(answers.excluded)),
        "judgements": float(sum(each.picks.total for each in found)),
        "ties": float(sum(each.picks.ties for each in found)),
    }
    for each in found:
        values |= dict(_of_engine(each))
    return {name: value for name, value in values.items() if value == value}


def _of_engine(found: Findings) -> Iterator[tuple[str, float]]:
    head = found.engine
    for share, strength in zip(found.shares, found.strengths, strict=True):
        place = f"{head}.{share.option}"
        yield f"{place}.picks", share.picks
        yield from _interval(f"{place}.share", share.share)
        yield f"{place}.share_p", share.cluster_p
        yield from _interval(f"{place}.strength", strength.value)
    yield from _interval(f"{head}.alpha", found.agreement.alpha)
    yield f"{head}.kappa", found.agreement.kappa
    yield f"{head}.slots_p", found.slots.p
    yield f"{head}.slots_effect", found.slots.effect
    if found.consistency is not None:
        yield f"{head}.same_again", found.consistency.same / found.consistency.asked
    for name, agreed in found.metrics.items():
        yield from _interval(f"{head}.{name}.favourite", agreed.favourite)
        yield from _interval(f"{head}.{name}.tau", agreed.tau)


def _interval(name: str, interval: Interval) -> Iterator[tuple[str, float]]:
    yield name, interval.mean
    yield f"{name}_low", interval.low
    yield f"{name}_high", interval.high
