"""Training sets: resumed after a kill, verified, and never mixed in one folder."""

import json
import pickle
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import psutil
import pytest
from PIL import Image

from benchmark.cli import main
from benchmark.faces.pictures import FaceSetError
from benchmark.faces.portraits import training_set
from benchmark.faces.portraits.splits import RenderedFace
from benchmark.faces.portraits.training_set import (
    open_training_set,
    render_training_set,
)

SIZE = 8


def draw(index, size, seed):
    """Create a stand-in for a rendered person; it depends on index and seed."""
    rng = np.random.default_rng([index, seed])
    picture = rng.integers(0, 256, (size, size, 3), dtype=np.uint8)
    parsing = rng.integers(0, 13, (size, size), dtype=np.uint8)
    return RenderedFace(index, picture, parsing, {})


class FakeRenderer:
    """Replaces `render_people` and records the indices of drawn people."""

    def __init__(self):
        self.drawn = []
        self.dies_at = None

    def __call__(self, count, size, seed, domain, jobs=2, start=0):
        assert domain == "train"
        for index in range(start, start + count):
            if index == self.dies_at:
                raise KeyboardInterrupt
            self.drawn.append(index)
            yield draw(index, size, seed)


@pytest.fixture
def renderer(monkeypatch):
    renderer = FakeRenderer()
    monkeypatch.setattr(training_set, "render_people", renderer)
    return renderer


def contents(folder):
    return {path.name: path.read_bytes() for path in folder.glob("[!.]*.*")}


def check_people(faces, indices, seed=1):
    pictures, parsing = faces.batch(np.array(indices))
    people = [draw(index, faces.size, seed) for index in indices]
    np.testing.assert_array_equal(pictures, [person.picture for person in people])
    np.testing.assert_array_equal(parsing, [person.parsing for person in people])


def test_whole_shards_are_rendered_and_read_in_any_order(tmp_path, renderer):
    assert render_training_set(tmp_path, 600, SIZE) == 750
    assert sorted(contents(tmp_path)) == [
        "crowd.json",
        *(f"shard-0000{k}.npz" for k in range(3)),
    ]
    faces = open_training_set(tmp_path)
    assert (len(faces), faces.size, faces.stand_in) == (750, SIZE, True)
    assert faces.licence == "CC0-1.0"
    check_people(faces, [749, 3, 250, 249, 3])
    few = open_training_set(tmp_path, 600)
    assert len(few) == 600
    assert few.digest != faces.digest
    with pytest.raises(IndexError, match="face 600 is out of range"):
        few.batch(np.array([600]))
    check_people(pickle.loads(pickle.dumps(few)), [599])


def test_a_finished_set_is_skipped_and_can_be_extended(tmp_path, renderer):
    render_training_set(tmp_path, 500, SIZE)
    before = contents(tmp_path)
    digest = open_training_set(tmp_path, 300).digest
    assert render_training_set(tmp_path, 500, SIZE) == 0
    assert render_training_set(tmp_path, 1, SIZE) == 0
    assert contents(tmp_path) == before
    assert render_training_set(tmp_path, 1000, SIZE) == 500
    assert renderer.drawn == list(range(1000))
    assert open_training_set(tmp_path, 300).digest == digest
    check_people(open_training_set(tmp_path), [0, 999])


def test_after_an_interrupt_only_the_open_shard_is_rendered_again(tmp_path, renderer):
    renderer.dies_at = 617
    with pytest.raises(KeyboardInterrupt):
        render_training_set(tmp_path, 1000, SIZE)
    with pytest.raises(FaceSetError, match="no finished training set"):
        open_training_set(tmp_path)
    renderer.dies_at = None
    renderer.drawn.clear()
    assert render_training_set(tmp_path, 1000, SIZE) == 500
    assert renderer.drawn == list(range(500, 1000))
    whole = tmp_path / "whole"
    render_training_set(whole, 1000, SIZE)
    assert contents(tmp_path) == contents(whole)


KILLED = """
import os, signal, sys
from pathlib import Path
sys.path.insert(0, sys.argv[2])
from test_training_set import SIZE, draw
from benchmark.faces.portraits import training_set

def people(count, size, seed, domain, jobs=2, start=0):
    for index in range(start, start + count):
        if index == 300:
            os.kill(os.getpid(), signal.SIGKILL)
        yield draw(index, size, seed)

training_set.render_people = people
training_set.render_training_set(Path(sys.argv[1]), 500, SIZE)
"""


def test_a_killed_render_is_continued(tmp_path, renderer):
    here = str(Path(__file__).parent)
    command = [sys.executable, "-c", KILLED, str(tmp_path), here]
    assert subprocess.run(command).returncode == -signal.SIGKILL
    assert sorted(contents(tmp_path)) == ["crowd.json", "shard-00000.npz"]
    assert render_training_set(tmp_path, 500, SIZE) == 250
    check_people(open_training_set(tmp_path), [0, 249, 250, 499])


def test_matching_shards_without_a_record_are_accepted(tmp_path, renderer):
    render_training_set(tmp_path, 750, SIZE)
    before = contents(tmp_path)
    (tmp_path / "crowd.json").unlink()
    (tmp_path / "shard-00001.tmp77.npz").write_bytes(b"another's open work")
    renderer.drawn.clear()
    assert render_training_set(tmp_path, 750, SIZE) == 0
    assert renderer.drawn == [0, 500]
    (tmp_path / "shard-00001.tmp77.npz").unlink()
    assert contents(tmp_path) == before


def test_missing_shards_are_rendered(tmp_path, renderer):
    render_training_set(tmp_path, 1250, SIZE)
    before = contents(tmp_path)
    for number in (1, 3):
        (tmp_path / f"shard-0000{number}.npz").unlink()
    assert render_training_set(tmp_path, 1250, SIZE) == 500
    assert contents(tmp_path) == before


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        (
            {"size": 16},
            r"crowd\.json is of a training set with size 8, not 16: render into",
        ),
        ({"seed": 2}, "seed 1, not 2"),
        ({"seed": 2, "size": 16}, "size 8, not 16 and seed 1, not 2"),
        ({"count": 0}, "count is 0; expected 1 to 1,000,000"),
        ({"count": 1_000_001}, "people from number 1,000,000 on are reserved"),
    ],
)
def test_other_settings_raise(tmp_path, renderer, asked, message):
    render_training_set(tmp_path, 250, SIZE)
    before = contents(tmp_path)
    with pytest.raises(FaceSetError, match=message):
        render_training_set(tmp_path, **({"count": 500, "size": SIZE} | asked))
    assert contents(tmp_path) == before


def test_another_version_raises(tmp_path, renderer, monkeypatch):
    render_training_set(tmp_path, 250, SIZE)
    monkeypatch.setattr(training_set, "crowd_version", lambda size: "2")
    with pytest.raises(FaceSetError, match="version 1, not 2"):
        render_training_set(tmp_path, 500, SIZE)
    with pytest.raises(FaceSetError, match=r"version is 1, .* by version 2 now") as why:
        open_training_set(tmp_path)
    assert "faces crowd FOLDER --size 8" in str(why.value)


@pytest.mark.parametrize("asked", [{"seed": 2}, {"size": 16}])
def test_shards_of_other_settings_are_not_accepted(tmp_path, renderer, asked):
    render_training_set(tmp_path, 250, SIZE)
    (tmp_path / "crowd.json").unlink()
    with pytest.raises(FaceSetError, match=r"shard-00000\.npz (does not|is no shard)"):
        render_training_set(tmp_path, **({"count": 250, "size": SIZE} | asked))
    assert not (tmp_path / "crowd.json").exists()


def test_a_changed_shard_raises(tmp_path, renderer):
    render_training_set(tmp_path, 500, SIZE)
    path = tmp_path / "shard-00001.npz"
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    open_training_set(tmp_path, 250)
    for attempt in (
        open_training_set,
        lambda folder: render_training_set(folder, 500, SIZE),
    ):
        with pytest.raises(
            FaceSetError, match=r"shard-00001\.npz does not match"
        ) as why:
            attempt(tmp_path)
        assert "\n" not in str(why.value)
    path.unlink()
    with pytest.raises(FaceSetError, match=r"shard-00001\.npz is no shard .*No such"):
        open_training_set(tmp_path)
    render_training_set(tmp_path, 500, SIZE)
    check_people(open_training_set(tmp_path), [400])


def save(path, count=250, kind=np.uint8, highest=13, write=np.savez, **more):
    rng = np.random.default_rng(0)
    parsing = rng.integers(0, highest, (count, SIZE, SIZE)).astype(kind)
    pictures = np.zeros((count, SIZE, SIZE, 3), np.uint8)
    pictures[0] = draw(0, SIZE, 1).picture
    write(path, **({"pictures": pictures, "parsing": parsing} | more))


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda p: p.write_bytes(p.read_bytes()[:-900]), "not a zip file"),
        (lambda p: p.write_bytes(b""), "not a zip file"),
        (lambda p: np.savez(p, pictures=np.zeros(3)), "shape"),
        (lambda p: save(p, parsing=np.zeros(3, np.uint8)), "shape"),
        (lambda p: save(p, count=249), "shape"),
        (lambda p: save(p, kind=np.int64), "type int64"),
        (lambda p: save(p, write=np.savez_compressed), "is compressed"),
        (lambda p: save(p, highest=14), "holds class 13"),
    ],
)
def test_a_damaged_shard_raises(tmp_path, renderer, damage, message):
    damaged = tmp_path / "shard-00000.npz"
    render_training_set(tmp_path, 250, SIZE)
    damage(damaged)
    (tmp_path / "crowd.json").unlink()
    with pytest.raises(FaceSetError, match=message) as caught:
        render_training_set(tmp_path, 250, SIZE)
    assert str(damaged) in str(caught.value)
    assert not (tmp_path / "crowd.json").exists()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"world": "heldout"}, r"crowd\.json: world: Input should be 'train'"),
        ({"size": "big"}, r"crowd\.json: size: "),
        ({"count": 500}, "count is 500, but there are digests of 1 shard of"),
        ({"colour": 1}, r"crowd\.json: colour: Extra"),
    ],
)
def test_an_invalid_record_raises(tmp_path, renderer, change, message):
    render_training_set(tmp_path, 250, SIZE)
    path = tmp_path / "crowd.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | change))
    with pytest.raises(FaceSetError, match=message):
        open_training_set(tmp_path)
    path.write_text("{")
    with pytest.raises(FaceSetError, match="the whole file: Invalid JSON"):
        open_training_set(tmp_path)


def test_opening_too_many_people_raises(tmp_path, renderer):
    with pytest.raises(FaceSetError, match="no finished training set"):
        open_training_set(tmp_path)
    render_training_set(tmp_path, 250, SIZE)
    for count in (0, 251):
        with pytest.raises(FaceSetError, match=f"holds 250 people, but {count} were"):
            open_training_set(tmp_path, count)


def test_a_missing_extra_raises(tmp_path, monkeypatch):
    def without(*arguments):
        raise ModuleNotFoundError("No module named 'warp'", name="warp")

    monkeypatch.setattr(training_set, "render_people", without)
    with pytest.raises(FaceSetError, match=r"`portraits` .*pip install warp-lang"):
        render_training_set(tmp_path, 250, SIZE)
    assert contents(tmp_path) == {}


@pytest.mark.slow
def test_rendered_people_are_recognised(tmp_path, monkeypatch):
    pytest.importorskip("warp", reason="the portraits extra is not installed")
    monkeypatch.setattr(training_set, "SHARD_SIZE", 1)
    assert render_training_set(tmp_path, 1, 64, seed=1, jobs=1) == 1
    pictures, parsing = open_training_set(tmp_path).batch(np.array([0]))
    assert pictures.std() > 15
    assert len(np.unique(parsing)) > 6
    (tmp_path / "crowd.json").unlink()
    assert render_training_set(tmp_path, 1, 64, seed=1, jobs=1) == 0


ABANDONED = """
import os, signal
import psutil
from benchmark.faces.portraits.splits import render_people

if __name__ == "__main__":
    for face in render_people(40, 64, 1, "train", jobs=2):
        children = psutil.Process().children(recursive=True)
        print(*(child.pid for child in children), flush=True)
        os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.slow
def test_workers_end_when_their_parent_is_killed(tmp_path):
    pytest.importorskip("warp", reason="the portraits extra is not installed")
    script = tmp_path / "abandoned.py"
    script.write_text(ABANDONED)
    command = [sys.executable, script]
    with (tmp_path / "pids").open("w") as pids:
        assert subprocess.run(command, stdout=pids).returncode == -signal.SIGKILL
    last = (tmp_path / "pids").read_text().splitlines()[-1]
    workers = [int(pid) for pid in last.split()]
    assert len(workers) >= 2
    until = time.monotonic() + 30
    while any(map(psutil.pid_exists, workers)) and time.monotonic() < until:
        time.sleep(0.1)
    assert not any(map(psutil.pid_exists, workers))


@pytest.mark.slow
def test_the_command_renders_and_draws_a_sheet(tmp_path, renderer, monkeypatch, capsys):
    def call(*arguments):
        monkeypatch.setattr(sys, "argv", ["avatarbench", "faces", "crowd", *arguments])
        with pytest.raises(SystemExit) as caught:
            main()
        return caught.value.code or 0, capsys.readouterr()

    folder, sheet = str(tmp_path / "crowd"), tmp_path / "sheet.png"
    code, said = call(folder, "--count", "251", "--sheet", str(sheet))
    assert code == 0, said.err
    assert f"crowd: {folder}: 500 faces, digest " in said.out
    assert "500 rendered in " in said.out
    assert " faces/s" in said.out
    with Image.open(sheet) as drawn:
        assert drawn.size == (8 * 128 + 7 * 4, 8 * 64 + 7 * 4)
    code, said = call(folder, "--count", "500")
    assert (code, len(said.out.splitlines())) == (0, 1)
    code, said = call(folder, "--count", "500", "--size", "128")
    assert code == 2
    assert said.err.startswith(
        f"avatarbench: {folder}/crowd.json is of a training set with size"
    )
    assert len(said.err.splitlines()) == 1
