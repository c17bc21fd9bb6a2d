"""How much memory a piece of work takes at its height, where the system tells."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_STATUS, _RESET = Path("/proc/self/status"), Path("/proc/self/clear_refs")
_open: list[Peak] = []
"""Pieces of work under way, the outermost first; each holds those inside it."""


class Peak:
    """The height of a piece of work; `mib` is None where the system does not tell."""

    def __init__(self) -> None:
        self.mib: float | None = None

    def note(self, mib: float | None) -> None:
        """Take in a height that was seen."""
        if mib is not None:
            self.mib = max(mib, self.mib or 0.0)


@contextmanager
def peak_memory() -> Iterator[Peak]:
    """Measure what this process holds at most (MiB) while the body runs.

    On Linux the kernel keeps the height since it was last reset; a piece inside another
    resets it, so that the outer one is told first. Elsewhere nothing is measured.
    """
    _tell()
    own = Peak()
    _open.append(own)
    try:
        yield own
    finally:
        _tell()
        _open.remove(own)
        if _open:
            _open[-1].note(own.mib)


def _tell() -> None:
    """Let the innermost piece know the height since the last reset; reset."""
    if _open:
        _open[-1].note(_height())
    try:
        _RESET.write_text("5")
    except OSError:  # not Linux, or not allowed
        return


def _height() -> float | None:
    try:
        lines = _STATUS.read_text().splitlines()
    except OSError:
        return None
    found = [line.split()[1] for line in lines if line.startswith("VmHWM:")]
    return int(found[0]) / 1024 if found else None
