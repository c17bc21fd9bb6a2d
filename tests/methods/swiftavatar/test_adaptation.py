"""The stage of an adapted generator: its files, key, cache and resumption."""

import json

import pytest
import torch
from safetensors.torch import load_file
from tiny_adaptation import PulledPlug, Watch, adapt, options, stage_folder
from tiny_pair import SIZE, make_pair, make_renders

from methods.base import MethodError
from methods.generator.curves import CURVES
from methods.swiftavatar import adaptation, adaptation_training
from methods.swiftavatar.adaptation import (
    GENERATOR,
    MEASURES,
    TIMING,
    adaptation_stage,
    picture_change,
)

pytestmark = pytest.mark.usefixtures("few_latents")


def test_without_steps_it_is_the_realistic_generator(pair, renders, tmp_path):
    found = adapt(pair, renders, tmp_path, steps=0)
    assert picture_change(pair.realistic, found.generator, 32) < 1
    assert found.measures["stopped_at"] == 0
    assert found.measures["agreement/mean_iou"] > 0.95
    assert found.measures["colour/skin"] < 0.01


def test_the_adapted_generator_is_cached(pair, renders, tmp_path):
    first = adapt(pair, renders, tmp_path)
    folder = stage_folder(pair, renders, tmp_path)
    assert folder.name == first.digest[:32]
    watch = Watch()
    again = adapt(pair, renders, tmp_path, watch)
    assert watch.began is None
    assert (
        again.measures == first.measures == json.loads((folder / MEASURES).read_text())
    )
    assert not again.generator.training
    for one, other in zip(
        first.generator.state_dict().values(),
        again.generator.state_dict().values(),
        strict=True,
    ):
        assert torch.equal(one, other)
        assert one.dtype == torch.float32
    assert not any(p.requires_grad for p in again.generator.parameters())
    assert again.measures["stopped_at"] == 6


def test_the_pair_is_not_changed(pair, renders, tmp_path):
    networks = (pair.realistic, pair.discriminator)
    before = [{k: v.clone() for k, v in n.state_dict().items()} for n in networks]
    adapt(pair, renders, tmp_path, steps=2)
    for network, old in zip(networks, before, strict=True):
        assert all(torch.equal(v, old[k]) for k, v in network.state_dict().items())
        assert all(p.grad is None for p in network.parameters())


@pytest.mark.parametrize("alive", [4, pytest.param(1, marks=pytest.mark.slow)])
def test_a_resumed_adaptation_equals_an_unbroken_one(
    pair, renders, tmp_path, monkeypatch, alive
):
    monkeypatch.setattr(adaptation_training, "CHECKPOINT_SECONDS", -1)
    monkeypatch.setattr(adaptation_training, "LOG_EVERY", 3)
    changes = {"steps": 5, "freeze": "average"}
    adapt(pair, renders, tmp_path / "whole", **changes)
    whole = stage_folder(pair, renders, tmp_path / "whole", **changes)
    root = tmp_path / "pieces"
    with pytest.raises(PulledPlug):
        adapt(pair, renders, root, Watch(alive), **changes)
    watch = Watch()
    adapt(pair, renders, root, watch, **changes)
    assert watch.began == alive
    pieces = stage_folder(pair, renders, root, **changes)
    for name in (GENERATOR, MEASURES, CURVES):
        assert (whole / name).read_bytes() == (pieces / name).read_bytes(), name
    assert json.loads((pieces / TIMING).read_text())["hours"] >= 0


def test_half_precision_is_stored_if_pictures_hardly_change(
    pair, renders, tmp_path, monkeypatch
):
    found = adapt(pair, renders, tmp_path / "half", steps=1)
    assert 0 < found.measures["half_change"] < 1
    folder = stage_folder(pair, renders, tmp_path / "half", steps=1)
    stored = load_file(folder / GENERATOR).values()
    assert {value.dtype for value in stored} == {torch.float16}
    monkeypatch.setattr(adaptation, "HALF_CHANGE", 0.0)
    adapt(pair, renders, tmp_path / "full", steps=1)
    folder = stage_folder(pair, renders, tmp_path / "full", steps=1)
    stored = load_file(folder / GENERATOR).values()
    assert {value.dtype for value in stored} == {torch.float32}


def test_the_key_depends_on_all_inputs(pair, renders, tmp_path):
    key = adaptation_stage(pair, renders, options(), 0, "cpu").key
    other_pair = make_pair(tmp_path / "other", seed=1)
    others = [
        adaptation_stage(other_pair, renders, options(), 0, "cpu"),
        adaptation_stage(pair, make_renders(seed=1), options(), 0, "cpu"),
        adaptation_stage(pair, renders, options(colour=2), 0, "cpu"),
        adaptation_stage(pair, renders, options(), 1, "cpu"),
        adaptation_stage(pair, renders, options(), 0, "cuda"),
    ]
    assert len({key, *(stage.key for stage in others)}) == 6


def test_the_seed_makes_another_generator(pair, renders, tmp_path):
    found = [
        adapt(pair, renders, tmp_path, seed=seed, steps=1).generator.state_dict()
        for seed in (0, 1)
    ]
    assert not torch.equal(*(state["pos_embed.weights"] for state in found))


def test_renders_of_another_size_are_refused(pair, tmp_path):
    with pytest.raises(MethodError, match=f"have 32 px and the generator {SIZE} px"):
        adapt(pair, make_renders(size=32), tmp_path)


def test_a_loss_that_is_not_finite_stops_the_training(pair, renders, tmp_path):
    with pytest.raises(FloatingPointError, match="is not finite at iteration"):
        adapt(pair, renders, tmp_path, learning_rate=1e30)
    assert not stage_folder(pair, renders, tmp_path, learning_rate=1e30).exists()


def test_a_training_that_diverges_gives_no_generator(pair, renders, tmp_path):
    with pytest.raises(FloatingPointError, match="is not finite at iteration"):
        adapt(pair, renders, tmp_path, learning_rate=1e30)
    kinds = {path.suffix for path in (tmp_path / "adaptation").iterdir()}
    assert kinds == {".scratch"}
    assert not list(tmp_path.glob("adaptation/*/checkpoint.safetensors"))
