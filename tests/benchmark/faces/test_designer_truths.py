"""Truth files and sheets that the designers make for a Parquet face set."""

import hashlib
import json
import shutil
from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from benchmark.avatars import AvatarError
from benchmark.faces.faceset import PORTRAITS, FaceSetError, open_parquet_set
from benchmark.faces.parquet_set import ParquetFace, write_manifest, write_split
from benchmark.faces.portraits.designer import (
    DESIGNERS,
    ENGINES,
    agreement_markdown,
    truth,
    write_truths,
)
from benchmark.faces.portraits.designer.sheet import draw_truths
from benchmark.faces.portraits.designer.truths import (
    TABLES,
    engine_spec,
    split_attributes,
)
from benchmark.faces.portraits.people import attributes, sample_people

SPLITS = {"train": 6, "validation": 5, "heldout": 4}


def _picture(shade: int) -> bytes:
    data = BytesIO()
    Image.new("RGB", (64, 64), (shade, 120, 90)).save(data, "PNG")
    return data.getvalue()


@pytest.fixture(scope="module")
def people():
    return {
        split: [attributes(p) for p in sample_people(count, seed, "train")]
        for seed, (split, count) in enumerate(SPLITS.items())
    }


@pytest.fixture(scope="module")
def folder(tmp_path_factory, people):
    folder = tmp_path_factory.mktemp("set")
    for split, persons in people.items():
        write_split(
            folder / f"{split}.parquet",
            (
                ParquetFace(f"{split}{i}", _picture(20 * i), None, person, "CC0-1.0")
                for i, person in enumerate(persons)
            ),
        )
    write_manifest(folder, "little", "1", "CC0-1.0", stand_in=True)
    write_truths(folder)
    return folder


def test_every_face_has_a_truth_on_every_engine(folder, people):
    faces = open_parquet_set(folder)
    assert (faces.name, faces.version, faces.stand_in) == ("little", "1", True)
    for engine in ENGINES:
        assert faces.designers(engine) == DESIGNERS
        spec = engine_spec(engine)
        for designer in DESIGNERS:
            for split, persons in people.items():
                read = faces.truth(engine, spec, split, designer)
                expected = truth(engine, spec, designer, persons)
                assert read.to_records() == _as_stored(expected)


def _as_stored(vectors):
    """Inactive cells are empty in the file, so they are read as defaults."""
    spec, active = vectors.spec, vectors.active()
    records = vectors.to_records()
    for row, record in enumerate(records):
        for column, choice in enumerate(spec.discrete):
            if not active.discrete[row, column]:
                record[choice.name] = choice.options[0]
    return records


def test_the_manifest_has_the_digests_of_truth_files(folder):
    manifest = json.loads((folder / "faceset.json").read_text())
    for engine in ENGINES:
        for designer in DESIGNERS:
            entry = manifest["truths"][engine][designer]
            data = (folder / entry["file"]).read_bytes()
            assert entry["file"] == f"truth/{engine}.{designer}.csv"
            assert entry["sha256"] == hashlib.sha256(data).hexdigest()
    open_parquet_set(folder).verify()


def test_writing_truths_again_changes_no_byte(folder):
    def digests():
        files = sorted(path for path in folder.rglob("*") if path.is_file())
        return {path: hashlib.sha256(path.read_bytes()).hexdigest() for path in files}

    before = digests()
    write_truths(folder)
    assert digests() == before


def test_inactive_cells_are_empty(folder):
    lines = (folder / "truth" / "avataaars.designer-a.csv").read_text().splitlines()
    header = lines[0].split(",")
    beard, colour = header.index("facial_hair"), header.index("facial_hair_colour")
    rows = [line.split(",") for line in lines[1:]]
    assert {row[colour] == "" for row in rows if row[beard] == "none"} == {True}


def test_faces_without_attributes_are_refused(tmp_path):
    write_split(
        tmp_path / "train.parquet", [ParquetFace("a", _picture(1), None, None, "CC0")]
    )
    write_manifest(tmp_path, "bare", "1", "CC0", stand_in=False)
    with pytest.raises(FaceSetError, match="without attributes; designers need them"):
        write_truths(tmp_path)
    with pytest.raises(FaceSetError, match=r"no split 'tarin' \(did you mean train"):
        split_attributes(tmp_path, "tarin")


def test_the_agreement_table_has_every_parameter(folder):
    table = agreement_markdown(folder)
    for engine in ENGINES:
        for name in engine_spec(engine).names:
            assert f"| {engine} | {name} |" in table


def test_a_sheet_is_drawn_except_of_held_out_faces(folder, tmp_path):
    path = tmp_path / "new" / "truths.png"
    draw_truths(path, folder, count=3, size=64)
    sheet = np.asarray(Image.open(path).convert("RGB"))
    assert len(np.unique(sheet.reshape(-1, 3), axis=0)) > 100
    with pytest.raises(AvatarError, match="held-out faces are for scoring only"):
        draw_truths(path, folder, split="heldout")


@pytest.mark.slow
def test_embedded_truths_equal_those_of_the_current_tables(tmp_path):
    copy = shutil.copytree(PORTRAITS, tmp_path / "portraits")
    write_truths(copy)
    embedded = sorted((PORTRAITS / "truth").glob("*.csv"))
    assert len(embedded) == len(TABLES[DESIGNERS[0]]) * len(DESIGNERS)
    for path in embedded:
        assert (copy / "truth" / path.name).read_bytes() == path.read_bytes(), path.name
