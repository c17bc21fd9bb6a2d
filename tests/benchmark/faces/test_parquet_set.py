"""Parquet face sets: writing, the manifest's digests, and reading with checks."""

import json
from io import BytesIO
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

from benchmark.avatars import AvatarVectors
from benchmark.avatars.spec import AvatarSpec, Continuous, Discrete
from benchmark.faces.faceset import FaceSetError, open_parquet_set, write_truth
from benchmark.faces.parquet_set import ParquetFace, write_manifest, write_split

SPEC = AvatarSpec(
    "small",
    (Continuous("head_width", "head"), Discrete("hair_type", "hair", ("bald", "bob"))),
)


def encoded(value, mode="RGB"):
    buffer = BytesIO()
    Image.new(mode, (64, 64), value).save(buffer, "PNG")
    return buffer.getvalue()


def face(index, **changes):
    fields = {
        "face": f"f{index}",
        "picture": encoded((index, 0, 0)),
        "parsing": encoded(index % 13, "L"),
        "attributes": {"age": 20 + index, "sex": "female"},
        "licence": "CC0-1.0",
    }
    return ParquetFace(**(fields | changes))


@pytest.fixture
def folder(tmp_path):
    write_split(tmp_path / "train.parquet", [face(i) for i in range(20)])
    write_split(tmp_path / "heldout.parquet", [face(i) for i in range(20, 24)])
    (tmp_path / "truth").mkdir()
    for seed, designer in enumerate(("designer-a", "designer-b")):
        ids = [f"f{i}" for i in range(24)]
        vectors = AvatarVectors.sample(SPEC, 24, seed)
        write_truth(tmp_path / "truth" / f"small.{designer}.csv", ids, vectors)
    write_manifest(tmp_path, "small-set", "1", "CC0-1.0", stand_in=True)
    return tmp_path


def test_a_folder_with_a_manifest_opens(folder):
    faces = open_parquet_set(folder)
    assert (faces.name, faces.version, faces.stand_in) == ("small-set", "1", True)
    assert list(faces.splits) == ["train", "heldout"]
    held_out = faces.split("heldout")
    assert held_out.ids == ("f20", "f21", "f22", "f23")
    assert held_out.pictures(64)[:, 0, 0, 0].tolist() == [20, 21, 22, 23]
    assert held_out.parsing(64)[:, 0, 0].tolist() == [7, 8, 9, 10]
    assert held_out.attributes().loc["f22", "age"] == 42
    assert held_out.licences == ("CC0-1.0",) * 4


def test_hidden_files_are_no_splits_or_truths(folder):
    for name in ("._train.parquet", "truth/._small.designer-a.csv", "Thumbs.db"):
        (folder / name).write_bytes(b"x")
    write_manifest(folder, "small-set", "1", "CC0-1.0", stand_in=True)
    faces = open_parquet_set(folder)
    assert list(faces.splits) == ["train", "heldout"]
    assert faces.designers("small") == ("designer-a", "designer-b")


def test_truths_are_read_by_designer_and_split(folder):
    faces = open_parquet_set(folder)
    assert faces.designers("small") == ("designer-a", "designer-b")
    assert faces.designers("large") == ()
    truth = faces.truth("small", SPEC, "heldout", "designer-b")
    assert truth == AvatarVectors.sample(SPEC, 24, 1)[20:]
    few = faces.split("train").subset(3)
    rows = [int(f[1:]) for f in few.ids]
    expected = AvatarVectors.sample(SPEC, 24, 0)[rows]
    assert faces.truth("small", SPEC, few, "designer-a") == expected


def test_subsets_are_nested_and_the_same_everywhere(folder):
    train = open_parquet_set(folder).split("train")
    again = open_parquet_set(folder).split("train")
    five, nine = train.subset(5), train.subset(9)
    assert five.ids == again.subset(5).ids
    assert set(five.ids) < set(nine.ids)
    assert list(nine.ids) == [i for i in train.ids if i in set(nine.ids)]
    assert len({train.digest, five.digest, nine.digest}) == 3
    assert train.subset(20).digest == train.digest
    assert five.pictures(64).shape == (5, 64, 64, 3)
    for count in (0, 21):
        with pytest.raises(FaceSetError, match=f"has 20 faces; {count} were"):
            train.subset(count)


def test_digests_change_with_the_contents(folder):
    before = open_parquet_set(folder)
    again = open_parquet_set(folder)
    assert before.digest == again.digest
    write_split(folder / "heldout.parquet", [face(i) for i in range(19, 23)])
    write_manifest(folder, "small-set", "1", "CC0-1.0", stand_in=True)
    after = open_parquet_set(folder)
    assert after.digest != before.digest
    assert after.split("train").digest == before.split("train").digest
    assert after.truth_digest("small", "designer-a") == before.truth_digest(
        "small", "designer-a"
    )


@pytest.mark.parametrize("name", ["heldout.parquet", "truth/small.designer-a.csv"])
def test_a_changed_byte_is_refused(folder, name):
    path = folder / name
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    faces = open_parquet_set(folder)
    with pytest.raises(FaceSetError, match="SHA-256") as caught:
        faces.verify()
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_verifying_reads_every_file(folder, monkeypatch):
    read_files = []
    read_bytes = Path.read_bytes

    def record(path):
        read_files.append(path.relative_to(folder).as_posix())
        return read_bytes(path)

    monkeypatch.setattr(Path, "read_bytes", record)
    open_parquet_set(folder).verify()
    assert sorted(read_files) == [
        "faceset.json",
        "heldout.parquet",
        "train.parquet",
        "truth/small.designer-a.csv",
        "truth/small.designer-b.csv",
    ]


def test_missing_files_are_named(folder, tmp_path):
    (folder / "train.parquet").unlink()
    with pytest.raises(FaceSetError, match=r"train\.parquet cannot be read"):
        open_parquet_set(folder).verify()
    with pytest.raises(FaceSetError, match=r"faceset\.json cannot be read"):
        open_parquet_set(tmp_path / "nowhere")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "not valid JSON"),
        ("[]", "malformed"),
        ('{"name": "x"}', "missing or malformed entry: 'version'"),
    ],
)
def test_bad_manifests_are_refused(tmp_path, text, message):
    (tmp_path / "faceset.json").write_text(text)
    with pytest.raises(FaceSetError, match=message):
        open_parquet_set(tmp_path)


def test_unknown_splits_engines_and_designers_get_suggestions(folder):
    faces = open_parquet_set(folder)
    with pytest.raises(FaceSetError, match="did you mean heldout"):
        faces.split("held-out")
    with pytest.raises(FaceSetError, match=r"no truth for engine smal; .* small"):
        faces.truth("smal", SPEC, "heldout", "designer-a")
    with pytest.raises(FaceSetError, match=r"no designer .designer-c. .* designer-b"):
        faces.truth("small", SPEC, "heldout", "designer-c")


def test_faces_without_maps_or_attributes_give_none(tmp_path):
    bare = face(1, parsing=None, attributes=None)
    write_split(tmp_path / "train.parquet", [bare, face(2)])
    write_manifest(tmp_path, "bare", "1", "CC0-1.0", stand_in=False)
    train = open_parquet_set(tmp_path).split("train")
    assert train.parsing(64) is None
    assert train.attributes() is None


def test_incomplete_or_misnamed_files_get_no_manifest(tmp_path):
    with pytest.raises(FaceSetError, match="no Parquet file"):
        write_manifest(tmp_path, "x", "1", "CC0-1.0", stand_in=True)
    with pytest.raises(FaceSetError, match="twice"):
        write_split(tmp_path / "train.parquet", [face(1), face(1)])
    write_split(tmp_path / "train.parquet", [face(1)])
    (tmp_path / "truth").mkdir()
    (tmp_path / "truth" / "small.csv").write_text("face\n")
    with pytest.raises(FaceSetError, match=r"ENGINE\.DESIGNER\.csv"):
        write_manifest(tmp_path, "x", "1", "CC0-1.0", stand_in=True)


def test_writing_a_split_twice_gives_the_same_bytes(tmp_path):
    for name in ("one.parquet", "two.parquet"):
        write_split(tmp_path / name, [face(i) for i in range(5)])
    one, two = (tmp_path / name for name in ("one.parquet", "two.parquet"))
    assert one.read_bytes() == two.read_bytes()


def test_a_broken_picture_is_named_with_its_file(tmp_path):
    write_split(tmp_path / "train.parquet", [face(1), face(2, picture=b"torn")])
    write_manifest(tmp_path, "torn", "1", "CC0-1.0", stand_in=True)
    with pytest.raises(FaceSetError, match=r"face f2 of .*train\.parquet cannot"):
        open_parquet_set(tmp_path).split("train").pictures(64)


def test_parsing_and_pictures_resize(folder):
    held_out = open_parquet_set(folder).split("heldout")
    assert held_out.pictures(96).shape == (4, 96, 96, 3)
    maps = held_out.parsing(96)
    assert maps.shape == (4, 96, 96)
    assert maps.dtype == np.uint8


def test_a_file_that_is_not_a_table_of_faces_is_refused(tmp_path):
    pq.write_table(pa.table({"face": ["f1"]}), tmp_path / "train.parquet")
    (tmp_path / "heldout.parquet").write_bytes(b"no parquet")
    write_manifest(tmp_path, "odd", "1", "CC0-1.0", stand_in=True)
    faces = open_parquet_set(tmp_path)
    with pytest.raises(FaceSetError, match="has no column 'picture'"):
        _ = faces.split("train").ids
    with pytest.raises(FaceSetError, match="is not a Parquet file"):
        _ = faces.split("heldout").ids


@pytest.mark.parametrize("name", ["../../escaped", "a@b", "a b"])
@pytest.mark.parametrize("key", ["truths", "designers", "splits"])
def test_names_in_a_manifest_are_checked(folder, key, name):
    path = folder / "faceset.json"
    data = json.loads(path.read_text())
    place = data["truths"]["small"] if key == "designers" else data[key]
    place[name] = place.pop(next(iter(place)))
    path.write_text(json.dumps(data))
    with pytest.raises(
        FaceSetError, match=r"faceset\.json: .* not allowed: a name has"
    ):
        open_parquet_set(folder)


def test_a_file_with_an_unsafe_name_gets_no_manifest(folder):
    (folder / "truth" / "small.designer-a.csv").rename(
        folder / "truth" / "small.a@.csv"
    )
    with pytest.raises(FaceSetError, match=r"a@\.csv: .* not allowed: a name has"):
        write_manifest(folder, "small-set", "1", "CC0-1.0", stand_in=True)


def test_a_face_id_that_is_a_path_is_refused(tmp_path):
    write_split(tmp_path / "train.parquet", [face(0, face="../escaped")])
    write_manifest(tmp_path, "small-set", "1", "CC0-1.0", stand_in=True)
    with pytest.raises(FaceSetError, match="is not a file name"):
        _ = open_parquet_set(tmp_path).split("train").ids
