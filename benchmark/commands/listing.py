"""`avatarbench list`: everything that a suite can name."""

from __future__ import annotations

from benchmark.config.suite import load_suite, suite_names
from benchmark.registry import ENGINES, METHODS, METRICS, Registry


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


def registry_lines(registry: Registry) -> list[str]:
    """One line per entry: its name with its title, or with why it is unavailable."""
    lines = []
    for item in registry.listing():
        text = item.problem or registry.load(item.name).meta.title
        lines.append(f"{item.name:<22}{text}")
    return lines
