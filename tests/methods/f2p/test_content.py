"""Content and the weights that it reads."""

import json

import pytest
import tiny_similarity
import torch
from torch.nn import functional

from benchmark import weights
from benchmark.weights import WeightsError
from methods.base import MethodError
from methods.f2p.alignment import TEMPLATES, Frame
from methods.f2p.content import Content, content_files
from methods.f2p.options import PartWeights, SimilarityOptions
from methods.f2p.parser_weights import halved, load_parser, read_parser_card

FRAME = TEMPLATES["portraits"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("weights") / "tiny"
    tiny_similarity.write_tiny_parser(folder)
    return folder


@pytest.fixture(scope="module")
def open_content(folder):
    names = content_files(str(folder))
    files = {name: weights.find(name) for name in names}

    def make(**changes):
        return Content(files, SimilarityOptions(parser=str(folder), **changes))

    return make


def faces(count=2, size=96, seed=0):
    generator = torch.Generator().manual_seed(seed)
    coarse = torch.rand(count, 3, 12, 12, generator=generator) * 2 - 1
    return functional.interpolate(coarse, size, mode="bicubic").clamp(-1, 1)


def test_a_parser_is_loaded_in_half_precision(tmp_path):
    parser = tiny_similarity.write_tiny_parser(tmp_path / "made", seed=3)
    loaded, copy = load_parser(tmp_path / "made"), halved(parser)
    picture = faces(1, 64)
    assert torch.equal(loaded(picture), copy(picture))
    assert torch.allclose(loaded(picture), parser(picture), atol=0.02)
    assert not any(p.requires_grad for p in loaded.parameters())


def test_the_files_of_a_folder_are_found_by_name_and_checked(folder, tmp_path):
    card, parser = content_files(str(folder))
    assert weights.find(card) == folder / "card.json"
    assert weights.find(parser) == folder / "parser.safetensors"
    assert read_parser_card(folder).digests


def test_changed_weights_are_detected(tmp_path):
    tiny_similarity.write_tiny_parser(tmp_path / "made")
    file = tmp_path / "made" / "parser.safetensors"
    file.write_bytes(file.read_bytes()[:-1] + b"x")
    with pytest.raises(WeightsError, match="damaged or was changed"):
        load_parser(tmp_path / "made")
    with pytest.raises(WeightsError, match="damaged or was changed"):
        weights.find(f"{tmp_path}/made/parser.safetensors")


def test_a_card_of_something_else_is_refused(tmp_path):
    (tmp_path / "card.json").write_text(json.dumps({"title": "a generator"}))
    with pytest.raises(WeightsError, match="is not the card of a face parser"):
        read_parser_card(tmp_path)
    with pytest.raises(WeightsError, match="cannot be read"):
        read_parser_card(tmp_path / "nowhere")


def test_an_existing_folder_is_not_overwritten(folder):
    with pytest.raises(WeightsError, match="exists already"):
        tiny_similarity.write_tiny_parser(folder)


def test_a_missing_parser_is_an_error(folder):
    with pytest.raises(MethodError, match="train a parser with"):
        Content({}, SimilarityOptions())


def test_the_distance_is_0_for_equal_pictures_only(open_content):
    content = open_content()
    seen = content.features(faces(3), FRAME)
    assert torch.equal(content.distance(seen, seen), torch.zeros(3))
    assert (content.distance(seen, seen.roll(1, 0)) > 0).all()
    assert content.features(faces(0), FRAME).shape[0] == 0


def test_distances_are_means_or_sums_of_absolute_differences(open_content):
    one = torch.tensor([[[[1.0, -2.0]]], [[[0.0, 1.0]]]])
    zero = torch.zeros_like(one)
    assert open_content().distance(one, zero).tolist() == [1.5, 0.5]
    summed = open_content(content_reduction="sum")
    assert summed.distance(one, zero).tolist() == [3.0, 1.0]


def test_features_are_weighted_by_part_probabilities(open_content, folder):
    parts = PartWeights(**dict.fromkeys(PartWeights.model_fields, 0.0))
    picture = torch.zeros(1, 3, 64, 64).uniform_(-1, 1)
    only = parts.model_copy(update={"hair": 2.0})
    found = open_content(parts=only).features(picture, FRAME)
    seen = load_parser(folder).read(picture)
    expected = 2 * seen.probabilities[:, 7:8] * seen.features
    assert torch.allclose(found, expected, atol=1e-3)
    assert open_content(parts=parts).features(picture, FRAME).abs().max() == 0


def test_faces_are_aligned_before_they_are_compared(open_content):
    content = open_content()
    face = faces(1, 64)
    small = functional.pad(face, (32, 32, 32, 32), value=0.0)
    x, y = ([(32 + 64 * p) / 128 for p in point] for point in (FRAME.eyes, FRAME.mouth))
    same = content.features(small, Frame(tuple(x), tuple(y)))
    assert torch.allclose(same, content.features(face, FRAME), atol=0.05)


def test_a_gradient_step_reduces_the_distance(open_content):
    content = open_content()
    target = content.features(faces(1, seed=1), FRAME)
    picture = faces(1, seed=2).requires_grad_(True)
    before = content.distance(content.features(picture, FRAME), target)
    (slope,) = torch.autograd.grad(before.sum(), picture)
    moved = (picture - 0.02 * slope.sign()).clamp(-1, 1).detach()
    assert content.distance(content.features(moved, FRAME), target) < before


def test_pixels_of_0_to_255_are_refused(open_content):
    with pytest.raises(ValueError, match=r"must lie in \[-1, 1\]"):
        open_content().features((faces() + 1) * 127.5, FRAME)


def test_the_digest_covers_weights_and_parts(open_content):
    other = PartWeights(hair=0.5)
    assert open_content().digest == open_content().digest
    assert open_content().digest != open_content(parts=other).digest


def test_the_digest_covers_the_alignment(tmp_path):
    digests = set()
    for template in ("portraits", "ffhq"):
        folder = tmp_path / template
        tiny_similarity.write_tiny_parser(folder)
        card = json.loads((folder / "card.json").read_text())
        (folder / "card.json").write_text(json.dumps({**card, "template": template}))
        files = {n: weights.find(n) for n in content_files(str(folder))}
        digests.add(Content(files, SimilarityOptions(parser=str(folder))).digest)
    assert len(digests) == 2
