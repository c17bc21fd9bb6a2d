"""What to say of a file or folder that cannot be written."""

from __future__ import annotations

import errno
import os
from pathlib import Path

_NO_PERMISSION = frozenset({errno.EACCES, errno.EPERM, errno.EROFS})
_NO_SPACE = frozenset({errno.ENOSPC, errno.EDQUOT})
_OF_ANOTHER_KIND = frozenset({errno.ENOTDIR, errno.EEXIST, errno.EISDIR})
_UNWRITABLE = _NO_PERMISSION | _NO_SPACE | {errno.ENOTDIR}
"""Errors that mean that a folder is not writable at all."""


def unwritable(error: OSError) -> bool:
    """Whether the folder is not writable: no permission, read-only, or no space."""
    return error.errno in _UNWRITABLE


def as_unwritable(error: BaseException, folder: Path) -> OSError | None:
    """The error as an OSError, if it says that a folder is not writable; else None.

    An error that names a path outside the folder is about something else. Libraries
    such as safetensors have errors of their own for a full disk, which only their text
    tells.
    """
    if isinstance(error, OSError):
        place = error.filename
        inside = place is None or Path(str(place)).is_relative_to(folder)
        return error if inside and unwritable(error) else None
    for number in _NO_SPACE:
        if os.strerror(number) in str(error):
            return OSError(number, os.strerror(number))
    return None


def cannot_write(place: Path, error: Exception, instead: str | None = None) -> str:
    """A sentence that names the file or folder, the reason and the remedies.

    `instead` is a further remedy, such as "give another folder".
    """
    code = getattr(error, "errno", None)
    reason = getattr(error, "strerror", None) or error
    remedies = ["make it writable", "free some space"]
    if code in _NO_PERMISSION:
        remedies = ["make it writable"]
    elif code in _NO_SPACE:
        remedies = ["free some space"]
    elif code in _OF_ANOTHER_KIND:
        reason = _file_in_the_way(place) or reason
        remedies = [] if instead else ["move it away"]
    if instead is not None:
        remedies.append(instead)
    *first, last = remedies
    comma = "," if len(first) > 1 else ""
    return f"cannot write to {place}: {reason}; " + (
        f"{', '.join(first)}{comma} or {last}" if first else last
    )


def _file_in_the_way(place: Path) -> str | None:
    """The file that is there instead of the folder, or of a folder above it."""
    if place.is_file():
        return "it is a file"
    files = (path for path in place.absolute().parents if path.is_file())
    return next((f"{path} is a file" for path in files), None)
