"""Paths on the command line: `~`, and `latest` without symbolic links."""

from __future__ import annotations

import re
from pathlib import Path

from benchmark.storage.latest import follow_latest
from benchmark.system.home_paths import expand_home, expand_home_in_url

_OPTION = re.compile(r"--[\w-]+=")


def expand_path(argument: str) -> str:
    """An argument of the command line with `~` expanded and `latest` followed.

    The shell leaves `~` in `--out=~/runs`. Arguments that are no paths are unchanged.
    """
    option = _OPTION.match(argument)
    start = option.end() if option else 0
    name, value = argument[:start], argument[start:]
    value = expand_home_in_url(expand_home(value))
    path = Path(value)
    followed = follow_latest(path)
    return name + (value if followed == path else str(followed))
