"""The translator's training on drawings of known vectors."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from simulated_kill import KillAt, SimulatedKill
from tiny_training_setup import OPTIONS, SPEC, WEIGHTS, make_setup

from benchmark.avatars import AvatarVectors
from benchmark.storage.store import Store
from benchmark.system.progress import Silent
from methods.base import MethodError
from methods.f2p.relaxed import mean_avatar, relaxed, strict
from methods.f2p.training_setup import TranslatorLoss, loopback
from methods.f2p.translation import (
    make_translator,
    restore_translator,
    trained_translator,
)

ALL = torch.arange(40)


class Noted(KillAt):
    """Records logged values, and simulates a kill during the training."""

    def __init__(self, kill_after=0):
        super().__init__(kill_after)
        self.figures = []

    def log(self, metrics, step):
        self.figures.append((step, dict(metrics)))


def trained(setup, root, progress=None):
    return trained_translator(setup, Store(root), progress or Silent())


def predicted(setup, network):
    with torch.inference_mode():
        return strict(setup.spec, network(setup.faces.identity.rows(ALL, "cpu")))


def terms_of(setup, network):
    with torch.no_grad():
        terms = TranslatorLoss(network.eval(), setup, Silent()).terms(ALL, content=True)
    return {name: float(value) for name, value in terms.items()}


@pytest.mark.slow
def test_training_reduces_the_distance_to_faces(tmp_path):
    setup = make_setup(tmp_path, steps=250)
    before = terms_of(setup, make_translator(SPEC, setup.options, 0))
    network = trained(setup, tmp_path).network
    after = terms_of(setup, network)
    assert after["identity"] < 0.5 * before["identity"]
    assert after["content"] < 0.5 * before["content"]
    truth = AvatarVectors.sample(SPEC, 40, seed=1)
    found, shown = predicted(setup, network), truth.active().discrete
    assert (found.discrete == truth.discrete)[shown].mean() > 0.8


def test_measures_are_distances_of_predictions(tmp_path):
    setup = make_setup(tmp_path, steps=60)
    translated = trained(setup, tmp_path)
    measures, terms = translated.measures, setup.similarity.terms
    flat = torch.from_numpy(predicted(setup, translated.network).flat())
    for name, pictures in (
        ("predicted", setup.imitator.draw(flat)),
        ("mean_avatar", setup.imitator.draw(mean_avatar(SPEC, 40))),
    ):
        for term, features in (
            ("identity", setup.faces.identity),
            ("content", setup.faces.content),
        ):
            found = terms[term].features(pictures, setup.similarity.avatars)
            apart = terms[term].distance(found, features.rows(ALL, "cpu"))
            assert measures[f"{term}_{name}"] == pytest.approx(float(apart.mean()))
    assert measures["content_predicted"] < 0.7 * measures["content_mean_avatar"]


@pytest.mark.slow
def test_the_loopback_weight_reduces_the_loopback(tmp_path):
    without = make_setup(tmp_path, steps=60, loopback_weight=0.0)
    with_it = make_setup(tmp_path, steps=60, loopback_weight=3.0)
    apart = [
        terms_of(setup, trained(setup, tmp_path).network)["loopback"]
        for setup in (without, with_it)
    ]
    assert apart[1] < 0.7 * apart[0]


def test_only_the_translator_is_trained(tmp_path):
    setup = make_setup(tmp_path, steps=3)
    network = trained(setup, tmp_path).network
    assert not network.training
    assert not any(p.requires_grad for p in network.parameters())
    assert float(setup.imitator.network.ink) == 1
    assert setup.imitator.network.ink.grad is None


@pytest.mark.parametrize(("every", "calls"), [(4, 9), (1, 0), (0, 12)])
def test_the_content_is_skipped_every_few_steps(tmp_path, every, calls):
    setup = make_setup(tmp_path, content_rest=every)
    loss = TranslatorLoss(make_translator(SPEC, OPTIONS, 0), setup, Silent())
    setup.similarity.terms["content"].calls = 0
    for step in range(12):
        loss(step)
    assert setup.similarity.terms["content"].calls == calls


def test_the_content_is_left_out_where_it_has_no_weight(tmp_path):
    setup = make_setup(tmp_path)
    setup = replace(setup, faces=replace(setup.faces, content=None))
    loss = TranslatorLoss(make_translator(SPEC, OPTIONS, 0), setup, Silent())
    assert set(loss.terms(ALL, content=True)) == {"identity", "loopback"}


def test_the_loss_is_the_weighted_sum_of_terms(tmp_path):
    weights = WEIGHTS.model_copy(update={"content_weight": 2.0})
    setup = make_setup(tmp_path, weights=weights, loopback_weight=3.0)
    progress = Noted()
    network = make_translator(SPEC, OPTIONS, 0)
    loss = float(TranslatorLoss(network, setup, progress)(0).detach())
    ((_, terms),) = progress.figures
    named = {name.removeprefix("tiny translator/"): v for name, v in terms.items()}
    expected = 0.1 * named["identity"] + 2 * named["content"] + 3 * named["loopback"]
    assert loss == pytest.approx(expected, rel=1e-5)


def test_the_loopback_is_a_sum_over_active_parameters():
    # width, beard (none, full), shape (3), colour (red, black), if there is a beard
    bald = torch.tensor([[0.2, 1.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0]])
    other = torch.tensor([[0.5, 1.0, 0.0, 0.0, 1.0, 0.0, 1.0, 0.0]])
    torch.testing.assert_close(loopback(SPEC, bald, other), torch.tensor([2.3]))
    full = bald.clone()
    full[0, 1:3] = torch.tensor([0.0, 1.0])
    torch.testing.assert_close(loopback(SPEC, full, other), torch.tensor([6.3]))


def test_hiding_a_parameter_does_not_lower_the_loopback():
    vectors = torch.full((1, SPEC.flat_size), 0.5, requires_grad=True)
    again = vectors.detach().clone()
    again[0, -1] = 0.0
    loopback(SPEC, vectors, again).sum().backward()
    assert vectors.grad is not None
    assert vectors.grad[0, 1:3].tolist() == [0.0, 0.0]


def test_the_mean_of_the_loopback_is_a_share_of_its_sum(tmp_path):
    values = [
        terms_of(
            make_setup(tmp_path, loopback_reduction=reduction),
            make_translator(SPEC, OPTIONS, 0),
        )["loopback"]
        for reduction in ("sum", "mean")
    ]
    assert values[0] == pytest.approx(SPEC.flat_size * values[1], rel=1e-5)


def test_a_warm_start_learns_from_renders_alone(tmp_path):
    setup = make_setup(tmp_path, steps=0, warm_steps=150)
    found = predicted(setup, trained(setup, tmp_path).network)
    truth = AvatarVectors.sample(SPEC, 40, seed=1)
    assert (found.discrete == truth.discrete)[truth.active().discrete].mean() > 0.9
    assert np.abs(found.continuous - truth.continuous).mean() < 0.1


@pytest.mark.slow
def test_steps_on_faces_have_their_own_schedule(tmp_path):
    setup = make_setup(tmp_path, steps=40, warm_steps=150, schedule="cosine")
    cold = make_setup(tmp_path, steps=40, schedule="cosine")
    faces = "identity_predicted"
    warm = replace(setup, options=setup.options.model_copy(update={"steps": 0}))
    measured = {
        name: trained(each, tmp_path).measures[faces]
        for name, each in (("both", setup), ("cold", cold), ("warm", warm))
    }
    # The schedule restarts after the warm start, so few more steps still learn.
    assert measured["both"] < measured["cold"]
    networks = [trained(each, tmp_path).network for each in (setup, warm)]
    apart = [
        float((one - other).abs().max())
        for one, other in zip(
            networks[0].parameters(), networks[1].parameters(), strict=True
        )
    ]
    # An Adam step is about as large as the rate; 40 of up to 0.003 exceed this sum.
    assert max(apart) > 0.01


def test_variants_share_a_warm_start(tmp_path):
    setup = make_setup(tmp_path, steps=2, warm_steps=3)
    more = replace(setup, options=setup.options.model_copy(update={"steps": 3}))
    trained(setup, tmp_path)
    trained(more, tmp_path)
    assert len(list((tmp_path / "warm-start").glob("*/translator.safetensors"))) == 1
    assert len(list((tmp_path / "translator").glob("*/translator.safetensors"))) == 2


def test_batch_statistics_are_those_of_the_faces(tmp_path):
    setup = make_setup(tmp_path, steps=5)
    network = trained(setup, tmp_path).network
    first = network.blocks[0].layers
    with torch.no_grad():
        entering = first[0](network.entry(setup.faces.identity.rows(ALL, "cpu")))
    torch.testing.assert_close(first[1].running_mean, entering.mean(0))
    torch.testing.assert_close(first[1].running_var, entering.var(0))


def test_killed_and_started_again_ends_with_the_same_bytes(tmp_path):
    setup = make_setup(tmp_path / "faces", steps=20, warm_steps=6)
    whole = trained(setup, tmp_path / "whole")
    for steps in (7, 9):
        with pytest.raises(SimulatedKill):
            trained(setup, tmp_path / "pieces", Noted(kill_after=steps))
    pieces = trained(setup, tmp_path / "pieces")
    assert pieces.digest == whole.digest
    for name, tensor in whole.network.state_dict().items():
        assert torch.equal(tensor, pieces.network.state_dict()[name]), name


def test_every_option_that_counts_makes_another_translator(tmp_path):
    setups = [
        make_setup(tmp_path, steps=1),
        make_setup(tmp_path, steps=2),
        make_setup(tmp_path, steps=1, weights=WEIGHTS.model_copy(
            update={"content_weight": 2.0})),
        make_setup(tmp_path, count=30, steps=1),
        replace(make_setup(tmp_path, steps=1), seed=1),
    ]  # fmt: skip
    digests = [trained(setup, tmp_path).digest for setup in setups]
    assert len(set(digests)) == len(setups)
    same = make_setup(tmp_path, steps=1, checkpoint_steps=9)
    assert trained(same, tmp_path).digest == digests[0]


def test_a_restored_translator_equals_the_trained_one(tmp_path):
    setup = make_setup(tmp_path, steps=5)
    network = trained(setup, tmp_path).network
    tensors = {k: v.clone() for k, v in network.state_dict().items()}
    again = restore_translator(SPEC, setup.options, tensors, "cpu")
    faces = setup.faces.identity.rows(ALL, "cpu")
    assert torch.equal(again(faces), network(faces))
    x = relaxed(SPEC, again(faces), 1.0)
    assert bool(((x >= 0) & (x <= 1)).all())


def test_one_face_is_an_error(tmp_path):
    with pytest.raises(MethodError, match="two or more train faces, got 1"):
        trained(make_setup(tmp_path, count=1), tmp_path)
