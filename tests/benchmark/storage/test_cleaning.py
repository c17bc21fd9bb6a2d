"""What can be removed from a store, and what is kept."""

import os
import subprocess
import sys
import time

import pytest

from benchmark.storage.cleaning import UsageUnknown, find_removable, remove
from benchmark.storage.entries import entries
from benchmark.storage.locks import Busy
from benchmark.storage.store import Stage, Store
from benchmark.storage.store_users import using_store

PAIRS, ESTIMATOR = Stage("pairs", "1"), Stage("estimator", "1")
OTHER = Stage("pairs", "2")
FIT, OTHER_FIT = Stage("fit", "1", seed=0), Stage("fit", "1", seed=1)
PREDICT = Stage("predict", "1", inputs={"fit": FIT.key})
OTHER_PREDICT = Stage("predict", "1", inputs={"fit": OTHER_FIT.key})
TRUTH = Stage("render", "1", {"truth": True})
SCORE = Stage("score", "1", inputs={"predicted": PREDICT.key, "truth": TRUTH.key})


def name(stage):
    return f"{stage.name}/{stage.key[:32]}"


def write(folder, scratch):
    (folder / "result").write_text(folder.name)


@pytest.fixture
def store(tmp_path):
    """Two fits; the first used an estimator, which used pairs."""
    store = Store(tmp_path)

    def estimator(folder, scratch):
        store.get_or_build(PAIRS, write)

    def fit(folder, scratch):
        store.get_or_build(ESTIMATOR, estimator)

    def other_fit(folder, scratch):
        store.get_or_build(OTHER, write)

    store.get_or_build(FIT, fit)
    store.get_or_build(OTHER_FIT, other_fit)
    for stage in (TRUTH, PREDICT, SCORE, OTHER_PREDICT):
        store.get_or_build(stage, write)
    return store


def names(removable):
    return {f"{each.kind}/{each.folder.name}" for each in removable}


def test_what_the_trials_of_a_fit_use_is_kept(store):
    removable = find_removable(store.root, {name(FIT)})
    assert names(removable) == {name(OTHER), name(OTHER_FIT), name(OTHER_PREDICT)}
    removed = list(remove(store.root, removable))
    assert removed == removable
    kept = {entry.name for entry in entries(store.root)}
    assert kept == set(map(name, (PAIRS, ESTIMATOR, FIT, PREDICT, TRUTH, SCORE)))
    assert find_removable(store.root, {name(FIT)}) == []


def test_a_fit_that_does_not_say_what_it_uses_is_an_error(store):
    record = store.folder(FIT) / "stage.json"
    record.write_text(record.read_text().replace('"uses"', '"else"'))
    with pytest.raises(UsageUnknown, match=r"stage fit/.* earlier version.*--older"):
        find_removable(store.root, {name(FIT)})
    assert find_removable(store.root, {name(OTHER_FIT)})


def test_ages_are_in_the_time_of_the_file_system(store, monkeypatch):
    monkeypatch.setattr(time, "time", lambda: 0.0)
    assert find_removable(store.root, days=1) == []
    past = (store.root / "locks").stat().st_mtime - 3 * 86400
    os.utime(store.folder(OTHER) / "stage.json", (past, past))
    os.utime(store.folder(PAIRS) / "stage.json", (past, past))
    assert names(find_removable(store.root, days=2)) == {name(OTHER), name(PAIRS)}
    assert names(find_removable(store.root, {name(FIT)}, 2)) == {name(OTHER)}
    assert find_removable(store.root, days=4) == []


def test_without_criteria_only_remains_are_removed(store):
    os.truncate(store.folder(OTHER) / "result", 1)
    store.get_or_build(OTHER, write)
    partial = store.folder(FIT).with_name("0" * 32 + ".partial")
    scratch = store.folder(FIT).with_name("0" * 32 + ".scratch")
    for folder in (partial, scratch):
        folder.mkdir()
        (folder / "file").write_text("1234")
    found = find_removable(store.root)
    reasons = {each.folder.name: (each.reason, each.size) for each in found}
    assert reasons.pop(partial.name) == ("unfinished", 4)
    assert [reason for reason, _ in reasons.values()] == ["quarantined"]
    list(remove(store.root, found))
    assert scratch.exists()
    assert not partial.exists()
    list(remove(store.root, find_removable(store.root, days=0)))
    assert not scratch.exists()


HOLD = """
import sys, time
from pathlib import Path
from benchmark.storage.store import Stage, Store
from benchmark.storage.store_users import using_store
root = Path(sys.argv[1])
def wait(folder, scratch):
    print("held", flush=True)
    time.sleep(60)
if sys.argv[2] == "run":
    with using_store(root):
        wait(None, None)
Store(root).get_or_build(Stage("fit", "1", seed=7), wait)
"""


def hold(root, what):
    command = [sys.executable, "-c", HOLD, str(root), what]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout.readline() == "held\n"
    return process


def test_nothing_is_removed_while_a_run_uses_the_store(store):
    removable = find_removable(store.root, days=0)
    with hold(store.root, "run") as run:
        message = f"process {run.pid} on .*; repeat the command when it has ended"
        with pytest.raises(Busy, match=message):
            list(remove(store.root, removable))
        assert len(list(entries(store.root))) == 9
        run.kill()  # a killed run blocks nobody
    assert len(list(remove(store.root, removable))) == 9


def test_a_stage_that_is_being_built_is_kept(store):
    with hold(store.root, "build") as build:
        removable = find_removable(store.root)
        assert [each.reason for each in removable] == ["unfinished"]
        assert list(remove(store.root, removable)) == []
        assert removable[0].folder.exists()
        build.kill()


def test_a_user_of_the_store_leaves_nothing_behind(tmp_path):
    with using_store(tmp_path), using_store(tmp_path):
        assert len(list((tmp_path / "locks" / "users").iterdir())) == 4
    assert list((tmp_path / "locks" / "users").iterdir()) == []
