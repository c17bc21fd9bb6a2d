"""A finished run of the tiny suite, made once and copied for each test."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import tiny_suite
from tiny_run import ROWS, TinyRun


@pytest.fixture(scope="session")
def finished_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with faces, and a finished run of `ROWS` on them."""
    tiny_suite.register()
    home = tmp_path_factory.mktemp("finished")
    tiny_suite.make_faces(home)
    assert not any(outcome.error for outcome in TinyRun(home, variants=ROWS).run())
    return home


@pytest.fixture
def finished(finished_home: Path, tmp_path: Path) -> TinyRun:
    """A finished run that the test may change."""
    shutil.copytree(finished_home, tmp_path, symlinks=True, dirs_exist_ok=True)
    return TinyRun(tmp_path, variants=ROWS)
