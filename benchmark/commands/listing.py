"""`avatarbench list`: everything that a suite can name."""

from __future__ import annotations

from benchmark.config.suite import load_suite, suite_names
from benchmark.registry import ENGINES, METHODS, METRICS, Registry
from benchmark.weights import WeightsError
from benchmark.weights.resolver import WeightResolver, explain_missing
from evaluation.base import MetricMeta


def print_listing() -> None:
    """Print every suite, engine, method and metric, and why any is unavailable."""
    print("suites")
    for name in suite_names():
        print(f"  {name:<22}{load_suite(name).title}")
    for title, registry in (
        ("engines", ENGINES),
        ("methods", METHODS),
        ("metrics", METRICS),
    ):
        print(title)
        for line in registry_lines(registry):
            print(f"  {line}")


def _missing_weights(meta: object) -> str:
    """Why a metric would be skipped: which weight files are missing and what to do."""
    if not isinstance(meta, MetricMeta):
        return ""
    try:
        missing = WeightResolver({}).missing(meta.needs)
    except WeightsError as error:
        return f" (skipped: {error})"
    return f" (skipped: {'; '.join(explain_missing(missing))})" if missing else ""


def registry_lines(registry: Registry) -> list[str]:
    """One line per entry: its name with its title, or with why it is unavailable.

    A plugin that is ignored for its name gets a line too, and a distribution whose
    entry points cannot be read.
    """
    lines = []
    for item in registry.listing():
        meta = getattr(item.entry, "meta", None)
        text = item.problem or f"{item.entry.meta.title}{_missing_weights(meta)}"
        lines.append(f"{item.name:<22}{text}")
        if item.conflict is not None:
            lines.append(f"{'':<22}{item.conflict}")
    return [*lines, *registry.unreadable()]
