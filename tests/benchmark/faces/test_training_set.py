"""A crowd of rendered people: resumed after kills, sealed, never another's folder."""

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
from benchmark.faces.portraits import training_set as crowd
from benchmark.faces.portraits.splits import RenderedFace
from benchmark.faces.portraits.training_set import open_crowd, render_crowd

SIZE = 8


def draw(index, size, seed):
    """A stand-in for a rendered person, other for each index and seed."""
    rng = np.random.default_rng([index, seed])
    picture = rng.integers(0, 256, (size, size, 3), dtype=np.uint8)
    parsing = rng.integers(0, 13, (size, size), dtype=np.uint8)
    return RenderedFace(index, picture, parsing, {})


class Studio:
    """Takes the place of `render_people`; remembers whom it drew."""

    def __init__(self):
        self.drawn = []
        self.dies_at = None

    def __call__(self, count, size, seed, world, jobs=2, start=0):
        assert world == "train"
        for index in range(start, start + count):
            if index == self.dies_at:
                raise KeyboardInterrupt
            self.drawn.append(index)
            yield draw(index, size, seed)


@pytest.fixture
def studio(monkeypatch):
    studio = Studio()
    monkeypatch.setattr(crowd, "render_people", studio)
    return studio


def contents(folder):
    return {path.name: path.read_bytes() for path in folder.glob("[!.]*.*")}


def same(faces, indices, seed=1):
    pictures, parsing = faces.batch(np.array(indices))
    people = [draw(index, faces.size, seed) for index in indices]
    np.testing.assert_array_equal(pictures, [person.picture for person in people])
    np.testing.assert_array_equal(parsing, [person.parsing for person in people])


def test_a_crowd_is_rendered_in_whole_shards_and_read_in_any_order(tmp_path, studio):
    assert render_crowd(tmp_path, 600, SIZE) == 750
    assert sorted(contents(tmp_path)) == [
        "crowd.json",
        *(f"shard-0000{k}.npz" for k in range(3)),
    ]
    faces = open_crowd(tmp_path)
    assert (len(faces), faces.size, faces.stand_in) == (750, SIZE, True)
    assert faces.licence == "CC0-1.0"
    same(faces, [749, 3, 250, 249, 3])
    few = open_crowd(tmp_path, 600)
    assert len(few) == 600
    assert few.digest != faces.digest
    with pytest.raises(IndexError, match="face 600 was asked for"):
        few.batch(np.array([600]))
    same(pickle.loads(pickle.dumps(few)), [599])


def test_asking_again_renders_nothing_and_asking_for_more_continues(tmp_path, studio):
    render_crowd(tmp_path, 500, SIZE)
    before = contents(tmp_path)
    digest = open_crowd(tmp_path, 300).digest
    assert render_crowd(tmp_path, 500, SIZE) == 0
    assert render_crowd(tmp_path, 1, SIZE) == 0
    assert contents(tmp_path) == before
    assert render_crowd(tmp_path, 1000, SIZE) == 500
    assert studio.drawn == list(range(1000))
    assert open_crowd(tmp_path, 300).digest == digest
    same(open_crowd(tmp_path), [0, 999])


def test_only_the_open_shard_is_redone(tmp_path, studio):
    studio.dies_at = 617
    with pytest.raises(KeyboardInterrupt):
        render_crowd(tmp_path, 1000, SIZE)
    with pytest.raises(FaceSetError, match="no finished crowd"):
        open_crowd(tmp_path)
    studio.dies_at = None
    studio.drawn.clear()
    assert render_crowd(tmp_path, 1000, SIZE) == 500
    assert studio.drawn == list(range(500, 1000))
    whole = tmp_path / "whole"
    render_crowd(whole, 1000, SIZE)
    assert contents(tmp_path) == contents(whole)


KILLED = """
import os, signal, sys
from pathlib import Path
sys.path.insert(0, sys.argv[2])
from test_training_set import SIZE, draw
from benchmark.faces.portraits import training_set

def people(count, size, seed, world, jobs=2, start=0):
    for index in range(start, start + count):
        if index == 300:
            os.kill(os.getpid(), signal.SIGKILL)
        yield draw(index, size, seed)

training_set.render_people = people
training_set.render_crowd(Path(sys.argv[1]), 500, SIZE)
"""


def test_a_killed_crowd_is_continued(tmp_path, studio):
    here = str(Path(__file__).parent)
    command = [sys.executable, "-c", KILLED, str(tmp_path), here]
    assert subprocess.run(command).returncode == -signal.SIGKILL
    assert sorted(contents(tmp_path)) == ["crowd.json", "shard-00000.npz"]
    assert render_crowd(tmp_path, 500, SIZE) == 250
    same(open_crowd(tmp_path), [0, 249, 250, 499])


def test_shards_without_a_record_are_taken_over(tmp_path, studio):
    render_crowd(tmp_path, 750, SIZE)
    before = contents(tmp_path)
    (tmp_path / "crowd.json").unlink()
    (tmp_path / "shard-00001.tmp77.npz").write_bytes(b"another's open work")
    studio.drawn.clear()
    assert render_crowd(tmp_path, 750, SIZE) == 0
    assert studio.drawn == [0, 500]
    (tmp_path / "shard-00001.tmp77.npz").unlink()
    assert contents(tmp_path) == before


def test_gaps_are_filled(tmp_path, studio):
    render_crowd(tmp_path, 1250, SIZE)
    before = contents(tmp_path)
    for number in (1, 3):
        (tmp_path / f"shard-0000{number}.npz").unlink()
    assert render_crowd(tmp_path, 1250, SIZE) == 500
    assert contents(tmp_path) == before


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"size": 16}, r"crowd\.json is of a crowd of size 8, not 16: render this one"),
        ({"seed": 2}, "seed 1, not 2"),
        ({"seed": 2, "size": 16}, "size 8, not 16 and seed 1, not 2"),
        ({"count": 0}, "a crowd of 0 people"),
        ({"count": 1_000_001}, "from person 1,000,000 on"),
    ],
)
def test_another_crowd_is_refused(tmp_path, studio, asked, message):
    render_crowd(tmp_path, 250, SIZE)
    before = contents(tmp_path)
    with pytest.raises(FaceSetError, match=message):
        render_crowd(tmp_path, **({"count": 500, "size": SIZE} | asked))
    assert contents(tmp_path) == before


def test_another_version_is_refused(tmp_path, studio, monkeypatch):
    render_crowd(tmp_path, 250, SIZE)
    monkeypatch.setattr(crowd, "VERSION", "2")
    with pytest.raises(FaceSetError, match="version 1, not 2"):
        render_crowd(tmp_path, 500, SIZE)


@pytest.mark.parametrize("asked", [{"seed": 2}, {"size": 16}])
def test_shards_of_another_crowd_are_not_taken_over(tmp_path, studio, asked):
    render_crowd(tmp_path, 250, SIZE)
    (tmp_path / "crowd.json").unlink()
    with pytest.raises(FaceSetError, match=r"shard-00000\.npz (does not|is no shard)"):
        render_crowd(tmp_path, **({"count": 250, "size": SIZE} | asked))
    assert not (tmp_path / "crowd.json").exists()


def test_a_shard_that_changed_is_named(tmp_path, studio):
    render_crowd(tmp_path, 500, SIZE)
    path = tmp_path / "shard-00001.npz"
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    open_crowd(tmp_path, 250)
    for attempt in (open_crowd, lambda folder: render_crowd(folder, 500, SIZE)):
        with pytest.raises(FaceSetError, match=r"shard-00001\.npz is not what") as why:
            attempt(tmp_path)
        assert "\n" not in str(why.value)
    path.unlink()
    with pytest.raises(FaceSetError, match=r"shard-00001\.npz is no shard .*No such"):
        open_crowd(tmp_path)
    render_crowd(tmp_path, 500, SIZE)
    same(open_crowd(tmp_path), [400])


def save(path, count=250, kind=np.uint8, highest=13, write=np.savez, **more):
    rng = np.random.default_rng(0)
    parsing = rng.integers(0, highest, (count, SIZE, SIZE)).astype(kind)
    pictures = np.zeros((count, SIZE, SIZE, 3), np.uint8)
    pictures[0] = draw(0, SIZE, 1).picture
    write(path, **({"pictures": pictures, "parsing": parsing} | more))


@pytest.mark.parametrize(
    ("spoil", "message"),
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
def test_a_damaged_shard_is_not_sealed(tmp_path, studio, spoil, message):
    spoil_at = tmp_path / "shard-00000.npz"
    render_crowd(tmp_path, 250, SIZE)
    spoil(spoil_at)
    (tmp_path / "crowd.json").unlink()
    with pytest.raises(FaceSetError, match=message) as caught:
        render_crowd(tmp_path, 250, SIZE)
    assert str(spoil_at) in str(caught.value)
    assert not (tmp_path / "crowd.json").exists()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"world": "heldout"}, r"crowd\.json: world: Input should be 'train'"),
        ({"size": "big"}, r"crowd\.json: size: "),
        ({"count": 500}, "count is 500, but there are digests of 1 shards"),
        ({"colour": 1}, r"crowd\.json: colour: Extra"),
    ],
)
def test_a_garbled_record_is_refused(tmp_path, studio, change, message):
    render_crowd(tmp_path, 250, SIZE)
    path = tmp_path / "crowd.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | change))
    with pytest.raises(FaceSetError, match=message):
        open_crowd(tmp_path)
    path.write_text("{")
    with pytest.raises(FaceSetError, match="the whole file: Invalid JSON"):
        open_crowd(tmp_path)


def test_more_people_than_there_are_cannot_be_opened(tmp_path, studio):
    with pytest.raises(FaceSetError, match="no finished crowd"):
        open_crowd(tmp_path)
    render_crowd(tmp_path, 250, SIZE)
    for count in (0, 251):
        with pytest.raises(FaceSetError, match=f"holds 250 people, but {count} were"):
            open_crowd(tmp_path, count)


def test_a_missing_extra_is_named(tmp_path, monkeypatch):
    def without(*arguments):
        raise ModuleNotFoundError("No module named 'warp'", name="warp")

    monkeypatch.setattr(crowd, "render_people", without)
    with pytest.raises(FaceSetError, match=r"extra `portraits` .*avatarbench\[portr"):
        render_crowd(tmp_path, 250, SIZE)
    assert contents(tmp_path) == {}


def test_real_people_are_recognised(tmp_path, monkeypatch):
    pytest.importorskip("warp", reason="the portraits extra is not installed")
    monkeypatch.setattr(crowd, "SHARD", 1)
    assert render_crowd(tmp_path, 1, 64, seed=1, jobs=1) == 1
    pictures, parsing = open_crowd(tmp_path).batch(np.array([0]))
    assert pictures.std() > 15
    assert len(np.unique(parsing)) > 6
    (tmp_path / "crowd.json").unlink()
    assert render_crowd(tmp_path, 1, 64, seed=1, jobs=1) == 0


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
def test_workers_end_with_a_parent_that_is_killed(tmp_path):
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


def test_the_command_renders_says_so_and_draws(tmp_path, studio, monkeypatch, capsys):
    def call(*arguments):
        monkeypatch.setattr(sys, "argv", ["avatarbench", "faces", "crowd", *arguments])
        with pytest.raises(SystemExit) as caught:
            main()
        return caught.value.code or 0, capsys.readouterr()

    folder, sheet = str(tmp_path / "crowd"), tmp_path / "sheet.png"
    code, said = call(folder, "--count", "251", "--sheet", str(sheet))
    assert code == 0, said.err
    assert f"crowd: {folder}: 500 people, digest " in said.out
    assert "500 rendered in " in said.out
    assert " people/s" in said.out
    with Image.open(sheet) as drawn:
        assert drawn.size == (8 * 128 + 7 * 4, 8 * 64 + 7 * 4)
    code, said = call(folder, "--count", "500")
    assert (code, len(said.out.splitlines())) == (0, 1)
    code, said = call(folder, "--count", "500", "--size", "128")
    assert code == 2
    assert said.err.startswith(
        f"avatarbench: {folder}/crowd.json is of a crowd of size"
    )
    assert len(said.err.splitlines()) == 1
