"""One sentence on who leads in a run and how sure that is, written by code.

The page, MLflow and the terminal show it. Every number comes from `reports/tables`: a
lead is significant where Table 1 does not print the other row in bold.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from benchmark.avatars.counting import counted
from evaluation.statistics import MIN_FACES
from reports.tables import wording
from reports.tables.scores import headline_metrics, main_metric
from reports.tables.standings import Standing, Status, standings
from reports.trials import ReportedVariant, Run

FEW_FACES = 50
"""With fewer faces the verdict says that few faces decide little."""
_VERBS: Mapping[Status, str] = {
    "clear": "is significant",
    "close": "is not significant",
    "untested": "cannot be tested",
}


@dataclass(frozen=True)
class Verdict:
    """`sentence` says who leads and how sure that is, `notes` what limits this."""

    sentence: str
    notes: tuple[str, ...]

    @property
    def text(self) -> str:
        """The sentence and the notes."""
        return " ".join((self.sentence, *self.notes))


def verdict(run: Run) -> Verdict:
    """The verdict on a run by its main metric.

    Raises ReportError if no metric was measured.
    """
    metric = main_metric(run)
    found = standings(run, metric)
    notes = [*_other_metrics(run, metric, found), *_limits(run, found)]
    face = wording.face_title(run)
    return Verdict(lead_sentence(found, metric, face, len(run.engines)), tuple(notes))


def lead_sentence(
    found: Sequence[Standing], metric: Mapping[str, Any], face: str, engines: int
) -> str:
    """Who leads by a metric on which engines, and whether the lead is significant.

    `face` names one face, such as "held-out face", and `engines` is the number of
    engines of the run. Engines with the same leaders share a sentence; those where a
    method leads come first.
    """
    if not found:
        return "No method and no control has a score yet."
    groups: dict[tuple[object, ...], list[Standing]] = {}
    for standing in sorted(found, key=lambda s: s.led_by_control):
        groups.setdefault(_group_key(standing), []).append(standing)
    extreme = "lowest" if metric["direction"] == "lower" else "highest"
    short, what = metric["title"], metric["title"]
    if metric["unit"] == "distance":
        short, what = "distance", f"distance ({metric['title']})"
    sentences = []
    for group in groups.values():
        write = _control_sentence if group[0].led_by_control else _method_sentence
        once = [_face_count(found, face)] if not sentences else []
        sentences.append(write(group, f"{extreme} {what}", once, engines))
        what = short
    return " ".join(sentences)


def _group_key(standing: Standing) -> tuple[object, ...]:
    """Engines with equal keys share a sentence."""
    leaders = sorted(v.name for v in standing.ahead)
    if not standing.led_by_control:
        return tuple(leaders)
    return (*leaders, *((v.name, standing.status(v.name)) for v in standing.rivals))


def _face_count(found: Sequence[Standing], face: str) -> str:
    counts = sorted({s.faces for s in found})
    most = counted(counts[-1], face)
    return f"with {most}" if len(counts) == 1 else f"with {counts[0]:,} to {most}"


def _method_sentence(
    group: Sequence[Standing], what: str, faces: Sequence[str], engines: int
) -> str:
    ahead = group[0].ahead
    where = _engines([s.engine for s in group], engines)
    verb, whose = ("share", "their") if len(ahead) > 1 else ("has", "its")
    sentence = f"{_named(ahead)} {verb} the {what} on {where}"
    clauses = _lead_clauses(group, whose, engines)
    if not clauses:
        only = "they are the only rows" if len(ahead) > 1 else "it is the only row"
        clauses = [f"{only} that can be ranked there"]
    return f"{sentence}; {', '.join([*faces, _listed(clauses, ', and ')])}."


def _lead_clauses(group: Sequence[Standing], whose: str, engines: int) -> list[str]:
    """Clauses on the lead; rivals with the same outcome share one."""
    outcomes: dict[tuple[tuple[str, Status], ...], list[ReportedVariant]] = {}
    for rival in {v.name: v for s in group for v in s.rivals}.values():
        outcome: tuple[tuple[str, Status], ...] = tuple(
            (s.engine, s.status(rival.name))
            for s in group
            if any(v.name == rival.name for v in s.rivals)
        )
        outcomes.setdefault(outcome, []).append(rival)
    return [
        f"{whose} lead over {_named(rivals)} "
        f"{_outcome(outcome, [s.engine for s in group], engines)}"
        for outcome, rivals in outcomes.items()
    ]


def _outcome(
    outcome: Sequence[tuple[str, Status]], group: Sequence[str], engines: int
) -> str:
    """Such as "is significant on a but not on b"; no engine if the group has one."""
    by_status: dict[Status, list[str]] = {}
    for engine, status in outcome:
        by_status.setdefault(status, []).append(engine)
    text = ""
    for status, verb in _VERBS.items():
        there = by_status.get(status, [])
        if not there:
            continue
        where = f" on {_engines(there, engines)}"
        if status == "close" and not text and len(there) == engines:
            where = " on either engine" if engines == 2 else " on any engine"
        if text:
            verb = " but not" if status == "close" else f", and {verb}"
        text += verb + where * (len(group) > 1)
    return text


def _control_sentence(
    group: Sequence[Standing], what: str, faces: Sequence[str], engines: int
) -> str:
    first = group[0]
    where = _engines([s.engine for s in group], engines)
    verb = "share" if len(first.ahead) > 1 else "has"
    start = "; ".join([f"On {where} {_named(first.ahead)} {verb} the {what}", *faces])
    if not first.rivals:
        return f"{start}{',' if faces else ';'} no method can be ranked there."
    best, *others = first.rivals
    how = {
        "clear": "is significantly worse",
        "close": "is not significantly worse",
        "untested": "is worse, but no test is possible",
    }[first.status(best.name)]
    start = f"{start}, {'' if faces else 'and '}the best method, {best.title}, {how}"
    if not others:
        return f"{start}."
    verb = "are" if others[1:] else "is"
    if first.status(best.name) == "close":
        return f"{start}, nor {verb} {_named(others)}."
    return f"{start}, but {_named(others)} {verb} not significantly worse."


def _other_metrics(
    run: Run, metric: Mapping[str, Any], found: Sequence[Standing]
) -> list[str]:
    """Whether the other metrics of Table 1 name the same leaders."""
    notes = []
    first = {s.engine: {v.name for v in s.ahead} for s in found}
    for other in headline_metrics(run):
        if other["name"] == metric["name"] or other["skipped"] is not None:
            continue
        ahead = {s.engine: s.ahead for s in standings(run, other)}
        differs: dict[str, list[str]] = {}
        for engine, names in first.items():
            rows = ahead.get(engine, ())
            if rows and names.isdisjoint(v.name for v in rows):
                differs.setdefault(_named(rows), []).append(engine)
        if differs:
            best = "lowest" if other["direction"] == "lower" else "highest"
            total = len(run.engines)
            who = [f"{name} on {_engines(e, total)}" for name, e in differs.items()]
            notes.append(f"{other['title']} differs: {best} for {_listed(who)}.")
        elif ahead:
            notes.append(f"{other['title']} agrees on who leads.")
    return notes


def _limits(run: Run, found: Sequence[Standing]) -> list[str]:
    notes = []
    faces = min((s.faces for s in found), default=0)
    if 0 < faces < MIN_FACES:
        notes.append(f"{wording.no_intervals(faces)}, no tests.")
    elif 0 < faces < FEW_FACES:
        notes.append(
            "Few faces: a lead that is not significant here may be with more faces."
        )
    if found and not any(v.role == "method" for s in found for v in s.order):
        notes.append("Only controls were scored.")
    if len(found) < len(run.engines) and found:
        scored = {s.engine for s in found}
        missing = [engine for engine in run.engines if engine not in scored]
        notes.append(f"No row is ranked on {_listed(missing)}.")
    failed = [
        f"{variant.title} failed on {_engines(where, len(run.engines))}"
        for variant in run.main_variants
        if (where := [e for e in run.engines if run.failed(variant.name, e)])
    ]
    return notes + ([f"{_listed(failed)}."] if failed else [])


def _named(variants: Sequence[ReportedVariant]) -> str:
    """Titles in prose: methods, then "the control X" or "the controls X and Y"."""
    controls = [v.title for v in variants if v.role == "control"]
    parts = [v.title for v in variants if v.role != "control"]
    if controls:
        noun = "control" if len(controls) == 1 else "controls"
        parts.append(f"the {noun} {_listed(controls)}")
    return _listed(parts)


def _engines(names: Sequence[str], total: int) -> str:
    """`names` in prose; `total` is the number of engines of the run."""
    if len(names) == total > 1:
        return "both engines" if total == 2 else f"all {total} engines"
    return _listed(names)


def _listed(parts: Sequence[str], last: str = " and ") -> str:
    """Such as "a, b and c"."""
    return last.join([", ".join(parts[:-1]), *parts[-1:]] if parts[1:] else parts)
