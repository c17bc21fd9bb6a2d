"""Hides passwords in addresses before they are printed or stored."""

from __future__ import annotations

import re

_IN_HOST = re.compile(r"(?<=://)([^/\s:@]*):\S*@")
_IN_OPTION = re.compile(
    r"([?&;][\w-]*(?:password|passwd|pwd|secret|token)=)[^&;\s]*", re.IGNORECASE
)


def hide_passwords(text: str) -> str:
    """The text with `***` for the passwords of all URLs in it.

    Covers `scheme://user:PASSWORD@host` and options such as `?password=…`.
    """
    return _IN_OPTION.sub(r"\1***", _IN_HOST.sub(r"\1:***@", text))
