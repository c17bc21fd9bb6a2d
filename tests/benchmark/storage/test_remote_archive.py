"""Archives at URLs: whole or absent, checked like local ones, and one clear sentence.

`memory://` stands for object stores such as S3.
"""

import re

import pytest
from fsspec.implementations.memory import MemoryFile, MemoryFileSystem

from benchmark.storage.archive import export_entries
from benchmark.storage.archive_import import import_entries
from benchmark.storage.cleaning import find_removable
from benchmark.storage.entries import entries
from benchmark.storage.remote_files import local_path
from benchmark.storage.store import Stage, Store, StoreError

STAGE = Stage("work", "1", seed=0)
URL = "memory://bucket/all.tar"


def write(folder, scratch):
    (folder / "result").write_bytes(bytes(3 * 2**20))


@pytest.fixture
def chosen(tmp_path):
    """The entries of a store with one stage of 3 MiB."""
    store = Store(tmp_path / "store")
    store.get_or_build(STAGE, write)
    return list(entries(store.root))


@pytest.fixture
def bucket():
    """The files of `memory://` by their path."""
    MemoryFileSystem.store.clear()
    yield MemoryFileSystem.store
    MemoryFileSystem.store.clear()


@pytest.mark.parametrize("kind", ["memory", "file"])
def test_a_url_holds_the_same_archive_as_a_file(chosen, bucket, tmp_path, kind):
    url = URL if kind == "memory" else f"file://{tmp_path}/remote.tar"
    size = export_entries(chosen, url)
    export_entries(chosen, tmp_path / "local.tar")
    local = (tmp_path / "local.tar").read_bytes()
    assert len(local) == size
    stored = bucket["/bucket/all.tar"].getvalue() if kind == "memory" else None
    assert stored in (local, None)
    new = Store(tmp_path / "new")
    assert len(import_entries(url, new.root).added) == 1
    assert new.has(STAGE)
    assert {path.name for path in new.root.iterdir()} == {"locks", "work"}
    assert len(import_entries(url, new.root).present) == 1
    with pytest.raises(
        StoreError, match=re.escape(f"{url.removeprefix('file://')} ex")
    ):
        export_entries(chosen, url)


def test_a_failed_export_leaves_no_file(chosen, bucket, tmp_path, monkeypatch):
    def fail(self, data):
        raise ConnectionError("the network is gone.\nTry again.")

    with monkeypatch.context() as patched:
        patched.setattr(MemoryFile, "write", fail)
        with pytest.raises(StoreError) as caught:
            export_entries(chosen, URL)
    assert str(caught.value) == (
        f"cannot write to {URL}: the network is gone; name another file"
    )
    (tmp_path / "store" / "work" / chosen[0].folder.name / "result").write_bytes(b"")
    with pytest.raises(StoreError, match="is damaged: result has 0 bytes"):
        export_entries(chosen, URL)
    assert not bucket


def test_a_copy_that_is_cut_off_adds_nothing(chosen, bucket, tmp_path):
    export_entries(chosen, URL)
    bucket["/bucket/all.tar"].truncate(2**20)
    with pytest.raises(StoreError, match=rf"^{URL} is damaged"):
        import_entries(URL, tmp_path / "new")
    assert not list(entries(tmp_path / "new"))
    assert {path.name for path in (tmp_path / "new").iterdir()} == {"locks"}


def test_gc_removes_a_copy_that_a_kill_left(chosen, bucket, tmp_path, monkeypatch):
    export_entries(chosen, URL)
    monkeypatch.setattr("shutil.rmtree", lambda *args, **options: None)
    import_entries(URL, tmp_path / "new")
    (left,) = find_removable(tmp_path / "new")
    assert (left.kind, left.reason, left.size > 3 * 2**20) == (
        "import",
        "unfinished",
        True,
    )


@pytest.mark.parametrize(
    ("url", "problem"),
    [
        (URL, f"cannot read {URL}: it does not exist; name a file that"),
        ("nope://x.tar", "cannot open nope://x.tar: Protocol not known: nope; name"),
    ],
)
def test_a_url_that_cannot_be_read_is_one_sentence(bucket, tmp_path, url, problem):
    with pytest.raises(StoreError, match=f"^{problem}"):
        import_entries(url, tmp_path / "new")
    assert not (tmp_path / "new").exists()


def test_a_missing_package_is_named(chosen, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "s3fs", None)
    with pytest.raises(StoreError, match=r"cannot open s3://b/x\.tar: Install s3fs"):
        export_entries(chosen, "s3://b/x.tar")


def test_only_urls_are_remote():
    for path in ("all.tar", "a/b.tar", "c:/x.tar", "/a:b/x.tar"):
        assert str(local_path(path)) == path
    assert local_path("s3://bucket/x.tar") is None
