import pytest
import torch

from methods.networks.face_parser import FaceParser, ParserConfig


@pytest.fixture(scope="module")
def parser():
    torch.manual_seed(0)
    return FaceParser(ParserConfig(size=64, widths=(8, 8, 8, 12)))


def pictures(count=2, size=64):
    generator = torch.Generator().manual_seed(1)
    return torch.rand(count, 3, size, size, generator=generator) * 2 - 1


@pytest.mark.parametrize("size", [64, 96, 128])
def test_every_pixel_gets_scores_of_thirteen_classes(parser, size):
    assert parser.eval()(pictures(2, size)).shape == (2, 13, size, size)


def test_features_and_probabilities_share_their_places(parser):
    seen = parser.eval().read(pictures())
    assert seen.features.shape == (2, 12, 16, 16)
    assert seen.probabilities.shape == (2, 13, 16, 16)
    assert torch.allclose(seen.probabilities.sum(1), torch.ones(2, 16, 16))


def test_the_encoder_s_statistics_never_move(parser):
    before = {k: v.clone() for k, v in parser.encoder.state_dict().items()}
    parser.train()(pictures())
    after = parser.encoder.state_dict()
    assert all(torch.equal(after[key], value) for key, value in before.items())
    assert parser.steps.training


def test_an_odd_side_is_refused(parser):
    with pytest.raises(ValueError, match="multiples of 16"):
        parser(pictures(1, 72))


def test_the_usual_parser_takes_less_than_three_megabytes_in_half_precision():
    numbers = sum(v.numel() for v in FaceParser(ParserConfig()).state_dict().values())
    assert 2 * numbers < 3e6
