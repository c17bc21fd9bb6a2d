import math
import os
import signal
import subprocess
import sys
import time

import pytest
import torch
from places import HELPERS, ROOT
from safetensors.torch import load_file
from torch import nn

from benchmark.system.progress import Silent
from methods.estimator.training import (
    CHECKPOINT,
    Recipe,
    TrainingDiverged,
    learning_rate_at,
    train,
)
from methods.shared.randomness import generator_of

RECIPE = Recipe(steps=300, learning_rate=1e-2, checkpoint_steps=7)


def small_network():
    torch.manual_seed(0)
    layers = [nn.Conv2d(3, 8, 3, stride=2), nn.BatchNorm2d(8), nn.ReLU()]
    network = nn.Sequential(*layers, nn.Flatten(), nn.Linear(72, 2))
    weight = network[0].weight
    weight.data = weight.data.to(memory_format=torch.channels_last)
    return network


def learn(scratch, pause=0.0):
    """Fit a small network; a pause in each step leaves time for a kill."""
    network = small_network()

    def loss_at(step):
        time.sleep(pause)
        pictures = torch.randn(8, 3, 8, 8, generator=generator_of("data", step))
        target = pictures.mean(dim=(2, 3))[:, :2]
        return (network(pictures) - target).pow(2).mean()

    train(network, loss_at, RECIPE, scratch, Silent(), "test")
    return network.state_dict()


def test_the_paper_halves_the_rate_after_every_thirty_of_a_hundred_epochs():
    recipe = Recipe(steps=100, learning_rate=1e-3)
    rates = [learning_rate_at(step, recipe) for step in (0, 29, 30, 59, 60, 89, 90, 99)]
    halves = [0, 0, 1, 1, 2, 2, 3, 3]
    assert rates == pytest.approx([1e-3 * 0.5**h for h in halves])


def test_tenths_reduces_the_rate_by_ten_percent_each_time():
    recipe = Recipe(steps=500, learning_rate=0.01, schedule="tenths")
    rates = [learning_rate_at(step, recipe) for step in (0, 49, 50, 99, 100, 450, 499)]
    falls = [0, 0, 1, 1, 2, 9, 9]
    assert rates == pytest.approx([0.01 * 0.9**fall for fall in falls])


def test_a_constant_rate_stays():
    recipe = Recipe(steps=100, learning_rate=1e-4, schedule="constant")
    assert {learning_rate_at(step, recipe) for step in range(100)} == {1e-4}


def test_sgd_resumes_with_its_momentum(tmp_path):
    weight = nn.Linear(1, 1, bias=False)
    nn.init.zeros_(weight.weight)
    recipe = Recipe(3, 1.0, "tenths", optimiser="sgd")
    places = []

    def loss_at(step):
        places.append(float(weight.weight.detach()))
        return -weight(torch.ones(1, 1)).sum()

    train(weight, loss_at, recipe, tmp_path, Silent(), "test")
    # With gradient -1 the momentum grows by 0.9; the rates are 1, 0.9³ and 0.9⁶.
    assert places == pytest.approx([0, 1, 1 + 0.9**3 * 1.9])


def test_weight_decay_shrinks_matrices_alone(tmp_path):
    layer = nn.Linear(2, 2)
    nn.init.ones_(layer.weight)
    nn.init.ones_(layer.bias)
    recipe = Recipe(2, 0.1, "constant", weight_decay=0.5)
    still = lambda step: (layer(torch.zeros(1, 2)) * 0).sum()  # noqa: E731
    train(layer, still, recipe, tmp_path, Silent(), "test")
    shrunk = torch.full((2, 2), (1 - 0.1 * 0.5) ** 2)
    torch.testing.assert_close(layer.weight.detach(), shrunk)
    assert layer.bias.tolist() == [1, 1]


def test_sgd_has_no_weight_decay():
    with pytest.raises(ValueError, match="weight_decay needs the optimiser adam"):
        Recipe(2, 0.1, optimiser="sgd", weight_decay=0.1)


def test_the_cosine_rises_and_falls_to_almost_nothing():
    recipe = Recipe(steps=200, learning_rate=1.0, schedule="cosine")
    rates = [learning_rate_at(step, recipe) for step in range(200)]
    assert rates[0] == pytest.approx(0.1)
    assert max(rates) == pytest.approx(1.0)
    assert rates[-1] < 0.001
    assert all(math.isfinite(rate) for rate in rates)


def test_training_reduces_the_loss(tmp_path):
    before = small_network().state_dict()
    after = learn(tmp_path)
    assert not torch.equal(before["0.weight"], after["0.weight"])


def test_a_loss_that_is_not_finite_stops_the_run(tmp_path):
    network = nn.Linear(1, 1)
    with pytest.raises(FloatingPointError, match="step 0"):
        train(
            network,
            lambda step: network(torch.ones(1, 1)).sum() * float("nan"),
            RECIPE,
            tmp_path,
            Silent(),
            "test",
        )


def train_until(scratch, bad_step, spoil):
    """Train 20 steps with a checkpoint after every 7; one step is spoiled."""
    network = nn.Linear(1, 1)

    def loss_at(step):
        loss = network(torch.ones(1, 1)).pow(2).sum()
        return spoil(loss) if step == bad_step else loss

    recipe = Recipe(steps=20, learning_rate=1e-2, checkpoint_steps=7)
    train(network, loss_at, recipe, scratch, Silent(), "estimator")


def infinite_gradient(loss):
    """A finite loss whose gradient is not."""
    return loss + (loss - loss.detach()).abs().sqrt()


@pytest.mark.parametrize(
    ("bad_step", "spoil", "problem", "kept"),
    [
        (16, lambda loss: loss * math.nan, "the loss of step 16 is not finite", 14),
        (16, lambda loss: loss * math.inf, "the loss of step 16 is not finite", 14),
        (6, infinite_gradient, "a weight is not finite after step 6", 0),
        (13, infinite_gradient, "a weight is not finite after step 13", 7),
        (19, infinite_gradient, "a weight is not finite after step 19", 14),
    ],
)
def test_a_training_that_diverges_keeps_the_last_good_state(
    tmp_path, bad_step, spoil, problem, kept
):
    with pytest.raises(TrainingDiverged) as caught:
        train_until(tmp_path, bad_step, spoil)
    state = f"the checkpoint after {kept} steps is kept" if kept else "no step was kept"
    assert (
        str(caught.value) == f"estimator: {problem}; lower the learning rate ({state})"
    )
    checkpoint = tmp_path / CHECKPOINT
    assert checkpoint.exists() == bool(kept)
    if kept:
        tensors = load_file(checkpoint)
        assert int(tensors["done"]) == kept
        assert all(bool(value.isfinite().all()) for value in tensors.values())


@pytest.mark.slow
def test_killed_and_resumed_equals_unbroken(tmp_path):
    """A process is killed with SIGKILL twice, at any step."""
    whole, pieces = tmp_path / "whole", tmp_path / "pieces"
    whole.mkdir()
    pieces.mkdir()
    checkpoint = pieces / "checkpoint.safetensors"
    for _ in range(2):
        before = written(checkpoint)
        child = start_learning(pieces)
        wait_for_another(checkpoint, before, child)
        os.kill(child.pid, signal.SIGKILL)
        child.wait()
    expected, found = learn(whole), learn(pieces)
    assert checkpoint.exists()
    for key, value in expected.items():
        assert torch.equal(value, found[key]), key


def written(path):
    return path.stat().st_mtime_ns if path.exists() else 0


def start_learning(scratch):
    program = (
        "import importlib.util as u, pathlib, torch;"
        "torch.set_num_threads(1);"
        f"s = u.spec_from_file_location('t', {__file__!r});"
        "m = u.module_from_spec(s); s.loader.exec_module(m);"
        f"m.learn(pathlib.Path({str(scratch)!r}), pause=0.02)"
    )
    environment = {**os.environ, "PYTHONPATH": str(HELPERS)}
    return subprocess.Popen([sys.executable, "-c", program], cwd=ROOT, env=environment)


def wait_for_another(checkpoint, before, child, seconds=120):
    end = time.monotonic() + seconds
    while written(checkpoint) == before:
        assert child.poll() is None, "the child ended before it could be killed"
        assert time.monotonic() < end, "no checkpoint was written"
        time.sleep(0.02)
