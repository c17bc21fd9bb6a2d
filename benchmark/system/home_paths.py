"""`~` in paths that no shell has expanded."""

from __future__ import annotations

import os
import re

_HOME = re.compile(r"~[\w.-]*(/|$)")
_SQLITE = re.compile(r"(sqlite(?:\+\w+)?:///)(~.*)", re.DOTALL)


def expand_home(path: str) -> str:
    """A path with `~` or `~user` at its start expanded; other text is unchanged."""
    return os.path.expanduser(path) if _HOME.match(path) else path


def expand_home_in_url(url: str) -> str:
    """The address of a SQLite file with its path expanded; others are unchanged."""
    found = _SQLITE.fullmatch(url)
    return url if found is None else found[1] + expand_home(found[2])
