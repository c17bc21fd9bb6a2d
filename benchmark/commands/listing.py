"""`avatarbench list`: everything that can be named in a suite."""

from __future__ import annotations

from benchmark.config.suite import load_suite, suite_names
from benchmark.registry import ENGINES, METHODS, METRICS, Registry


def print_listing() -> None:
    """Suites with titles; engines, methods and metrics with what disables any."""
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


def registry_lines(registry: Registry) -> list[str]:
    """One line an entry: its name and title, or why it cannot be used."""
    lines = []
    for item in registry.listing():
        what = item.problem or registry.load(item.name).meta.title
        lines.append(f"{item.name:<22}{what}")
    return lines
