"""One sentence for an error that ends a command."""

from __future__ import annotations

import importlib.metadata
import traceback
from pathlib import Path

from benchmark.system.entry_points import damaged_distributions

OWN_PACKAGES = frozenset({"benchmark", "methods", "evaluation", "reports"})
_METADATA = Path(importlib.metadata.__file__).parent


def describe_error(error: Exception) -> tuple[str, int]:
    """A sentence for the user and the exit status: 2 for a mistake, 1 for a bug."""
    known = type(error).__module__.partition(".")[0] in OWN_PACKAGES
    if not known and isinstance(error, OSError) and error.filename:
        path, reason = error.filename, error.strerror
        return f"{path}: {reason}; check the path and its permissions", 2
    if known or isinstance(error, OSError):
        return str(error), 2
    frames = traceback.extract_tb(error.__traceback__)
    # Libraries read the entry points of all distributions, too.
    if any(_METADATA in Path(frame.filename).parents for frame in frames):
        for problem in damaged_distributions():
            return problem, 2
    last = frames[-1]
    where = f"{type(error).__name__} at {last.filename}:{last.lineno}"
    advice = "run again with --debug for the full traceback"
    return f"unexpected {where}: {error}; {advice}", 1
