"""Peak memory of a block of code, measured on Linux."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_STATUS, _RESET = Path("/proc/self/status"), Path("/proc/self/clear_refs")
_SLACK = 32
"""MiB by which the peak may exceed the present memory right after a reset: the kernel
counts both in batches, and other threads free memory in between."""
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
    the outer peak is saved first. `mib` stays None on other systems, and where the
    system does not let a process reset its peak, as in some sandboxes: the peak since
    the process started says nothing about the body.
    """
    _save()
    own = Peak()
    if not _reset():
        yield own
        return
    _open.append(own)
    try:
        yield own
    finally:
        _save()
        _reset()
        _open.remove(own)
        if _open:
            _open[-1].update(own.mib)


def _save() -> None:
    """Save the peak since the last reset in the innermost measurement."""
    if _open:
        _open[-1].update(_status_mib("VmHWM"))


def _reset() -> bool:
    """Set the peak to the present memory; False if the system does not do that."""
    try:
        _RESET.write_text("5")
    except OSError:
        return False
    peak, present = _status_mib("VmHWM"), _status_mib("VmRSS")
    return peak is not None and present is not None and peak <= present + _SLACK


def _status_mib(field: str) -> float | None:
    """A field of the status of this process in MiB; None where it is not told."""
    try:
        lines = _STATUS.read_text().splitlines()
    except OSError:
        return None
    found = [line.split()[1] for line in lines if line.startswith(f"{field}:")]
    return int(found[0]) / 1024 if found else None
