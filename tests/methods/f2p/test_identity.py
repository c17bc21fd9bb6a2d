"""Identity: the cosine, its gradients, and wrong inputs."""

import pytest
import tiny_similarity
import torch
from torch.nn import functional

from benchmark import weights
from benchmark.weights import WeightsError
from methods.base import MethodError
from methods.f2p.alignment import LIGHTCNN, TEMPLATES, align
from methods.f2p.identity import Identity, identity_files
from methods.f2p.options import SimilarityOptions

FRAME = TEMPLATES["portraits"]


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    path = tmp_path_factory.mktemp("lightcnn") / "v4.pth.tar"
    tiny_similarity.write_lightcnn(path)
    return {weights.LIGHTCNN_V4: path}


@pytest.fixture(scope="module")
def identity(files):
    return Identity(files, SimilarityOptions())


def faces(count=2, size=96, seed=0):
    generator = torch.Generator().manual_seed(seed)
    coarse = torch.rand(count, 3, 12, 12, generator=generator) * 2 - 1
    return functional.interpolate(coarse, size, mode="bicubic").clamp(-1, 1)


def test_the_files_are_named():
    assert identity_files("lightcnn-v4") == ("lightcnn-v4",)
    assert identity_files("lightcnn-29-v2") == ("lightcnn-29-v2",)


def test_a_missing_or_wrong_file_is_an_error(files, tmp_path):
    with pytest.raises(MethodError, match="weights fetch lightcnn-v4"):
        Identity({}, SimilarityOptions())
    other = SimilarityOptions(identity="lightcnn-29-v2")
    with pytest.raises(WeightsError, match="does not hold"):
        Identity({weights.LIGHTCNN_29V2: files[weights.LIGHTCNN_V4]}, other)


def test_embeddings_are_of_the_aligned_face(identity):
    pictures = faces()
    expected = identity._network(align(pictures, FRAME, LIGHTCNN))
    assert torch.equal(identity.embeddings(pictures, FRAME), expected)
    assert torch.equal(identity.features(pictures, FRAME), expected)
    assert identity.embeddings(pictures[:0], FRAME).shape == (0, 256)


def test_distance_is_small_for_the_same_and_large_for_the_opposite(identity):
    one = torch.randn(3, 256)
    assert torch.allclose(identity.distance(one, 5 * one), torch.zeros(3), atol=1e-6)
    assert torch.allclose(identity.distance(one, -one), torch.full((3,), 2.0))
    assert (identity.distance(one, one.roll(1, 0)) > 0.5).all()


def test_a_gradient_step_reduces_the_distance(identity):
    target = identity.embeddings(faces(1, seed=1), FRAME)
    picture = faces(1, seed=2).requires_grad_(True)
    before = identity.distance(identity.embeddings(picture, FRAME), target)
    (slope,) = torch.autograd.grad(before.sum(), picture)
    moved = (picture - 0.02 * slope.sign()).clamp(-1, 1).detach()
    after = identity.distance(identity.embeddings(moved, FRAME), target)
    assert slope.abs().sum() > 0
    assert after < before


def test_pixels_of_0_to_255_are_refused(identity):
    with pytest.raises(ValueError, match=r"must lie in \[-1, 1\]"):
        identity.embeddings((faces() + 1) * 127.5, FRAME)


def test_channels_last_are_refused(identity):
    with pytest.raises(ValueError, match="channels before rows"):
        identity.embeddings(faces().permute(0, 2, 3, 1), FRAME)


def test_a_leaf_tensor_is_not_modified(identity):
    picture = faces(1).requires_grad_(True)
    before = picture.detach().clone()
    identity.embeddings(picture, FRAME).sum().backward()
    assert picture.is_leaf
    assert torch.equal(picture.detach(), before)


def test_the_network_is_frozen(identity):
    assert not any(p.requires_grad for p in identity._network.parameters())
    assert not identity._network.training
