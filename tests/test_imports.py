"""Every import is allowed by the table in ARCHITECTURE.md, and imports run one way."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from functools import cache
from pathlib import Path

import pytest
from places import ROOT

PACKAGES = ("benchmark", "methods", "evaluation", "reports")
ROW = re.compile(r"^\| `([\w/.]+)` \| .* \| (.*) \|$", re.MULTILINE)
SOURCES = sorted(p for name in PACKAGES for p in (ROOT / name).rglob("*.py"))
SOURCES += sorted(ROOT.glob("*.py"))


def read_table() -> dict[str, list[str]]:
    """What each row may import, in the order of the table."""
    text = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
    return {place: re.findall(r"`([\w/.]+)`", may) for place, may in ROW.findall(text)}


TABLE = read_table()


def row_of(place: str) -> str:
    """The row that a path such as `reports/tables/scores.py` belongs to."""
    rows = [r for r in TABLE if place == r or place.startswith(r.rstrip("/") + "/")]
    assert rows, f"{place} belongs to no row of the table in ARCHITECTURE.md"
    return max(rows, key=len)


@cache
def modules_of(path: Path) -> tuple[str, ...]:
    """Dotted names of what a file imports, wherever in the file it does so."""
    names: list[str] = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative imports hide what is imported"
            names += [f"{node.module}.{alias.name}" for alias in node.names]
    return tuple(names)


def place_of(module: str) -> str | None:
    """The file or package of a dotted name (or of its attribute) in this repository."""
    if module.partition(".")[0] not in PACKAGES:
        return None
    parts = module.split(".")
    for end in range(len(parts), 0, -1):
        place = "/".join(parts[:end])
        if (ROOT / f"{place}.py").is_file():
            return f"{place}.py"
        if (ROOT / place / "__init__.py").is_file():
            return f"{place}/__init__.py"
    raise AssertionError(f"there is no module {module}")


def imports_of(path: Path) -> set[str]:
    """The other rows that a file imports from."""
    places = {place for name in modules_of(path) if (place := place_of(name))}
    own = row_of(path.relative_to(ROOT).as_posix())
    return {row_of(place) for place in places} - {own}


@pytest.mark.parametrize("path", SOURCES, ids=lambda p: p.relative_to(ROOT).as_posix())
def test_imports_are_allowed_by_the_table(path):
    row = row_of(path.relative_to(ROOT).as_posix())
    forbidden = imports_of(path) - set(TABLE[row])
    assert not forbidden, f"{row} may not import {', '.join(sorted(forbidden))}"


def test_rows_import_from_earlier_rows_only():
    earlier: set[str] = set()
    for row, may in TABLE.items():
        assert set(may) <= earlier, f"{row} lists rows below it"
        earlier.add(row)


def test_every_allowed_import_is_used():
    used = defaultdict(set)
    for path in SOURCES:
        used[row_of(path.relative_to(ROOT).as_posix())] |= imports_of(path)
    for row, may in TABLE.items():
        assert set(may) == used[row], row


@pytest.mark.parametrize("path", SOURCES, ids=lambda p: p.relative_to(ROOT).as_posix())
def test_mlflow_and_faces_are_imported_only_where_allowed(path):
    place = path.relative_to(ROOT).as_posix()
    for name in modules_of(path):
        if not place.startswith("benchmark/tracking/"):
            assert name.partition(".")[0] != "mlflow", "only tracking talks to MLflow"
        if place.startswith("methods/"):
            # Pictures with part maps are all of the faces that methods may see.
            assert not name.startswith("benchmark.faces") or name.startswith(
                "benchmark.faces.parsed."
            ), f"methods must not import {name}"
