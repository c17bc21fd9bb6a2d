"""`avatarbench faces show` and `export`, through the command line."""

import sys

import pytest
from PIL import Image

from benchmark.cli import main
from benchmark.faces.faceset import embedded_portraits


@pytest.fixture
def faces(monkeypatch, capsys):
    """Runs `avatarbench faces`; returns (status, stdout, stderr)."""

    def call(*words):
        monkeypatch.setattr(sys, "argv", ["avatarbench", "faces", *map(str, words)])
        with pytest.raises(SystemExit) as caught:
            main()
        out, err = capsys.readouterr()
        return caught.value.code or 0, out, err

    return call


def test_an_unknown_split_is_refused(faces):
    status, _, error = faces("show", "portraits", "--split", "test")
    assert status == 2
    assert "no split 'test'; it has train, validation, heldout" in error


def test_a_folder_of_pictures_is_checked(faces, tmp_path):
    for value in range(3):
        Image.new("RGB", (64, 64), (value, 0, 0)).save(tmp_path / f"{value}.png")
    status, out, _ = faces("show", tmp_path)
    assert status == 0
    assert "3 faces" in out
    Image.new("L", (64, 64)).save(tmp_path / "0.png")
    (tmp_path / "1.png").write_bytes(b"")
    status, _, error = faces("show", tmp_path)
    assert status == 2
    assert "0.png is greyscale" in error
    assert "the file is empty" in error


def test_an_ffhq_tree_is_checked(faces, tmp_path):
    folder = tmp_path / "thumbnails128x128" / "00000"
    folder.mkdir(parents=True)
    Image.new("RGB", (128, 128)).save(folder / "00007.png")
    status, out, _ = faces("show", tmp_path)
    assert status == 0
    assert "ffhq version 2" in out


def test_other_names_are_refused(faces):
    status, _, error = faces("show", "portrait")
    assert status == 2
    assert "portrait is neither a folder nor the name of the embedded set" in error


def test_the_pictures_of_a_split_are_exported_unchanged(faces, tmp_path):
    out = tmp_path / "desk"
    words = ("export", "portraits", "--split", "heldout", "--out", out)
    status, printed, _ = faces(*words, "--count", "3")
    assert status == 0
    assert "These faces are held out" in printed
    assert "heldout_count: 3" in printed
    split = embedded_portraits().split("heldout").subset(3)
    assert sorted(path.stem for path in out.iterdir()) == list(split.ids)
    for path in out.iterdir():
        assert path.read_bytes() == split.source.picture(path.stem)[0]
    assert faces(*words, "--count", "3")[0] == 0
    Image.new("RGB", (64, 64)).save(out / "ann.png")
    status, _, error = faces(*words)
    assert status == 2
    assert "has another picture, ann.png" in error
