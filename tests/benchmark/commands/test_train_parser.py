"""`avatarbench train parser`, `parser-score`, and a parser among the weights."""

import json
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from benchmark import weights
from benchmark.cli import main
from methods.networks import face_parser

PARTS = ("skin", "nose", "l_eye", "mouth", "hair")


@pytest.fixture
def avatarbench(tmp_path, monkeypatch, capfd):
    """Runs a command in `tmp_path`, where `faces` is a CelebAMask-HQ folder of two."""
    (tmp_path / "cache").mkdir()
    (tmp_path / "cache" / "lite0.pth").write_bytes(b"weights")
    monkeypatch.setenv("AVATARBENCH_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(face_parser, "load_imagenet", lambda *given: None)
    monkeypatch.setattr(weights, "find", lambda name: tmp_path / "cache" / "lite0.pth")
    write_celebamask(tmp_path / "faces")
    monkeypatch.chdir(tmp_path)

    def call(*arguments):
        monkeypatch.setattr(sys, "argv", ["avatarbench", *map(str, arguments)])
        with pytest.raises(SystemExit) as caught:
            main()
        return caught.value.code or 0, *capfd.readouterr()

    return call


def write_celebamask(root):
    rng = np.random.default_rng(0)
    pictures, masks = root / "CelebA-HQ-img", root / "CelebAMask-HQ-mask-anno" / "0"
    for folder in (pictures, masks):
        folder.mkdir(parents=True)
    for face in range(2):
        pixels = rng.integers(0, 256, (64, 64, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(pictures / f"{face}.jpg")
        for row, part in enumerate(PARTS):
            mask = np.zeros((64, 64), np.uint8)
            mask[10 * row : 10 * row + 10, 8:56] = 255
            Image.fromarray(mask).save(masks / f"{face:05d}_{part}.png")


def train(*more):
    size = ("--size", 64, "--steps", 2, "--batch", 2)
    return ("train", "parser", "faces", "--validation", "faces", *size, "-q", *more)


def test_a_parser_is_trained_measured_and_shown(avatarbench, tmp_path):
    status, said, wrong = avatarbench(*train("--export", "weights/mine"))
    assert status == 0, wrong
    assert "mIoU 0." in said
    assert "glasses     absent" in said
    card = json.loads(Path("weights/mine/card.json").read_text())
    assert card["template"] == "ffhq"
    assert card["steps"] == 2
    assert card["faces"] == 4
    assert card["iou"]["hat"] is None
    assert card["command"].startswith("avatarbench train parser faces")
    status, said, wrong = avatarbench(
        "train", "parser-score", "weights/mine", "--data", "faces"
    )
    assert status == 0, wrong
    assert f"mIoU {card['mean_iou']:.3f}" in said
    status, said, wrong = avatarbench("weights", "show", "weights/mine")
    assert status == 0, wrong
    assert "parser.safetensors: 8" in said
    assert "every file is unchanged" in said


@pytest.mark.slow
def test_without_an_export_weights_lie_with_the_training(avatarbench, tmp_path):
    status, said, wrong = avatarbench(*train())
    assert status == 0, wrong
    (folder,) = Path("runs/parsers").iterdir()
    assert f"weights: {folder / 'weights'}" in said
    assert avatarbench(*train())[0] == 0  # a second run overwrites no file


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (train("--export", "faces"), "faces exists already"),
        (("train", "parser", "nowhere"), "nowhere is no folder: give a crowd"),
        (
            ("train", "parser-score", "nowhere"),
            "nowhere is neither a folder nor a name",
        ),
        (("train", "parser", "--size", "72"), "--size"),
    ],
)
def test_a_mistake_is_reported_before_any_work(
    avatarbench, arguments, expected, tmp_path
):
    status, _, wrong = avatarbench(*arguments)
    assert status == 2
    assert expected in wrong
    assert not (tmp_path / "runs").exists()


def test_without_imagenet_weights_the_fetch_is_named(avatarbench, monkeypatch):
    monkeypatch.setattr(weights, "find", lambda name: None)
    status, _, wrong = avatarbench(*train())
    assert status == 2
    assert "avatarbench weights fetch efficientnet-lite0" in wrong
