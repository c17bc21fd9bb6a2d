import json
from dataclasses import replace

import numpy as np
import pytest
import torch
from simulated_kill import KillAt, SimulatedKill

from benchmark.avatars import AvatarVectors
from benchmark.storage.store import Store
from benchmark.system.progress import Silent
from methods.base import MethodError
from methods.f2p.imitation import draw_relaxed, imitator_stage, trained_imitator
from methods.f2p.options import ImitatorOptions
from methods.shared.renders import training_renders

TINY = ImitatorOptions(
    size=64,
    width=0.03,
    steps=45,
    batch=8,
    optimiser="adam",
    learning_rate=0.01,
    held_out=0.25,
    checkpoint_steps=3,
)


@pytest.fixture(scope="module")
def renders(mixed_engine, tmp_path_factory):
    store = Store(tmp_path_factory.mktemp("renders"))
    return training_renders(mixed_engine, 48, 64, 0, store, Silent())


def trained(renders, root, progress=None, **changes):
    options = TINY.model_copy(update=changes)
    return trained_imitator(
        renders, options, 0, Store(root), progress or Silent(), "cpu"
    )


@pytest.fixture(scope="module")
def imitator(renders, tmp_path_factory):
    return trained(renders, tmp_path_factory.mktemp("store"))


def test_held_out_avatars_are_drawn_better_than_their_mean(imitator, renders):
    measures = imitator.measures
    assert measures["error_unseen"] < 0.8 * measures["error_mean_picture"]
    assert (measures["unseen"], measures["trained_on"]) == (12, 36)


def test_errors_are_measured_against_the_engines_renders(
    imitator, renders, mixed_engine
):
    unseen = renders.vectors[36:]
    with torch.inference_mode():
        pictures = imitator.draw(torch.from_numpy(unseen.flat()))
    made = (pictures.permute(0, 2, 3, 1).numpy() + 1) / 2
    true = mixed_engine.render(unseen, 64) / 255
    expected = np.abs(made - true).mean()
    assert imitator.measures["error_unseen"] == pytest.approx(expected, rel=1e-5)
    mean = mixed_engine.render(renders.vectors[:36], 64).mean(0) / 255
    expected = np.abs(mean - true).mean()
    assert imitator.measures["error_mean_picture"] == pytest.approx(expected, rel=1e-5)


def test_errors_are_logged_for_new_and_cached_imitators(renders, tmp_path):
    heard = {}

    class Listening(Silent):
        def log(self, metrics, step):
            heard.update({name: (value, step) for name, value in metrics.items()})

    for _ in ("trained", "found in the store"):
        heard.clear()
        measures = trained(renders, tmp_path, Listening(), steps=2).measures
        found = heard["tiny-mixed imitator/error_unseen"]
        assert found == (measures["error_unseen"], 2)


def test_an_untrained_imitator_is_measured_too(renders, tmp_path):
    untrained = trained(renders, tmp_path, steps=0)
    assert untrained.measures["error_unseen"] > 0.1


def test_a_trained_imitator_is_frozen(imitator):
    assert not imitator.network.training
    assert not any(p.requires_grad for p in imitator.network.parameters())


def test_inactive_parameters_make_no_difference(imitator, renders):
    bald, full = (renders.vectors.with_value("beard", v) for v in ("none", "full"))
    pictures = {}
    with torch.inference_mode():
        for colour in ("black", "white"):
            for name, vectors in (("bald", bald), ("full", full)):
                flat = torch.from_numpy(
                    vectors.with_value("beard_colour", colour).flat()
                )
                pictures[name, colour] = imitator.draw(flat)
    assert torch.equal(pictures["bald", "black"], pictures["bald", "white"])
    assert not torch.equal(pictures["full", "black"], pictures["full", "white"])


def test_gradients_reach_relaxed_vectors(imitator, mixed_engine):
    flat = torch.full((2, mixed_engine.spec.flat_size), 0.4, requires_grad=True)
    draw_relaxed(imitator.network, imitator.spec, flat).square().sum().backward()
    assert flat.grad is not None
    assert (flat.grad.abs().sum(0) > 0).all()


@pytest.mark.parametrize("optimiser", ["sgd", "adam"])
def test_an_interrupted_training_ends_with_the_same_bytes(renders, tmp_path, optimiser):
    changes = {"optimiser": optimiser, "steps": 9}
    whole = trained(renders, tmp_path / "whole", **changes)
    for _ in range(20):
        try:
            pieces = trained(renders, tmp_path / "pieces", KillAt(5), **changes)
        except SimulatedKill:
            continue
        break
    for name, value in whole.network.state_dict().items():
        assert torch.equal(value, pieces.network.state_dict()[name]), name
    assert whole.measures == pieces.measures


def test_an_imitator_is_trained_once_and_cached(renders, tmp_path):
    first = trained(renders, tmp_path, steps=5)
    again = trained(renders, tmp_path, KillAt(1), steps=5, checkpoint_steps=1)
    assert again.digest == first.digest
    assert again.measures == first.measures


def test_the_key_covers_all_options_but_checkpoint_steps(renders):
    def key(renders=renders, seed=0, **changes):
        options = TINY.model_copy(update=changes)
        return imitator_stage(renders, options, seed, "cpu").key

    others = replace(renders, digest="others")
    changed = {"width": 0.1, "steps": 1, "optimiser": "sgd", "start": "torch"}
    keys = {key(), key(others), key(seed=1)}
    keys |= {key(**{name: value}) for name, value in changed.items()}
    assert len(keys) == 7
    assert key(checkpoint_steps=99) == key()


def test_renders_of_another_size_are_refused(renders, tmp_path):
    with pytest.raises(MethodError, match=r"64 px for an imitator of 128 px"):
        trained(renders, tmp_path, size=128)


def test_too_few_renders_are_an_error(renders, tmp_path):
    two = replace(renders, vectors=renders.vectors[:1])
    with pytest.raises(MethodError, match="leave none to train on"):
        trained(two, tmp_path)


def test_an_engine_without_scalars_can_be_imitated(engine, tmp_path):
    store = Store(tmp_path)
    renders = training_renders(engine, 8, 64, 0, store, Silent())
    options = TINY.model_copy(update={"steps": 1})
    made = trained_imitator(renders, options, 0, store, Silent(), "cpu")
    flat = torch.from_numpy(AvatarVectors.sample(engine.spec, 3, 0).flat())
    assert made.draw(flat).shape == (3, 3, 64, 64)
    record = next(store.records("imitator"))
    assert set(record["files"]) == {"imitator.safetensors", "measures.json"}
    assert json.loads(json.dumps(dict(made.measures))) == made.measures


def test_a_training_that_diverges_gives_no_imitator(renders, tmp_path):
    with pytest.raises(FloatingPointError, match=r"imitator: .* is not finite.*lower"):
        trained(renders, tmp_path, learning_rate=1e30)
    assert all(path.suffix == ".scratch" for path in (tmp_path / "imitator").iterdir())
