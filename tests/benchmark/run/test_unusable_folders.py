"""Folders that a run cannot use end it with one sentence."""

import errno

import pytest
from tiny_run import TinyRun

from benchmark.run.runner import RunError, check_out_folder, create_out_folder
from benchmark.storage.locks import Busy
from benchmark.storage.store import Store, StoreError


def test_an_output_folder_that_cannot_be_written_is_named(tiny):
    resolved = TinyRun(tiny.parent)
    (resolved.home / "runs").write_text("a file")
    with pytest.raises(RunError, match=r"cannot write to .*--out"):
        resolved.run()


def test_a_second_process_on_the_same_run_is_reported(tiny, monkeypatch):
    resolved = TinyRun(tiny.parent)

    def held(path, purpose, on_wait=None):
        raise Busy(f"{purpose}: process 1 on here is using it")

    monkeypatch.setattr("benchmark.run.runner.lock", held)
    with pytest.raises(Busy, match=r"run folder .*tiny"):
        resolved.run()


def test_an_unusable_store_ends_the_run_before_it_writes(tiny):
    resolved = TinyRun(tiny.parent)
    (resolved.home / "file").touch()
    resolved.store = Store(resolved.home / "file" / "store")
    with pytest.raises(StoreError, match="--store"):
        resolved.run()
    assert not resolved.folder.exists()


def test_a_full_disk_ends_the_run_with_a_sentence(tiny, monkeypatch):
    def full(*arguments):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("benchmark.run.trial_runner.publish", full)
    monkeypatch.setattr("benchmark.run.trial_writer.publish", full)
    with pytest.raises(RunError, match=r"No space left on device; .*--out"):
        TinyRun(tiny.parent).run()


def test_a_folder_whose_name_is_not_utf8_is_refused_at_once(tmp_path):
    out = tmp_path / "n\udcff"
    for check in (check_out_folder, create_out_folder):
        with pytest.raises(RunError, match=r"n\\xff is not UTF-8; give another"):
            check(out)
    assert list(tmp_path.iterdir()) == []
