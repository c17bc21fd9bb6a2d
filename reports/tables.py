"""Every measured table of a run, each as one table object."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from scipy import stats

from evaluation.statistics import MIN_FACES, holm
from reports import wording
from reports.scoring import Estimate, Place, best_rows, estimates
from reports.table import Cell, Column, Row, Section, Table
from reports.timing import speed_cell, speed_note
from reports.trials import Contestant, ReportError, Run

HEADLINE = ("lpips", "st-lpips")
"""The metrics of the headline table: the paper's LPIPS, and its stand-by."""


def measured(run: Run) -> tuple[Mapping[str, Any], ...]:
    """The run's metrics that were measured; raises ReportError where none was."""
    found = tuple(m for m in run.metrics if m["skipped"] is None)
    if not found:
        raise ReportError(f"{run.folder}: no metric was measured; nothing to report")
    return found


def main_metric(run: Run) -> Mapping[str, Any]:
    """The metric that rankings go by: LPIPS, or the first that was measured."""
    return measured(run)[0]


def headline(run: Run) -> Table:
    """Table 1 in the paper's shape: distances by engine, then speed."""
    metrics = [m for m in run.metrics if m["name"] in HEADLINE] or list(run.metrics[:1])
    split, designer = run.main_split, run.designers[0]
    columns, blocks = [], []
    for engine in run.engines:
        for metric in metrics:
            columns.append(_column(metric, engine))
            blocks.append(_score_column(run, metric, Place(engine, split, designer)))
    timing, comparable = speed_note(run)
    columns += [
        Column("Model", "Hz", "↑"),
        Column("+ engine", "Hz", "↑"),
    ]
    for kind in ("model", "end_to_end"):
        blocks.append(_speed_column(run, kind, run.engines, comparable))
    return Table(
        "table-1",
        "Table 1: distance to the designer's avatar, and speed",
        "Method",
        tuple(columns),
        (Section("", _rows(run.contestants, blocks)),),
        _notes(run, split, designer, metrics, timing),
    )


def by_engine(run: Run, split: str, designer: str, speed: bool = True) -> Table:
    """Every metric of one split under one designer, a section an engine."""
    timing, comparable = speed_note(run)
    speeds = (("model", "Model"), ("end_to_end", "+ engine")) if speed else ()
    columns = [_column(m) for m in run.metrics]
    columns += [Column(title, "Hz", "↑") for _, title in speeds]
    sections = []
    for engine in run.engines:
        place = Place(engine, split, designer)
        blocks = [_score_column(run, m, place) for m in run.metrics]
        blocks += [_speed_column(run, k, (engine,), comparable) for k, _ in speeds]
        sections.append(Section(engine, _rows(run.contestants, blocks)))
    return Table(
        f"all-{split}-{designer}",
        f"All scores: {wording.SPLITS.get(split, split)} faces, truths of {designer}",
        "Method",
        tuple(columns),
        tuple(sections),
        _notes(run, split, designer, run.metrics, timing),
    )


def differences(run: Run) -> Table | None:
    """Each row against the first method, paired by face; None without a rival."""
    metric, designer = main_metric(run), run.designers[0]
    reference, *others = run.contestants
    if not others:
        return None
    sections = []
    for engine in run.engines:
        found = estimates(run, metric, Place(engine, run.main_split, designer))
        rows = _difference_rows(metric, found, reference, others)
        if rows:
            sections.append(Section(engine, rows))
    heads = ("Difference", "p", "p (Holm)", "Effect")
    return Table(
        "differences",
        f"Paired differences in {metric['title']}: each row minus {reference.title}",
        "Method",
        tuple(Column(head) for head in heads),
        tuple(sections),
        (
            *wording.stand_in_note(run),
            f"{'Negative' if metric['direction'] == 'lower' else 'Positive'} is better "
            f"({metric['title']} {wording.ARROWS[metric['direction']]}).",
            "Two-sided sign-flip permutation test over faces; Holm over the rows of an "
            "engine; effect: matched-pairs rank-biserial correlation.",
            wording.data_note(run, run.main_split, designer),
        ),
    )


def _difference_rows(
    metric: Mapping[str, Any],
    found: Mapping[str, Estimate | None],
    reference: Contestant,
    others: Sequence[Contestant],
) -> tuple[Row, ...]:
    base = found[reference.name]
    if base is None:
        return ()
    pairs = [(c, e.against(base)) for c in others if (e := found[c.name]) is not None]
    corrected = holm([comparison.p for _, comparison in pairs])
    decimals = wording.digits(metric)
    return tuple(
        Row(
            contestant.label,
            (
                wording.score(comparison.difference, decimals),
                Cell(wording.p_text(comparison.p)),
                Cell(wording.p_text(p)),
                Cell(wording.number(comparison.effect, 2)),
            ),
        )
        for (contestant, comparison), p in zip(pairs, corrected, strict=True)
    )


def designers(run: Run) -> Table | None:
    """Does the ranking survive another designer? None with only one designer."""
    if len(run.designers) < 2:
        return None
    metric, split = main_metric(run), run.main_split
    columns = [Column(d, e) for e in run.engines for d in run.designers]
    blocks, notes = [], []
    for engine in run.engines:
        means = []
        for designer in run.designers:
            found = estimates(run, metric, Place(engine, split, designer))
            ranks = _ranks(found, metric["direction"])
            means.append({name: e.interval.mean for name, e in found.items() if e})
            blocks.append(
                {n: _ranked(e, metric, ranks.get(n)) for n, e in found.items()}
            )
        notes += [_agreement(run, engine, means[0], other) for other in means[1:]]
    return Table(
        "designers",
        f"Sensitivity to the designer: {metric['title']} and rank by truths",
        "Method",
        tuple(columns),
        (Section("", _rows(run.contestants, blocks)),),
        (
            *wording.stand_in_note(run),
            *notes,
            f"Faces: {wording.SPLITS.get(split, split)}.",
            *_oracle_note(run),
        ),
    )


def _ranks(found: Mapping[str, Estimate | None], direction: str) -> dict[str, int]:
    sign = 1 if direction == "lower" else -1
    means = {n: sign * e.interval.mean for n, e in found.items() if e is not None}
    ordered = sorted(means, key=lambda name: means[name])
    return {name: rank for rank, name in enumerate(ordered, start=1)}


def _ranked(e: Estimate | None, metric: Mapping[str, Any], rank: int | None) -> Cell:
    if e is None:
        return Cell()
    text = wording.number(e.interval.mean, wording.digits(metric))
    return Cell(text, f"rank {rank}")


def _agreement(
    run: Run, engine: str, main: Mapping[str, float], other: Mapping[str, float]
) -> str:
    shared = [c.name for c in run.contestants if c.name in main and c.name in other]
    if len(shared) < 2:
        return f"{engine}: too few rows to compare rankings."
    pairs = ([main[n] for n in shared], [other[n] for n in shared])
    tau = float(np.asarray(stats.kendalltau(*pairs))[0])
    same = sorted(shared, key=main.__getitem__) == sorted(shared, key=other.__getitem__)
    verdict = "survives" if same else "changes"
    return f"{engine}: the ranking {verdict} (Kendall τ {tau:.2f})."


def parts(run: Run) -> Table | None:
    """The main metric by split and part of the world; None where there is one only."""
    metric, designer = main_metric(run), run.designers[0]
    places = _split_parts(run)
    if len(places) < 2:
        return None
    sections = []
    for engine in run.engines:
        blocks = []
        for split, part in places:
            place = Place(engine, split, designer, part)
            blocks.append(_score_column(run, metric, place))
        sections.append(Section(engine, _rows(run.contestants, blocks)))
    columns = [
        Column(part or "all", wording.SPLITS.get(split, split))
        for split, part in places
    ]
    return Table(
        "parts",
        f"{metric['title']} by split and part of the world",
        "Method",
        tuple(columns),
        tuple(sections),
        (
            *wording.stand_in_note(run),
            *(wording.data_note(run, name, designer) for name in run.splits),
            wording.METHOD_NOTE,
            *_oracle_note(run),
        ),
    )


def _split_parts(run: Run) -> list[tuple[str, str | None]]:
    """Every split, by its parts where it has several."""
    done = next((t for t in run.trials if t.error is None), None)
    places: list[tuple[str, str | None]] = []
    for split in run.splits:
        rows = None if done is None else done.scores(split, run.designers[0])
        names = [] if rows is None else sorted(set(map(str, rows["part"])))
        places += [(split, None)] if len(names) < 2 else [(split, n) for n in names]
    return places


def costs(run: Run) -> Table:
    """What each row was pretrained on, and its machine-hours."""
    sections = []
    for engine in run.engines:
        rows = []
        for contestant in run.contestants:
            trials = run.done(contestant.name, engine)
            timings = [t.timing for t in trials if t.timing is not None]
            hours = sum(timing["fit_seconds"] for timing in timings)
            resumed = any(timing.get("fit_resumed") for timing in timings)
            text = wording.duration(hours) if timings else "failed"
            mark = " (resumed: last part only)" if resumed else ""
            rows.append(
                Row(contestant.label, (Cell(text + mark), Cell(pretrained(contestant))))
            )
        sections.append(Section(engine, tuple(rows)))
    return Table(
        "costs",
        "Machine time of fitting (all seeds), and what was pretrained",
        "Method",
        (Column("Fit"), Column("Pretrained parts")),
        tuple(sections),
        (*wording.stand_in_note(run), _machine_note(run)),
    )


def pretrained(contestant: Contestant) -> str:
    """The parts that a method did not learn itself, on what, under which licence."""
    parts_ = [
        f"{p['name']} ({p['data']}; {p['licence']}; {p['source']})"
        for p in contestant.meta.get("pretrained", ())
    ]
    return "; ".join(parts_) or "none"


def _column(metric: Mapping[str, Any], group: str = "") -> Column:
    return Column(metric["title"], group, wording.ARROWS[metric["direction"]])


Block = Mapping[str, Cell]


def _rows(
    contestants: Sequence[Contestant], blocks: Sequence[Block]
) -> tuple[Row, ...]:
    return tuple(Row(c.label, tuple(b[c.name] for b in blocks)) for c in contestants)


def _score_column(run: Run, metric: Mapping[str, Any], place: Place) -> Block:
    found = estimates(run, metric, place)
    strong = best_rows(run.contestants, found, metric["direction"])
    return {
        c.name: _score_cell(run, c, metric, place, found[c.name], c.name in strong)
        for c in run.contestants
    }


def _score_cell(
    run: Run,
    contestant: Contestant,
    metric: Mapping[str, Any],
    place: Place,
    found: Estimate | None,
    strong: bool,
) -> Cell:
    if found is not None:
        return wording.score(found.interval, wording.digits(metric), strong)
    failed = metric["skipped"] is None and not run.done(contestant.name, place.engine)
    return Cell("failed") if failed else Cell()


def _speed_column(
    run: Run, kind: str, engines: Sequence[str], comparable: bool
) -> Block:
    if not comparable:
        return {c.name: Cell() for c in run.contestants}
    return {
        c.name: speed_cell([t for e in engines for t in run.done(c.name, e)], kind)
        for c in run.contestants
    }


def _notes(
    run: Run,
    split: str,
    designer: str,
    metrics: Sequence[Mapping[str, Any]],
    timing: str,
) -> tuple[str, ...]:
    few = run.splits[split] < MIN_FACES
    return (
        *wording.stand_in_note(run),
        wording.data_note(run, split, designer),
        wording.METHOD_NOTE,
        *((f"Fewer than {MIN_FACES} faces: no intervals, no tests.",) if few else ()),
        *_oracle_note(run),
        *(wording.identity(metric) for metric in metrics),
        timing,
        *wording.seed_notes(run),
        *wording.failure_notes(run),
    )


def _oracle_note(run: Run) -> tuple[str, ...]:
    oracles = any(c.role == "oracle" for c in run.contestants)
    return (wording.ORACLE_NOTE,) if oracles else ()


def _machine_note(run: Run) -> str:
    timings = [t.timing for t in run.trials if t.timing is not None]
    names = dict.fromkeys(t["hardware"].get("name", "unnamed") for t in timings)
    return f"Machine: {'; '.join(names) or 'unknown'}."
