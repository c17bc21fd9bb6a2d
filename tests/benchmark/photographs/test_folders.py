"""A folder of photographs is aligned, resumed, and what cannot be used is told."""

import json
import sys

import numpy as np
import pytest
from PIL import Image

from benchmark.cli import main
from benchmark.faces.faceset import embedded_portraits
from benchmark.photographs import PhotographError, largest_face
from benchmark.photographs.folders import RECORD
from benchmark.photographs.framing import is_aligned


@pytest.fixture(scope="module")
def people():
    """(4, 256, 256, 3) uint8 of synthetic people."""
    return embedded_portraits().split("validation").subset(4).pictures(256)


@pytest.fixture
def align(monkeypatch, capsys):
    """Runs `avatarbench faces align`; returns (status, stdout, stderr)."""

    def call(*words):
        argv = ["avatarbench", "faces", "align", *map(str, words), "--quiet"]
        monkeypatch.setattr(sys, "argv", argv)
        with pytest.raises(SystemExit) as caught:
            main()
        out, err = capsys.readouterr()
        return caught.value.code or 0, out, err

    return call


def scene(*people, side=300, gap=260):
    """A wide photograph of people, each smaller than the one on the left."""
    pixels = np.full((700, gap + len(people) * (side + gap), 3), 128, np.uint8)
    for index, person in enumerate(people):
        size = side - 40 * index
        left = gap + index * (side + gap)
        face = Image.fromarray(person).resize((size, size))
        pixels[200 : 200 + size, left : left + size] = np.asarray(face)
    return Image.fromarray(pixels)


def test_the_largest_face_of_each_photograph_is_written(align, people, tmp_path):
    photographs, out = tmp_path / "photographs", tmp_path / "aligned"
    photographs.mkdir()
    scene(people[0]).save(photographs / "ana.jpg")
    scene(people[1], people[2]).convert("CMYK").save(photographs / "ben.tiff")
    (photographs / "notes.txt").write_text("not a picture")
    (photographs / "blank.png").write_bytes(b"")
    Image.new("RGB", (300, 200)).save(photographs / "wall.png")
    (photographs / "phone.HEIC").write_bytes(b"\0\0\0\x18ftypheic")
    status, printed, _ = align(photographs, "--out", out, "--size", 128)
    assert status == 0
    assert {path.name for path in out.glob("*.png")} == {"ana.png", "ben.png"}
    for name in ("ana", "ben"):
        aligned = Image.open(out / f"{name}.png")
        assert aligned.size == (128, 128)
        assert is_aligned(np.asarray(aligned))
    assert "2 of 5 photographs aligned, 2 pictures of 128 px" in printed
    assert "blank.png is empty: copy it again" in printed
    assert "no face was found in" in printed
    assert "phone.HEIC is a HEIC photograph" in printed
    assert "notes.txt" not in printed


@pytest.mark.slow
def test_all_faces_are_written_and_kept_in_step_with_the_options(
    align, people, tmp_path
):
    photographs, out = tmp_path / "photographs", tmp_path / "aligned"
    photographs.mkdir()
    scene(*people[:3]).save(photographs / "group.png")
    align(photographs, "--out", out, "--size", 64, "--all")
    names = ["group-2.png", "group-3.png", "group.png"]
    assert sorted(path.name for path in out.glob("*.png")) == names
    align(photographs, "--out", out, "--size", 64)
    assert [path.name for path in out.glob("*.png")] == ["group.png"]


@pytest.mark.slow
def test_a_second_face_does_not_replace_another_photograph(align, people, tmp_path):
    photographs, out = tmp_path / "photographs", tmp_path / "aligned"
    photographs.mkdir()
    scene(*people[:2]).save(photographs / "a.png")
    scene(people[3]).save(photographs / "a-2.png")
    _, printed, _ = align(photographs, "--out", out, "--size", 64, "--all")
    assert sorted(path.name for path in out.glob("*.png")) == ["a-2.png", "a.png"]
    assert "face 2 of" in printed
    assert "a-2.png is the picture of another photograph" in printed


def test_an_interrupted_folder_is_continued(align, people, tmp_path):
    photographs, out = tmp_path / "photographs", tmp_path / "aligned"
    photographs.mkdir()
    for name, person in zip("abc", people, strict=False):
        scene(person).save(photographs / f"{name}.png")
    align(photographs, "--out", out, "--size", 64)
    first = {path.name: path.read_bytes() for path in out.glob("*.png")}
    times = {path.name: path.stat().st_mtime_ns for path in out.glob("*.png")}
    (out / "b.png").unlink()
    record = (out / RECORD).read_text()
    (out / RECORD).write_text(record[:-20])  # as if killed while writing
    status, printed, _ = align(photographs, "--out", out, "--size", 64)
    assert status == 0
    assert "1 of them unchanged since an earlier call" in printed
    assert {path.name: path.read_bytes() for path in out.glob("*.png")} == first
    assert (out / "a.png").stat().st_mtime_ns == times["a.png"]
    entries = [json.loads(line) for line in (out / RECORD).read_text().splitlines()]
    assert {entry["photograph"] for entry in entries} == {"a.png", "b.png", "c.png"}


def test_a_folder_without_a_usable_photograph_fails(align, tmp_path):
    photographs, out = tmp_path / "photographs", tmp_path / "aligned"
    photographs.mkdir()
    Image.new("RGB", (80, 80)).save(photographs / "wall.png")
    status, printed, _ = align(photographs, "--out", out)
    assert status == 1
    assert "0 of 1 photograph aligned" in printed


def test_other_pictures_are_not_mixed_with_aligned_ones(align, tmp_path):
    photographs, out = tmp_path / "photographs", tmp_path / "aligned"
    photographs.mkdir()
    out.mkdir()
    Image.new("RGB", (80, 80)).save(photographs / "wall.png")
    Image.new("RGB", (80, 80)).save(out / "old.png")
    status, _, error = align(photographs, "--out", out)
    assert status == 2
    assert "has another picture, old.png: choose an empty folder" in error
    status, _, error = align(photographs, "--out", photographs)
    assert "holds the photographs: choose another folder" in error
    status, _, error = align(tmp_path / "missing", "--out", out)
    assert status == 2
    assert "is no folder of pictures" in error


def test_a_tiny_face_is_refused(people):
    pixels = np.full((500, 500, 3), 128, np.uint8)
    pixels[100:150, 100:150] = np.asarray(Image.fromarray(people[0]).resize((50, 50)))
    with pytest.raises(PhotographError, match="the largest face in it is too small"):
        largest_face(pixels, "it")


def test_portraits_are_aligned_and_their_scenes_are_not(people):
    assert all(is_aligned(person) for person in people)
    wide = scene(people[0]).resize((256, 256))
    assert not is_aligned(np.asarray(wide))
    assert not is_aligned(np.zeros((64, 64, 3), np.uint8))


def test_a_face_folder_of_photographs_is_reported_until_it_is_aligned(
    align, people, tmp_path, monkeypatch, capsys
):
    photographs, out = tmp_path / "photographs", tmp_path / "aligned"
    photographs.mkdir()
    for name, person in zip("ab", people, strict=False):
        wide = scene(person).crop((260, 200, 960, 900))
        wide.save(photographs / f"{name}.png")
    assert show(photographs, monkeypatch, capsys).startswith(
        "warning: 2 of 2 sampled pictures of split train are not aligned as in FFHQ"
    )
    align(photographs, "--out", out, "--size", 96)
    assert "warning" not in show(out, monkeypatch, capsys)


def show(folder, monkeypatch, capsys):
    """What `avatarbench faces show` prints."""
    monkeypatch.setattr(sys, "argv", ["avatarbench", "faces", "show", str(folder)])
    with pytest.raises(SystemExit) as caught:
        main()
    assert not caught.value.code
    return capsys.readouterr().out
