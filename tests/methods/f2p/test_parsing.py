"""The training and the evaluation of the face parser."""

import numpy as np
import pytest
import torch
from simulated_kill import KillAt, SimulatedKill

from benchmark.avatars.part_classes import PART_IDS, PART_NAMES
from benchmark.faces.parsed import ParsedArrays
from benchmark.system.progress import Silent
from methods.f2p import parsing
from methods.f2p.parsing import (
    ParserRecipe,
    augment_with_maps,
    class_weights,
    measure,
    train_parser,
)
from methods.networks import face_parser
from methods.shared.pictures import as_tensor
from methods.shared.randomness import generator_of

HAIR, MOUTH = PART_IDS["hair"], PART_IDS["mouth"]


def simple_faces(count=6, size=64):
    """Dark ground, a bright upper half of hair, a red mouth on the left below."""
    maps = np.zeros((count, size, size), np.uint8)
    maps[:, : size // 2] = HAIR
    maps[:, size // 2 + 8 : size // 2 + 24, 8:24] = MOUTH
    colours = np.zeros((13, 3), np.uint8)
    colours[0], colours[HAIR], colours[MOUTH] = (
        (20, 20, 20),
        (240, 240, 240),
        (250, 0, 0),
    )
    return ParsedArrays("simple", colours[maps], maps, "CC0-1.0", True)


@pytest.fixture(autouse=True)
def no_imagenet(monkeypatch):
    """An encoder with random weights needs no file."""
    monkeypatch.setattr(face_parser, "load_imagenet", lambda *given: None)


def recipe(**changes):
    fields = {"size": 64, "steps": 3, "batch": 2, "checkpoint_steps": 2}
    return ParserRecipe(**{**fields, **changes})


def run(folder, tmp_path, progress=None, **changes):
    faces = simple_faces()
    return train_parser(
        faces, tmp_path / "none", recipe(**changes), folder, progress or Silent()
    )


@pytest.mark.slow
def test_a_killed_training_ends_with_the_same_bytes(tmp_path):
    whole = run(tmp_path / "whole", tmp_path).state_dict()
    # Includes the last step, which has no checkpoint.
    with pytest.raises(SimulatedKill):
        run(tmp_path / "killed", tmp_path, KillAt(3))
    resumed = run(tmp_path / "killed", tmp_path).state_dict()
    assert all(torch.equal(resumed[key], value) for key, value in whole.items())


def test_seeds_give_different_trainings(tmp_path):
    one, other = (run(tmp_path / str(s), tmp_path, steps=1, seed=s) for s in (0, 1))
    assert not torch.equal(one.classify.weight, other.classify.weight)


def test_a_training_learns(tmp_path):
    faces = simple_faces()
    before = measure(run(tmp_path / "a", tmp_path, steps=1), faces)
    after = measure(
        run(
            tmp_path / "b", tmp_path, steps=12, learning_rate=5e-3, checkpoint_steps=50
        ),
        faces,
    )
    assert after.mean_iou > before.mean_iou + 0.1


def test_faces_of_another_size_are_refused(tmp_path):
    with pytest.raises(ValueError, match="faces of 64 px, the recipe needs 96"):
        run(tmp_path / "odd", tmp_path, size=96)


def test_maps_and_pictures_get_the_same_transform():
    faces = simple_faces(8)
    pictures, maps = faces.batch(np.arange(8))
    seen, parts = augment_with_maps(
        as_tensor(pictures), torch.from_numpy(maps), generator_of("test", 0)
    )
    assert parts.shape == (8, 64, 64)
    assert parts.dtype == torch.int64
    red = (seen[:, 0] - seen[:, 1]) > 0.3
    mouth = parts == MOUTH
    agreement = (red & mouth).sum((1, 2)) / (red | mouth).sum((1, 2))
    assert (agreement > 0.6).all()
    left = [float((torch.arange(64) * m).sum() / m.sum()) < 32 for m in mouth.float()]
    assert 0 < sum(left) < 8  # some are mirrored, some are not


def test_augmentation_is_in_range_and_seeded():
    faces = simple_faces(3)
    pictures, maps = faces.batch(np.arange(3))
    given = as_tensor(pictures), torch.from_numpy(maps)
    one = augment_with_maps(*given, generator_of("test", 1))
    assert one[0].abs().max() <= 1
    again, other = (
        augment_with_maps(*given, generator_of("test", seed)) for seed in (1, 2)
    )
    assert all(torch.equal(a, b) for a, b in zip(one, again, strict=True))
    assert not torch.equal(one[0], other[0])


def test_rare_classes_have_larger_weights_and_absent_ones_0():
    faces = simple_faces()
    weights = class_weights(faces)
    share = np.bincount(faces.parsing.ravel(), minlength=13) / faces.parsing.size
    assert float(weights.double() @ torch.from_numpy(share)) == pytest.approx(1)
    assert weights[MOUTH] > weights[HAIR] > 0
    assert weights[MOUTH] / weights[HAIR] == pytest.approx(
        (share[HAIR] / share[MOUTH]) ** 0.5, rel=1e-5
    )
    assert weights[PART_IDS["hat"]] == 0


class Fixed(torch.nn.Module):
    """Predicts the given maps for any picture."""

    def __init__(self, maps):
        super().__init__()
        self.scores = torch.nn.functional.one_hot(torch.from_numpy(maps).long(), 13)

    def forward(self, pictures):
        return self.scores[: len(pictures)].permute(0, 3, 1, 2).float()


def test_true_maps_have_iou_1(monkeypatch):
    faces = simple_faces()
    quality = measure(Fixed(faces.parsing), faces)
    assert (quality.mean_iou, quality.accuracy) == (1.0, 1.0)
    assert quality.iou["hat"] is None
    assert list(quality.iou) == list(PART_NAMES)


def test_iou_is_over_all_pixels_of_all_faces(monkeypatch):
    faces = simple_faces(4)
    found = faces.parsing.copy()
    found[:2][found[:2] == MOUTH] = PART_IDS["nose"]
    found[2:, 40:44, 8:24] = 0  # a quarter of the mouth is missed
    monkeypatch.setattr(parsing, "MEASURED", 4)
    quality = measure(Fixed(found), faces)
    assert quality.iou["mouth"] == pytest.approx(0.375)
    assert quality.iou["nose"] is None
    assert quality.iou["hair"] == 1
    ground = (faces.parsing == 0).sum()
    missed = 2 * 4 * 16
    assert quality.iou["background"] == pytest.approx(ground / (ground + missed))
    assert quality.accuracy == pytest.approx(1 - 2.5 * 256 / found.size, abs=1e-6)
