"""BiSeNet by the names and shapes of the public face-parsing weights."""

import pytest
import torch

from benchmark.parts import PART_NAMES
from methods.networks.bisenet import CLASSES, BiSeNet
from methods.networks.face_parser import Reading


@pytest.fixture(scope="module")
def network():
    torch.manual_seed(0)
    return BiSeNet().eval().requires_grad_(False)


def test_its_19_classes_belong_to_the_parts_as_semantic_stylegan_merges_them():
    ids = [PART_NAMES.index(part) for _, part in CLASSES]
    assert ids == [0, 1, 3, 3, 2, 2, 10, 6, 6, 12, 5, 4, 4, 4, 8, 8, 9, 7, 11]


def test_reads_features_and_parts_every_8_pixels(network):
    features, probabilities = network.read(torch.rand(2, 3, 64, 96) * 2 - 1)
    assert features.shape == (2, 256, 8, 12)
    assert probabilities.shape == (2, 13, 8, 12)
    torch.testing.assert_close(probabilities.sum(1), torch.ones(2, 8, 12))
    assert isinstance(network.read(torch.zeros(1, 3, 64, 64)), Reading)


def test_scores_have_the_pictures_size_and_the_likeliest_part_first(network):
    picture = torch.rand(1, 3, 64, 64) * 2 - 1
    scores = network(picture)
    assert scores.shape == (1, 13, 64, 64)
    corner = network.read(picture).probabilities[0, :, 0, 0]
    assert scores[0, :, 0, 0].argmax() == corner.argmax()


def test_gradients_reach_the_pixels(network):
    picture = torch.zeros(1, 3, 64, 64, requires_grad=True)
    network.read(picture).features.sum().backward()
    assert picture.grad is not None
    assert picture.grad.abs().max() > 0


def test_what_both_paths_see_counts(network):
    one, other = torch.zeros(1, 3, 64, 64), torch.zeros(1, 3, 64, 64)
    other[..., :8, :8] = 1  # the far corner sees it through the context alone
    far = [network.read(each).features[0, :, -1, -1] for each in (one, other)]
    assert (far[0] - far[1]).abs().max() > 0
