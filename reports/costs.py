"""What each row cost: machine time, and what it was pretrained on."""

from __future__ import annotations

from reports import wording
from reports.table import Cell, Column, Row, Section, Table
from reports.trials import Contestant, Run


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


def _machine_note(run: Run) -> str:
    timings = [t.timing for t in run.trials if t.timing is not None]
    names = dict.fromkeys(t["hardware"].get("name", "unnamed") for t in timings)
    return f"Machine: {'; '.join(names) or 'unknown'}."
