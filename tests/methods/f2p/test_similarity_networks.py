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
    judge_files,
    keep_files,
    kept_files,
    open_terms,
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
    return resolver.take(judge_files(options))[0]


@pytest.mark.parametrize(
    ("changes", "names"),
    [
        ({}, ("lightcnn-v4", "p/card.json", "p/parser.safetensors")),
        ({"identity_weight": 0}, ("p/card.json", "p/parser.safetensors")),
        ({"content_weight": 0}, ("lightcnn-v4",)),
        ({"content_weight": 0, "identity": "lightcnn-29-v2"}, ("lightcnn-29-v2",)),
    ],
)
def test_only_files_of_terms_with_a_weight_are_read(changes, names):
    assert judge_files(SimilarityOptions(parser="p", **changes)) == names


def test_what_is_kept_sees_as_what_was_read(places, tmp_path):
    options = options_of(places)
    files = files_of(places, options)
    terms = open_terms(options, files, "cpu")
    keep_files(options, files, tmp_path / "kept")
    kept = open_terms(options, kept_files(options, tmp_path / "kept"), "cpu")
    pictures = torch.rand(1, 3, 64, 64) * 2 - 1
    assert set(terms) == {"identity", "content"}
    for name, term in terms.items():
        seen, again = (each.features(pictures, FRAME) for each in (term, kept[name]))
        assert torch.equal(seen, again), name
    found = [path for path in (tmp_path / "kept").rglob("*") if path.is_file()]
    assert {path.suffix for path in found} == {".json", ".safetensors"}


def test_what_is_kept_can_be_kept_again_without_the_first_files(places, tmp_path):
    shutil.copytree(places / "parser", tmp_path / "own")
    options = SimilarityOptions(parser=str(tmp_path / "own"), identity_weight=0)
    files = files_of(tmp_path, options)
    first, second = tmp_path / "first", tmp_path / "second"
    keep_files(options, files, first)
    shutil.rmtree(tmp_path / "own")
    keep_files(options, kept_files(options, first), second)
    keep_files(options, kept_files(options, second), second)
    open_terms(options, kept_files(options, second), "cpu")


def test_no_term_at_all_is_refused():
    options = SimilarityOptions(identity_weight=0, content_weight=0)
    with pytest.raises(MethodError, match="both 0"):
        open_terms(options, {}, "cpu")
