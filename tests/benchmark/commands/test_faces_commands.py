"""`avatarbench faces show` and `export`, through the command line."""

import shutil
import sys

import pytest
import tiny_suite
import yaml
from PIL import Image

from benchmark.avatars import AvatarVectors
from benchmark.cli import main
from benchmark.config.resolve import resolve
from benchmark.config.suite import parse_suite
from benchmark.faces.faceset import embedded_portraits, write_truth
from benchmark.faces.parquet_set import ParquetFace, write_manifest, write_split


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
    Image.new("RGB", (64, 64)).save(tmp_path / "2.jpg")
    status, _, error = faces("show", tmp_path)
    assert "2.jpg and 2.png are both face 2; keep one" in error
    assert "0.png is greyscale" in error


@pytest.mark.parametrize("command", ["show", "export"])
def test_a_folder_that_is_no_tree_gets_no_advice_about_trees(faces, tmp_path, command):
    inner = tmp_path / "data" / "CelebA-HQ-img"
    inner.mkdir(parents=True)
    Image.new("RGB", (64, 64)).save(inner / "0.jpg")
    out = ("--split", "train", "--out", tmp_path / "out")
    words = out if command == "export" else ()
    status, _, error = faces(command, tmp_path / "data", *words)
    assert status == 2
    assert "its subfolder CelebA-HQ-img has some: give that folder\n" in error
    assert "ffhq" not in error


def test_an_ffhq_tree_is_checked(faces, tmp_path):
    folder = tmp_path / "thumbnails128x128" / "00000"
    folder.mkdir(parents=True)
    Image.new("RGB", (128, 128)).save(folder / "00007.png")
    status, out, _ = faces("show", tmp_path)
    assert status == 0
    assert "ffhq version 2" in out


def test_an_ffhq_tree_without_its_outer_folder_is_read_as_suites_read_it(
    faces, tmp_path
):
    for index in (7, 1003):
        path = tmp_path / f"{index // 1000:02d}000" / f"{index:05d}.png"
        path.parent.mkdir()
        Image.new("RGB", (128, 128), (index % 256, 0, 0)).save(path)
    status, out, _ = faces("show", tmp_path)
    assert status == 0
    assert "ffhq version 2" in out
    assert "2 faces" in out


def test_an_ffhq_tree_without_a_split_is_refused(faces, tmp_path):
    (tmp_path / "60000").mkdir()
    Image.new("RGB", (128, 128)).save(tmp_path / "60000" / "60000.png")
    status, _, error = faces("show", tmp_path)
    assert status == 2
    assert "has only FFHQ's validation pictures" in error


def test_other_names_are_refused(faces):
    status, _, error = faces("show", "portrait")
    assert status == 2
    assert "portrait is neither a folder nor a face set" in error


def test_a_folder_with_the_name_of_a_face_set_can_be_given(
    faces, tmp_path, monkeypatch
):
    monkeypatch.setenv("AVATARBENCH_CACHE", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "photos").mkdir()
    Image.new("RGB", (64, 64)).save(tmp_path / "photos" / "ana.png")
    status, _, error = faces("show", "photos")
    assert status == 2
    assert "faces fetch photos" in error
    assert error.endswith("; for the folder photos, give ./photos\n")
    status, out, _ = faces("show", "./photos")
    assert status == 0
    assert "1 face," in out


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


@pytest.mark.parametrize("key", ["folder", "ffhq", "packed", "set"])
def test_the_printed_part_of_a_suite_can_be_pasted(faces, tiny, key):
    root = tiny.parent
    source, split = {
        "folder": (root / "faces", "train"),
        "ffhq": (root / "ffhq: #1", "train"),
        "packed": (root / "packed", "validation"),
        "set": ("portraits", "validation"),
    }[key]
    if key == "ffhq":
        (source / "00000").mkdir(parents=True)
        for index, path in enumerate(sorted((root / "faces").iterdir())):
            shutil.copy(path, source / "00000" / f"{index:05d}.png")
    if key == "packed":
        source.mkdir()
        rows = [
            ParquetFace(path.stem, path.read_bytes(), None, None, "CC0")
            for path in sorted((root / "faces").iterdir())
        ]
        write_split(source / "validation.parquet", rows)
        write_manifest(source, "mine", "1", "CC0", True)
    out = root / "desk"
    words = ("export", source, "--split", split, "--count", 3, "--out", out)
    status, printed, _ = faces(*words)
    assert status == 0
    section = yaml.safe_load(printed[printed.index("\nfaces:") :])
    assert set(section["faces"]) <= {key, "validation_count", "truth"}
    exported = sorted(path.stem for path in out.iterdir())
    vectors = AvatarVectors.sample(tiny_suite.SPEC, 3, 0)
    write_truth(root / "tiny.anna.csv", exported, vectors)
    text = yaml.safe_dump(section)
    text = text.replace("ENGINE", "tiny").replace("DESIGNER", "anna")
    variants = [{"name": "random", "method": "random"}]
    data = tiny_suite.suite_data(variants=variants) | yaml.safe_load(text)
    resolved = resolve(parse_suite(data, "mine.yaml", root))
    (scored,) = resolved.suite.splits
    assert sorted(resolved.splits[scored].ids) == exported


def test_a_split_that_suites_cannot_use_gets_no_part_of_a_suite(faces, tmp_path):
    data = embedded_portraits().split("validation").subset(1)
    face = ParquetFace("ann", data.source.picture(data.ids[0])[0], None, None, "CC0")
    write_split(tmp_path / "test.parquet", [face])
    write_manifest(tmp_path, "mine", "1", "CC0", True)
    words = ("export", tmp_path, "--split", "test", "--out", tmp_path / "desk")
    status, printed, _ = faces(*words)
    assert status == 0
    assert "Suites cannot use the split test" in printed
    assert "faces:" not in printed
