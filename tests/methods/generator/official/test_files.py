"""Files that are not checkpoints are refused, and nothing in them is run."""

import io
import os
import pickle
import struct
import zipfile

import pytest
from official_checkpoints import checkpoint, generator, saved, settings
from safetensors.torch import save_file

from benchmark.weights import WeightsError
from methods.generator.official import import_official


class Payload:
    """Creates a folder if its pickle is loaded without restrictions."""

    def __init__(self, mark):
        self.mark = mark

    def __reduce__(self):
        return os.mkdir, (str(self.mark),)


@pytest.mark.parametrize("archive", [True, False])
@pytest.mark.parametrize("place", ["args", "g_ema", "d_optim", "inside"])
def test_a_hostile_pickle_is_not_executed(place, archive, tmp_path, refused):
    payload = Payload(tmp_path / "mark")
    changes = {place: payload}
    if place == "inside":
        changes = {"args": settings(path=payload)}
    path = saved(tmp_path / "one.pt", checkpoint(**changes), archive)
    assert "mkdir', which a checkpoint of weights does not need" in refused(path)
    assert not (tmp_path / "mark").exists()


def test_a_hostile_bare_pickle_is_not_opened(tmp_path, refused):
    for protocol in range(6):
        path = tmp_path / f"{protocol}.pt"
        path.write_bytes(pickle.dumps(Payload(tmp_path / "mark"), protocol=protocol))
        refused(path)
        assert not (tmp_path / "mark").exists()


def test_a_pickle_that_allocates_memory_is_refused(tmp_path, refused):
    path = tmp_path / "one.pt"
    terabytes = b"\x8a\x06" + b"\x7f" * 6
    program = b"\x80\x02cbuiltins\nbytearray\n" + terabytes + b"\x85R."
    path.write_bytes(with_program(program))
    assert "is damaged or is not a checkpoint" in refused(path)


def with_program(program, compression=zipfile.ZIP_STORED, name="data.pkl"):
    """An archive of torch whose pickle is `program`."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", compression) as archive:
        archive.writestr(f"one/{name}", program)
        archive.writestr("one/version", "3\n")
    return stream.getvalue()


STACK_GLOBAL = b"\x80\x02X\x02\x00\x00\x00osX\x05\x00\x00\x00mkdir\x93."

FILES = {
    "empty": (b"", "is empty"),
    "web-page": (b"\n<!DOCTYPE html><html>Not found</html>", "is a web page"),
    "text": (b"version https://git-lfs.github.com/spec/v1\n", "not a checkpoint"),
    "picture": (b"\x89PNG\r\n\x1a\n" + bytes(99), "not a checkpoint"),
    "other-zip": (with_program(b"", name="data.txt"), "is not a checkpoint"),
    "compressed": (with_program(b"N" * 9999, zipfile.ZIP_DEFLATED), "compressed"),
    "empty-program": (with_program(b""), "damaged"),
    "endless-program": (with_program(b"\x80\x02]" + b"q\x00" * 99), "damaged"),
    "protocol-4": (with_program(pickle.dumps({}, protocol=4)), "not a checkpoint"),
    "stack-global": (with_program(STACK_GLOBAL), "is not a checkpoint"),
    "old-pickle": (pickle.dumps({"a": 1}, protocol=2), "torch.save did not write"),
    "half-magic": (b"\x80\x02\x8a\nl\xfc\x9c", "torch.save did not write"),
    "magic-alone": (b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19.", "damaged"),
    "header-of-a-bomb": (struct.pack("<Q", 5) + b"{}   ", "is a safetensors file"),
}


@pytest.mark.parametrize("name", FILES)
def test_files_that_torch_did_not_save_are_refused(name, tmp_path, refused):
    content, expected = FILES[name]
    path = tmp_path / "one.pt"
    path.write_bytes(content)
    assert expected in refused(path)


def test_a_safetensors_file_is_refused(tmp_path, refused):
    path = tmp_path / "one.safetensors"
    save_file(generator().state_dict(), path)
    assert "is a safetensors file" in refused(path)


def test_a_torchscript_program_is_refused(tmp_path, refused):
    stream = io.BytesIO(with_program(b"N."))
    with zipfile.ZipFile(stream, "a") as archive:
        archive.writestr("one/constants.pkl", b"N.")
    (tmp_path / "one.pt").write_bytes(stream.getvalue())
    assert "is not a checkpoint" in refused(tmp_path / "one.pt")


def test_paths_without_a_file_are_refused(tmp_path, refused):
    (tmp_path / "folder").mkdir()
    assert "is a folder" in refused(tmp_path / "folder")
    assert "No such file" in refused(tmp_path / "none.pt")
    os.mkfifo(tmp_path / "pipe")
    assert "not a regular file" in refused(tmp_path / "pipe")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read every file")
def test_a_file_without_read_permission_is_refused(tmp_path, refused):
    path = saved(tmp_path / "one.pt")
    path.chmod(0)
    assert "Permission denied" in refused(path)


def test_a_file_too_large_for_a_checkpoint_is_not_read(tmp_path, refused):
    path = tmp_path / "one.pt"
    with path.open("wb") as handle:
        handle.write(b"PK\x03\x04")
        handle.truncate(100 << 30)
    assert "another file" in refused(path)


def test_a_folder_that_exists_is_not_touched(tmp_path, refused):
    path = saved(tmp_path / "one.pt")
    (tmp_path / "mine").mkdir()
    with pytest.raises(WeightsError, match="exists already"):
        import_official(path, tmp_path / "mine", "mine")
    with pytest.raises(WeightsError, match="cannot write"):
        import_official(path, path / "mine", "mine")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["mine", "one.pt"]
