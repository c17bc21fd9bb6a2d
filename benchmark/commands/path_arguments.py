"""Paths on the command line: `~`, and `latest` without symbolic links."""

from __future__ import annotations

import os
import re
from pathlib import Path

from benchmark.storage.latest import LATEST, follow_latest

_HOME = re.compile(r"^(--[\w-]+=)?(~(?:/.*)?)$", re.DOTALL)


def expand_path(argument: str) -> str:
    """An argument of the command line with `~` expanded and `latest` followed.

    The shell leaves `~` in `--out=~/runs`. Arguments that are no paths are unchanged.
    """
    found = _HOME.match(argument)
    if found:
        argument = (found[1] or "") + os.path.expanduser(found[2])
    option, mark, value = argument.rpartition("=")
    if LATEST in value.split("/"):
        return f"{option}{mark}{follow_latest(Path(value))}"
    return argument
