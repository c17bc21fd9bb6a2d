"""Damaged entries are found when they are used, moved aside and built again."""

import json
import os
import re

import pytest

from benchmark.storage import entries
from benchmark.storage.digests import bytes_digest
from benchmark.storage.store import Stage, Store, StoreError

STAGE = Stage("work", "1", {"a": 1}, seed=0)
LARGE = "x" * (entries.SMALL + 1)


def write(text):
    def build(folder, scratch):
        (folder / "sub").mkdir()
        (folder / "sub" / "result").write_text(text)

    return build


def flip_bit(path):
    """Change the content, but neither the size nor the time of a file."""
    state, data = path.stat(), bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    os.utime(path, ns=(state.st_atime_ns, state.st_mtime_ns))


@pytest.fixture
def later_process(monkeypatch):
    """Forget what this process has checked, as another process would."""
    return lambda: monkeypatch.setattr(entries, "_intact", set())


def test_the_record_has_the_digest_of_every_file(tmp_path):
    folder = Store(tmp_path).get_or_build(STAGE, write("whole"))
    record = json.loads((folder / "stage.json").read_text())
    assert record["digests"] == {"sub/result": bytes_digest(b"whole")}
    assert record["files"] == {"sub/result": 5}


@pytest.mark.parametrize("text", ["whole", LARGE])
def test_changed_content_is_moved_aside_and_built_again(tmp_path, later_process, text):
    said = []
    store = Store(tmp_path, said.append)
    folder = store.get_or_build(STAGE, write(text))
    flip_bit(folder / "sub" / "result")
    later_process()
    assert store.has(STAGE) == (text == LARGE)  # large content is checked when used
    assert store.get_or_build(STAGE, write(text)) == folder
    assert (folder / "sub" / "result").read_text() == text
    (sentence,) = said
    place = tmp_path / "quarantine" / "work" / folder.name
    assert sentence == (
        f"warning: the cached stage {folder} is damaged: the content of sub/result has "
        f"changed; it is moved to {place} and built again"
    )
    assert (place / "sub" / "result").is_file()


@pytest.mark.slow
def test_a_second_damage_of_one_entry_is_kept_too(tmp_path):
    store = Store(tmp_path)
    for _ in range(3):
        folder = store.get_or_build(STAGE, write("whole"))
        os.truncate(folder / "sub" / "result", 2)
    assert not store.has(STAGE)
    store.get_or_build(STAGE, write("whole"))
    kept = sorted(path.name for path in (tmp_path / "quarantine" / "work").iterdir())
    assert kept == [folder.name, f"{folder.name}-2", f"{folder.name}-3"]


def test_content_is_checked_once_in_a_process(tmp_path, later_process, monkeypatch):
    store = Store(tmp_path)
    store.get_or_build(STAGE, write(LARGE))
    later_process()
    read = []
    monkeypatch.setattr(
        entries, "file_digest", lambda path: read.append(path) or bytes_digest(b"")
    )
    store.has(STAGE)
    assert read == []
    monkeypatch.undo()
    later_process()
    monkeypatch.setattr(
        entries,
        "file_digest",
        lambda path: read.append(path) or bytes_digest(path.read_bytes()),
    )
    for _ in range(3):
        Store(tmp_path).get_or_build(STAGE, write("other"))
    assert len(read) == 1


def test_an_entry_without_digests_stays_valid(tmp_path, later_process):
    said = []
    store = Store(tmp_path, said.append)
    folder = store.get_or_build(STAGE, write("old"))
    record = json.loads((folder / "stage.json").read_text())
    del record["digests"], record["uses"]
    (folder / "stage.json").write_text(json.dumps(record))
    later_process()
    assert store.get_or_build(STAGE, write("new")) == folder
    assert (folder / "sub" / "result").read_text() == "old"
    assert said == []


def test_a_shipped_stage_with_changed_content_is_refused(tmp_path, later_process):
    Store(tmp_path / "package").get_or_build(STAGE, write(LARGE))
    store = Store(tmp_path / "store", shipped=tmp_path / "package")
    flip_bit(store.folder(STAGE) / "sub" / "result")
    later_process()
    message = r"content of sub/result has changed; reinstall avatarbench"
    with pytest.raises(StoreError, match=message):
        store.get_or_build(STAGE, write("new"))
    assert not (tmp_path / "store").exists()
    assert not (tmp_path / "package" / "quarantine").exists()


def test_a_file_that_the_disk_cannot_read_counts_as_damaged(
    tmp_path, later_process, monkeypatch
):
    said = []
    store = Store(tmp_path, said.append)
    store.get_or_build(STAGE, write("whole"))
    later_process()

    def fail(path):
        raise OSError(5, "Input/output error", str(path))

    monkeypatch.setattr(entries, "file_digest", fail)
    store.get_or_build(STAGE, write("again"))
    assert re.search(r"sub/result cannot be read \(Input/output error\)", said[0])


def test_the_record_names_the_stages_that_the_build_used(tmp_path):
    store = Store(tmp_path)
    inner = Stage("inner", "1")

    def build(folder, scratch):
        for _ in range(2):
            store.get_or_build(inner, write("inner"))

    store.get_or_build(Stage("outer", "1"), build)
    assert store.record(Stage("outer", "1"))["uses"] == [f"inner/{inner.key[:32]}"]
    assert store.record(inner)["uses"] == []
