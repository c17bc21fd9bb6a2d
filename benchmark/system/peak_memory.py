"""Peak memory of a block of code, measured on Linux."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_STATUS, _RESET = Path("/proc/self/status"), Path("/proc/self/clear_refs")
_open: list[Peak] = []
"""Measurements in progress, outermost first."""


class Peak:
    """Peak resident memory in MiB; None where it cannot be measured."""

    def __init__(self) -> None:
        self.mib: float | None = None

    def update(self, mib: float | None) -> None:
        """Raise the peak to `mib` if that is higher."""
        if mib is not None:
            self.mib = max(mib, self.mib or 0.0)


@contextmanager
def peak_memory() -> Iterator[Peak]:
    """Measure the peak resident memory of this process while the body runs.

    Linux keeps one peak since the last reset. Nested measurements reset the counter, so
    the outer peak is saved first. On other systems `mib` stays None.
    """
    _save_and_reset()
    own = Peak()
    _open.append(own)
    try:
        yield own
    finally:
        _save_and_reset()
        _open.remove(own)
        if _open:
            _open[-1].update(own.mib)


def _save_and_reset() -> None:
    """Save the peak since the last reset in the innermost measurement, then reset."""
    if _open:
        _open[-1].update(_peak_since_reset())
    try:
        _RESET.write_text("5")
    except OSError:  # not Linux, or not allowed
        return


def _peak_since_reset() -> float | None:
    try:
        lines = _STATUS.read_text().splitlines()
    except OSError:
        return None
    found = [line.split()[1] for line in lines if line.startswith("VmHWM:")]
    return int(found[0]) / 1024 if found else None
