"""Faces of suites: every picture is checked, and own ground truth is accepted."""

import os

import numpy as np
import pytest
import tiny_suite
from PIL import Image

from benchmark.avatars import AvatarVectors
from benchmark.config.resolve import resolve
from benchmark.config.suite import SuiteError, parse_suite
from benchmark.faces.faceset import embedded_portraits, write_truth
from benchmark.faces.truth_seal import FaceProvenance, seal_truth
from benchmark.run.plan import make_plan
from benchmark.storage.digests import bytes_digest


def resolved(tiny, **changes):
    data = tiny_suite.suite_data(**changes)
    return resolve(parse_suite(data, "tiny.yaml", tiny.parent))


def problems(tiny, **changes):
    with pytest.raises(SuiteError) as caught:
        resolved(tiny, **changes)
    return caught.value.problems


def controls(**changes):
    return {"variants": [{"name": "random", "method": "random"}]} | changes


def faces_section(**changes):
    return tiny_suite.suite_data()["faces"] | changes


def test_all_unusable_pictures_are_reported_at_once(tiny):
    faces = tiny.parent / "faces"
    whole = (faces / "face04.png").read_bytes()
    Image.new("L", (64, 64)).save(faces / "face00.png")
    Image.new("RGB", (64, 65)).save(faces / "face04.png")
    (faces / "face08.png").write_bytes(whole[:50])
    (faces / "face09.png").write_bytes(b"")
    (faces / "face10.png").write_bytes(b"no picture")
    found = problems(tiny)
    assert len(found) == 5
    assert all(sentence.startswith(f"faces: {faces}") for sentence in found)
    for words in ("greyscale", "64 x 65", "cannot be read", "is empty", "other format"):
        assert any(words in sentence for sentence in found), words


def test_pictures_of_other_formats_and_dangling_links_are_refused(tiny):
    faces = tiny.parent / "faces"
    with Image.open(faces / "face08.png") as picture:
        picture.save(faces / "face08.BMP")
    (faces / "face08.png").unlink()
    (faces / "face09.png").rename(faces / "face09.heic")
    (faces / "face10.png").unlink()
    (faces / "face10.png").symlink_to("nowhere.png")
    found = problems(tiny)
    assert found == (
        f"faces: {faces}/face08.BMP is a BMP file: faces must be PNG, JPEG or WebP "
        "files, so convert it and remove the original",
        f"faces: {faces}/face09.heic is a HEIC file: faces must be PNG, JPEG or WebP "
        "files, so convert it and remove the original",
        f"faces: {faces}/face10.png is a symbolic link to nowhere.png, which does not "
        "exist: restore that file, or remove the link",
    )
    section = faces_section(heldout_count=3)
    assert problems(tiny, faces=section) == found


def test_names_of_files_and_pictures_are_reported_together(tiny):
    faces = tiny.parent / "faces"
    (faces / "face00.jpg").write_bytes((faces / "face00.png").read_bytes())
    (faces / os.fsdecode(b"zo\xeb.png")).write_bytes(b"")
    (faces / "face01.png").write_bytes(b"")
    assert problems(tiny) == (
        f"faces: {faces} has a file whose name is not UTF-8: rename zo\\xeb.png",
        f"faces: {faces}: face00.jpg and face00.png are both face face00; keep one",
        f"faces: {faces}/face01.png cannot be read as a picture: the file is empty, so "
        "copy it again",
    )


def test_ids_with_an_ending_and_unknown_ids_get_their_own_advice(tiny):
    path = tiny.parent / "validation.txt"
    path.write_text("face04.png\nface98\nface05.png\nface99.png\n")
    assert problems(tiny)[:2] == (
        f"faces: {path} names face face04.png and 1 more, which have no pictures: "
        "write face04 and 1 more, since ids have no ending",
        f"faces: {path} names face face98 and 1 more, which have no pictures: add the "
        "pictures, or remove the ids",
    )


@pytest.mark.parametrize(
    ("metadata", "expected"),
    [
        ("[1]", "must hold one object with an entry for each index"),
        ('{"0": {"author": "\u00e9"}}', "is not UTF-8 text"),
        ('{"x": {}}', "'x' is not an FFHQ index"),
        ('{"8": {}, "70": {}}', "entry 8 has no metadata.license"),
    ],
)
def test_the_metadata_of_ffhq_are_checked(tiny, metadata, expected):
    root = tiny.parent
    for path in (root / "faces").iterdir():
        path.rename(path.with_stem(path.stem.removeprefix("face")))
    table = root / "designer-a.csv"
    table.write_text(table.read_text().replace("\nface", "\n"))
    faces = {"ffhq": "faces", "truth": {"tiny": {"designer-a": table.name}}}
    suite = controls(faces=faces, designers=["designer-a"], splits=["heldout"])
    assert resolved(tiny, **suite)
    path = root / "faces" / "ffhq-dataset-v2.json"
    path.write_text(metadata, "latin-1")
    (problem,) = problems(tiny, **suite)
    assert problem.startswith(f"faces: {path}")
    assert expected in problem


def test_problems_of_splits_and_pictures_are_reported_together(tiny):
    root = tiny.parent
    (root / "faces" / "face01.png").write_bytes(b"")
    (root / "validation.txt").write_text("face04\nface98\nface05\nface99\nface05\n")
    (root / "heldout.txt").write_text("face08.png\n")
    assert problems(tiny) == (
        f"faces: {root}/validation.txt names face face98 and 1 more, which have no "
        "pictures: add the pictures, or remove the ids",
        f"faces: {root}/validation.txt names face face05 twice: keep one line",
        f"faces: {root}/heldout.txt names face face08.png, which has no picture: write "
        "face08, since ids have no ending",
        f"faces: {root}/faces/face01.png cannot be read as a picture: the file is "
        "empty, so copy it again",
    )
    (root / "validation.txt").write_text("face00\nface01\nface05\n")
    (root / "heldout.txt").unlink()
    assert problems(tiny) == (
        f"faces: {root}/heldout.txt cannot be read: No such file or directory",
        "faces: face face00 and 1 more are in split train and in split validation: "
        "keep each face in one split",
        f"faces: {root}/faces/face01.png cannot be read as a picture: the file is "
        "empty, so copy it again",
    )


def test_scored_faces_whose_names_differ_only_in_case_are_refused(tiny):
    root = tiny.parent
    Image.new("RGB", (64, 64), (1, 2, 3)).save(root / "faces" / "Face08.png")
    for designer in ("designer-a", "designer-b"):
        with (root / f"{designer}.csv").open("a") as table:
            table.write("Face08,0.5,dark\n")
    assert resolved(tiny)
    (root / "heldout.txt").write_text("face08\nFace08\n")
    (found,) = problems(tiny)
    assert "face face08 and face Face08 differ only in case" in found


def test_truth_files_that_the_suite_does_not_use_are_checked(tiny):
    root = tiny.parent
    (root / "toon.csv").write_text("face,mouth\nface08,0.5\n")
    truth = faces_section()["truth"] | {
        "tinny": {"designer-a": "designer-a.csv"},
        "toon-alter": {"designer-a": "nowhere.csv"},
        "toon-tiktok": {"designer-a": "toon.csv"},
    }
    first, second, third = problems(tiny, faces=faces_section(truth=truth))
    assert first.startswith(
        f"faces: {root}/nowhere.csv cannot be read: No such file or directory; make "
    )
    assert "studio serve --faces FOLDER --engine toon-alter" in first
    assert second.startswith(
        "faces.truth: unknown engine 'tinny' (did you mean tiny?); the engines are "
    )
    assert "toon.csv: column 'mouth' is not a parameter of engine toon-tiktok" in third
    truth = {"tiny": faces_section()["truth"]["tiny"] | {"mia": "mia.csv"}}
    (root / "mia.csv").write_text("face,mouth,skin\nface08,2,dark\n")
    (found,) = problems(tiny, faces=faces_section(truth=truth))
    assert "mia.csv, line 2, column mouth" in found


def test_a_long_list_of_unusable_pictures_is_cut(tmp_path):
    tiny_suite.register()
    tiny = tiny_suite.make_suite(tmp_path)
    tiny_suite.make_faces(tmp_path / "many", count=30)
    for path in (tmp_path / "many" / "faces").iterdir():
        path.write_bytes(b"")
    truth = {"tiny": {"designer-a": "many/designer-a.csv"}}
    section = {"folder": "many/faces", "truth": truth}
    changes = controls(faces=section, designers=["designer-a"], splits=["heldout"])
    found = problems(tiny, **changes)
    assert len(found) == 21
    assert found[-1] == "faces: and 10 more of this kind"


def test_the_same_picture_in_two_splits_is_refused(tiny):
    faces = tiny.parent / "faces"
    with Image.open(faces / "face00.png") as picture:
        picture.save(faces / "face09.png", compress_level=0)
    (found,) = problems(tiny)
    assert "face00.png (split train) are the same picture: remove one" in found


def test_the_same_picture_twice_in_a_split_is_a_warning(tiny):
    faces = tiny.parent / "faces"
    (faces / "face09.png").write_bytes((faces / "face10.png").read_bytes())
    warning = resolved(tiny).warnings[0]
    assert "are the same picture, which counts twice in split heldout" in warning


def test_pictures_that_are_not_aligned_are_a_warning(tiny):
    folder = tiny.parent / "faces"
    (warning,) = [w for w in resolved(tiny).warnings if "split heldout" in w]
    assert "sampled pictures of split heldout are not aligned as in FFHQ" in warning
    assert f"run `avatarbench faces align {folder} --out FOLDER`" in warning
    for path, face in zip(
        sorted(folder.iterdir()),
        embedded_portraits().split("validation").pictures(64),
        strict=False,
    ):
        Image.fromarray(face).save(path)
    assert resolved(tiny).warnings == ()


def test_checks_of_many_pictures_are_cached(tiny, monkeypatch, tmp_path):
    monkeypatch.setattr("benchmark.faces.picture_checks.CACHED_FROM", 1)
    monkeypatch.setenv("AVATARBENCH_CACHE", str(tmp_path / "cache"))
    before = resolved(tiny)
    decoded = []
    monkeypatch.setattr(
        "benchmark.faces.picture_checks.check_picture",
        lambda data, label: decoded.append(label),
    )
    assert resolved(tiny).digest == before.digest
    assert decoded == []
    monkeypatch.undo()
    monkeypatch.setattr("benchmark.faces.picture_checks.CACHED_FROM", 1)
    monkeypatch.setenv("AVATARBENCH_CACHE", str(tmp_path / "cache"))
    (tiny.parent / "faces" / "face03.png").write_bytes(b"")
    assert "face03.png" in problems(tiny)[0]
    assert "face03.png" in problems(tiny)[0]


def test_controls_need_no_train_faces(tiny):
    section = faces_section()
    del section["splits"]["train"]
    plan = make_plan(resolved(tiny, **controls(faces=section)))
    assert set(plan.resolved.splits) == {"validation", "heldout"}
    (found,) = problems(tiny, faces=section)
    assert "no train faces, which one needs: add pictures without" in found


def test_truth_for_every_picture_is_enough_for_controls(tiny):
    section = {k: v for k, v in faces_section().items() if k != "splits"}
    changes = controls(faces=section, splits=["heldout"])
    assert len(resolved(tiny, **changes).splits["heldout"]) == 12


def test_home_folders_in_suites_are_expanded(tiny, monkeypatch):
    monkeypatch.setenv("HOME", str(tiny.parent))
    truth = {"tiny": {d: f"~/{d}.csv" for d in ("designer-a", "designer-b")}}
    splits = {s: f"~/{s}.txt" for s in ("train", "validation", "heldout")}
    section = {"folder": "~/faces", "truth": truth, "splits": splits}
    assert len(resolved(tiny, faces=section).splits["heldout"]) == 4
    rows = [{"name": "one", "method": "tiny", "options": {"needs": "~/one"}}]
    data = tiny_suite.suite_data(options={"generator": "~/two"}, variants=rows)
    suite = parse_suite(data, "tiny.yaml", tiny.parent)
    assert suite.options["generator"] == str(tiny.parent / "two")
    assert suite.variants[0].options["needs"] == str(tiny.parent / "one")


@pytest.fixture
def portraits_truth(tiny):
    """A sealed truth of two validation portraits for the tiny engine."""
    split = embedded_portraits().split("validation")
    faces = split.ids[1], split.ids[4]
    vectors = AvatarVectors.sample(tiny_suite.SPEC, 2, 0)
    works = {
        face: FaceProvenance(bytes_digest(split.source.picture(face)[0]), "1", "now")
        for face in faces
    }
    for name, content in seal_truth(vectors, "tiny", "mia", works).items():
        (tiny.parent / name).write_bytes(content)
    (tiny.parent / "few.txt").write_text("\n".join(reversed(faces)))
    return faces


def portraits(**changes):
    section = {
        "set": "portraits",
        "truth": {"tiny": {"mia": "tiny.mia.csv"}},
        "splits": {"validation": "few.txt"},
    }
    return {
        "faces": section | changes,
        "designers": ["mia"],
        "splits": ["validation"],
    }


def test_portraits_accept_own_ground_truth_and_fewer_faces(tiny, portraits_truth):
    found = resolved(tiny, **portraits())
    assert found.splits["validation"].ids == portraits_truth
    assert len(found.splits["train"]) == 1000
    expected = AvatarVectors.sample(tiny_suite.SPEC, 2, 0)
    assert found.truths["tiny", "validation", "mia"] == expected
    np.testing.assert_array_equal(
        found.splits["validation"].pictures(64).shape, (2, 64, 64, 3)
    )


def test_own_ground_truth_of_portraits_is_checked(tiny, portraits_truth):
    (found,) = problems(tiny, **portraits(splits={}))
    assert "has no row for face" in found
    assert "and 197 more: add rows, or list the faces" in found
    (tiny.parent / "few.txt").write_text("train-0000")
    (found,) = problems(tiny, **portraits())
    assert "names face train-0000, which is not in split validation" in found
    (tiny.parent / "few.txt").write_text("")
    assert "names no face" in problems(tiny, **portraits())[0]
    truth = {"toon-tiktok": {"designer-a": "tiny.mia.csv"}}
    found = problems(tiny, **portraits(truth=truth))
    words = "has ground truth of designer-a for toon-tiktok already"
    assert any(words in sentence for sentence in found)
    (tiny.parent / "few.txt").write_text("validation-0001")
    vectors = AvatarVectors.sample(tiny_suite.SPEC, 1, 0)
    write_truth(tiny.parent / "other.csv", ["ann"], vectors)
    (found,) = problems(tiny, **portraits(truth={"tiny": {"mia": "other.csv"}}))
    assert "other.csv names face ann, which is not in face set portraits" in found
