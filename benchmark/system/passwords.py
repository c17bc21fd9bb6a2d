"""Hides passwords in addresses before they are printed or stored."""

from __future__ import annotations

import re

_RULES = (
    # scheme://user:PASSWORD@host; passwords of databases may hold spaces
    (re.compile(r"(?<=://)([^/\s:@]*):\S*@"), r"\1:***@"),
    (
        re.compile(r"((?:postgres\w*|mysql|mssql|oracle)[+\w]*://[^/\s:@]*):[^@\n]*@"),
        r"\1:***@",
    ),
    # https://TOKEN@host
    (re.compile(r"(?<=http://|ttps://)[^/\s:@]+@"), "***@"),
    # user:PASSWORD@host without a scheme
    (re.compile(r"(?<![\w/.:])([\w.+-]+):[^/\s:@]+@(?=[\w.-])"), r"\1:***@"),
    # ?password=…, ?api_key=…, and the whole of ?odbc_connect=…
    (
        re.compile(
            r"([?&;](?:odbc_connect|[\w-]*(?:password|passwd|pwd|secret|token|key))=)"
            r"[^&;\s]*",
            re.IGNORECASE,
        ),
        r"\1***",
    ),
)


def hide_passwords(text: str) -> str:
    """The text with `***` for passwords, tokens and keys in the addresses in it."""
    for pattern, shown in _RULES:
        text = pattern.sub(shown, text)
    return text
