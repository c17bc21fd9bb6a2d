import multiprocessing
import threading
import time
from dataclasses import replace

import pytest
import torch
from safetensors.torch import save_file
from small_disk import small_disk

from benchmark.storage.store import Stage, Store, StoreError

STAGE = Stage("work", "1", {"a": 1, "b": 2}, {"faces": "f", "engine": "e"}, seed=0)


def write(text):
    def build(folder, scratch):
        (folder / "result").write_text(text)

    return build


def test_key_does_not_depend_on_order():
    turned = Stage("work", "1", {"b": 2, "a": 1}, {"engine": "e", "faces": "f"}, 0)
    assert turned.key == STAGE.key


@pytest.mark.parametrize(
    "change",
    [
        {"name": "other"},
        {"version": "2"},
        {"options": {"a": 1, "b": 3}},
        {"inputs": {"faces": "g", "engine": "e"}},
        {"seed": 1},
        {"seed": None},
    ],
)
def test_key_depends_on_everything(change):
    assert replace(STAGE, **change).key != STAGE.key


def test_a_finished_stage_is_not_built_again(tmp_path):
    store = Store(tmp_path)
    folder = store.get_or_build(STAGE, write("first"))
    assert store.get_or_build(STAGE, write("second")) == folder
    assert (folder / "result").read_text() == "first"
    assert store.record(STAGE)["seconds"] >= 0
    assert [record["seed"] for record in store.records("work")] == [0]


def test_a_failed_stage_is_not_stored_and_resumes(tmp_path):
    store = Store(tmp_path)

    def fail(folder, scratch):
        (folder / "result").write_text("half")
        (scratch / "checkpoint").write_text("kept")
        raise RuntimeError("no")

    with pytest.raises(RuntimeError, match="no"):
        store.get_or_build(STAGE, fail)
    assert not store.has(STAGE)
    assert not store.folder(STAGE).exists()

    def resume(folder, scratch):
        (folder / "result").write_text((scratch / "checkpoint").read_text())

    folder = store.get_or_build(STAGE, resume)
    assert (folder / "result").read_text() == "kept"
    assert [path.name for path in folder.parent.iterdir()] == [folder.name]


def test_a_store_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match=r"cannot write to .*--store"):
        Store(tmp_path / "file").get_or_build(STAGE, write("x"))


def test_errors_of_a_build_are_not_reported_as_store_errors(tmp_path):
    def build(folder, scratch):
        raise PermissionError(13, "Permission denied", "/elsewhere")

    with pytest.raises(PermissionError, match="elsewhere"):
        Store(tmp_path).get_or_build(STAGE, build)


def _count_builds(root, log):
    def build(folder, scratch):
        with open(log, "a") as handle:
            handle.write("built\n")
        time.sleep(0.3)
        (folder / "result").write_text("x")

    Store(root).get_or_build(STAGE, build)


def test_two_processes_build_a_stage_once(tmp_path):
    fork = multiprocessing.get_context("spawn")
    log = tmp_path / "log"
    workers = [
        fork.Process(target=_count_builds, args=(tmp_path / "store", log))
        for _ in range(2)
    ]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
        assert worker.exitcode == 0
    assert log.read_text() == "built\n"


def test_a_process_that_waits_for_a_stage_shares_the_work(tmp_path):
    scratches = []
    shared = threading.Event()

    def share(scratch):
        scratches.append(scratch)
        shared.set()
        raise LookupError("the build raises it, too")

    def other():
        Store(tmp_path).get_or_build(STAGE, write("never"), share=share)

    def build(folder, scratch):
        thread.start()
        assert shared.wait(60)
        assert scratches == [scratch]
        (folder / "result").write_text("whole")

    thread = threading.Thread(target=other)
    folder = Store(tmp_path).get_or_build(STAGE, build, share=share)
    thread.join()
    assert (folder / "result").read_text() == "whole"
    assert len(scratches) == 1


@pytest.mark.parametrize("damage", ["result", "stage.json"])
@pytest.mark.parametrize("empty", [True, False])
def test_a_stage_that_lost_a_file_is_built_again(tmp_path, damage, empty):
    store = Store(tmp_path)
    folder = store.get_or_build(STAGE, write("whole"))
    (folder / damage).unlink()
    if empty:
        (folder / damage).touch()
    assert not store.has(STAGE)
    assert (store.get_or_build(STAGE, write("again")) / "result").read_text() == "again"
    assert len(list(store.records("work"))) == 1


def test_a_store_that_cannot_be_made_is_named(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(StoreError, match=r"cannot write to .*--store"):
        Store(tmp_path / "file" / "store").prepare()


def test_a_cached_stage_keeps_its_record(tmp_path):
    Store(tmp_path, made_with={"numpy": "2.0"}).get_or_build(STAGE, lambda f, s: None)
    later = Store(tmp_path, made_with={"numpy": "3.0"})
    later.get_or_build(STAGE, lambda f, s: None)
    assert later.record(STAGE)["made_with"] == {"numpy": "2.0"}


@pytest.mark.slow
def test_a_library_that_finds_the_disk_full_ends_with_the_same_sentence(tmp_path):
    """The error of safetensors is no OSError."""

    def build(folder, scratch):
        save_file({"zeros": torch.zeros(10**6)}, folder / "weights.safetensors")

    with small_disk(tmp_path / "store", 256) as disk:
        store = Store(disk.folder)
        message = r"cannot write to .*store: No space left on device; free some space"
        with pytest.raises(StoreError, match=message):
            store.get_or_build(STAGE, build)
        assert not list((disk.folder / "work").glob("*.partial"))
        disk.remount("size=8m")
        assert store.get_or_build(STAGE, build).is_dir()
