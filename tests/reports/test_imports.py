"""Reports see neither engines, faces nor methods: what they need is handed in."""

import ast
from pathlib import Path

import pytest

import reports

ROOT = Path(reports.__file__).parent
SOURCES = sorted(ROOT.rglob("*.py"))
FORBIDDEN = (
    "benchmark.commands",
    "benchmark.engines",
    "benchmark.faces",
    "benchmark.registry",
    "methods",
    "mlflow",
)


def imported(path):
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative imports hide what is imported"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


@pytest.mark.parametrize("path", SOURCES, ids=lambda p: str(p.relative_to(ROOT)))
def test_reports_import_no_higher_floor(path):
    for name in imported(path):
        assert not name.startswith(FORBIDDEN), f"{path.name} imports {name}"
