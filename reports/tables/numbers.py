"""Numbers for people: three digits that count, units that fit, never an exponent."""

from __future__ import annotations

import numpy as np

from reports.tables.table import EMPTY

_UNITS = (
    (120_000.0, 60_000.0, "min"),
    (1000.0, 1000.0, "s"),
    (0.1, 1.0, "ms"),
    (0.0, 0.001, "µs"),
)
"""Milliseconds from which a unit is used, and those of the unit."""


def significant(value: float, digits: int = 3) -> str:
    """A number with that many significant digits; a dash if it is not finite.

    Zeros at the end of a fraction are left out, and there is no exponent.
    """
    if not np.isfinite(value):
        return EMPTY
    text = np.format_float_positional(
        value, precision=digits, unique=False, fractional=False, trim="-"
    )
    return text.replace("-", "−")


def latency_range(low: float, high: float) -> str:
    """A range of times, given in ms, in the unit that suits `high`: `0.63–2.02 s`."""
    _, size, unit = next((u for u in _UNITS if high >= u[0]), _UNITS[-1])
    return f"{significant(low / size)}–{significant(high / size)} {unit}"
