"""`create --method NAME` takes the row of that name, and names the trial."""

import json
import os
import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest

from benchmark.commands import create_model
from benchmark.commands.create_model import choose_model
from benchmark.commands.trials import fits_of_run
from benchmark.registry import ENGINES
from benchmark.storage.store import Store

PUBLISHED = Path(__file__).parents[3] / "docs" / "results" / "quick"
ROW = "swiftavatar__toon-tiktok__s0"
STEP = "domain-adaptation__toon-tiktok__s0"


@dataclass(frozen=True)
class Opened:
    """Takes the place of a model."""

    title: str
    name: str = "SwiftAvatar"


@pytest.fixture
def engine():
    return ENGINES.create("toon-tiktok")


@pytest.fixture
def fits(engine, tmp_path, monkeypatch):
    """Fitted methods of a row and of an ablation step; the step's are newer."""
    run = tmp_path / "quick" / "one"
    for trial in (ROW, STEP):
        (run / "trials" / trial).mkdir(parents=True)
        record = f"trials/{trial}/trial.json"
        shutil.copy(PUBLISHED / record, run / record)
    shutil.copy(PUBLISHED / "resolved.yaml", run)
    folders = {}
    store = Store(tmp_path / "store")
    method = {"method": "swiftavatar", "spec": engine.spec.to_json()}
    for trial, _, fit in fits_of_run(run):
        folder = folders[trial.name] = store.folder(fit)
        folder.mkdir(parents=True)
        (folder / "method.json").write_text(json.dumps(method))
        age = 1_000 if trial.name == ROW else 2_000
        os.utime(folder / "method.json", (age, age))
    monkeypatch.setattr(
        create_model, "open_model", lambda engine, source, *more: Opened(source)
    )
    return folders


def test_the_row_of_that_name_comes_before_newer_steps(engine, fits, tmp_path):
    chosen = choose_model(engine, None, "swiftavatar", tmp_path)
    assert chosen.title == f"SwiftAvatar (trial {ROW} of {tmp_path / 'quick' / 'one'})"


def test_without_such_a_row_the_newest_fit_is_taken(engine, fits, tmp_path):
    shutil.rmtree(fits[ROW])
    chosen = choose_model(engine, None, "swiftavatar", tmp_path)
    assert chosen.title.startswith(f"SwiftAvatar (trial {STEP} of")
    (tmp_path / "quick" / "one" / "resolved.yaml").write_text("{")
    chosen = choose_model(engine, None, "swiftavatar", tmp_path)
    assert chosen.title == str(fits[STEP])


def test_a_folder_is_opened_as_it_is(engine, fits, tmp_path):
    assert choose_model(engine, "mine", "swiftavatar", tmp_path).title == "mine"
