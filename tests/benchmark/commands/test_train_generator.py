"""`avatarbench train generator`: pieces, mistakes, kills, several processes."""

import json
import os
import random
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import tiny_generator
import torch
import yaml
from places import HELPERS
from safetensors.torch import load_file

from benchmark.cli import main
from benchmark.storage.digests import file_digest

TRAINING = Path("runs", "generators", "tiny")
COMMAND = ["train", "generator", "crowd", "--recipe", "tiny.yaml", "--device", "cpu"]
PLAIN = ["--no-mlflow", "--quality-count", "0"]


@pytest.fixture
def train(tmp_path, monkeypatch, capfd):
    """Runs `train generator` in `tmp_path`: status, output, errors."""
    tiny_generator.make_training(tmp_path)
    monkeypatch.chdir(tmp_path)

    def call(*options, data="crowd", recipe="tiny.yaml"):
        arguments = ["train", "generator", data, "--recipe", recipe, *PLAIN, *options]
        monkeypatch.setattr(sys, "argv", ["avatarbench", *arguments])
        with pytest.raises(SystemExit) as caught:
            main()
        return caught.value.code or 0, *capfd.readouterr()

    return call


@pytest.mark.slow
def test_a_training_in_two_pieces_exports_its_weights(train, tmp_path):
    status, said, wrong = train("--minutes", "0", "--export", "weights")
    assert status == 0, wrong
    assert "stopped after 4 of 40 pictures" in said
    assert "repeat the command to continue" in said
    status, said, wrong = train("--export", "weights")
    assert status == 0, wrong
    assert "trained on all 40 pictures" in said
    for line in ("checkpoint: ", "curve: ", "sheets: ", "weights: weights"):
        assert f"\n{line}" in said
    assert "MLflow" not in said
    previews = {path.name for path in (tmp_path / TRAINING / "previews").iterdir()}
    kinds = ("samples", "truncation")
    expected = {f"{n:09d}-{kind}.png" for n in (20, 40) for kind in kinds}
    assert previews == {"real.png", *expected}
    card = json.loads((tmp_path / "weights" / "card.json").read_text())
    assert card["images"] == 40
    assert card["data"].startswith("portraits-crowd: 12 faces of 16 px")
    assert card["command"].startswith("avatarbench train generator crowd")

    from methods.generator.pretrained import load_discriminator, load_generator

    found = load_file(tmp_path / TRAINING / "checkpoint.safetensors")
    for prefix, network in (
        ("average/", load_generator(tmp_path / "weights")),
        ("discriminator/", load_discriminator(tmp_path / "weights")),
    ):
        for name, value in network.state_dict().items():
            assert torch.equal(value, found[prefix + name])
    more = ("--out", "more", "--minutes", "0", "--export", "more/weights", "--half")
    status, _, wrong = train("--from", "weights", *more)
    assert status == 0, wrong
    status, _, wrong = train(*more)  # a later piece still has the original start
    assert status == 0, wrong
    card = json.loads((tmp_path / "more" / "weights" / "card.json").read_text())
    digest = file_digest(tmp_path / "weights" / "generator.safetensors")[:8]
    start = rf"started from tiny \(40 pictures, 0\.\d+ h, generator {digest}\)"
    assert re.search(start, card["notes"])
    halved = tmp_path / "more" / "weights" / "generator.safetensors"
    assert {value.dtype for value in load_file(halved).values()} == {torch.float16}
    assert load_generator(halved.parent).grid.dtype == torch.float32


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (("--device", "tpu"), "--device tpu: must be auto, cuda, mps, cpu"),
        (("--devices", "3"), "a batch of 4 cannot be shared by 3 devices"),
        (("--from", "nothing"), "nothing is neither a folder nor a name of weights"),
        (("--export", "crowd"), "crowd exists already and holds no weights of this"),
    ],
)
def test_a_mistake_is_one_sentence_before_any_work(options, expected, train, tmp_path):
    status, said, wrong = train(*options)
    assert status == 2
    assert expected in wrong
    assert wrong.count("\n") == 1
    assert said == ""
    assert not (tmp_path / "runs").exists()


def test_weights_of_other_networks_are_no_start(train, tmp_path):
    assert train("--minutes", "0", "--export", "weights")[0] == 0
    start = ("--from", "weights", "--out", "more")
    recipe = tiny_generator.RECIPE
    (tmp_path / "wide.yaml").write_text(
        yaml.safe_dump({**recipe, "discriminator": {"channels": {4: 8, 8: 4, 16: 4}}})
    )
    (tmp_path / "deep.yaml").write_text(
        yaml.safe_dump({**recipe, "generator": {**recipe["generator"], "n_mlp": 2}})
    )
    status, _, wrong = train(*start, recipe="wide.yaml")
    assert status == 2
    assert "weights holds another discriminator: its channels: {4: 4" in wrong
    status, _, wrong = train(*start, recipe="deep.yaml")
    assert status == 2
    assert "weights holds another generator: its n_mlp: 1; recipe deep needs 2" in wrong
    card = tmp_path / "weights" / "card.json"
    whole = json.loads(card.read_text())
    for bound, expected in (
        (None, "weights holds a generator without a discriminator"),
        ({"sise": 16}, "weights/card.json does not describe networks"),
    ):
        card.write_text(json.dumps({**whole, "discriminator": bound}))
        status, _, wrong = train(*start)
        assert status == 2
        assert expected in wrong
    assert not (tmp_path / "more").exists()


def test_data_and_recipes_that_are_not_there_are_reported(train):
    assert "nothing is no folder" in train(data="nothing")[2]
    assert "no recipe 'nothing'" in train(recipe="nothing")[2]
    status, _, wrong = train(recipe="portraits64")
    assert status == 2
    assert "was rendered at 16 px, but 64 px are needed" in wrong


def test_the_folder_of_another_training_is_kept(train, tmp_path):
    assert train("--minutes", "0")[0] == 0
    checkpoint = tmp_path / TRAINING / "checkpoint.safetensors"
    before = checkpoint.read_bytes()
    status, _, wrong = train("--seed", "1")
    assert status == 2
    assert "recipe.seed was 0 and is now 1" in wrong
    assert checkpoint.read_bytes() == before
    checkpoint.write_bytes(before[:1000])
    status, _, wrong = train()
    assert status == 2
    assert "checkpoint.safetensors is damaged" in wrong


def test_ctrl_c_ends_in_one_sentence(train, monkeypatch):
    def interrupted(*given, **named):
        raise KeyboardInterrupt

    module = "benchmark.commands.train_generator"
    assert train("--minutes", "0")[0] == 0
    monkeypatch.setattr(f"{module}.train_generator", interrupted)
    status, said, wrong = train()
    assert status == 130
    assert said == ""
    assert wrong.strip().startswith(
        "stopped; repeat the command to continue from runs/"
    )


def start(home, *options, program=HELPERS / "tiny_generator.py"):
    return subprocess.Popen(
        [sys.executable, str(program), *COMMAND, *PLAIN, "--quiet", *options],
        cwd=home,
        env={**os.environ, "PYTHONPATH": str(HELPERS), "OMP_NUM_THREADS": "1"},
        stdout=subprocess.DEVNULL,
    )


def curve(home):
    text = (home / TRAINING / "curves.jsonl").read_text()
    records = [json.loads(line) for line in text.splitlines()]
    return [{k: v for k, v in r.items() if k != "train/hours"} for r in records]


@pytest.mark.slow
def test_a_killed_training_draws_the_same_curve(tmp_path):
    homes = whole, killed = tmp_path / "whole", tmp_path / "killed"
    for home in homes:
        home.mkdir()
        tiny_generator.make_training(home, images=1200, look_every=400)
    assert start(whole).wait(timeout=300) == 0
    rng = random.Random(0)
    checkpoint = killed / TRAINING / "checkpoint.safetensors"
    for _ in range(3):
        process = start(killed)
        before = checkpoint.stat().st_mtime_ns if checkpoint.exists() else 0
        while not checkpoint.exists() or checkpoint.stat().st_mtime_ns == before:
            assert process.poll() is None
            time.sleep(0.02)
        time.sleep(rng.uniform(0, 0.5))
        assert process.poll() is None
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
    assert start(killed).wait(timeout=300) == 0
    assert curve(killed) == curve(whole)
    assert (
        checkpoint.read_bytes() == (whole / checkpoint.relative_to(killed)).read_bytes()
    )


class _Wanted(Exception):
    """A rank's value, to be averaged with the other's."""


def replayed(recipe, faces, folder):
    """One iteration of two ranks in this process, averaged by hand.

    Each rank is run again and again, a value further each time, from the same start.
    """
    from methods.generator import training
    from methods.generator.state import TrainingState

    class Rank:
        device, is_global_zero, world_size = torch.device("cpu"), False, 2

        def __init__(self, rank):
            self.global_rank = rank

        def autocast(self):
            return torch.autocast("cpu", enabled=False)

    agreed = []
    while True:
        wanted = []
        for rank in range(2):
            state = TrainingState(recipe, torch.device("cpu"))
            trainer = training._Trainer(recipe, faces, folder, Rank(rank), None, state)
            known = iter(agreed)

            def averaged(value, known=known):
                for found in known:
                    return found.clone()
                raise _Wanted(value.clone())

            trainer.step._averaged = averaged
            try:
                trainer.iterate()
            except _Wanted as missing:
                wanted.append(missing.args[0])
            trainer.examples.close()
        if not wanted:
            return state
        agreed.append((wanted[0] + wanted[1]) / 2)


@pytest.fixture
def one_thread():
    """As many as the processes have: Adam's first step enlarges other rounding."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.mark.slow
@pytest.mark.parametrize(
    "changes", [{}, tiny_generator.PROJECTED], ids=["published", "projected"]
)
def test_two_processes_equal_one_that_takes_both_shares(changes, tmp_path, one_thread):
    tiny_generator.make_training(tmp_path, **changes)
    process = start(tmp_path, "--devices", "2", "--minutes", "0")
    assert process.wait(timeout=300) == 0
    found = load_file(tmp_path / TRAINING / "checkpoint.safetensors")
    assert int(found["iteration"]) == 1

    from benchmark.faces.portraits.training_set import open_training_set
    from methods.generator.recipe import read_recipe

    recipe = read_recipe(str(tmp_path / "tiny.yaml"))
    state = replayed(
        recipe, open_training_set(tmp_path / "crowd"), tmp_path / "replayed"
    )
    torch.testing.assert_close(found["path_mean"], state.path_mean)
    for name in ("generator", "average", "discriminator"):
        for key, value in getattr(state, name).named_parameters():
            torch.testing.assert_close(found[f"{name}/{key}"], value.detach())
    process = start(tmp_path, "--devices", "2")
    assert process.wait(timeout=300) == 0
    found = load_file(tmp_path / TRAINING / "checkpoint.safetensors")
    assert int(found["iteration"]) == 10
