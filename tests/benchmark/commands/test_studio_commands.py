"""`avatarbench studio`: arguments of the server, export, and agreement."""

import numpy as np
import pytest
import tiny_suite
import yaml
from command_line import invoke
from PIL import Image

from benchmark.commands.studio_export import export_files, export_truths
from benchmark.commands.studio_serve import make_canvas, read_faces, serve_studio
from benchmark.config.resolve import resolve
from benchmark.config.suite import load_suite
from benchmark.faces.picture_listing import list_pictures
from benchmark.faces.picture_sets import open_folder
from benchmark.faces.pictures import FaceSetError
from benchmark.registry import ENGINES
from benchmark.system.progress import Silent
from reports.human_study.studio import sheet
from reports.human_study.studio.drafts import Draft, StudioError, initial_vector
from reports.human_study.studio.pictures import Pictures
from reports.human_study.studio.workbook import create_workbook

SPEC = tiny_suite.SPEC


@pytest.fixture
def faces(tmp_path):
    tiny_suite.register()
    tiny_suite.make_faces(tmp_path)
    return tmp_path / "faces"


@pytest.fixture
def options(faces, tmp_path):
    """The options of `serve_studio`."""
    return {
        "faces": faces,
        "engine_name": "tiny",
        "folder": tmp_path / "studio",
        "ffhq": False,
        "only": None,
        "designers": (),
        "host": "127.0.0.1",
        "port": 0,
        "public_url": None,
        "root_path": None,
    }


@pytest.fixture
def worked(faces, tmp_path):
    """A studio's folder: anna did faces 0-4, ben 1-5, and they differ on some."""
    files = read_faces(list_pictures(faces), Silent())
    book = create_workbook(tmp_path / "studio", "tiny", SPEC)
    for name, first in (("anna", 0), ("ben", 1)):
        book.enter(name)
        for index in range(first, first + 5):
            face = f"face{index:02d}"
            mouth = f"{index / 10 + (0.1 if name == 'ben' else 0):.2f}"
            skin = "light" if index > 3 or (name == "ben" and index == 3) else "dark"
            draft = book.change(name, face, {"mouth": mouth, "skin": skin}, 0)
            book.finish(name, face, files.digest(face), "1", draft.revision)
    book.change("anna", "face09", {"mouth": "0.9"}, 0)
    return tmp_path / "studio"


def problem(options, **changes):
    """The message of the error that `serve_studio` raises."""
    with pytest.raises((StudioError, FaceSetError)) as caught:
        serve_studio(**(options | changes))
    return str(caught.value)


def test_pictures_that_are_not_aligned_are_reported(options, monkeypatch, capsys):
    monkeypatch.setattr("benchmark.commands.studio_serve.serve", lambda *_: None)
    serve_studio(**options)
    printed = capsys.readouterr().out
    assert "are not aligned as in FFHQ" in printed
    assert f"avatarbench faces align {options['faces']} --out FOLDER" in printed


def test_all_unusable_pictures_are_reported_at_once(options, faces):
    (faces / "face00.png").write_bytes(b"")
    Image.new("L", (64, 64)).save(faces / "face01.png")
    Image.new("RGB", (64, 64)).save(faces / "face02.jpg")
    names, first, second = problem(options).splitlines()
    assert "face02.jpg and face02.png are both face face02; keep one" in names
    assert "face00.png cannot be read as a picture: the file is empty" in first
    assert "face01.png is greyscale" in second


def test_mistakes_are_reported_before_anything_is_served(options, faces, tmp_path):
    assert "--public-url" in problem(options, host="0.0.0.0")
    assert "--designer" in problem(options, public_url="http://studio.example")
    assert "a name has at most" in problem(options, designers=("anna", "../up"))
    assert "no folder of pictures" in problem(options, faces=tmp_path / "x")
    (tmp_path / "only.txt").write_text("face01\nface99\n")
    only = options | {"only": tmp_path / "only.txt"}
    assert "names face face99, which has no picture" in problem(only)
    (tmp_path / "only.txt").write_text("")
    assert "names 0 faces" in problem(only)
    (tmp_path / "only.txt").write_text("head\n")
    assert "is not an FFHQ index" in problem(only, faces=ffhq(tmp_path), ffhq=True)
    Image.new("L", (64, 64)).save(faces / "face03.png")
    assert "face03.png is greyscale" in problem(options)
    (options["faces"] / "face99.heic").write_bytes(b"")
    assert "face99.heic is a HEIC file" in problem(options)
    assert not (tmp_path / "studio").exists()


def ffhq(folder):
    (folder / "ffhq").mkdir()
    Image.new("RGB", (64, 64)).save(folder / "ffhq" / "00007.png")
    return folder / "ffhq"


def test_a_picture_that_changed_since_it_was_finished_is_named(options, worked, faces):
    Image.new("RGB", (64, 64), "blue").save(faces / "face02.png")
    assert "face02 changed since anna finished it" in problem(options)


@pytest.mark.parametrize("name", ["toon-tiktok", "toon-alter", "avataaars"])
def test_every_engine_can_be_worked_with(name, faces):
    engine = ENGINES.load(name)()
    board = make_canvas(name, engine)
    draft = Draft("ann", initial_vector(engine.spec))
    fields = [field for part in sheet.sections(board, draft) for field in part.fields]
    assert len(fields) == len(engine.spec.parameters)
    shapes = [d for d in engine.spec.discrete if d.kind == "shape"]
    smallest = min(shapes, key=lambda choice: len(choice.options))
    pictures = Pictures(board, read_faces(list_pictures(faces), Silent()))
    assert pictures.thumbnail(smallest, 1).startswith(b"\x89PNG")
    for field in fields:
        for choice in field.choices:
            assert bool(choice.colour) != bool(choice.thumbnail)


def test_a_suite_reads_exported_ground_truth(worked, faces, tmp_path, capsys):
    export_truths(worked, tmp_path / "truths", common=True)
    printed = capsys.readouterr().out
    section = yaml.safe_load(printed[printed.index("faces:") :])
    section["faces"]["folder"] = str(faces)
    files = section["faces"]["truth"]["tiny"]
    data = tiny_suite.suite_data(**section)
    path = tmp_path / "ours.yaml"
    path.write_text(yaml.safe_dump(data))
    resolved = resolve(load_suite(str(path)))
    truth = resolved.truths["tiny", "heldout", "ben"]
    assert resolved.splits["heldout"].ids == ("face01", "face02", "face03", "face04")
    np.testing.assert_allclose(truth.column("mouth"), [0.2, 0.3, 0.4, 0.5])
    assert truth.column("skin").tolist() == [0, 0, 1, 1]
    assert set(files) == {"anna", "ben"}


def test_without_common_each_designer_exports_all_that_is_done(worked, faces, tmp_path):
    export_truths(worked, tmp_path / "truths", common=False)
    path = tmp_path / "truths" / "tiny.anna.csv"
    held_out = open_folder(faces, {"tiny": {"anna": path}}).split("heldout")
    assert held_out.ids == tuple(f"face{index:02d}" for index in range(5))
    assert path.with_suffix(".seal.json").is_file()


def test_exporting_a_studio_without_finished_faces_is_an_error(tmp_path):
    book = create_workbook(tmp_path / "studio", "tiny", SPEC)
    book.enter("anna")
    with pytest.raises(StudioError, match=r"no face in .* is finished yet"):
        export_truths(tmp_path / "studio", tmp_path / "out", common=False)
    for name, face in (("anna", "a"), ("ben", "b")):
        if name == "ben":
            book.enter(name)
        book.finish(name, face, "digest", "1", 0)
    with pytest.raises(StudioError, match="is finished by all of anna, ben"):
        export_truths(tmp_path / "studio", tmp_path / "out", common=True)
    assert not (tmp_path / "out").exists()


def test_flags_are_exported_beside_the_ground_truth(tmp_path):
    book = create_workbook(tmp_path / "studio", "tiny", SPEC)
    book.enter("anna")
    book.flag("anna", "a", {SPEC.names[0]: True})
    book.finish("anna", "a", "digest", "1", 0)
    export_truths(tmp_path / "studio", tmp_path / "out", common=False)
    flags = (tmp_path / "out" / "tiny.anna.flags.csv").read_text()
    assert flags == f"face,cannot_be_drawn\na,{SPEC.names[0]}\n"


def test_pages_and_commands_export_the_same_bytes(worked, tmp_path):
    book = create_workbook(worked, "tiny", SPEC)
    done = {f: d for f, d in book.drafts("anna").items() if d.finish is not None}
    export_truths(worked, tmp_path / "truths", common=False)
    for name, content in export_files(book, "anna", done).items():
        assert (tmp_path / "truths" / name).read_bytes() == content


def test_agreement_prints_ceiling_and_parameters(worked, tmp_path):
    export_truths(worked, tmp_path / "truths", common=False)
    files = [str(tmp_path / "truths" / f"tiny.{name}.csv") for name in ("anna", "ben")]
    options = ["--engine", "tiny", "--metric", "mouth-error", "--metric", "needy"]
    shown = invoke("studio", "agreement", *files, *options)
    assert shown.exit_code == 0, shown.output
    text = " ".join(shown.output.split())
    assert "Human performance on tiny: ben against anna" in text
    assert "Mouth error ↓ 0.100 4" in text
    assert "Needy: not measured" in text
    assert "mouth 4 — — 0.10 1.00" in text
    assert "skin 4 0.75 0.50 — —" in text


def test_truths_of_other_faces_cannot_agree(worked, tmp_path):
    export_truths(worked, tmp_path / "truths", common=False)
    one = tmp_path / "truths" / "tiny.anna.csv"
    other = tmp_path / "other.csv"
    other.write_text("face,mouth,skin\nzoe,0.5,dark\n")
    with pytest.raises(FaceSetError, match="have no face in common"):
        invoke(
            "studio",
            "agreement",
            str(one),
            str(other),
            "--engine",
            "tiny",
            catch_exceptions=False,
        )
