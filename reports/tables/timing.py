"""Speed in tables: medians of one machine, or a refusal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import median
from typing import Any

from reports.tables.table import Cell
from reports.tables.wording import rate
from reports.trials import ReportError, Run, Trial

_MACHINE = ("processor", "cores", "threads", "waiting", "memory_gib", "accelerator")


def common_hardware(trials: Sequence[Trial]) -> Mapping[str, Any] | None:
    """The machine on which all were timed; None where nothing was timed.

    Raises ReportError where there were several: their speeds share no column.
    """
    machines = [t.timing["hardware"] for t in trials if t.timing is not None]
    if not machines:
        return None
    for machine in machines[1:]:
        if machine != machines[0]:
            first, second = (m.get("name", str(m)) for m in (machines[0], machine))
            if first == second:
                first, second = str(dict(machines[0])), str(dict(machine))
            raise ReportError(
                f"speeds are left out: they were measured on different hardware "
                f"({first}; {second}) and cannot share a column; run the suite on one "
                "machine"
            )
    return machines[0]


def speed_cell(trials: Sequence[Trial], kind: str) -> Cell:
    """Median Hz and p5/p95 latency over a row's trials; `kind`: model or end_to_end."""
    timings = [t.timing for t in trials if t.timing is not None]
    if not timings:
        return Cell()
    hertz, low, high = (
        median(timing[f"{kind}_{name}"] for timing in timings)
        for name in ("hz_median", "ms_p5", "ms_p95")
    )
    return Cell(rate(hertz), f"{low:.3g}–{high:.3g} ms")


def speed_note(run: Run) -> tuple[str, bool]:
    """A footnote on the machine, and whether speeds may be printed at all."""
    try:
        machine = common_hardware(run.trials)
    except ReportError as error:
        return f"{str(error)[0].upper()}{str(error)[1:]}.", False
    if machine is None:
        return "Speed was not measured.", False
    repeats = max(int(t.timing["repeats"]) for t in run.trials if t.timing is not None)
    facts = ", ".join(
        f"{key} {machine[key]}" for key in _MACHINE if machine.get(key) is not None
    )
    return (
        f"Speed: median Hz of {repeats} one-face calls after warm-up, 5th to 95th "
        f"percentile of the latency beside it; model alone, and with the engine's "
        f"render; all on {machine.get('name', 'one machine')} ({facts})."
    ), True
