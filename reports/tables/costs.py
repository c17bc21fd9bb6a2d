"""What each row cost: machine time, and what it was pretrained on."""

from __future__ import annotations

from collections.abc import Sequence

from benchmark import weights
from benchmark.weights.folders import card_of
from reports.tables import wording
from reports.tables.table import Cell, Column, Row, Section, Table
from reports.trials import Contestant, Run, Trial

OF_AN_OPTION = "option "
"""How the source of a declared part begins that an option chooses."""


def costs(run: Run) -> Table:
    """What each row was pretrained on, and its machine time, an engine a section."""
    sections = []
    for engine in run.engines:
        rows = []
        for contestant in run.contestants:
            trials = run.done(contestant.name, engine)
            parts = "; ".join(pretrained(contestant, trials)) or "none"
            failed = Cell("failed") if run.failed(contestant.name, engine) else Cell()
            cells = (_fit_time(trials), Cell(parts)) if trials else (failed, Cell())
            rows.append(Row(contestant.label, cells))
        sections.append(Section(engine, tuple(rows)))
    return Table(
        "costs",
        "Machine time of fitting (all seeds), and what was pretrained",
        "Method",
        (Column("Fit"), Column("Pretrained parts")),
        tuple(sections),
        (
            *wording.stand_in_note(run),
            "Each seed counts as if all of its stages were made for it. Stages that "
            "seeds or rows share (a method names them in its options, such as a chain "
            "under one seed) are made once, so a run takes less than these add up to.",
            *wording.oracle_note(run),
            _machine_note(run),
        ),
    )


def pretrained(contestant: Contestant, trials: Sequence[Trial]) -> list[str]:
    """What a row did not learn itself: parts that come with it, and files it loaded.

    A declared part that an option chooses is a weight file or none: where it is one,
    that file stands here.
    """
    declared = [
        f"{p['name']} ({p['data']}; {p['licence']}; {p['source']})"
        for p in contestant.meta.get("pretrained", ())
        if not p["source"].startswith(OF_AN_OPTION)
    ]
    files = {n: d for t in trials for n, d in t.record.get("weights", {}).items()}
    told = (_weight_file(name, files[name]) for name in sorted(files))
    return list(dict.fromkeys(declared + list(told)))


def _weight_file(name: str, digest: str) -> str:
    """A published file by its entry; one of a weights folder by the folder's card."""
    if name in weights.names():
        entry = weights.describe(name)
        return f"{entry.title} ({entry.data}; {entry.licence}; SHA-256 {digest[:8]})"
    card = card_of(name, digest)
    if card is None:
        return f"{name} (SHA-256 {digest[:8]})"
    start = (f"begun from {card['encoder']}",) if "encoder" in card else ()
    return f"{card['title']} ({'; '.join((card['data'], *start, card['licence']))})"


def _fit_time(trials: Sequence[Trial]) -> Cell:
    timings = [t.timing for t in trials if t.timing is not None]
    if not timings:
        return Cell()
    seconds = wording.duration(sum(timing["fit_seconds"] for timing in timings))
    resumed = any(timing.get("fit_resumed") for timing in timings)
    shipped = sorted({s for timing in timings for s in timing.get("fit_shipped", ())})
    details = ["resumed: last part only"] if resumed else []
    if shipped:
        details.append(f"{', '.join(shipped)}: shipped, not made here")
    return Cell(seconds, "; ".join(details))


def _machine_note(run: Run) -> str:
    timings = [t.timing for t in run.trials if t.timing is not None]
    names = dict.fromkeys(t["hardware"].get("name", "unnamed") for t in timings)
    return f"Machine: {'; '.join(names) or 'unknown'}."
