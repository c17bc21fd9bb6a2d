"""Fitting time and pretrained parts of each row."""

from __future__ import annotations

from collections.abc import Sequence

from benchmark import weights
from benchmark.system.console import duration
from benchmark.weights.folders import card_of
from reports.tables import wording
from reports.tables.table import Cell, Column, Row, Section, Table
from reports.trials import ReportedVariant, Run, Trial

OF_AN_OPTION = "option "
"""Prefix of the `source` of a pretrained part that an option selects."""


def costs_table(run: Run) -> Table:
    """Fitting time and pretrained parts of each row, a section for each engine."""
    sections = []
    for engine in run.engines:
        rows = []
        for variant in run.variants:
            trials = run.finished_trials(variant.name, engine)
            parts = "; ".join(pretrained(variant, trials)) or "none"
            failed = (
                Cell(wording.FAILED) if run.failed(variant.name, engine) else Cell()
            )
            measured = (_fit_time(trials), _own_time(trials), Cell(parts))
            cells = measured if trials else (failed, Cell(), Cell())
            rows.append(Row(variant.label, cells))
        sections.append(Section(engine, tuple(rows)))
    return Table(
        "costs",
        "Fitting time (sum over seeds) and pretrained parts",
        "Method",
        (Column("Fitting time"), Column("Own"), Column("Pretrained parts")),
        tuple(sections),
        (
            *wording.stand_in_notes(run),
            "The time of a stage counts for every seed and row that uses it, even if "
            "the stage ran once and was then cached. The run therefore took less time "
            "than the sum of this column. Own: without the stages that were cached.",
            *wording.oracle_notes(run),
            _machine_note(run),
        ),
    )


def pretrained(variant: ReportedVariant, trials: Sequence[Trial]) -> list[str]:
    """The pretrained parts that a method declares, and the weight files it loaded.

    Declared parts that an option selects are skipped: if the option was used, the file
    is among the loaded ones.
    """
    declared = [
        f"{p['name']} ({p['data']}; {p['licence']}; {p['source']})"
        for p in variant.meta.get("pretrained", ())
        if not p["source"].startswith(OF_AN_OPTION)
    ]
    files = {n: d for t in trials for n, d in t.record.get("weights", {}).items()}
    loaded = [_describe_file(name, files[name]) for name in sorted(files)]
    return list(dict.fromkeys(declared + loaded))


def _describe_file(name: str, digest: str) -> str:
    """From the catalogue, else from the card of the weights folder, else the digest."""
    if name in weights.names():
        entry = weights.describe(name)
        return f"{entry.title} ({entry.data}; {entry.licence}; SHA-256 {digest[:8]})"
    card = card_of(name, digest)
    if card is None:
        return f"{name} (SHA-256 {digest[:8]})"
    start = (f"initialised from {card['encoder']}",) if "encoder" in card else ()
    return f"{card['title']} ({'; '.join((card['data'], *start, card['licence']))})"


def _fit_time(trials: Sequence[Trial]) -> Cell:
    timings = [t.timing for t in trials if t.timing is not None]
    if not timings:
        return Cell()
    seconds = duration(sum(timing["fit_seconds"] for timing in timings))
    resumed = any(timing.get("fit_resumed") for timing in timings)
    shipped = sorted({s for timing in timings for s in timing.get("fit_shipped", ())})
    details = ["resumed; time since the last start only"] if resumed else []
    if shipped:
        details.append(f"{', '.join(shipped)}: shipped result, not run here")
    return Cell(seconds, "; ".join(details))


def _own_time(trials: Sequence[Trial]) -> Cell:
    """The time without cached stages, which older trials do not record."""
    timings = [t.timing for t in trials if t.timing is not None]
    if not timings or any("fit_own_seconds" not in timing for timing in timings):
        return Cell()
    return Cell(duration(sum(timing["fit_own_seconds"] for timing in timings)))


def _machine_note(run: Run) -> str:
    timings = [t.timing for t in run.trials if t.timing is not None]
    names = dict.fromkeys(t["hardware"].get("name", "unnamed") for t in timings)
    return f"Machine: {'; '.join(names) or 'unknown'}."
