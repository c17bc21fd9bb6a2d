"""Which names are allowed where a name becomes a file, a folder or an MLflow key."""

from __future__ import annotations

import re
from collections.abc import Iterable

LONGEST = 60
_PLAIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_WORDS = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")

PLAIN_RULE = (
    f"a name has at most {LONGEST} letters, digits, hyphens, underscores and dots, and "
    "begins with a letter or digit"
)
WORDS_RULE = (
    f"a name has at most {LONGEST} lower-case letters, digits and single hyphens "
    "between them"
)


def check_plain_name(name: str) -> str:
    """The name, if it is safe in paths and as part of MLflow keys; else ValueError.

    For names of designers, plugins and studies. The message states the rule in words.
    """
    return _check(name, _PLAIN, PLAIN_RULE)


def check_name_of_words(name: str) -> str:
    """The name, if it consists of lower-case words with hyphens; else ValueError.

    For names of suites and variants. The message states the rule in words.
    """
    return _check(name, _WORDS, WORDS_RULE)


def _check(name: str, pattern: re.Pattern[str], rule: str) -> str:
    if len(name) > LONGEST or pattern.fullmatch(name) is None:
        raise ValueError(f"{name!r} is not allowed: {rule}")
    return name


def same_but_case(names: Iterable[str]) -> list[tuple[str, str]]:
    """Pairs of different names that are one file where case does not count."""
    first: dict[str, str] = {}
    pairs = ((first.setdefault(name.casefold(), name), name) for name in names)
    return [(one, other) for one, other in pairs if one != other]
