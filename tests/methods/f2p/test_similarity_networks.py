import shutil

import pytest
import tiny_similarity
import torch

from benchmark.weights import LIGHTCNN_V4
from benchmark.weights.resolver import WeightResolver
from methods.base import MethodError
from methods.f2p.alignment import TEMPLATES
from methods.f2p.options import SimilarityOptions
from methods.f2p.similarity_networks import (
    open_terms,
    save_network_files,
    saved_network_files,
    similarity_files,
)

FRAME = TEMPLATES["portraits"]


@pytest.fixture(scope="module")
def places(tmp_path_factory):
    """A checkpoint of LightCNN and a folder of a parser, both untrained."""
    root = tmp_path_factory.mktemp("weights")
    tiny_similarity.write_lightcnn(root / "lightcnn.pth.tar")
    tiny_similarity.write_tiny_parser(root / "parser")
    return root


def options_of(root, **changes):
    return SimilarityOptions(parser=str(root / "parser"), **changes)


def files_of(root, options):
    resolver = WeightResolver({LIGHTCNN_V4: root / "lightcnn.pth.tar"})
    return resolver.take(similarity_files(options))[0]


@pytest.mark.parametrize(
    ("changes", "names"),
    [
        ({}, ("lightcnn-v4", "p/card.json", "p/parser.safetensors")),
        ({"identity_weight": 0}, ("p/card.json", "p/parser.safetensors")),
        ({"content_weight": 0}, ("lightcnn-v4",)),
        ({"content_weight": 0, "identity": "lightcnn-29-v2"}, ("lightcnn-29-v2",)),
    ],
)
def test_only_files_of_terms_with_a_weight_are_listed(changes, names):
    assert similarity_files(SimilarityOptions(parser="p", **changes)) == names


@pytest.mark.slow
def test_saved_networks_have_the_same_features(places, tmp_path):
    options = options_of(places)
    files = files_of(places, options)
    terms = open_terms(options, files, "cpu")
    save_network_files(options, files, tmp_path / "kept")
    saved = open_terms(options, saved_network_files(options, tmp_path / "kept"), "cpu")
    pictures = torch.rand(1, 3, 64, 64) * 2 - 1
    assert set(terms) == {"identity", "content"}
    for name, term in terms.items():
        expected, found = (
            each.features(pictures, FRAME) for each in (term, saved[name])
        )
        assert torch.equal(found, expected), name
    written = [path for path in (tmp_path / "kept").rglob("*") if path.is_file()]
    assert {path.suffix for path in written} == {".json", ".safetensors"}


def test_saved_networks_can_be_saved_again_without_the_original_files(places, tmp_path):
    shutil.copytree(places / "parser", tmp_path / "own")
    options = SimilarityOptions(parser=str(tmp_path / "own"), identity_weight=0)
    files = files_of(tmp_path, options)
    pictures = torch.rand(1, 3, 64, 64) * 2 - 1
    original = open_terms(options, files, "cpu")["content"]
    expected = original.features(pictures, FRAME)
    first, second = tmp_path / "first", tmp_path / "second"
    save_network_files(options, files, first)
    shutil.rmtree(tmp_path / "own")
    save_network_files(options, saved_network_files(options, first), second)
    save_network_files(options, saved_network_files(options, second), second)
    again = open_terms(options, saved_network_files(options, second), "cpu")["content"]
    assert again.digest == original.digest
    assert torch.equal(again.features(pictures, FRAME), expected)


def test_weights_of_0_for_both_terms_are_an_error():
    options = SimilarityOptions(identity_weight=0, content_weight=0)
    with pytest.raises(MethodError, match="both 0"):
        open_terms(options, {}, "cpu")
