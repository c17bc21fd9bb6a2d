"""The tables of a study: Table 2, and details of its reliability."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from benchmark.avatars.counting import counted
from evaluation.ratings import Share
from reports.human_study.analysis.answers import Answers
from reports.human_study.analysis.findings import Findings
from reports.human_study.analysis.simulated import marked_table
from reports.human_study.analysis.wording import (
    bold_note,
    bounds,
    bounds_cell,
    interval_note,
    percent,
    picks_text,
    rule_note,
    share_cell,
    study_notes,
    wilson_note,
)
from reports.tables import wording
from reports.tables.table import Cell, Column, Row, Section, Table


def table_two(answers: Answers, results: Sequence[Findings]) -> Table:
    """Table 2 as in the paper: one row per method, one column per engine."""
    titles = answers.key.methods.values()
    rows = tuple(
        Row(title, tuple(_share_cell(engine.shares[k]) for engine in results))
        for k, title in enumerate(titles)
    )
    table = Table(
        "table-2",
        "Table 2: human rating, share of the picks",
        "Method",
        tuple(Column(engine.engine, arrow="↑") for engine in results),
        (Section("", rows),),
        (
            *study_notes(answers),
            f"Chance level: {percent(1 / len(answers.key.methods))}.",
            interval_note(answers),
            bold_note(answers),
            *_unrated_engines(answers),
        ),
    )
    return marked_table(answers, table)


def _share_cell(share: Share) -> Cell:
    return share_cell(share.share, share.best)


def _unrated_engines(answers: Answers) -> tuple[str, ...]:
    unrated = [e for e in answers.study.engines if e not in answers.engines]
    return (f"No included rating on {', '.join(unrated)}.",) if unrated else ()


def shares_table(answers: Answers, results: Sequence[Findings]) -> Table:
    """The shares in detail: counts, both intervals, tests and strengths."""
    heads = ("Picks", "Share", "Wilson 95 %", "p, binomial", "p, bootstrap")
    return Table(
        "study-shares",
        "Shares of the picks in detail, and Plackett–Luce strengths",
        "Method",
        (*map(Column, heads), Column("Strength", arrow="↑")),
        tuple(Section(each.engine, _share_rows(answers, each)) for each in results),
        (
            *study_notes(answers),
            interval_note(answers),
            wilson_note(answers),
            "Strengths are logarithmic Plackett–Luce strengths, with half a pick added "
            "to each method. They sum to 0. A method that is stronger by d is picked "
            "e^d times as often. Every rating shows every method, so strengths and "
            "shares give the same ranking.",
        ),
    )


def _share_rows(answers: Answers, result: Findings) -> tuple[Row, ...]:
    titles = answers.key.methods.values()
    triples = zip(titles, result.shares, result.strengths, strict=True)
    return tuple(
        Row(
            title,
            (
                Cell(picks_text(share.picks)),
                _share_cell(share),
                bounds_cell(share.wilson),
                Cell(wording.format_p(share.binomial_p)),
                Cell(wording.format_p(share.cluster_p)),
                wording.score_cell(strength.value, 2),
            ),
        )
        for title, share, strength in triples
    )


def agreement_table(answers: Answers, results: Sequence[Findings]) -> Table:
    """Agreement between raters, and of raters with themselves."""
    rows = []
    for each in results:
        same = Cell()
        if (again := each.consistency) is not None:
            share = percent(again.same / again.asked)
            same = Cell(f"{share} of {again.asked}", bounds(*again.wilson))
        kappa = Cell(wording.format_number(each.agreement.kappa, 2))
        complete = Cell(str(each.agreement.complete))
        alpha = wording.score_cell(each.agreement.alpha, 2)
        rows.append(Row(each.engine, (alpha, kappa, complete, same)))
    heads = (
        "Krippendorff α",
        "Fleiss κ",
        "Raters in κ",
        "Same answer to repeats",
    )
    return Table(
        "study-agreement",
        "Agreement between raters, and of raters with themselves",
        "Engine",
        tuple(map(Column, heads)),
        (Section("", tuple(rows)),),
        (
            *study_notes(answers),
            "1 is full agreement, 0 is chance. A tie counts as a separate answer. "
            f"α is over all raters{_over_faces(row.cells[0] for row in rows)}. κ is "
            "over raters who rated every face."
            + " Repeats have Wilson's interval."
            * wording.has_detail(row.cells[-1] for row in rows),
        ),
    )


def _over_faces(cells: Iterable[Cell]) -> str:
    shown = wording.has_detail(cells)
    return ", with an interval by the bootstrap over faces" if shown else ""


def metric_table(answers: Answers, results: Sequence[Findings]) -> Table | None:
    """Agreement of picks with metrics per face; None if no face has scores."""
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
                        wording.score_cell(agreed.tau, 2),
                    ),
                )
                for name, agreed in each.metrics.items()
            ),
        )
        for each in results
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
    taus = [row.cells[-1] for section in sections for row in section.rows]
    return Table(
        "study-metrics",
        "Agreement of picks with metrics, per face",
        "Metric",
        tuple(map(Column, heads)),
        sections,
        (
            *study_notes(answers),
            "A metric's favourite is the method with the best score on a face (ground "
            f"truth of {answers.key.designer}). By chance it gets {chance} of the "
            "picks. The picks of the other raters' favourite show what a predictor "
            "can reach at best. τ is between the shares and the scores of a face, "
            f"as the mean over faces{_over_faces(taus)}.",
            interval_note(answers),
            *(
                f"{metric.title} ({metric.unit}): "
                + ", ".join(f"{k} {v}" for k, v in metric.identity.items())
                + "."
                for metric in (metrics[name] for name in answers.metrics)
            ),
        ),
    )


def slots_table(answers: Answers, results: Sequence[Findings]) -> Table:
    """Picks by slot, to check for position bias."""
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
        for each in results
    )
    return Table(
        "study-slots",
        "Picks by the position of the avatar, over all methods",
        "Position",
        (Column("Picks"), Column("Share")),
        sections,
        (*study_notes(answers), *map(_slot_note, results), interval_note(answers)),
    )


def _slot_note(result: Findings) -> str:
    few, many = result.slots.exposure.min(), result.slots.exposure.max()
    times = counted(int(many), "time")
    if few < many:
        times = f"{few} to {times}"
    return (
        f"{result.engine}: chi-squared test of equal positions p "
        f"{wording.format_p(result.slots.p)} (assumes independent ratings), Cohen's w "
        f"{result.slots.effect:.2f}. Each method was in each position {times}."
    )


def raters_table(answers: Answers) -> Table:
    """The excluded raters and the reasons."""
    rows = tuple(
        Row(
            rater.participant,
            (
                Cell(f"{rater.answered} of {len(answers.study.trials)}"),
                Cell(f"{rater.failed_catches} of {rater.catches}"),
                Cell(wording.format_number(rater.median_seconds, 1)),
                Cell("; ".join(rater.reasons)),
            ),
        )
        for rater in answers.excluded
    )
    heads = ("Answered", "Catch trials failed", "Median seconds", "Reason")
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


def study_tables(answers: Answers, results: Sequence[Findings]) -> list[Table]:
    """All tables except Table 2."""
    tables = [
        shares_table(answers, results),
        metric_table(answers, results),
        agreement_table(answers, results),
        slots_table(answers, results),
        raters_table(answers),
    ]
    return [marked_table(answers, table) for table in tables if table is not None]
