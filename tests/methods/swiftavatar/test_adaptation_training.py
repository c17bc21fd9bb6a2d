"""What an adaptation trains, records and refuses."""

import json
from dataclasses import replace

import pytest
import torch
from pydantic import ValidationError
from tiny_adaptation import Watch, adapt, options, stage_folder
from tiny_pair import make_renders

from benchmark.system.progress import Silent
from methods.generator.curves import CURVES, read_curves
from methods.generator.state import TrainingState
from methods.networks.discriminator import SemanticDiscriminator
from methods.swiftavatar import adaptation_training
from methods.swiftavatar.adaptation_training import (
    AdaptationTraining,
    adaptation_recipe,
)
from methods.swiftavatar.options import AdaptationOptions

pytestmark = pytest.mark.usefixtures("few_latents")


def train(pair, renders, scratch, **changes):
    """Run an adaptation to its end."""
    found = AdaptationTraining(
        pair, renders, options(**changes), 0, scratch, "test", "cpu"
    )
    found.run(Silent())
    return found


def moved(network, start):
    """Modules whose parameters differ between two networks."""
    old = dict(start.named_parameters())
    return {
        name.split(".")[0]
        for name, parameter in network.named_parameters()
        if not torch.equal(parameter, old[name])
    }


ALL = {"style", "render_net", "local_nets", "pos_embed"}


def test_regions_of_the_colour_term_are_parts():
    with pytest.raises(ValueError, match="no part is called 'beard'"):
        options(colour_regions=["hair", "beard"])


@pytest.mark.parametrize(
    ("freeze", "trained", "averaged"),
    [
        ("none", ALL, ALL),
        ("average", ALL, {"style", "render_net"}),
        ("local", {"style", "render_net"}, {"style", "render_net"}),
    ],
)
def test_frozen_modules_keep_their_weights(
    pair, renders, tmp_path, freeze, trained, averaged
):
    state = train(pair, renders, tmp_path, freeze=freeze).state
    assert moved(state.generator, pair.realistic) == trained
    assert moved(state.average, pair.realistic) == averaged


def test_the_discriminator_gets_no_segmentations(pair, renders, tmp_path, monkeypatch):
    inputs, forward = [], SemanticDiscriminator.forward

    def spied(self, image, seg=None):
        inputs.append((image.shape, seg))
        return forward(self, image, seg)

    monkeypatch.setattr(SemanticDiscriminator, "forward", spied)
    state = train(pair, renders, tmp_path).state
    assert inputs
    assert all(seg is None for _, seg in inputs)
    shown = moved(state.discriminator, pair.discriminator)
    assert shown == {"convs_img", "final_conv", "final_linear"}


def test_every_loss_is_recorded_and_logged(pair, renders, tmp_path):
    watch = Watch()
    adapt(pair, renders, tmp_path, watch)
    text = (stage_folder(pair, renders, tmp_path) / CURVES).read_text()
    look, losses = (json.loads(line) for line in text.splitlines())
    assert look["step"] == 4
    assert "agreement/mean_iou" in look
    assert losses["step"] == 6
    names = {"loss_d", "loss_g", "r1_img", "path", "path_length", "colour"}
    assert {f"train/{name}" for name in names} <= set(losses)
    assert watch.label == "tiny adaptation"
    assert {f"tiny adaptation/{name}" for name in names} <= set(watch.figures[6])
    assert watch.figures[4]["tiny adaptation/agreement/mean_iou"] > 0


def test_without_its_weight_there_is_no_colour_term(pair, renders, tmp_path):
    train(pair, renders, tmp_path, colour=0, check_every=99)
    (record,) = read_curves(tmp_path)
    assert "train/loss_g" in record
    assert "train/colour" not in record


@pytest.mark.slow
def test_the_colour_term_keeps_colours_nearer(pair, tmp_path):
    """Training on black avatars separates the colours; the term counteracts."""
    lit = make_renders()
    dark = replace(lit, digest="dark", load=lambda: lit.pictures // 16)
    far, near = (
        adapt(
            pair,
            dark,
            tmp_path,
            steps=15,
            learning_rate=0.02,
            ema_decay=0.0,
            colour=weight,
            check_every=99,
            path=0,
            r1_every=99,
        ).measures
        for weight in (0, 30)
    )
    for region in ("hair", "skin"):
        assert near[f"colour/{region}"] < far[f"colour/{region}"] / 2


def test_training_stops_at_too_low_agreement(pair, renders, tmp_path):
    quick = {"learning_rate": 0.05, "ema_decay": 0.0}
    found = adapt(
        pair, renders, tmp_path, steps=40, check_every=3, stop_below=1.0, **quick
    )
    assert found.measures["stopped_at"] == 3
    (curve,) = tmp_path.glob(f"adaptation/*/{CURVES}")
    steps = [json.loads(line)["step"] for line in curve.read_text().splitlines()]
    assert steps == [3, 3]


def test_training_continues_at_sufficient_agreement(pair, renders, tmp_path):
    found = adapt(pair, renders, tmp_path, steps=3, check_every=1, stop_below=0.0)
    assert found.measures["stopped_at"] == 3


def test_a_batch_that_is_no_multiple_of_the_group_is_refused():
    with pytest.raises(ValidationError, match=r"6 is no multiple of 4, the group size"):
        options(batch=6)


@pytest.mark.parametrize("share", [0.0, 0.5, 1.0])
def test_a_share_of_pictures_is_mirrored(share):
    pictures = torch.rand(400, 3, 4, 4)
    draws = torch.Generator().manual_seed(0)
    found = adaptation_training.mirrored(pictures, share, draws)
    turned = (found != pictures).flatten(1).any(1)
    assert torch.equal(found[turned], pictures[turned].flip(3))
    assert float(turned.float().mean()) == pytest.approx(share, abs=0.1)


PROJECTED = {
    "projected": {"maps": False, "width": 4, "head_widths": (4, 4, 4)},
    "r1": 0,
    "path": 0,
    "steps": 2,
}


def test_with_a_projected_discriminator_only_its_heads_are_trained(
    pair, renders, tmp_path
):
    state = train(pair, renders, tmp_path, **PROJECTED).state
    fresh = TrainingState(
        adaptation_recipe(pair, options(**PROJECTED), seed=0), torch.device("cpu")
    )
    assert moved(state.discriminator, fresh.discriminator) == {"heads"}
    assert moved(state.generator, pair.realistic) == ALL


@pytest.mark.slow
def test_a_projected_discriminator_needs_no_published_one(pair, renders, tmp_path):
    bare = replace(pair, discriminator=None)
    ours = adapt(bare, renders, tmp_path / "bare", **PROJECTED)
    theirs = adapt(pair, renders, tmp_path / "whole", **PROJECTED)
    assert ours.digest == theirs.digest
    assert ours.measures == theirs.measures


def test_mask_losses_and_agreement_are_recorded(pair, renders, tmp_path):
    terms = {"mask": 20, "mask_entropy": 1, "segmentation": 5, "check_every": 99}
    train(pair, renders, tmp_path, **PROJECTED, **terms)
    (record,) = read_curves(tmp_path)
    assert {"train/mask", "train/mask_entropy", "train/segmentation"} <= set(record)


@pytest.mark.slow
def test_the_agreement_term_keeps_segmentations_nearer(pair, renders, tmp_path):
    """Renders of one colour separate the segmentations; the term counteracts."""
    distances = [
        adapt(
            pair,
            renders,
            tmp_path / str(weight),
            steps=12,
            learning_rate=0.04,
            ema_decay=0,
            segmentation=weight,
            segmentation_grid=4,
        ).measures["agreement/pixel_accuracy"]
        for weight in (0, 100)
    ]
    assert distances[1] > distances[0]


def test_options_that_were_added_are_in_the_dump_only_where_they_are_used():
    assert not AdaptationOptions.NEWER & set(AdaptationOptions().model_dump())
    used = options(segmentation=1.0).model_dump()
    assert used["segmentation"] == 1.0
    assert "mask" not in used
    again = AdaptationOptions(**options(**PROJECTED).model_dump(mode="json"))
    assert again == options(**PROJECTED)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"projected": {}}, "projected.maps must be false"),
        ({**PROJECTED, "r1": 1}, "r1 must be 0"),
        ({"segmentation_grid": 0}, "segmentation_grid"),
    ],
)
def test_wrong_projected_options_are_refused(changes, message):
    with pytest.raises(ValidationError, match=message):
        options(**changes)
