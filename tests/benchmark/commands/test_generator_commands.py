"""`avatarbench generator`, on a tiny generator with random weights."""

import json
import sys

import numpy as np
import pandas as pd
import pytest
import torch
from PIL import Image

from benchmark import weights
from benchmark.cli import main
from benchmark.commands.parsed_faces import open_parsed
from benchmark.faces.pictures import FaceSetError
from benchmark.faces.portraits.training_set_record import (
    TrainingSetRecord,
    write_record,
)
from benchmark.faces.shards import open_shard, shard_path, write_shard
from methods.generator.pretrained import WeightsCard, write_pair
from methods.networks.semantic_stylegan import SemanticGenerator

TINY = {
    "size": 64,
    "style_dim": 16,
    "n_mlp": 1,
    "local_channel": 8,
    "coarse_channel": 8,
    "coarse_size": 16,
    "min_feat_size": 8,
    "channels": {16: 8, 32: 8, 64: 8},
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    torch.manual_seed(0)
    place = tmp_path_factory.mktemp("generator") / "tiny"
    card = WeightsCard(
        title="tiny",
        generator=TINY,
        source="random",
        licence="CC0-1.0",
        data="none",
        command="none",
    )
    write_pair(place, SemanticGenerator(**TINY), None, card)
    return place


@pytest.fixture
def generator(tmp_path, monkeypatch, capsys):
    """Runs `avatarbench generator` in `tmp_path`; what it printed and its status."""
    monkeypatch.chdir(tmp_path)

    def call(*arguments):
        monkeypatch.setattr(sys, "argv", ["avatarbench", "generator", *arguments])
        with pytest.raises(SystemExit) as caught:
            main()
        return (caught.value.code or 0, *capsys.readouterr())

    return call


@pytest.mark.slow
def test_sheets_are_drawn(folder, generator, tmp_path):
    for command in ("sample", "truncation", "redraw", "sheet"):
        data = ("--data", "portraits") if command == "sheet" else ()
        sheet = f"{command}.png"
        status, said, wrong = generator(
            command, str(folder), "--out", sheet, "--count", "4", *data
        )
        assert status == 0, wrong
        assert said.startswith(f"sheet: {sheet}, ")
        with Image.open(tmp_path / sheet) as picture:
            assert min(picture.size) > 128


@pytest.mark.slow
def test_control_is_printed_drawn_and_saved(folder, generator, tmp_path):
    status, said, wrong = generator(
        "control", str(folder), "--count", "6", "--out", "here"
    )
    assert status == 0, wrong
    assert "hair" in said
    assert "target" in said
    kept = pd.read_csv(tmp_path / "here" / "part-control.csv")
    assert len(kept) == 13
    assert (kept["n"] + kept["absent"] == 6).all()
    assert (tmp_path / "here" / "part-control.png").is_file()


@pytest.mark.slow
def test_quality_is_printed_with_its_floor(folder, generator):
    if weights.find(weights.EFFICIENTNET_LITE0) is None:
        pytest.skip("efficientnet-lite0 was not fetched")
    status, said, wrong = generator(
        "quality", str(folder), "--data", "portraits", "--count", "12"
    )
    assert status == 0, wrong
    (line,) = (row for row in said.splitlines() if row.startswith(" kernel_distance "))
    samples, second = map(float, line.split()[1:])
    assert samples > 10 * abs(second)
    assert "ImageNet features of EfficientNet-Lite0" in said


@pytest.mark.slow
def test_a_trainings_curve_is_drawn(generator, tmp_path):
    records = [{"step": s, "train/images": 8 * s, "train/mask": 1 / s} for s in (1, 2)]
    text = "".join(json.dumps(record) + "\n" for record in records)
    (tmp_path / "training").mkdir()
    (tmp_path / "training" / "curves.jsonl").write_text(text)
    status, _, wrong = generator("curve", "training", "--out", "figures")
    assert status == 0, wrong
    assert (tmp_path / "figures" / "training.png").is_file()


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (
            ("sample", "nowhere", "--out", "x.png"),
            "nowhere is neither a folder nor a name of weights",
        ),
        (("curve", "nowhere", "--out", "x"), "curves.jsonl holds no record"),
    ],
)
def test_a_mistake_is_one_sentence(arguments, complaint, generator, tmp_path):
    status, said, wrong = generator(*arguments)
    assert status == 2
    assert said == ""
    (line,) = wrong.strip().splitlines()
    assert line.startswith("avatarbench: ")
    assert complaint in line
    assert list(tmp_path.iterdir()) == []


def test_a_device_that_is_not_there_is_refused(folder, generator):
    status, _, wrong = generator(
        "sample", str(folder), "--out", "x.png", "--device", "x"
    )
    assert status == 2
    assert "x is not available here" in wrong


@pytest.mark.slow
def test_portraits_open_by_name():
    faces = open_parsed("portraits", 64)
    assert (len(faces), faces.size, faces.stand_in) == (1000, 64, True)


def test_a_crowd_opens_at_its_own_size(tmp_path):
    rng = np.random.default_rng(0)
    pictures = rng.integers(0, 256, (2, 64, 64, 3), dtype=np.uint8)
    path = shard_path(tmp_path, 0)
    write_shard(path, pictures, pictures[..., 0] % 13)
    digest = open_shard(path, 2, 64).digest()
    record = TrainingSetRecord(
        version="2", size=64, seed=1, shard=2, count=2, shards=(digest,)
    )
    write_record(tmp_path, record)
    found, _ = open_parsed(str(tmp_path), 64).batch(np.array([1]))
    np.testing.assert_array_equal(found, pictures[1:])
    with pytest.raises(FaceSetError, match="rendered at 64 px, but 128 px are needed"):
        open_parsed(str(tmp_path), 128)


def test_folders_without_faces_are_refused(tmp_path):
    with pytest.raises(
        FaceSetError, match="holds no faces with part maps: give a crowd"
    ):
        open_parsed(str(tmp_path), 64)
    with pytest.raises(FaceSetError, match="elsewhere is no folder: give a crowd"):
        open_parsed("elsewhere", 64)
