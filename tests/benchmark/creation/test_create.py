"""`avatarbench create`: files, folders, bad photographs, resuming, models."""

import csv
import io
import json

import numpy as np
import pytest
import tiny_suite
from command_line import invoke
from PIL import Image, ImageFilter

from benchmark.avatars import AvatarVectors
from benchmark.creation import creating
from benchmark.creation.cropping import crop_faces, crop_photograph
from benchmark.creation.model import ModelError, open_model
from benchmark.creation.scoring import score_vectors
from benchmark.faces.faceset import embedded_portraits
from benchmark.faces.truth_csv import TruthFile
from benchmark.photographs import decode_photograph
from benchmark.registry import ENGINES
from methods.controls import Constant, ControlOptions
from methods.product.network import make_product_estimator
from methods.product.weights import ProductCard, write_product

ENGINE = "toon-alter"


@pytest.fixture(scope="module")
def engine():
    return ENGINES.create(ENGINE)


@pytest.fixture(scope="module")
def portrait():
    split = embedded_portraits().split("validation")
    data, _ = split.source.picture(split.ids[0])
    return Image.open(io.BytesIO(data)).convert("RGB")


@pytest.fixture
def fitted(engine, tmp_path):
    """A folder of a fitted method, as a run stores it."""
    folder = tmp_path / "runs" / "store" / "fit" / "0123"
    method = Constant(ControlOptions(input_size=64))
    method._fitted = engine.spec, 0
    method.save(folder)
    return folder


def read(path):
    with Image.open(path) as picture:
        return np.asarray(picture)


def create(*words):
    return invoke("create", *words)


def test_one_photograph_gives_vector_avatar_and_pair(
    engine, portrait, fitted, tmp_path
):
    photo = tmp_path / "me.jpg"
    portrait.save(photo)
    out = tmp_path / "out"
    words = (photo, "--engine", ENGINE, "--model", fitted, "--out", out, "--size", 128)
    done = create(*words)
    assert done.exit_code == 0, done.output
    record = json.loads((out / "me.json").read_text())
    vector = AvatarVectors.from_records(engine.spec, [record["vector"]])
    drawn = read(out / "me.avatar.png")
    assert np.array_equal(drawn, engine.render(vector, 128)[0])
    assert read(out / "me.side-by-side.png").shape == (128, 256, 3)
    assert not (out / "avatars.csv").exists()


def test_a_folder_goes_on_after_bad_photographs_and_resumes(
    portrait, fitted, tmp_path, monkeypatch, engine
):
    folder, out = tmp_path / "photos", tmp_path / "out"
    folder.mkdir()
    portrait.save(folder / "one.jpg", quality=95)
    wide = Image.new("RGB", (560, 256), "grey")
    wide.paste(portrait, (0, 0))
    wide.paste(portrait.resize((200, 200)), (300, 20))
    wide.save(folder / "two.jpg", quality=95)
    Image.new("RGB", (200, 200), "green").save(folder / "wall.jpg")
    (folder / "broken.jpg").write_bytes(b"no picture")
    words = (folder, "--engine", ENGINE, "--method", "constant", "--out", out)
    words = (*words, "--runs", tmp_path / "runs", "--size", 64, "--all")
    done = create(*words)
    assert done.exit_code == 1
    assert "3 avatars" in done.stdout
    assert "2 photographs could not be used" in done.stdout
    assert "wall.jpg" in done.stderr
    assert "broken.jpg" in done.stderr
    text = (out / "avatars.csv").read_text()
    rows = list(csv.DictReader(io.StringIO(text)))
    assert [row["face"] for row in rows] == ["one", "two-1", "two-2"]
    truth = TruthFile(out / "avatars.csv").read(engine.spec, ["one", "two-2"])
    assert len(truth) == 2
    assert "wall.jpg" in (out / "problems.csv").read_text()
    assert read(out / "sheet.png").shape[1] > 3 * 256

    def fail(*arguments):
        raise AssertionError("a finished photograph was read again")

    crop = creating.crop_photograph
    monkeypatch.setattr(
        creating,
        "crop_photograph",
        lambda data, label, *more: (
            fail()
            if label.endswith(("one.jpg", "two.jpg"))
            else crop(data, label, *more)
        ),
    )
    again = create(*words)
    assert "3 avatars" in again.stdout
    assert "2 made before" in again.stdout


@pytest.mark.slow
def test_photographs_with_similar_names_all_get_avatars(portrait, fitted, tmp_path):
    folder, out = tmp_path / "photos", tmp_path / "out"
    folder.mkdir()
    wide = Image.new("RGB", (560, 256), "grey")
    wide.paste(portrait, (0, 0))
    wide.paste(portrait.resize((200, 200)), (300, 20))
    wide.save(folder / "two.png")
    portrait.save(folder / "two-1.png")
    portrait.save(folder / "two-1.bmp")
    words = (folder, "--engine", ENGINE, "--model", fitted, "--out", out, "--size", 64)
    assert "3 avatars" in create(*words).stdout
    done = create(*words, "--all")
    assert done.exit_code == 0, done.output
    made = {path.name for path in out.glob("*.avatar.png")}
    assert made >= {
        f"{n}.avatar.png" for n in ("two-1", "two-1.png", "two--1", "two--2")
    }
    rows = csv.DictReader((out / "avatars.csv").read_text().splitlines())
    names = [row["face"] for row in rows]
    assert names == ["two-1", "two-1.png", "two--1", "two--2"]
    assert "3 made before" in create(*words, "--all").stdout


def test_a_face_that_the_picture_cuts_off_is_refused(portrait, fitted, tmp_path):
    half = portrait.resize((512, 512)).crop((265, 0, 512, 512))
    half.save(tmp_path / "half.png")
    done = create(
        tmp_path / "half.png", "--engine", ENGINE, "--model", fitted, "--out", tmp_path
    )
    assert done.exit_code == 1
    assert "half.png is cut off by the edge of the picture: use" in done.stderr


def test_black_and_blurred_photographs_are_refused_and_the_others_go_on(
    portrait, fitted, tmp_path
):
    folder, out = tmp_path / "photos", tmp_path / "out"
    folder.mkdir()
    large = portrait.resize((640, 640))
    large.save(folder / "good.png")
    large.filter(ImageFilter.GaussianBlur(17)).save(folder / "blurred.png")
    large.point(lambda level: level * 0.12).save(folder / "dark.png")
    Image.new("RGB", (640, 640)).save(folder / "black.png")
    words = (folder, "--engine", ENGINE, "--model", fitted, "--out", out, "--size", 64)
    for more in ((), ("--all",)):
        done = create(*words, *more)
        assert done.exit_code == 1
        assert "1 avatar" in done.stdout
        assert "3 photographs could not be used" in done.stdout
        told = sorted(line for line in done.stderr.splitlines() if ".png" in line)
        assert len(told) == 3
        assert "black.png: use a sharp photograph" in told[0]
        assert told[1].endswith("blurred.png is too blurred: use a sharp photograph")
        assert "dark.png is too dark: use a photograph" in told[2]
    assert [path.name for path in out.glob("*.avatar.png")] == ["good.avatar.png"]


def test_wrong_arguments_are_told_before_anything_is_written(
    portrait, fitted, tmp_path, engine
):
    portrait.save(tmp_path / "me.png")
    out = tmp_path / "out"
    me = (tmp_path / "me.png", "--engine", ENGINE, "--out", out)
    for words, expected in (
        ((tmp_path / "no.png", *me[1:], "--model", fitted), "no such photograph"),
        ((*me[:1], "--engine", "avataaars", "--model", fitted), "--engine toon-alter"),
        ((*me, "--model", fitted, "--method", "random"), "holds constant, not random"),
        ((*me, "--model", tmp_path / "none"), "no such folder"),
        ((*me, "--method", "random", "--runs", tmp_path), "no random"),
        ((*me, "--method", "randon"), "random"),
        ((*me, "--model", "models:/nobody/1", "--runs", tmp_path), "is not in MLflow"),
    ):
        done = create(*words)
        assert done.exit_code != 0
        assert expected in str(done.exception), words
        assert not out.exists()


def test_an_estimator_predicts_the_same_alone_and_in_a_batch(engine, tmp_path):
    network = make_product_estimator({ENGINE: engine.spec}, 8).eval()
    card = ProductCard(
        title="mine",
        engines={ENGINE: engine.spec.digest},
        size=64,
        head_width=8,
        licence="CC0-1.0",
        data="",
        encoder="",
        command="",
        hours=0,
        steps=1,
        faces=1,
        validation="",
        scores={},
    )
    write_product(tmp_path / "mine", network, card)
    model = open_model(engine, str(tmp_path / "mine"))
    faces = np.random.default_rng(0).integers(0, 256, (3, 128, 128, 3), np.uint8)
    together = model.predict(faces)
    assert together[1] == model.predict(faces[1:2])
    assert len(model.predict(faces[:0])) == 0
    assert "not benchmarked" in model.title
    with pytest.raises(ModelError, match="--method"):
        open_model(engine, str(tmp_path / "mine"), "swiftavatar")


def test_a_method_that_renders_gets_the_engine(tmp_path):
    tiny_suite.register()
    method = tiny_suite.RenderingMethod(tiny_suite.TinyOptions())
    method.save(tmp_path)
    note = {"method": "rendering", "spec": tiny_suite.SPEC.to_json()}
    (tmp_path / "method.json").write_text(json.dumps(note))
    model = open_model(tiny_suite.TinyEngine(), str(tmp_path))
    assert len(model.predict(np.zeros((2, 64, 64, 3), np.uint8))) == 2


def test_scores_on_photographs_count_palette_steps_and_hair_lengths(engine):
    truth = AvatarVectors.defaults(engine.spec, 4)
    near = truth.with_value("skin_tone", engine.spec["skin_tone"].options[2])
    scores = {score.name: score for score in score_vectors(near, truth)}
    assert (scores["skin_tone"].right, scores["skin_tone"].near) == (0, 1)
    assert scores["hair length"].right == 1
    assert scores["glasses"].constant == 1


@pytest.mark.slow
def test_a_large_photograph_gives_the_same_face_as_the_whole_file(portrait):
    scene = Image.new("RGB", (4000, 3000), (120, 130, 140))
    scene.paste(portrait.convert("RGB").resize((2000, 2000)), (900, 400))
    stream = io.BytesIO()
    scene.save(stream, "JPEG", quality=92)
    data = stream.getvalue()
    (whole,) = crop_faces(decode_photograph(data, "it"), "it", 256).crops
    for size in (256, 1024):  # the face is large enough when reduced, or is not
        (quick,) = crop_photograph(data, "it", size).crops
        assert np.abs(np.subtract(quick.face.box, whole.face.box)).max() < 15
        assert np.abs(quick.face.landmarks - whole.face.landmarks).max() < 8
    (quick,) = crop_photograph(data, "it", 256).crops
    assert np.abs(quick.picture.astype(float) - whole.picture).mean() < 2
