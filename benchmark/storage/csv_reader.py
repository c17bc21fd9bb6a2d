"""Read CSV files as spreadsheets save them.

Cells may be separated by commas, semicolons or tabs. A byte order mark, Windows line
ends, blank rows, trailing empty columns and spaces around cells are ignored.
"""

from __future__ import annotations

import codecs
import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass
from io import StringIO
from pathlib import Path

SEPARATORS = ",;\t"
_TOLD_SEPARATOR = re.compile(r'"?sep=([,;\t])"?[,;\t]*\r?\n', re.IGNORECASE)
"""A first line from which Excel reads the separator."""


class CsvError(ValueError):
    """A file is not a usable CSV; the message names the file, and the line if known."""


@dataclass(frozen=True)
class CsvTable:
    """A table: unique column names, and rows of stripped cells.

    Attributes:
        header: the column names.
        rows: (line number in the file, cells by column name) of each row.
    """

    header: tuple[str, ...]
    rows: tuple[tuple[int, dict[str, str]], ...]


def read_csv(path: Path) -> CsvTable:
    """Read a CSV file; CsvError as in `parse_csv`, and if the file cannot be read."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise CsvError(f"{path} cannot be read: {error.strerror or error}") from error
    return parse_csv(data, str(path))


def parse_csv(data: bytes, label: str) -> CsvTable:
    """Parse the bytes of a CSV file, which may have no rows.

    Args:
        data: UTF-8, or UTF-16 with a byte order mark.
        label: the file's name for error messages.

    Raises:
        CsvError: if the file is no text, has no header line, a column without a name
            or with the name of another one, or a row of another length.
    """
    text = _decode(data, label).rstrip("\0\x1a")
    lines = _lines(text, label)
    _, names = next(lines, (0, []))
    if not names:
        raise CsvError(f"{label} is empty: expected a header line with column names")
    header = _without_trailing_blanks(names)
    for name in header:
        if not name:
            raise CsvError(
                f"{label}: a column has no name; give it a name or remove it"
            )
        if header.count(name) > 1:
            raise CsvError(f"{label}: column {name!r} is there twice; keep one")
    rows: list[tuple[int, dict[str, str]]] = []
    for line, cells in lines:
        extra = any(cells[len(header) :])
        if extra or len(cells) < len(header):
            count = len(_without_trailing_blanks(cells)) if extra else len(cells)
            raise CsvError(
                f"{label}, line {line}: {count} cells under {len(header)} columns"
            )
        rows.append((line, dict(zip(header, cells, strict=False))))
    return CsvTable(tuple(header), tuple(rows))


def _decode(data: bytes, label: str) -> str:
    wide = data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    try:
        return data.decode("utf-16" if wide else "utf-8-sig")
    except UnicodeDecodeError as error:
        raise CsvError(
            f"{label} is not UTF-8 text (byte {error.start}): save it as CSV UTF-8"
        ) from error


def _lines(text: str, label: str) -> Iterator[tuple[int, list[str]]]:
    """Line numbers and stripped cells of the lines that are not blank."""
    reader = csv.reader(StringIO(text, newline=""), delimiter=_separator(text))
    try:
        for values in reader:
            cells = [value.strip() for value in values]
            told = reader.line_num == 1 and _TOLD_SEPARATOR.match(text) is not None
            if any(cells) and not told:
                yield reader.line_num, cells
    except csv.Error as error:
        raise CsvError(f"{label}, line {reader.line_num}: {error}") from error


def _separator(text: str) -> str:
    """The separator that gives the most cells in the first line that is not blank."""
    told = _TOLD_SEPARATOR.match(text)
    if told is not None:
        return told[1]
    blank = SEPARATORS + ' "'
    header = next((line for line in text.splitlines() if line.strip(blank)), "")
    try:
        counts = {s: len(next(csv.reader([header], delimiter=s))) for s in SEPARATORS}
    except csv.Error:
        return ","
    return max(counts, key=lambda separator: counts[separator])


def _without_trailing_blanks(cells: list[str]) -> list[str]:
    while cells and not cells[-1]:
        cells = cells[:-1]
    return cells
