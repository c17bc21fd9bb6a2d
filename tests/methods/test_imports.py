"""Contestants see neither the designer nor the portraits' attributes."""

import ast
from pathlib import Path

import pytest

import methods

SOURCES = sorted(Path(methods.__file__).parent.rglob("*.py"))
CONTRACT = "benchmark.faces.parsed."
"""What the generator trains on: pictures and part maps, without attributes or truth."""
FORBIDDEN = ("benchmark.faces", "evaluation", "reports", "mlflow")


def imported(path):
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative imports hide what is imported"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


@pytest.mark.parametrize("path", SOURCES, ids=lambda p: p.stem)
def test_methods_import_no_truths_and_no_higher_floor(path):
    for name in imported(path):
        if name.startswith(CONTRACT):
            continue
        assert not name.startswith(FORBIDDEN), f"{path.name} imports {name}"
        assert "designer" not in name
        assert "portraits" not in name
