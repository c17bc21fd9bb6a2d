"""A disk that is full or read-only ends a run with one sentence."""

import pytest
import tiny_suite
from small_disk import small_disk
from tiny_run import TinyRun

from benchmark.run.runner import RunError
from benchmark.storage.entries import entries, leftovers, verify
from benchmark.storage.store import StoreError
from benchmark.storage.trial_folder import read_cases, read_record, trial_folders


@pytest.fixture
def home(tmp_path):
    tiny_suite.register()
    tiny_suite.make_faces(tmp_path)
    return tmp_path


@pytest.mark.slow
@pytest.mark.parametrize("kib", [12, 28, 68, 116, 140, 176, 212])
def test_a_run_on_a_full_disk_ends_with_a_sentence_and_resumes(home, kib):
    with small_disk(home / "runs", kib) as disk:
        run = TinyRun(home)
        with pytest.raises((RunError, StoreError)) as caught:
            run.run()
        assert str(caught.value).startswith(f"cannot write to {home / 'runs'}")
        assert "No space left on device; free some space or name" in str(caught.value)
        assert all(verify(entry) is None for entry in entries(run.store.root))
        assert all(path.suffix == ".scratch" for path in leftovers(run.store.root))
        assert not list(disk.folder.rglob(".*.tmp"))
        for trial in trial_folders(run.folder):
            assert read_record(trial)
        disk.remount("size=8m")
        (outcome,) = run.run()
        assert outcome.error is None
        assert len(read_cases(outcome.folder)) == 16


@pytest.mark.slow
def test_a_read_only_disk_ends_a_run_before_it_starts(home):
    with small_disk(home / "runs", 4096) as disk:
        run = TinyRun(home)
        run.run()
        before = sorted(disk.folder.rglob("*"))
        disk.remount("ro")
        with pytest.raises(RunError, match=r"cannot write to .*Read-only file system"):
            run.run()
        with pytest.raises(StoreError, match=r"cannot write to .*Read-only .*--store"):
            run.store.prepare()
        fit = run.plan.trials[0].fit
        assert run.store.get_or_build(fit, lambda *_: None) == run.store.folder(fit)
        assert sorted(disk.folder.rglob("*")) == before
