"""Face sets of picture folders and of FFHQ, with truth CSVs."""

import json
import os

import numpy as np
import pytest
from PIL import Image

from benchmark.avatars import AvatarVectors
from benchmark.avatars.spec import AvatarSpec, Continuous, Discrete
from benchmark.faces.faceset import FaceSetError, write_truth
from benchmark.faces.picture_sets import open_ffhq, open_folder

SPEC = AvatarSpec(
    "small",
    (Continuous("head_width", "head"), Discrete("hair_type", "hair", ("bald", "bob"))),
)


def picture(path, value=0):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", (64, 64), (value, 0, 0)).save(path)


def truth(path, faces, seed=0):
    write_truth(path, faces, AvatarVectors.sample(SPEC, len(faces), seed))
    return path


@pytest.fixture
def pictures(tmp_path):
    for value, name in enumerate(("ann.png", "bob.JPG", "cleo.webp", "dan.png")):
        picture(tmp_path / "people" / name, value)
    (tmp_path / "people" / "notes.txt").write_text("not a picture")
    picture(tmp_path / "people" / ".hidden.png")
    return tmp_path / "people"


def test_faces_with_a_truth_are_held_out(pictures, tmp_path):
    csv = truth(tmp_path / "truth.csv", ["dan", "ann"])
    faces = open_folder(pictures, {"small": {"mia": csv}}, licence="CC BY 4.0")
    assert faces.name == "people"
    assert not faces.stand_in
    assert faces.split("train").ids == ("bob", "cleo")
    held_out = faces.split("heldout")
    assert held_out.ids == ("ann", "dan")
    assert held_out.pictures(64)[:, 0, 0, 0].tolist() == [0, 3]
    assert held_out.licences == ("CC BY 4.0",) * 2
    assert held_out.parsing(64) is None
    assert held_out.attributes() is None
    expected = AvatarVectors.sample(SPEC, 2, 0)[[1, 0]]
    assert faces.truth("small", SPEC, "heldout", "mia") == expected


def test_splits_may_be_lists_or_files(pictures, tmp_path):
    csv = truth(tmp_path / "truth.csv", ["ann", "bob"])
    (tmp_path / "train.txt").write_text("cleo\r\n\ndan\n")
    faces = open_folder(
        pictures,
        {"small": {"mia": csv}},
        {"train": tmp_path / "train.txt", "validation": ["bob"], "heldout": ["ann"]},
    )
    assert faces.split("train").ids == ("cleo", "dan")
    assert len(faces.truth("small", SPEC, "validation", "mia")) == 1
    with pytest.raises(FaceSetError, match="no row for face cleo and 1 more"):
        faces.truth("small", SPEC, "train", "mia")


def test_a_folder_without_truth_has_only_a_train_split(pictures):
    assert list(open_folder(pictures, {}).splits) == ["train"]


def test_digests_change_with_the_pictures(pictures):
    before = open_folder(pictures, {}).digest
    assert open_folder(pictures, {}).digest == before
    picture(pictures / "ann.png", 99)
    assert open_folder(pictures, {}).digest != before


def test_invalid_folders_and_splits_are_refused(pictures, tmp_path):
    def opened(truths, splits=None, folder=pictures):
        with pytest.raises(FaceSetError) as caught:
            open_folder(folder, truths, splits)
        return str(caught.value)

    csv = truth(tmp_path / "truth.csv", ["ann", "eve"])
    assert "eve, which has no picture" in opened({"small": {"mia": csv}})
    one, two = (truth(tmp_path / f"{f}.csv", [f]) for f in ("ann", "bob"))
    assert "different faces" in opened({"small": {"mia": one, "noa": two}})
    both = {"train": ["ann"], "heldout": ["ann"]}
    assert "face ann is in split train and in split heldout" in opened({}, both)
    assert "no picture" in opened({}, {"train": ["eve"]})
    assert "twice" in opened({}, {"train": ["ann", "ann"]})
    assert "nowhere is no folder of pictures" in opened({}, folder=tmp_path / "nowhere")
    (tmp_path / "empty").mkdir()
    assert "has no pictures" in opened({}, folder=tmp_path / "empty")
    picture(tmp_path / "outer" / "inner" / "ann.png")
    found = opened({}, folder=tmp_path / "outer")
    assert "has no pictures" in found
    assert "its subfolder inner has some: give that folder" in found
    picture(pictures / "ann.jpg")
    assert "ann.jpg and ann.png are both face ann" in opened({})


def test_an_ffhq_tree_that_is_read_as_a_folder_gets_advice(tmp_path):
    picture(tmp_path / "images1024x1024" / "00000" / "00001.png")
    with pytest.raises(FaceSetError, match="it is an FFHQ tree: use the key `ffhq`"):
        open_folder(tmp_path, {})


def test_unicode_forms_of_a_name_are_one_id(tmp_path):
    composed, decomposed = "Zo\u00eb", "Zoe\u0308"
    picture(tmp_path / "people" / f"{decomposed}.png")
    picture(tmp_path / "people" / "ann.png", 5)
    csv = truth(tmp_path / "truth.csv", [composed])
    faces = open_folder(tmp_path / "people", {"small": {"mia": csv}})
    assert faces.split("heldout").ids == (composed,)
    csv = truth(tmp_path / "truth.csv", [decomposed])
    (tmp_path / "held.txt").write_text(f"{decomposed}\n", "utf-8")
    splits = {"heldout": tmp_path / "held.txt", "train": ["ann"]}
    faces = open_folder(tmp_path / "people", {"small": {"mia": csv}}, splits)
    assert len(faces.truth("small", SPEC, "heldout", "mia")) == 1
    picture(tmp_path / "people" / f"{composed}.png")
    with pytest.raises(FaceSetError, match="differ only in Unicode's normal form"):
        open_folder(tmp_path / "people", {})


def test_a_name_that_is_not_utf8_is_escaped_in_the_message(tmp_path):
    picture(tmp_path / "people" / "ann.png")
    (tmp_path / "people" / os.fsdecode(b"zo\xeb.png")).write_bytes(b"")
    with pytest.raises(FaceSetError, match=r"not UTF-8: rename zo\\xeb\.png") as caught:
        open_folder(tmp_path / "people", {})
    str(caught.value).encode()


def test_a_split_list_that_is_not_utf8_is_refused(pictures, tmp_path):
    (tmp_path / "train.txt").write_bytes(b"zo\xeb\n")
    with pytest.raises(FaceSetError, match=r"train\.txt is not UTF-8 text \(byte 2\)"):
        open_folder(pictures, {}, {"train": tmp_path / "train.txt"})


def test_a_picture_of_another_format_is_a_face_that_cannot_be_read(pictures):
    picture(pictures / "eve.bmp")
    (pictures / "folder.png").mkdir()
    train = open_folder(pictures, {}).split("train")
    assert train.ids == ("ann", "bob", "cleo", "dan", "eve")
    for read in (lambda: train.digest, lambda: train.pictures(64)):
        with pytest.raises(FaceSetError, match=r"eve\.bmp is a BMP file"):
            read()
    picture(pictures / "eve.png")
    with pytest.raises(FaceSetError, match=r"eve\.bmp and eve\.png are both face eve"):
        open_folder(pictures, {})


def test_dangling_links_of_an_ffhq_tree_are_named(tmp_path):
    picture(tmp_path / "00000.png")
    (tmp_path / "00001.png").symlink_to("nowhere.png")
    train = open_ffhq(tmp_path, {}).split("train")
    with pytest.raises(FaceSetError, match=r"00001\.png is a symbolic link to nowhere"):
        _ = train.digest


def test_an_invalid_picture_is_named_when_it_is_read(pictures):
    Image.new("L", (64, 64)).save(pictures / "bob.png")
    (pictures / "bob.JPG").unlink()
    with pytest.raises(FaceSetError, match=r"bob\.png is greyscale"):
        open_folder(pictures, {}).split("train").pictures(64)


NESTED = "{thousand:05d}/{index:05d}.png"
FLAT = "{index:05d}.png"


@pytest.mark.parametrize("layout", [NESTED, FLAT])
@pytest.mark.parametrize("inside", ["images1024x1024", "thumbnails128x128", "."])
def test_ffhq_is_read_nested_and_flat(tmp_path, layout, inside):
    for value, index in enumerate((3, 12, 1005, 60001)):
        name = layout.format(index=index, thousand=index - index % 1000)
        picture(tmp_path / "ffhq" / inside / name, value)
    csv = tmp_path / "truth.csv"
    truth(csv, ["12", "60001.png"])
    faces = open_ffhq(tmp_path / "ffhq", {"small": {"mia": csv}})
    assert faces.split("train").ids == ("00003", "01005")
    assert faces.split("heldout").ids == ("00012", "60001")
    assert faces.split("heldout").pictures(64)[:, 0, 0, 0].tolist() == [1, 3]
    assert len(faces.truth("small", SPEC, "heldout", "mia")) == 2
    assert "was not beside" in faces.split("train").licences[0]


def test_ffhq_prefers_full_pictures_and_reads_licences(tmp_path):
    picture(tmp_path / "images1024x1024" / "00000.png", 5)
    picture(tmp_path / "thumbnails128x128" / "00000.png", 6)
    entry = {
        "license": "Attribution License",
        "license_url": "https://creativecommons.org/licenses/by/2.0/",
        "author": "Ann",
        "photo_url": "https://example.org/1",
    }
    metadata = json.dumps({"0": {"metadata": entry}})
    (tmp_path / "ffhq-dataset-v2.json").write_text(metadata)
    train = open_ffhq(tmp_path, {}).split("train")
    assert train.pictures(64)[0, 0, 0, 0] == 5
    below = open_ffhq(tmp_path / "thumbnails128x128", {}).split("train")
    assert below.pictures(64)[0, 0, 0, 0] == 6
    assert below.licences == train.licences
    assert train.licences == (
        "Attribution License (https://creativecommons.org/licenses/by/2.0/), by Ann, "
        "https://example.org/1",
    )


@pytest.mark.parametrize(
    ("metadata", "message"),
    [
        ("[1]", "must hold one object with an entry for each index"),
        ('{"x": {}}', "'x' is not an FFHQ index"),
        ('{"0": {}}', "entry 0 has no metadata.license"),
        ('{"0": {"metadata": {"license": "é"}}}', "is not UTF-8 text"),
        ("{", "is not valid JSON"),
        ("[" * 100_000, "is not valid JSON"),
        ('{"0": ' + "9" * 5000 + "}", "is not valid JSON"),
        ('{"0": {}, "00": {}}', "has two entries for picture 0"),
    ],
)
def test_invalid_metadata_of_ffhq_is_refused(tmp_path, metadata, message):
    picture(tmp_path / "00000.png")
    (tmp_path / "ffhq-dataset-v2.json").write_text(metadata, "latin-1")
    with pytest.raises(FaceSetError, match=rf"ffhq-dataset-v2\.json.*{message}"):
        _ = open_ffhq(tmp_path, {}).split("train").licences


def test_a_missing_entry_of_the_metadata_is_not_a_missing_file(tmp_path):
    picture(tmp_path / "00000.png")
    (tmp_path / "ffhq-dataset-v2.json").write_text("{}")
    licence = open_ffhq(tmp_path, {}).split("train").licences[0]
    assert "has no entry for this picture" in licence


def test_hidden_files_of_an_ffhq_tree_are_ignored(tmp_path):
    picture(tmp_path / "00000" / "00001.png")
    for name in ("._00001.png", ".DS_Store", "Thumbs.db"):
        (tmp_path / "00000" / name).write_bytes(b"x")
    assert open_ffhq(tmp_path, {}).split("train").ids == ("00001",)


def test_splits_of_ffhq_may_be_listed(tmp_path):
    for index in range(3):
        picture(tmp_path / f"{index:05d}.png", index)
    csv = truth(tmp_path / "truth.csv", ["0", "1"])
    splits = {"heldout": ["1"], "train": ["00002"]}
    faces = open_ffhq(tmp_path, {"small": {"mia": csv}}, splits)
    assert faces.split("heldout").ids == ("00001",)
    assert faces.split("train").ids == ("00002",)
    with pytest.raises(FaceSetError, match="split train: 'x' is not an FFHQ index"):
        open_ffhq(tmp_path, {}, {"train": ["x"]})


def test_the_last_ten_thousand_of_ffhq_are_not_in_train(tmp_path):
    picture(tmp_path / "59999.png")
    picture(tmp_path / "60000.png")
    assert open_ffhq(tmp_path, {}).split("train").ids == ("59999",)


def test_invalid_ffhq_folders_and_truths_are_refused(tmp_path):
    with pytest.raises(FaceSetError, match="nowhere is not a folder"):
        open_ffhq(tmp_path / "nowhere", {})
    with pytest.raises(FaceSetError, match="no FFHQ pictures"):
        open_ffhq(tmp_path, {})
    picture(tmp_path / "00007.png")
    picture(tmp_path / "7.png")
    with pytest.raises(FaceSetError, match="both face 00007"):
        open_ffhq(tmp_path, {})
    (tmp_path / "7.png").unlink()
    csv = tmp_path / "truth.csv"
    truth(csv, ["seven"])
    with pytest.raises(FaceSetError, match="line 2, column face: 'seven' is not an FF"):
        open_ffhq(tmp_path, {"small": {"mia": csv}})
    truth(csv, ["7", "00007"])
    with pytest.raises(FaceSetError, match="line 3: face 00007 is already on line"):
        open_ffhq(tmp_path, {"small": {"mia": csv}})


def test_pictures_are_decoded_at_each_call(pictures):
    train = open_folder(pictures, {}).split("train")
    first = train.pictures(64)
    first[:] = 7
    assert not np.array_equal(train.pictures(64), first)
