"""Run folders with made-up scores."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from reported_run import Shape, write_run

MakeRun = Callable[..., Path]


@pytest.fixture
def make_run(tmp_path: Path) -> MakeRun:
    """make_run(engines=…, failed=…, …): a fresh run folder of that `Shape`."""

    def make(**shape: Any) -> Path:
        folder = tmp_path / "results" / "quick" / "0123456789ab"
        write_run(folder, Shape(**shape))
        return folder

    return make


@pytest.fixture(scope="session")
def ablation_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run with an ablation, made once."""
    folder = tmp_path_factory.mktemp("results") / "quick" / "0123456789ab"
    write_run(folder, Shape(ablation=True))
    return folder


@pytest.fixture(scope="session")
def short_ablation_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run with an ablation, but one engine and one seed, made once."""
    folder = tmp_path_factory.mktemp("results") / "quick" / "0123456789ab"
    write_run(folder, Shape(ablation=True, seeds=(0,), engines=("avataaars",)))
    return folder


@pytest.fixture(scope="session")
def full_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The default run, made once."""
    folder = tmp_path_factory.mktemp("results") / "quick" / "0123456789ab"
    write_run(folder, Shape())
    return folder
