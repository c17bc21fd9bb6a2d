"""One sentence for an error that ends a command."""

from __future__ import annotations

import importlib.metadata
import traceback
from pathlib import Path

from benchmark.system.entry_points import damaged_distributions

OWN_PACKAGES = frozenset({"benchmark", "methods", "evaluation", "reports"})
_MAY_EXIT = frozenset({"click", "typer", "uvicorn"})
_METADATA = Path(importlib.metadata.__file__).parent


def describe_exit(end: SystemExit) -> str | None:
    """A sentence if code of a plugin or library ended the process, else None.

    The command line and the web server end it too; they have said why.
    """
    *_, (frame, line) = traceback.walk_tb(end.__traceback__)
    module = str(frame.f_globals.get("__name__", ""))
    if module.partition(".")[0] in OWN_PACKAGES | _MAY_EXIT:
        return None
    return (
        f"the code at {frame.f_code.co_filename}:{line} called sys.exit({end.code!r}), "
        "but it must raise an error instead"
    )


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
