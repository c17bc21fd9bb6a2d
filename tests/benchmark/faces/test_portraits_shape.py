"""Head shapes: traits change their measurements; and the camera."""

from dataclasses import replace

import numpy as np
import pytest

from benchmark.faces.portraits.camera import frame_head, project
from benchmark.faces.portraits.head import build_head, topology
from benchmark.faces.portraits.people import measurements, sample_person
from benchmark.faces.portraits.shape import (
    TRAITS,
    Identity,
    basis,
    neutral_vertices,
)

PLAIN = Identity(0.5, 0.2, (1 / 3, 1 / 3, 1 / 3), 0.0, {}, {})
FOLLOWS = {
    "head_width": "head_width",
    "head_length": "head_length",
    "jaw_width": "jaw_width",
    "chin_width": "chin_width",
    "eye_size": "eye_size",
    "eye_spacing": "eye_spacing",
    "eye_rotation": "eye_rotation",
    "eye_openness": "eye_openness",
    "nose_width": "nose_width",
    "nose_length": "nose_height",
    "nose_position": "nose_position",
    "mouth_width": "mouth_width",
    "mouth_volume": "mouth_volume",
    "mouth_position": "mouth_position",
}


@pytest.fixture(scope="module")
def person():
    return sample_person(1, 1, "train")


@pytest.fixture(scope="module")
def head(person):
    return build_head(person)


@pytest.mark.parametrize(("trait", "measure"), FOLLOWS.items())
def test_a_trait_changes_its_measurement(trait, measure):
    low, high = (measurements(replace(PLAIN, traits={trait: v})) for v in (-1, 1))
    assert high[measure] - low[measure] > 0.2


def test_every_trait_moves_the_head():
    plain = neutral_vertices(PLAIN)
    for trait in TRAITS:
        moved = neutral_vertices(replace(PLAIN, traits={trait: 1.0}))
        assert np.abs(moved - plain).max() > 0.03


def test_the_basis_is_symmetric_enough():
    marks, mean = basis().landmarks, basis().mean
    for name in [n for n in marks if n.endswith("_l")]:
        left, right = mean[marks[name]], mean[marks[f"{name[:-1]}r"]]
        assert np.allclose(left * [-1, 1, 1], right, atol=0.05)


def test_normals_are_unit_and_regions_are_plausible(head):
    assert head.vertices.dtype == np.float32
    assert np.allclose(np.linalg.norm(head.normals, axis=1), 1, atol=1e-3)
    for name, weights in head.regions.items():
        assert weights.shape == (len(head.vertices),), name
        assert weights.min() >= 0
        assert weights.max() <= 1 + 1e-6
        assert (weights > 0.5).sum() > 20
    scalp = head.canonical[head.regions["scalp"] > 0.5]
    lips = head.canonical[head.regions["lips"] > 0.5]
    assert scalp[:, 1].mean() > 0 > -5 > lips[:, 1].max()


def test_interpolation_from_coarse_vertices_keeps_constants(head):
    shared = topology()
    ones = shared.spread @ np.ones(len(shared.coarse))
    visible = head.canonical[:, 1] > -20
    assert np.allclose(ones[visible], 1, atol=1e-5)


def test_the_camera_frames_the_head(head):
    marks = head.landmarks
    eyes = np.stack([marks["eye_l"], marks["eye_r"]])
    mouth = np.stack([marks["mouth_corner_l"], marks["mouth_corner_r"]])
    pose = {"yaw": 8, "pitch": 3, "roll": 2, "distance": 80}
    camera = frame_head(eyes, mouth, **pose, size=200)
    seen, depth = project(camera, eyes)
    assert 0.42 < seen[:, 1].mean() / 200 < 0.5
    assert 0.44 < seen[:, 0].mean() / 200 < 0.56
    assert seen[0, 0] > seen[1, 0]
    assert np.allclose(depth.mean(), 80, atol=0.5)
