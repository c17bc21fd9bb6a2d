"""Number formats and notes that all tables share."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from benchmark.avatars.counting import counted
from evaluation.parameters import MacroF1
from evaluation.statistics import MIN_FACES, Interval
from reports.tables.table import EMPTY, Cell
from reports.trials import Run

FAILED = "failed"
"""The text of a cell whose trial failed."""
ARROWS = {"lower": "↓", "higher": "↑"}
STAND_IN = (
    "Stand-in faces: synthetic portraits stand in for photographs. The scores compare "
    "methods on these faces only and say nothing about FFHQ."
)
GENERATED = (
    "Generated faces: Stable Diffusion 3 made these photographs, and no real person is "
    "shown. An AI model made the ground truth by looking at each picture. Methods were "
    "trained on synthetic portraits."
)
GENERATED_SETS = ("photos",)
"""Names of face sets with generated photographs and ground truth by a labeller."""
SPLITS = {"heldout": "held-out", "validation": "validation"}
ORACLE_NOTE = (
    "† Oracle: trained on the ground truth of the training faces, which no method may "
    "use. It is an upper bound for methods, unless that ground truth was shuffled."
)


def score_notes(
    run: Run,
    faces: int,
    metrics: Iterable[Mapping[str, Any]],
    columns: Sequence[Mapping[str, Cell]],
) -> tuple[str, ...]:
    """What cells and bold mean in columns of scores; () if no cell has a score.

    `columns` hold a cell for each variant's name, and `faces` is the number of faces of
    the largest column.
    """
    with_scores = [c for c in columns if any(_has_score(cell) for cell in c.values())]
    if not with_scores:
        return ()
    with_intervals = [c for c in with_scores if has_detail(c.values())]
    oracles = {v.name for v in run.variants if v.role == "oracle"}
    unranked = " Oracles are not ranked." if oracles & set(with_scores[0]) else ""
    seeds = "Seeds are averaged within a face" if len(run.seeds) > 1 else ""
    if not with_intervals:
        seeds = f" {seeds}." if seeds else ""
        return (
            f"Cells: mean over faces.{seeds} {no_intervals(faces)}, no tests.",
            f"Bold: the best mean, as printed.{unranked}",
        )
    macro = any(m["name"] == MacroF1.meta.name and not m["skipped"] for m in metrics)
    covers = "interval covers faces but not training seeds."
    return (
        "Cells: mean over faces with its 95 % bootstrap interval (BCa; percentile "
        f"where BCa is undefined{', and for macro-F1' if macro else ''}). "
        + (f"{seeds}, so the {covers}" if seeds else f"The {covers}"),
        "Bold: the best mean, as printed, and every row that is not significantly "
        "worse (two-sided paired sign-flip permutation test over faces; "
        f"{'bootstrap test for macro-F1; ' if macro else ''}Holm correction over the "
        f"column, α = 0.05).{unranked}",
        *(
            (
                f"Columns without intervals: fewer than {MIN_FACES} faces, or a score "
                "that cannot be resampled. Bold there: the best mean, as printed.",
            )
            if len(with_intervals) < len(with_scores)
            else ()
        ),
    )


def _has_score(cell: Cell) -> bool:
    return cell.text not in (EMPTY, FAILED)


def has_detail(cells: Iterable[Cell]) -> bool:
    """Whether a cell has a detail, which is the interval in columns of scores."""
    return any(cell.detail for cell in cells)


def no_intervals(faces: int) -> str:
    """Why scores over so many faces have no intervals, without a full stop."""
    if faces < MIN_FACES:
        return f"Fewer than {MIN_FACES} faces: no intervals"
    return "The score cannot be resampled over faces: no intervals"


def interval_phrase(metric: Mapping[str, Any]) -> str:
    """How the interval of a paired difference is made."""
    kind = "BCa" if metric["level"] == "case" else "percentile"
    return f"with its 95 % bootstrap interval over faces ({kind})"


def p_phrase(metric: Mapping[str, Any]) -> str:
    """Which test compares two rows."""
    kind = "sign-flip permutation" if metric["level"] == "case" else "bootstrap"
    return f"p: two-sided {kind} test over faces"


def split_title(split: str) -> str:
    """A split's name in prose, such as "held-out"."""
    return SPLITS.get(split, split)


def face_title(run: Run) -> str:
    """What one face of the main split is, such as "held-out stand-in face"."""
    kind = "stand-in face" if run.stand_in else "face"
    if _is_generated(run):
        kind = "generated photograph"
    return f"{split_title(run.main_split)} {kind}"


def truth_maker(run: Run) -> str:
    """Who made the ground truth: a designer, or the labeller of photographs."""
    return "labeller" if _is_generated(run) else "designer"


def _is_generated(run: Run) -> bool:
    return run.first["faces"]["name"] in GENERATED_SETS


def decimals_of(metric: Mapping[str, Any]) -> int:
    """Number of decimals to print a metric with."""
    return 1 if metric["unit"] == "CIEDE2000" else 3


def format_number(value: float, decimals: int) -> str:
    """A number with a true minus sign; a dash if it is not finite."""
    if not np.isfinite(value):
        return EMPTY
    return f"{value:.{decimals}f}".replace("-", "−")


def score_cell(
    interval: Interval, decimals: int, strong: bool = False, leads: bool = False
) -> Cell:
    """The mean, with the interval as detail."""
    return Cell(
        format_number(interval.mean, decimals),
        format_interval(interval, decimals),
        strong,
        leads,
    )


def format_interval(interval: Interval, decimals: int) -> str:
    """`low–high`, `low to high` with negative bounds, or "" without an interval."""
    if not np.isfinite(interval.low):
        return ""
    low, high = (format_number(v, decimals) for v in (interval.low, interval.high))
    return f"{low} to {high}" if "−" in low + high else f"{low}–{high}"


def format_p(p: float) -> str:
    """A p-value with three decimals, `<0.001` below that; a dash for NaN."""
    if not np.isfinite(p):
        return EMPTY
    return "<0.001" if p < 0.001 else f"{p:.3f}"


def metric_note(metric: Mapping[str, Any]) -> str:
    """A metric's name, unit and settings in one line, or why it was not measured."""
    if metric["skipped"] is not None:
        reason = metric["skipped"].removeprefix(f"{metric['name']}: ")
        return f"{metric['title']}: not measured: {reason}."
    names = ", ".join(name for name in (metric["name"], metric["unit"]) if name)
    settings = "; ".join(f"{key} = {v}" for key, v in metric["identity"].items())
    return f"{metric['title']} ({names}): {settings}."


def better_note(metric: Mapping[str, Any]) -> str:
    """Which sign of a difference is better."""
    sign = "negative" if metric["direction"] == "lower" else "positive"
    return f"{metric['title']}: a {sign} difference is better."


def data_note(run: Run, split: str, designer: str) -> str:
    """The faces, ground truth, seeds and render size behind a table."""
    faces = run.first["faces"]
    seeds = f"seed {run.seeds[0]}"
    if len(run.seeds) > 1:
        seeds = f"seeds {', '.join(map(str, run.seeds))} (averaged within a face)"
    return (
        f"{counted(run.splits[split], f'{split_title(split)} face')} of "
        f"{faces['name']} version {faces['version']} (digest {faces['digest'][:12]}); "
        f"ground truth by {designer}; {seeds}; renders of {run.first['render_size']} "
        "px."
    )


def stand_in_notes(run: Run) -> tuple[str, ...]:
    """The warning about synthetic faces and the benchmark version.

    Empty for runs on real photographs.
    """
    if not run.stand_in:
        return ()
    return (stand_in_text(run.first["faces"]["name"]), *version_notes(run))


def stand_in_text(face_set: str) -> str:
    """The warning about the faces of a stand-in set, by the set's name."""
    return GENERATED if face_set in GENERATED_SETS else STAND_IN


def version_notes(run: Run) -> tuple[str, ...]:
    """The benchmark version that a run used; empty for the user's own faces."""
    version = run.first.get("world")
    if version is None:
        return ()
    name, digest = version["name"], version["digest"][:8]
    if not version["changed"]:
        return (f"Benchmark version {name} (digest {digest}).",)
    return (
        f"Changed from benchmark version {name}: {', '.join(version['changed'])} "
        f"(digest {digest}; {name} has {version['frozen_digest'][:8]}). Do not compare "
        f"these scores with scores on {name}.",
    )


def oracle_notes(run: Run) -> tuple[str, ...]:
    """What the dagger means; empty for a run without oracles."""
    oracles = any(v.role == "oracle" for v in run.variants)
    return (ORACLE_NOTE,) if oracles else ()


def seed_notes(run: Run) -> tuple[str, ...]:
    """One sentence for each row with fewer finished seeds than others."""
    notes = []
    for variant in run.variants:
        for engine in run.engines:
            finished = len(run.finished_trials(variant.name, engine))
            if 0 < finished < len(run.seeds):
                notes.append(
                    f"{variant.title} on {engine}: {finished} of {len(run.seeds)} "
                    "seeds finished."
                )
    return tuple(notes)


def failure_notes(run: Run) -> tuple[str, ...]:
    """One sentence for each failed trial."""
    return tuple(
        f"Failed: {t.record['title']} on {t.engine}, seed {t.record['seed']}: "
        f"{(t.error or '').splitlines()[0]}"
        for t in run.trials
        if t.error is not None
    )
