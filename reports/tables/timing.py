"""Speed columns: medians measured on one machine."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from statistics import median
from typing import Any

from benchmark.avatars.counting import counted
from reports.tables.numbers import latency_range, significant
from reports.tables.table import Cell
from reports.trials import ReportError, Run, Trial

_MACHINE = {
    "processor": "{}",
    "cores": "core",
    "threads": "thread",
    "waiting": "OpenMP wait policy: {}",
    "memory_gib": "{} GiB of memory",
    "accelerator": "{}",
}
"""How the facts of a timing's `hardware` are printed; whole numbers are counted."""


def common_hardware(trials: Sequence[Trial]) -> Mapping[str, Any] | None:
    """The machine on which all trials were timed; None if nothing was timed.

    Raises ReportError if they were timed on different machines.
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
                "speed is left out: it was measured on different hardware "
                f"({first}; {second}); to compare speeds, run the suite on one machine"
            )
    return machines[0]


def speed_of(trials: Sequence[Trial], kind: str) -> tuple[float, float, float] | None:
    """Median Hz, and the p5 and p95 latency in ms; None if no trial was timed.

    `kind` is "model" or "end_to_end".
    """
    timings = [t.timing for t in trials if t.timing is not None]
    if not timings:
        return None
    hertz, low, high = (
        median(timing[f"{kind}_{name}"] for timing in timings)
        for name in ("hz_median", "ms_p5", "ms_p95")
    )
    return hertz, low, high


def speed_cell(trials: Sequence[Trial], kind: str) -> Cell:
    """Median Hz, with the p5 and p95 latency as detail, over a row's trials.

    `kind` is "model" or "end_to_end".
    """
    speed = speed_of(trials, kind)
    if speed is None:
        return Cell()
    hertz, low, high = speed
    return Cell(significant(hertz), latency_range(low, high))


def speed_note(run: Run) -> tuple[str, bool]:
    """A note on how speed was measured, and whether speeds can be printed."""
    try:
        machine = common_hardware(run.trials)
    except ReportError as error:
        return f"{str(error)[0].upper()}{str(error)[1:]}.", False
    if machine is None:
        return "Speed was not measured.", False
    timings = [t.timing for t in run.trials if t.timing is not None]
    facts = ", ".join(
        text.format(machine[key]) if "{}" in text else counted(machine[key], text)
        for key, text in _MACHINE.items()
        if machine.get(key) is not None
    )
    sentences = (
        f"Speed: {_how(timings)}, with the 5th to 95th percentile of the latency.",
        "Model: the method alone. With render: method and engine.",
        f"Measured on {machine.get('name', 'one machine')} ({facts}).",
        *_warnings(timings, machine),
    )
    return " ".join(sentences), True


def _how(timings: Sequence[Mapping[str, Any]]) -> str:
    calls = max(int(timing["repeats"]) for timing in timings)
    rounds = max(len(timing.get("rounds", ())) for timing in timings)
    if not rounds:  # measured before methods took turns
        return f"median Hz of {counted(calls, 'one-face call')} after warm-up"
    return (
        f"median Hz over {counted(rounds, 'round')}, in which the methods take turns "
        f"with {counted(calls // rounds, 'one-face call')} after warm-up"
    )


def _warnings(
    timings: Sequence[Mapping[str, Any]], machine: Mapping[str, Any]
) -> Iterator[str]:
    """What makes the speeds of one column less exact or less comparable."""
    spreads = [_spread(timing) for timing in timings if "model_hz_q1" in timing]
    if spreads:
        yield (
            "Interquartile range of a method's Hz over rounds: at most "
            f"{max(spreads):.0%} of its median."
        )
    busy = [timing for timing in timings if timing.get("disturbed_rounds")]
    if busy:
        rounds = max(len(timing["rounds"]) for timing in busy)
        disturbed = max(timing["disturbed_rounds"] for timing in busy)
        cores = max(timing["other_cores"] for timing in busy)
        yield (
            f"The machine was busy: in {disturbed} of {rounds} rounds, other processes "
            f"used up to {cores:.1f} of {machine.get('cores', 'its')} cores. Speeds "
            "would be higher on an idle machine."
        )
    sessions = {str(timing.get("session", "")) for timing in timings} - {""}
    alone = sum("rounds" not in timing for timing in timings)
    if sessions and len(sessions) + alone > 1:
        yield (
            "Not all methods were measured in one session; small differences between "
            "their speeds mean nothing."
        )


def _spread(timing: Mapping[str, Any]) -> float:
    """Interquartile range over rounds, relative to the median; the larger kind."""
    return max(
        (timing[f"{kind}_hz_q3"] - timing[f"{kind}_hz_q1"])
        / timing[f"{kind}_hz_median"]
        for kind in ("model", "end_to_end")
    )
