"""What to say of a file or folder that cannot be written."""

from __future__ import annotations

import errno
from pathlib import Path

_UNWRITABLE = frozenset(
    {errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOSPC, errno.EDQUOT, errno.ENOTDIR}
)
"""Errors that mean that a folder is not writable at all."""


def unwritable(error: OSError) -> bool:
    """Whether the folder is not writable: no permission, read-only, or no space."""
    return error.errno in _UNWRITABLE


def cannot_write(place: Path, error: Exception, instead: str | None = None) -> str:
    """A sentence that names the file or folder, the reason and the remedies.

    `instead` is a further remedy, such as "give another folder".
    """
    reason = getattr(error, "strerror", None) or error
    remedies = ["make it writable", "free some space"]
    if instead is not None:
        remedies.append(instead)
    first, last = ", ".join(remedies[:-1]), remedies[-1]
    comma = "," if len(remedies) > 2 else ""
    return f"cannot write to {place}: {reason}; {first}{comma} or {last}"
