"""How numbers and conditions are put into words, the same in every report."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from evaluation.statistics import Interval
from reports.tables.table import EMPTY, Cell
from reports.trials import Run

ARROWS = {"lower": "↓", "higher": "↑"}
STAND_IN = (
    "Stand-in faces: these figures come from synthetic portraits that stand in for "
    "photographs. They compare methods on this world and say nothing about FFHQ."
)
SPLITS = {"heldout": "held-out", "validation": "validation"}


def digits(metric: Mapping[str, Any]) -> int:
    """Decimals that a metric is printed with."""
    return 1 if metric["unit"] == "CIEDE2000" else 3


def number(value: float, decimals: int) -> str:
    """A number with a true minus sign; a dash for NaN."""
    if not np.isfinite(value):
        return EMPTY
    return f"{value:.{decimals}f}".replace("-", "−")


def score(interval: Interval, decimals: int, strong: bool = False) -> Cell:
    """Mean with its interval (low to high) as the detail."""
    return Cell(
        number(interval.mean, decimals), interval_text(interval, decimals), strong
    )


def interval_text(interval: Interval, decimals: int) -> str:
    """`low–high`, or nothing where there is no interval."""
    if not np.isfinite(interval.low):
        return ""
    low, high = (number(v, decimals) for v in (interval.low, interval.high))
    return f"{low} to {high}" if "−" in low + high else f"{low}–{high}"


def p_text(p: float) -> str:
    """A p-value to three decimals, never a bare zero."""
    if not np.isfinite(p):
        return EMPTY
    return "<0.001" if p < 0.001 else f"{p:.3f}"


def rate(hertz: float) -> str:
    """Hz with three significant digits."""
    if not np.isfinite(hertz):
        return EMPTY
    if hertz >= 100:
        return f"{float(f'{hertz:.3g}'):.0f}"
    return f"{hertz:.3g}"


def duration(seconds: float) -> str:
    """Machine time in the unit that suits it."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.1f} min" if seconds < 5400 else f"{seconds / 3600:.2f} h"


def identity(metric: Mapping[str, Any]) -> str:
    """A metric's full identity in one line, or why it was not measured."""
    if metric["skipped"] is not None:
        reason = metric["skipped"].removeprefix(f"{metric['name']}: ")
        return f"{metric['title']}: not measured: {reason}."
    facts = ", ".join(f"{key} {value}" for key, value in metric["identity"].items())
    names = ", ".join(name for name in (metric["name"], metric["unit"]) if name)
    return f"{metric['title']} ({names}): {facts}."


def data_note(run: Run, split: str, designer: str) -> str:
    """Faces, split, designer and seeds behind a table."""
    faces = run.first["faces"]
    plural = "seeds" if len(run.seeds) > 1 else "seed"
    return (
        f"{run.splits[split]} {SPLITS.get(split, split)} faces of {faces['name']} "
        f"version {faces['version']} (digest {faces['digest'][:12]}); truths of "
        f"{designer}; {plural} {', '.join(map(str, run.seeds))}, averaged within a "
        f"face; renders of {run.first['render_size']} px."
    )


def stand_in_note(run: Run) -> tuple[str, ...]:
    """The notice that every table of a stand-in world carries, and the world's name."""
    return (STAND_IN, *world_note(run)) if run.stand_in else ()


def world_note(run: Run) -> tuple[str, ...]:
    """The embedded world that a run's scores stand on; nothing for other faces."""
    world = run.first.get("world")
    if world is None:
        return ()
    name, digest = world["name"], world["digest"][:8]
    if not world["changed"]:
        return (f"World {name} (digest {digest}).",)
    return (
        f"Changed from world {name} (digest {digest}, {name} has "
        f"{world['frozen_digest'][:8]}): {', '.join(world['changed'])}. These figures "
        f"do not stand beside those of {name}.",
    )


METHOD_NOTE = (
    "Mean with its 95 % bootstrap interval over faces, for these seeds (BCa, "
    "percentile where that is undefined; percentile for macro-F1). "
    "Bold: the best row and every row not significantly worse (two-sided paired "
    "sign-flip permutation test over faces, bootstrap for macro-F1; Holm over the "
    "column, α = 0.05). Oracle rows do not compete."
)
ORACLE_NOTE = "† Oracle row: it may see the truths of train faces, as no method may."


def oracle_note(run: Run) -> tuple[str, ...]:
    """What the dagger means, where a row carries one."""
    oracles = any(c.role == "oracle" for c in run.contestants)
    return (ORACLE_NOTE,) if oracles else ()


def seed_notes(run: Run) -> tuple[str, ...]:
    """One sentence a row that has fewer finished seeds than others."""
    notes = []
    for contestant in run.contestants:
        for engine in run.engines:
            done = len(run.done(contestant.name, engine))
            if 0 < done < len(run.seeds):
                notes.append(
                    f"{contestant.title} on {engine}: {done} of {len(run.seeds)} "
                    "seeds finished."
                )
    return tuple(notes)


def failure_notes(run: Run) -> tuple[str, ...]:
    """One sentence a failed trial."""
    return tuple(
        f"Failed: {t.record['title']} on {t.engine}, seed {t.record['seed']}: "
        f"{(t.error or '').splitlines()[0]}"
        for t in run.trials
        if t.error is not None
    )
