"""Sealed truth files: changed files, pictures, specs and seals are refused."""

import json

import pytest
from PIL import Image

from benchmark.avatars import AvatarVectors
from benchmark.avatars.spec import AvatarSpec, Continuous, Discrete
from benchmark.faces.faceset import FaceSetError, write_truth
from benchmark.faces.picture_sets import open_ffhq, open_folder
from benchmark.faces.truth_seal import FaceProvenance, seal_path, seal_truth
from benchmark.storage.digests import file_digest

SPEC = AvatarSpec(
    "small",
    (Continuous("head_width", "head"), Discrete("hair_type", "hair", ("bald", "bob"))),
)
REORDERED = AvatarSpec(
    "small",
    (Continuous("head_width", "head"), Discrete("hair_type", "hair", ("bob", "bald"))),
)


@pytest.fixture
def pictures(tmp_path):
    folder = tmp_path / "people"
    folder.mkdir()
    for value, name in enumerate(("ann", "bob", "cleo")):
        Image.new("RGB", (64, 64), (value, 0, 0)).save(folder / f"{name}.png")
    return folder


@pytest.fixture
def sealed(pictures, tmp_path):
    """The path of a sealed truth over ann and bob."""
    return seal_over(pictures, tmp_path, ("ann", "bob"))


def seal_over(pictures, folder, faces, seed=0):
    works = {
        face: FaceProvenance(
            file_digest(pictures / f"{face}.png"), "1", "2026-11-22T10:00:00Z"
        )
        for face in faces
    }
    vectors = AvatarVectors.sample(SPEC, len(faces), seed)
    for name, content in seal_truth(vectors, "small", "mia", works).items():
        (folder / name).write_bytes(content)
    return folder / "small.mia.csv"


def read(pictures, truth, spec=SPEC):
    faces = open_folder(pictures, {"small": {"mia": truth}})
    return faces.truth("small", spec, "heldout", "mia")


def refused(pictures, truth, spec=SPEC):
    with pytest.raises(FaceSetError) as caught:
        read(pictures, truth, spec)
    return str(caught.value)


def test_a_sealed_truth_is_read_as_it_was_written(pictures, sealed):
    faces = open_folder(pictures, {"small": {"mia": sealed}})
    vectors = faces.truth("small", SPEC, "heldout", "mia")
    assert vectors == AvatarVectors.sample(SPEC, 2, 0)
    assert faces.split("train").ids == ("cleo",)
    assert faces.truth_digest("small", "mia") == file_digest(sealed)


def test_the_same_input_gives_the_same_bytes(pictures, sealed, tmp_path):
    (tmp_path / "again").mkdir()
    again = seal_over(pictures, tmp_path / "again", ("ann", "bob"))
    assert again.read_bytes() == sealed.read_bytes()
    assert seal_path(again).read_bytes() == seal_path(sealed).read_bytes()


def test_a_truth_without_a_seal_is_read(pictures, tmp_path):
    write_truth(tmp_path / "plain.csv", ["bob"], AvatarVectors.sample(SPEC, 1, 0))
    faces = open_folder(pictures, {"small": {"mia": tmp_path / "plain.csv"}})
    assert faces.split("heldout").ids == ("bob",)


def test_changed_cells_pictures_and_specs_are_refused(pictures, sealed):
    assert "parameters or options differ" in refused(pictures, sealed, REORDERED)
    Image.new("RGB", (64, 64), "blue").save(pictures / "bob.png")
    assert "bob.png is not the picture that" in refused(pictures, sealed)
    sealed.write_text(sealed.read_text().replace("bald", "bob"))
    Image.new("RGB", (64, 64), (1, 0, 0)).save(pictures / "bob.png")
    assert "SHA-256 differs" in refused(pictures, sealed)


@pytest.mark.parametrize(
    ("garble", "message"),
    [
        (lambda seal: "{", "is not valid JSON"),
        (lambda seal: "[]", "is not a seal of format"),
        (lambda seal: json.dumps(seal | {"format": "2"}), "is not a seal of format"),
        (lambda seal: json.dumps(seal | {"engine": "small"}), "missing or malformed"),
        (lambda seal: json.dumps(seal | {"faces": []}), "missing or malformed"),
        (lambda seal: json.dumps(seal | {"faces": {"a": {}}}), "missing or malformed"),
        (
            lambda seal: json.dumps(seal | {"truth": {"file": "b.csv", "sha256": "0"}}),
            "is the seal of b.csv, not of small.mia.csv",
        ),
    ],
)
def test_damaged_seals_are_named(pictures, sealed, garble, message):
    seal = seal_path(sealed)
    seal.write_text(garble(json.loads(seal.read_text())))
    error = refused(pictures, sealed)
    assert message in error
    assert str(seal) in error


def test_truths_for_every_picture_leave_no_train_split(pictures, tmp_path):
    every = seal_over(pictures, tmp_path, ("ann", "bob", "cleo"))
    faces = open_folder(pictures, {"small": {"mia": every}})
    assert list(faces.splits) == ["heldout"]


def test_ffhq_truths_are_checked_against_their_seals(tmp_path):
    root = tmp_path / "ffhq"
    root.mkdir()
    for index in range(3):
        Image.new("RGB", (64, 64), (index, 0, 0)).save(root / f"{index:05d}.png")
    path = seal_over(root, tmp_path, ("00001",))
    held_out = open_ffhq(root, {"small": {"mia": path}}).split("heldout")
    assert held_out.ids == ("00001",)
    Image.new("RGB", (64, 64), "blue").save(root / "00001.png")
    with pytest.raises(FaceSetError, match="is not the picture"):
        open_ffhq(root, {"small": {"mia": path}})
