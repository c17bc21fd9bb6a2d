"""Whether scores of two runs can be compared, and why not."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from reports.trials import ReportError, Run, Trial

Data = Mapping[str, Any]


def check_comparable(one: Run, other: Run) -> None:
    """Check that two runs have the same faces, ground truth, engines and metrics.

    Metrics that only one run has are ignored. Raises ReportError, in one sentence, with
    the first thing that differs.
    """
    what = first_difference(one, other)
    if what is not None:
        raise ReportError(
            f"{one.folder} and {other.folder} cannot be compared, because they differ "
            f"in {what}; compare runs of the same faces, ground truth, engines and "
            "metrics"
        )
    if not shared_metrics(one, other):
        raise ReportError(
            f"{one.folder} and {other.folder} cannot be compared, because no metric "
            "was measured in both"
        )


def first_difference(one: Run, other: Run) -> str | None:
    """What keeps the scores of two runs from being compared, in words, or None."""
    return next(_differences(one, other), None)


def shared_metrics(one: Run, other: Run) -> list[Data]:
    """The metrics that were measured in both runs, in the order of the first."""
    others = {m["name"] for m in other.metrics if m["skipped"] is None}
    return [m for m in one.metrics if m["skipped"] is None and m["name"] in others]


def version_of(run: Run) -> str:
    """The benchmark version of a run: "v3", "changed from v3" or "none"."""
    version = run.first.get("world")
    if version is None:
        return "none"
    return f"changed from {version['name']}" if version["changed"] else version["name"]


def _differences(one: Run, other: Run) -> Iterator[str]:
    """What differs, in words; the benchmark version first, since it covers the rest."""
    first, second = (run.first.get("world") or {} for run in (one, other))
    if first.get("digest") != second.get("digest"):
        yield f"the benchmark version ({version_of(one)} and {version_of(other)})"
    for key in ("name", "version", "digest"):
        values = [run.first["faces"][key] for run in (one, other)]
        if values[0] != values[1]:
            yield f"the faces' {key} ({values[0]} and {values[1]})"
    if one.main_split != other.main_split:
        yield f"the split ({one.main_split} and {other.main_split})"
    count = [run.splits[run.main_split] for run in (one, other)]
    if count[0] != count[1]:
        yield f"the number of faces ({count[0]} and {count[1]})"
    if one.designers[0] != other.designers[0]:
        yield f"the designer ({one.designers[0]} and {other.designers[0]})"
    if one.first["render_size"] != other.first["render_size"]:
        sizes = f"{one.first['render_size']} and {other.first['render_size']} px"
        yield f"the size of renders ({sizes})"
    yield from _engine_differences(one, other)
    by_name = {m["name"]: m for m in other.metrics}
    for metric in shared_metrics(one, other):
        if metric["identity"] != by_name[metric["name"]]["identity"]:
            yield f"the settings of {metric['title']}"


def _engine_differences(one: Run, other: Run) -> Iterator[str]:
    for engine in one.engines:
        found = [(run, _finished(run, engine)) for run in (one, other)]
        pair = [(run, trial) for run, trial in found if trial is not None]
        if len(pair) < 2:
            continue
        versions = [trial.record["engine_meta"].get("version") for _, trial in pair]
        if versions[0] != versions[1]:
            yield f"the version of {engine} ({versions[0]} and {versions[1]})"
        truths = [
            trial.scores(run.main_split, run.designers[0]).set_index("face")["truth"]
            for run, trial in pair
        ]
        if not truths[0].index.equals(truths[1].index):
            yield f"the faces of {engine}"
        elif not truths[0].equals(truths[1]):
            yield f"the ground truth of {engine}"


def _finished(run: Run, engine: str) -> Trial | None:
    return next((t for t in run.trials if t.engine == engine and not t.error), None)
