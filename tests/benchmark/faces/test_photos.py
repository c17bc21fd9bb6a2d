"""The face set `photos`: fetching, aligning, ground truth and classes.

Drawn stand-ins take the place of the photographs, which are not in the repository.
"""

import csv
import io
import shutil
import urllib.error
import urllib.request

import pytest
import tiny_suite
from command_line import invoke
from PIL import Image, ImageDraw
from places import ROOT

from benchmark.config.resolve import resolve
from benchmark.config.suite import SuiteError, parse_suite
from benchmark.faces.faceset import embedded_portraits
from benchmark.faces.photos import face_set, manifest, options
from benchmark.faces.photos.classes import class_rates
from benchmark.faces.photos.face_set import open_photographs
from benchmark.faces.photos.fetch import fetch_photographs
from benchmark.faces.photos.looks import (
    COLUMNS,
    ENGINES,
    looks_to_vectors,
    read_looks,
)
from benchmark.faces.photos.truths import write_truths
from benchmark.faces.pictures import FaceSetError
from benchmark.faces.truth_csv import truth_bytes
from benchmark.faces.truth_seal import open_truth
from benchmark.registry import ENGINES as ENGINE_CLASSES
from benchmark.storage.digests import bytes_digest
from benchmark.system.progress import Silent

SHIPPED = manifest.DATA
LOOKS = SHIPPED / "labeller-a.looks.csv"
FACES = ("female-58", "male-58", "female-00", "male-00", "male-01")
LANDMARKS = "70 90 130 90 100 120 80 150 120 150"


def drawn(colour):
    picture = Image.new("RGB", (200, 220), "white")
    ImageDraw.Draw(picture).ellipse((50, 40, 150, 190), fill=colour)
    encoded = io.BytesIO()
    picture.save(encoded, "JPEG")
    return encoded.getvalue()


@pytest.fixture
def copy(tmp_path, monkeypatch):
    """A copy of the repository with five drawn stand-ins, and their manifest."""
    root, data = tmp_path / "assets", tmp_path / "data"
    data.mkdir()
    rows = []
    for place, face in enumerate(FACES):
        sex, number = face.split("-")
        path = f"{sex}/512/{int(number)}.jpg"
        picture = drawn((200, 100 + 30 * place, 90))
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(picture)
        split = "validation" if number == "58" else "heldout"
        rows.append([face, path, bytes_digest(picture), split, LANDMARKS, "unknown"])
    with (data / "photographs.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["face", "path", "sha256", "split", "landmarks", "pixels"])
        writer.writerows(rows)
    monkeypatch.setattr(manifest, "MANIFEST", data / "photographs.csv")
    monkeypatch.setattr(face_set, "DATA", data)
    monkeypatch.setenv("AVATARBENCH_CACHE", str(tmp_path / "cache"))
    table = LOOKS.read_text().splitlines(keepends=True)
    chosen = [line for line in table[1:] if line.split(",")[0] in FACES]
    (data / "labeller-a.looks.csv").write_text("".join([table[0], *chosen]))
    write_truths(data / "labeller-a.looks.csv", data / "truth")
    return root


def call(*arguments):
    return invoke("faces", *arguments)


def photo_suite(tmp_path, **changes):
    data = tiny_suite.suite_data(
        faces={"set": "photos"},
        designers=["labeller-a"],
        engines=["toon-alter"],
        variants=[{"name": "random", "method": "random"}],
        metrics=["discrete-accuracy"],
        **changes,
    )
    return resolve(parse_suite(data, "photo.yaml", tmp_path))


def test_photographs_are_fetched_aligned_and_kept(copy):
    first = call("fetch", "photos", "--from", copy)
    assert first.exit_code == 0, first.output
    assert "5 added, 0 present" in first.output
    assert "differ slightly" in first.output.replace("\n", " ")
    again = call("fetch", "photos", "--from", copy)
    assert "0 added, 5 present" in again.output
    faces = open_photographs()
    assert faces.split("validation").ids == ("female-58", "male-58")
    assert faces.split("heldout").ids == FACES[2:]
    assert faces.split("heldout").pictures(64).shape == (3, 64, 64, 3)
    assert faces.split("train").digest == embedded_portraits().split("train").digest
    assert "5 of 5 pictures fetched" in call().output


def test_a_changed_picture_is_noticed_and_fetched_again(copy, tmp_path):
    fetch_photographs(copy, Silent())
    digest = open_photographs().split("heldout").digest
    (tmp_path / "cache/photos/male-01.png").write_bytes(b"other")
    with pytest.raises(FaceSetError, match="faces fetch photos"):
        open_photographs().split("heldout").pictures(64)
    assert fetch_photographs(copy, Silent()).added == 1
    assert open_photographs().split("heldout").digest == digest


def test_a_fetch_that_was_interrupted_goes_on(copy):
    last = copy / "male/512/1.jpg"
    whole = last.read_bytes()
    last.unlink()
    with pytest.raises(FaceSetError, match=r"male/512/1\.jpg cannot be read"):
        fetch_photographs(copy, Silent())
    with pytest.raises(FaceSetError, match="are not whole: run `avatarbench faces"):
        open_photographs()
    last.write_bytes(whole)
    assert fetch_photographs(copy, Silent()).present == 4


def test_pictures_that_another_version_aligned_are_fetched_again(copy, tmp_path):
    fetch_photographs(copy, Silent())
    path = tmp_path / "data/photographs.csv"
    path.write_text(path.read_text().replace("unknown", "other"))
    with pytest.raises(FaceSetError, match="faces fetch photos"):
        open_photographs()
    assert fetch_photographs(copy, Silent()).added == len(FACES)


def test_another_picture_is_refused(copy):
    (copy / "male/512/0.jpg").write_bytes(drawn("blue"))
    with pytest.raises(FaceSetError, match="not the photograph of the manifest"):
        fetch_photographs(copy, Silent())


def test_offline_one_sentence_says_so(copy, monkeypatch):
    def refuse(url, timeout):
        raise urllib.error.URLError("no route to host")

    monkeypatch.setattr(urllib.request, "urlopen", refuse)
    with pytest.raises(FaceSetError) as caught:
        fetch_photographs(None, Silent())
    text = str(caught.value)
    assert manifest.COMMIT in text
    assert "no route to host; connect to the internet" in text
    assert "--from" in text
    assert text.count(". ") == 0


def test_a_suite_says_how_to_fetch(copy, tmp_path):
    with pytest.raises(SuiteError) as caught:
        photo_suite(tmp_path)
    assert any(
        "run `avatarbench faces fetch photos`" in p for p in caught.value.problems
    )


def test_a_suite_reads_ground_truth_of_photographs_and_train_faces(copy, tmp_path):
    fetch_photographs(copy, Silent())
    resolved = photo_suite(tmp_path)
    truth = resolved.truths["toon-alter", "heldout", "labeller-a"]
    assert [record["hair_type"] for record in truth.to_records()][1] == "bald"
    assert resolved.version is None
    spec = resolved.engines["toon-alter"].spec
    trained = resolved.faces.truth("toon-alter", spec, "train", "labeller-a")
    portraits = embedded_portraits()
    assert trained == portraits.truth("toon-alter", spec, "train", "designer-a")


def test_ground_truth_of_another_photograph_is_refused(copy, tmp_path):
    fetch_photographs(copy, Silent())
    path = tmp_path / "data/photographs.csv"
    digest = bytes_digest((copy / "male/512/0.jpg").read_bytes())
    path.write_text(path.read_text().replace(digest, "0" * 64))
    with pytest.raises(FaceSetError, match="another picture of face male-00"):
        open_photographs()


@pytest.mark.parametrize(
    ("labeller", "heldout"), [("labeller-a", 116), ("labeller-b", 20)]
)
def test_shipped_ground_truth_is_what_the_looks_mean(labeller, heldout):
    photographs = manifest.read_photographs()
    splits = [row.split for row in photographs.values()]
    assert (splits.count("heldout"), splits.count("validation")) == (116, 20)
    looks = read_looks(SHIPPED / f"{labeller}.looks.csv")
    labelled = [row.split for face, row in photographs.items() if face in looks]
    assert (labelled.count("heldout"), labelled.count("validation")) == (heldout, 20)
    for name in ENGINES:
        spec = ENGINE_CLASSES.create(name).spec
        truth = open_truth(SHIPPED / "truth" / f"{name}.{labeller}.csv")
        vectors = looks_to_vectors(name, spec, looks)
        assert truth.path.read_bytes() == truth_bytes(tuple(looks), vectors)
        assert truth.faces() == tuple(looks)
        sealed = {face: photographs[face].sha256 for face in looks}
        assert truth.picture_digests == sealed


@pytest.mark.parametrize(
    ("cell", "wrong", "message"),
    [
        ("oval/heart", "oval/long", "line 2, column head: 'long' is not one of round"),
        ("oval/heart", "oval/oval", "two different ones"),
        (",ponytail,", ",ponytale,", "ponytale"),
        (",black,", ",blakc,", "did you mean black"),
    ],
)
def test_wrong_looks_are_named(tmp_path, cell, wrong, message):
    path = tmp_path / "anna.looks.csv"
    lines = LOOKS.read_text().splitlines(keepends=True)[:2]
    assert cell in lines[1]
    path.write_text(lines[0] + lines[1].replace(cell, wrong))
    result = call("looks", path, "--out", tmp_path / "truths")
    assert result.exit_code != 0
    assert message in str(result.exception)
    assert not (tmp_path / "truths").exists()


def test_looks_of_own_faces_become_ground_truth_without_a_seal(tmp_path):
    path = tmp_path / "anna.looks.csv"
    lines = LOOKS.read_text().splitlines(keepends=True)[:2]
    path.write_text(lines[0] + lines[1].replace("female-58", "my-face"))
    assert call("looks", path, "--out", tmp_path / "truths").exit_code == 0
    names = sorted(p.name for p in (tmp_path / "truths").iterdir())
    assert names == [f"{name}.anna.csv" for name in sorted(ENGINES)]
    shutil.move(path, tmp_path / "anna.csv")
    with pytest.raises(FaceSetError, match=r"LABELLER\.looks\.csv"):
        write_truths(tmp_path / "anna.csv", tmp_path / "truths")


@pytest.mark.parametrize("name", list(ENGINES))
def test_the_ground_truth_itself_has_every_class_right(name):
    spec, looks = ENGINE_CLASSES.create(name).spec, read_looks(LOOKS)
    truth = looks_to_vectors(name, spec, looks)
    rates = class_rates(name, spec, truth, list(looks.values()))
    assert all(rate.right == rate.faces for rate in rates)
    assert {rate.name for rate in rates if not rate.faces} == (
        {"beard"} if name == "toon-alter" else set()
    )
    others = list(looks.values())[::-1]
    wrong = {rate.name: rate.rate for rate in class_rates(name, spec, truth, others)}
    assert wrong["hair length"] < 0.8
    assert wrong["skin"] < 0.8
    assert wrong["hair colour"] < 0.9


def test_classes_are_printed_without_pictures(tmp_path):
    shipped = SHIPPED / "truth" / "avataaars.labeller-a.csv"
    result = call("classes", shipped, "--engine", "avataaars")
    assert "20 validation photographs" in result.output
    assert result.output.count("20 of 20 right") == 4
    wrong = tmp_path / "wrong.csv"
    header, *rows = shipped.read_text().splitlines(keepends=True)
    column = header.split(",").index("glasses")
    cells = [row.split(",") for row in rows]
    changed = [",".join([*c[:column], "round", *c[column + 1 :]]) for c in cells]
    wrong.write_text("".join([header, *changed]))
    result = call("classes", wrong, "--engine", "avataaars")
    assert "glasses      1 of 20 right" in result.output
    result = call("classes", wrong, "--engine", "avataaars", "--split", "valdiation")
    assert "did you mean validation" in str(result.exception)


def test_the_guide_documents_every_column_and_table():
    page = (ROOT / "docs/photographs.md").read_text(encoding="utf-8")
    assert [
        name for name in COLUMNS if name != "face" and f"`{name}`" not in page
    ] == []
    tables = (
        *(options.HAIR_ALTER, options.HAIR_COLOURS, options.SKIN, options.GLASSES),
        *(options.FACIAL_HAIR, options.BROWS, options.GAZES, options.MOUTHS),
    )
    for table in tables:
        for look, meant in table.items():
            cells = [str(look), *([meant] if isinstance(meant, str) else meant)]
            assert f"| {' | '.join(cells)} |" in page
