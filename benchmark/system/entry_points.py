"""Entry points of installed distributions, where some may be damaged."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.metadata import Distribution, EntryPoint, distributions, entry_points


def readable_entry_points(group: str) -> tuple[list[EntryPoint], list[str]]:
    """The entry points of a group, and one sentence for each damaged distribution.

    Distributions whose damaged file does not name the group are left out silently.
    """
    try:
        return list(entry_points(group=group)), []
    except Exception:  # of one distribution: the others still count
        pass
    found: list[EntryPoint] = []
    for each in _installed():
        if _fault(each) is None:
            found += each.entry_points.select(group=group)
    return found, damaged_distributions(group)


def damaged_distributions(group: str = "") -> list[str]:
    """One sentence for each distribution whose entry points cannot be read.

    With a `group`, those whose file certainly does not name it are left out.
    """
    return [
        f"the entry points of {title_of(each)} cannot be read: {fault}; repair or "
        "uninstall it"
        for each in _installed()
        if (fault := _fault(each)) is not None and group in _text(each, group)
    ]


def title_of(distribution: Distribution) -> str:
    """Name and version of a distribution, or where it is if it has neither."""
    name = _name_of(distribution)
    if name is None:
        return f"a distribution without metadata in {distribution.locate_file('')}"
    return f"{name} {distribution.version}"


def _name_of(distribution: Distribution) -> str | None:
    try:
        return distribution.name
    except Exception:  # without metadata, in newer versions of Python
        return None


def _installed() -> Iterator[Distribution]:
    """Every distribution; of those with the same name, the first on Python's path."""
    seen: set[str] = set()
    for each in distributions():
        name = _name_of(each) or title_of(each)
        if name not in seen:
            seen.add(name)
            yield each


def _text(distribution: Distribution, default: str) -> str:
    try:
        return distribution.read_text("entry_points.txt") or ""
    except Exception:
        return default


def _fault(distribution: Distribution) -> str | None:
    """Why the entry points of a distribution cannot be read; None if they can."""
    try:
        list(distribution.entry_points)
    except Exception as error:
        for number, line in enumerate(_text(distribution, "").splitlines(), 1):
            if line.strip() and line.strip()[0] not in "#[" and "=" not in line:
                return (
                    f"line {number} of entry_points.txt, {line.strip()!r}, must have "
                    "the form name = module:attribute"
                )
        return f"{type(error).__name__}: {error}"
    return None
