"""A study's tables: Table 2, and what tells how far to trust it."""

from __future__ import annotations

from collections.abc import Sequence

from evaluation.ratings import Share
from reports.human_study.analysis.answers import Answers
from reports.human_study.analysis.findings import Findings
from reports.human_study.analysis.wording import (
    BOLD,
    INTERVALS,
    WILSON,
    bounds,
    bounds_cell,
    few_note,
    percent,
    picks_text,
    rule_note,
    share_cell,
    study_notes,
)
from reports.tables import wording
from reports.tables.table import Cell, Column, Row, Section, Table


def table_two(answers: Answers, found: Sequence[Findings]) -> Table:
    """Table 2 in the paper's shape: a row a method, a column an engine."""
    titles = answers.key.methods.values()
    rows = tuple(
        Row(title, tuple(_share_cell(engine.shares[k]) for engine in found))
        for k, title in enumerate(titles)
    )
    return Table(
        "table-2",
        "Table 2: human rating, share of the picks",
        "Method",
        tuple(Column(engine.engine, arrow="↑") for engine in found),
        (Section("", rows),),
        (
            *study_notes(answers),
            f"By chance {percent(1 / len(answers.key.methods))} each.",
            INTERVALS,
            BOLD,
            *few_note(answers),
            *_silent_engines(answers),
        ),
    )


def _share_cell(share: Share) -> Cell:
    return share_cell(share.share, share.best)


def _silent_engines(answers: Answers) -> tuple[str, ...]:
    silent = [e for e in answers.study.engines if e not in answers.engines]
    return (f"No judgement counts on {', '.join(silent)}.",) if silent else ()


def shares_table(answers: Answers, found: Sequence[Findings]) -> Table:
    """Every figure of Table 2's shares: counts, both intervals, tests, strengths."""
    heads = ("Picks", "Share", "Wilson 95 %", "p, binomial", "p, bootstrap")
    return Table(
        "study-shares",
        "Shares of the picks in full, and Plackett–Luce strengths",
        "Method",
        (*map(Column, heads), Column("Strength", arrow="↑")),
        tuple(Section(each.engine, _share_rows(answers, each)) for each in found),
        (
            *study_notes(answers),
            INTERVALS,
            WILSON,
            "Strengths are Plackett–Luce's in logarithms, with half a pick added to "
            "each method; they sum to 0, and a method that is d stronger than another "
            "is picked e^d times as often. Every judgement shows every method, so that "
            "strengths rank as shares do.",
            *few_note(answers),
        ),
    )


def _share_rows(answers: Answers, found: Findings) -> tuple[Row, ...]:
    titles = answers.key.methods.values()
    triples = zip(titles, found.shares, found.strengths, strict=True)
    return tuple(
        Row(
            title,
            (
                Cell(picks_text(share.picks)),
                _share_cell(share),
                bounds_cell(share.wilson),
                Cell(wording.p_text(share.binomial_p)),
                Cell(wording.p_text(share.cluster_p)),
                wording.score(strength.value, 2),
            ),
        )
        for title, share, strength in triples
    )


def agreement_table(answers: Answers, found: Sequence[Findings]) -> Table:
    """Do raters agree with each other, and with themselves?"""
    rows = []
    for each in found:
        same = Cell()
        if (again := each.consistency) is not None:
            share = percent(again.same / again.asked)
            same = Cell(f"{share} of {again.asked}", bounds(*again.wilson))
        kappa = Cell(wording.number(each.agreement.kappa, 2))
        complete = Cell(str(each.agreement.complete))
        alpha = wording.score(each.agreement.alpha, 2)
        rows.append(Row(each.engine, (alpha, kappa, complete, same)))
    heads = (
        "Krippendorff α",
        "Fleiss κ",
        "Raters of κ",
        "Same answer when asked again",
    )
    return Table(
        "study-agreement",
        "Agreement of raters with each other and with themselves",
        "Engine",
        tuple(map(Column, heads)),
        (Section("", tuple(rows)),),
        (
            *study_notes(answers),
            "1: all alike, 0: as by chance. A tie is an answer of its own. α over all "
            "raters, interval by the bootstrap over faces; κ over raters who judged "
            "every face. Asked again: Wilson's interval.",
        ),
    )


def metric_table(answers: Answers, found: Sequence[Findings]) -> Table | None:
    """Do people pick what a metric prefers? None where no face has scores."""
    metrics = answers.key.metrics
    sections = tuple(
        Section(
            each.engine,
            tuple(
                Row(
                    metrics[name].title,
                    (
                        Cell(str(agreed.faces)),
                        share_cell(agreed.favourite),
                        share_cell(agreed.others),
                        wording.score(agreed.tau, 2),
                    ),
                )
                for name, agreed in each.metrics.items()
            ),
        )
        for each in found
        if each.metrics
    )
    if not sections:
        return None
    heads = (
        "Faces",
        "Picks of its favourite",
        "Picks of other raters' favourite",
        "Kendall τ",
    )
    chance = percent(1 / len(answers.key.methods))
    return Table(
        "study-metrics",
        "Do people pick, face by face, what a metric prefers?",
        "Metric",
        tuple(map(Column, heads)),
        sections,
        (
            *study_notes(answers),
            f"The favourite is a face's method of the best score (truths of "
            f"{answers.key.designer}); by chance it gets {chance} of the picks. The "
            "favourite of the other raters is about as much as any judge could reach. "
            "τ of the shares and the scores of a face, mean over faces; interval by "
            "the bootstrap over faces.",
            INTERVALS,
            *(
                f"{metric.title} ({metric.unit}): "
                + ", ".join(f"{k} {v}" for k, v in metric.identity.items())
                + "."
                for metric in (metrics[name] for name in answers.metrics)
            ),
        ),
    )


def slots_table(answers: Answers, found: Sequence[Findings]) -> Table:
    """Was a place on the screen favoured, and did methods stand in each as often?"""
    sections = tuple(
        Section(
            each.engine,
            tuple(
                Row(
                    f"Slot {slot.option}",
                    (Cell(picks_text(slot.picks)), share_cell(slot.share)),
                )
                for slot in each.slots.slots
            ),
        )
        for each in found
    )
    return Table(
        "study-slots",
        "Picks by the place of the avatar, whatever stood there",
        "ScoreKey",
        (Column("Picks"), Column("Share")),
        sections,
        (*study_notes(answers), *map(_slot_note, found), INTERVALS),
    )


def _slot_note(found: Findings) -> str:
    few, many = found.slots.exposure.min(), found.slots.exposure.max()
    times = str(many) if few == many else f"{few} to {many}"
    return (
        f"{found.engine}: chi-squared test of equal places p "
        f"{wording.p_text(found.slots.p)} (as if judgements were independent), Cohen's "
        f"w {found.slots.effect:.2f}; each method stood in each place {times} "
        "times."
    )


def raters_table(answers: Answers) -> Table:
    """The raters who do not count, and why."""
    rows = tuple(
        Row(
            rater.participant,
            (
                Cell(f"{rater.answered} of {len(answers.study.trials)}"),
                Cell(f"{rater.failed_catches} of {rater.catches}"),
                Cell(wording.number(rater.median_seconds, 1)),
                Cell("; ".join(rater.reasons)),
            ),
        )
        for rater in answers.excluded
    )
    heads = ("Answered", "Catch trials failed", "Median seconds", "Why")
    return Table(
        "study-raters",
        f"Excluded raters: {len(rows)} of {len(answers.screening)}",
        "Rater",
        tuple(map(Column, heads)),
        (Section("", rows),),
        (
            *study_notes(answers),
            rule_note(answers.rule),
        ),
    )


def study_tables(answers: Answers, found: Sequence[Findings]) -> list[Table]:
    """Every table but Table 2."""
    tables = [
        shares_table(answers, found),
        metric_table(answers, found),
        agreement_table(answers, found),
        slots_table(answers, found),
        raters_table(answers),
    ]
    return [table for table in tables if table is not None]
