"""Numbers of things in sentences."""

from __future__ import annotations


def counted(count: int, noun: str, plural: str | None = None) -> str:
    """Such as "1 face" or "1,200 faces"; `plural` is needed where it is no noun + s."""
    return f"{count:,} {noun if count == 1 else plural or f'{noun}s'}"
