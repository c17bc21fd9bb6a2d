"""Archives of a store: the same entries come out, and nothing else is written."""

import io
import json
import os
import tarfile

import pytest

from benchmark.storage.archive import MANIFEST, export_entries
from benchmark.storage.archive_import import import_entries
from benchmark.storage.digests import bytes_digest
from benchmark.storage.entries import entries, verify
from benchmark.storage.store import Stage, Store, StoreError

ONE, TWO = Stage("work", "1", {"a": 1}, seed=0), Stage("other", "1", seed=3)


def write(text):
    def build(folder, scratch):
        (folder / "sub").mkdir()
        (folder / "sub" / "result").write_text(text)

    return build


@pytest.fixture
def store(tmp_path):
    store = Store(tmp_path / "store")
    store.get_or_build(ONE, write("one"))
    store.get_or_build(TWO, write("two"))
    return store


@pytest.fixture
def archive(store, tmp_path):
    export_entries(list(entries(store.root)), tmp_path / "all.tar")
    return tmp_path / "all.tar"


def content(root):
    return {
        path.relative_to(root): path.read_bytes()
        for path in root.rglob("*")
        if path.is_file() and "locks" not in path.parts
    }


def test_an_imported_store_has_the_same_files(store, archive, tmp_path):
    done = import_entries(archive, tmp_path / "new")
    assert len(done.added) == 2
    assert content(tmp_path / "new") == content(store.root)
    new = Store(tmp_path / "new")
    folder = new.get_or_build(ONE, write("built"))
    assert (folder / "sub" / "result").read_text() == "one"
    again = import_entries(archive, tmp_path / "new")
    assert (again.added, len(again.present)) == ((), 2)


def test_the_same_entries_give_the_same_bytes(store, archive, tmp_path):
    export_entries(list(entries(store.root)), tmp_path / "again.tar")
    assert archive.read_bytes() == (tmp_path / "again.tar").read_bytes()


def test_an_existing_file_is_not_replaced(store, archive):
    before = archive.read_bytes()
    with pytest.raises(StoreError, match=r"all\.tar exists already; name another"):
        export_entries(list(entries(store.root)), archive)
    assert archive.read_bytes() == before


def test_a_damaged_entry_is_not_exported(store, tmp_path):
    (store.folder(ONE) / "sub" / "result").write_text("eno")
    with pytest.raises(StoreError, match=r"sub/result has changed.*--quarantine"):
        export_entries(list(entries(store.root)), tmp_path / "bad.tar")
    assert [path.name for path in tmp_path.iterdir()] == ["store"]


def test_different_content_is_refused_or_kept(archive, tmp_path):
    own = Store(tmp_path / "own")
    own.get_or_build(ONE, write("mine"))
    before = content(own.root)
    with pytest.raises(StoreError, match=r"another content .*--keep-existing"):
        import_entries(archive, own.root)
    assert content(own.root) == before
    done = import_entries(archive, own.root, keep_existing=True)
    assert (len(done.added), len(done.kept)) == (1, 1)
    assert (own.folder(ONE) / "sub" / "result").read_text() == "mine"


def test_another_record_of_the_same_content_is_no_conflict(archive, tmp_path):
    own = Store(tmp_path / "own", made_with={"numpy": "1"})
    own.get_or_build(ONE, write("one"))
    assert len(import_entries(archive, own.root).present) == 1
    assert own.record(ONE)["made_with"] == {"numpy": "1"}


def test_a_damaged_entry_of_the_store_is_replaced(archive, tmp_path):
    own = Store(tmp_path / "own")
    own.get_or_build(ONE, write("one"))
    os.truncate(own.folder(ONE) / "sub" / "result", 1)
    assert len(import_entries(archive, own.root).added) == 2
    assert (own.folder(ONE) / "sub" / "result").read_text() == "one"
    assert len(list((own.root / "quarantine").rglob("result"))) == 1


def forge(path, files, manifest=None):
    """An archive with these members: (name, bytes or a prepared TarInfo)."""
    listed = manifest if manifest is not None else {}
    head = json.dumps({"format": 1, "entries": listed}).encode()
    with tarfile.open(path, "w") as tar:
        for name, data in [(MANIFEST, head), *files]:
            if isinstance(data, tarfile.TarInfo):
                tar.addfile(data)
                continue
            member = tarfile.TarInfo(name)
            member.size = len(data)
            tar.addfile(member, io.BytesIO(data))
    return path


def about(data):
    return {"size": len(data), "sha256": bytes_digest(data)}


ENTRY = "work/" + "0" * 32


@pytest.mark.parametrize(
    ("entry", "file"),
    [
        (ENTRY, "../../../evil"),
        (ENTRY, "/tmp/evil"),
        (ENTRY, "a/../../evil"),
        (ENTRY, "./evil"),
        (ENTRY, "a//evil"),
        (ENTRY, "c:\\evil"),
        ("../" + "0" * 32, "evil"),
        ("quarantine/" + "0" * 32, "evil"),
        ("work/evil", "evil"),
    ],
)
def test_paths_outside_an_entry_are_refused(tmp_path, entry, file):
    manifest = {entry: {"stage.json": about(b"{}"), file: about(b"x")}}
    files = [(f"{entry}/stage.json", b"{}"), (f"{entry}/{file}", b"x")]
    path = forge(tmp_path / "evil.tar", files, manifest)
    with pytest.raises(StoreError, match=r"is refused: .* is no entry of a store"):
        import_entries(path, tmp_path / "store" / "deep" / "er")
    assert [each.name for each in tmp_path.iterdir()] == ["evil.tar"]


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.DIRTYPE])
def test_links_and_unlisted_members_are_refused(tmp_path, kind):
    link = tarfile.TarInfo(f"{ENTRY}/link")
    link.type, link.linkname = kind, "/etc/passwd"
    manifest = {ENTRY: {"stage.json": about(b"{}"), "link": about(b"")}}
    files = [(f"{ENTRY}/stage.json", b"{}"), ("", link)]
    listed = forge(tmp_path / "listed.tar", files, manifest)
    del manifest[ENTRY]["link"]
    unlisted = forge(tmp_path / "unlisted.tar", files, manifest)
    for path in (listed, unlisted):
        with pytest.raises(StoreError, match=r"member .*link' is not listed"):
            import_entries(path, tmp_path / "store")
    assert not (tmp_path / "store").exists()


def test_archives_that_are_cut_off_or_changed_leave_nothing(archive, tmp_path):
    whole = archive.read_bytes()
    archive.write_bytes(whole.replace(b"two", b"tow"))
    with pytest.raises(StoreError, match=r"all\.tar is damaged: .*digest"):
        import_entries(archive, tmp_path / "new")
    assert all(verify(entry) is None for entry in entries(tmp_path / "new"))
    assert not list((tmp_path / "new").glob("*/*.partial"))
    for length in (0, 100, 700, len(whole) // 2):
        archive.write_bytes(whole[:length])
        with pytest.raises(StoreError, match=r"all\.tar is (damaged|no archive)"):
            import_entries(archive, tmp_path / f"new-{length}")
        assert not (tmp_path / f"new-{length}").exists()


def test_an_entry_under_the_key_of_another_stage_is_refused(store, tmp_path):
    (entry,) = [e for e in entries(store.root) if e.folder.parent.name == "work"]
    files = {
        p.relative_to(entry.folder).as_posix(): p.read_bytes()
        for p in entry.folder.rglob("*")
        if p.is_file()
    }
    manifest = {ENTRY: {name: about(data) for name, data in files.items()}}
    members = [(f"{ENTRY}/{name}", data) for name, data in files.items()]
    path = forge(tmp_path / "swapped.tar", members, manifest)
    with pytest.raises(StoreError, match="is another stage"):
        import_entries(path, tmp_path / "new")
    assert not list((tmp_path / "new").glob("work/*"))


def test_other_files_are_no_archives(tmp_path):
    (tmp_path / "text").write_text("no")
    for path in (tmp_path / "text", forge(tmp_path / "x.tar", [], {"a": 1})):
        with pytest.raises(StoreError, match="is no archive of a store; name a file"):
            import_entries(path, tmp_path / "new")
    with pytest.raises(StoreError, match=r"cannot read .*nowhere"):
        import_entries(tmp_path / "nowhere", tmp_path / "new")
