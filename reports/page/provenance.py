"""Where the numbers of a run come from: faces, code, machine, packages, weights."""

from __future__ import annotations

from typing import Any

from reports.tables import wording
from reports.trials import Run


def provenance(run: Run) -> list[tuple[str, str]]:
    """(name, value) pairs: suite, faces, code, machine, packages, metrics, weights."""
    faces, environment = run.first["faces"], run.environment
    git: dict[str, Any] = environment.get("git") or {}
    commit = git.get("sha") or "not a checkout"
    machine = environment.get("hardware") or {}
    started = environment.get("started")
    packages = environment.get("packages") or {}
    named = ("torch", "torchvision", "lpips", "numpy", "scikit-learn", "scipy")
    return [
        ("Suite", str(run.first["suite"])),
        ("Configuration", run.folder.resolve().name),
        *([("Started", str(started))] if started else []),
        ("Faces", f"{faces['name']} {faces['version']}, SHA-256 {faces['digest']}"),
        ("Licence of the faces", str(faces["licence"])),
        ("Splits", ", ".join(f"{n} {k}" for k, n in run.splits.items())),
        ("Designers", ", ".join(run.designers)),
        ("Code", f"{commit}{' with local changes' if git.get('dirty') else ''}"),
        ("Machine", str(machine.get("name", "unknown"))),
        ("System", str(environment.get("system", "unknown"))),
        ("Python", str(environment.get("python", "unknown"))),
        ("Packages", ", ".join(f"{n} {packages[n]}" for n in named if n in packages)),
        *(("Metric", wording.metric_note(metric)) for metric in run.metrics),
        *(("Weights", text) for text in _weights(run)),
    ]


def _weights(run: Run) -> list[str]:
    weights = {
        f"{name}: SHA-256 {digest}"
        for record in (*run.metrics, *(t.record for t in run.trials))
        for name, digest in record.get("weights", {}).items()
    }
    return sorted(weights)
