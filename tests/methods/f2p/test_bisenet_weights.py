"""A BiSeNet checkpoint with the names and shapes of the public weights."""

import json
import sys
from itertools import pairwise

import pytest
import torch

from benchmark import weights
from benchmark.weights.folders import CARD, PARSER, WeightsError
from methods.f2p.alignment import TEMPLATES
from methods.f2p.bisenet_weights import import_bisenet
from methods.f2p.content import Content
from methods.f2p.options import SimilarityOptions
from methods.f2p.parser_weights import load_parser, read_parser_card

STAGES = {"layer1": 64, "layer2": 128, "layer3": 256, "layer4": 512}
WIDTHS = (64, *STAGES.values())


def listing():
    """Names and shapes of the public weights, written down from their publication."""
    shapes = {}

    def convolution(name, width_in, width_out, kernel):
        shapes[f"{name}.weight"] = (width_out, width_in, kernel, kernel)

    def norm(name, width):
        for each in ("weight", "bias", "running_mean", "running_var"):
            shapes[f"{name}.{each}"] = (width,)

    def unit(name, width_in, width_out, kernel):
        convolution(f"{name}.conv", width_in, width_out, kernel)
        norm(f"{name}.bn", width_out)

    net = "cp.resnet"
    convolution(f"{net}.conv1", 3, 64, 7)
    norm(f"{net}.bn1", 64)
    for stage, (before, width) in zip(STAGES, pairwise(WIDTHS), strict=True):
        for block in range(2):
            name, source = f"{net}.{stage}.{block}", width if block else before
            convolution(f"{name}.conv1", source, width, 3)
            convolution(f"{name}.conv2", width, width, 3)
            norm(f"{name}.bn1", width)
            norm(f"{name}.bn2", width)
            if source != width:
                convolution(f"{name}.downsample.0", source, width, 1)
                norm(f"{name}.downsample.1", width)
    for name, source in (("arm16", 256), ("arm32", 512)):
        unit(f"cp.{name}.conv", source, 128, 3)
        convolution(f"cp.{name}.conv_atten", 128, 128, 1)
        norm(f"cp.{name}.bn_atten", 128)
    unit("cp.conv_head32", 128, 128, 3)
    unit("cp.conv_head16", 128, 128, 3)
    unit("cp.conv_avg", 512, 128, 1)
    unit("ffm.convblk", 256, 256, 1)
    convolution("ffm.conv1", 256, 64, 1)
    convolution("ffm.conv2", 64, 256, 1)
    for name, source, width in (
        ("conv_out", 256, 256),
        ("conv_out16", 128, 64),
        ("conv_out32", 128, 64),
    ):
        unit(f"{name}.conv", source, width, 3)
        convolution(f"{name}.conv_out", width, 19, 1)
    return shapes


@pytest.fixture(scope="module")
def state():
    generator = torch.Generator().manual_seed(0)
    return {
        name: torch.rand(shape, generator=generator) * 0.05 + 0.01
        for name, shape in listing().items()
    }


@pytest.fixture(scope="module")
def folder(state, tmp_path_factory):
    place = tmp_path_factory.mktemp("bisenet")
    torch.save(state, place / "79999_iter.pth")
    import_bisenet(place / "79999_iter.pth", place / "bisenet", "bisenet")
    return place / "bisenet"


def test_the_public_names_and_shapes_are_accepted(folder, state):
    loaded = load_parser(folder).state_dict()
    for name, value in state.items():
        torch.testing.assert_close(loaded[name], value)
    counters = {name for name in loaded if name.endswith("num_batches_tracked")}
    assert set(loaded) == set(state) | counters


def test_unknown_values_of_the_card_are_none(folder):
    card = read_parser_card(folder)
    assert card.network == "bisenet"
    assert card.template == "ffhq"
    assert card.mean_iou is None
    assert card.hours is None
    assert "SHA-256" in card.notes
    assert json.loads((folder / CARD).read_text())["parameters"][PARSER] > 1e7


def test_content_can_use_it(folder):
    files = {f"x/{name}": folder / name for name in (CARD, PARSER)}
    content = Content(files, SimilarityOptions(parser="x"))
    faces = torch.rand(2, 3, 64, 64) * 2 - 1
    features = content.features(faces[:1], TEMPLATES["portraits"])
    assert features.shape == (1, 256, 64, 64)
    assert float(content.distance(features, features)) == 0


def test_wrapped_and_prefixed_states_are_the_same(folder, state, tmp_path):
    wrapped = {"state_dict": {f"module.{k}": v for k, v in state.items()}}
    torch.save(wrapped, tmp_path / "wrapped.pth")
    import_bisenet(tmp_path / "wrapped.pth", tmp_path / "again", "again")
    assert (tmp_path / "again" / PARSER).read_bytes() == (folder / PARSER).read_bytes()


@pytest.mark.parametrize(
    "change",
    [
        lambda s: s.pop("ffm.conv1.weight"),
        lambda s: s.update({"sp.conv1.conv.weight": torch.zeros(1)}),
        lambda s: s.update({"conv_out.conv_out.weight": torch.zeros(11, 256, 1, 1)}),
        lambda s: s.update(
            {"ffm.conv1.weight": torch.full((64, 256, 1, 1), torch.nan)}
        ),
        lambda s: s.clear(),
    ],
    ids=["missing", "foreign", "11 classes", "nan", "empty"],
)
def test_anything_else_is_refused_and_leaves_nothing(state, tmp_path, change):
    changed = dict(state)
    change(changed)
    torch.save(changed, tmp_path / "bad.pth")
    with pytest.raises(WeightsError, match="not a BiSeNet of 19 classes"):
        import_bisenet(tmp_path / "bad.pth", tmp_path / "made", "made")
    assert not (tmp_path / "made").exists()


def test_what_is_no_state_dict_is_refused(tmp_path):
    torch.save([torch.zeros(1)], tmp_path / "list.pth")
    with pytest.raises(WeightsError, match="not a BiSeNet"):
        import_bisenet(tmp_path / "list.pth", tmp_path / "made", "made")


def test_the_command_makes_a_parser_that_is_found_by_name(
    state, tmp_path, monkeypatch, capsys
):
    from benchmark.cli import main

    torch.save(state, tmp_path / "79999_iter.pth")
    monkeypatch.setenv("AVATARBENCH_CACHE", str(tmp_path / "cache"))
    file = str(tmp_path / "79999_iter.pth")
    command = ["avatarbench", "weights", "import-parser", file]
    monkeypatch.setattr(sys, "argv", command)
    with pytest.raises(SystemExit) as stop:
        main()
    assert stop.value.code == 0
    assert "network:" in capsys.readouterr().out
    assert weights.find(f"bisenet/{PARSER}") == tmp_path / "cache" / "bisenet" / PARSER
