"""The translator's training on drawings whose vectors could be found again."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from plug import Plug, Pulled
from tiny_training_setup import OPTIONS, SPEC, WEIGHTS, make_course

from benchmark.avatars import AvatarVectors
from benchmark.storage.store import Store
from benchmark.system.progress import Silent
from methods.base import MethodError
from methods.f2p.relaxed import mean_avatar, relaxed, strict
from methods.f2p.training_setup import Lesson, loopback
from methods.f2p.translation import make_translator, restored, trained_translator

ALL = torch.arange(40)


class Noted(Plug):
    """Keeps figures, and ends the process in the middle of a training."""

    def __init__(self, kill_after=0):
        super().__init__(kill_after)
        self.figures = []

    def log(self, metrics, step):
        self.figures.append((step, dict(metrics)))


def trained(course, root, progress=None):
    return trained_translator(course, Store(root), progress or Silent())


def predicted(course, network):
    with torch.inference_mode():
        return strict(course.spec, network(course.faces.identity.rows(ALL, "cpu")))


def terms_of(course, network):
    with torch.no_grad():
        terms = Lesson(network.eval(), course, Silent()).terms(ALL, content=True)
    return {name: float(value) for name, value in terms.items()}


def test_learns_to_look_like_the_faces_it_is_shown(tmp_path):
    course = make_course(tmp_path, steps=250)
    before = terms_of(course, make_translator(SPEC, course.options, 0))
    network = trained(course, tmp_path).network
    after = terms_of(course, network)
    assert after["identity"] < 0.5 * before["identity"]
    assert after["content"] < 0.5 * before["content"]
    truth = AvatarVectors.sample(SPEC, 40, seed=1)
    found, shown = predicted(course, network), truth.active().discrete
    assert (found.discrete == truth.discrete)[shown].mean() > 0.8


def test_measures_likeness_of_what_it_predicts(tmp_path):
    course = make_course(tmp_path, steps=120)
    translated = trained(course, tmp_path)
    measures, terms = translated.measures, course.judge.terms
    flat = torch.from_numpy(predicted(course, translated.network).flat())
    for name, pictures in (
        ("predicted", course.imitated.draw(flat)),
        ("mean_avatar", course.imitated.draw(mean_avatar(SPEC, 40))),
    ):
        for term, features in (
            ("identity", course.faces.identity),
            ("content", course.faces.content),
        ):
            found = terms[term].features(pictures, course.judge.avatars)
            apart = terms[term].distance(found, features.rows(ALL, "cpu"))
            assert measures[f"{term}_{name}"] == pytest.approx(float(apart.mean()))
    assert measures["content_predicted"] < 0.7 * measures["content_mean_avatar"]


def test_finds_its_vectors_again(tmp_path):
    without = make_course(tmp_path, steps=120, loopback_weight=0.0)
    with_it = make_course(tmp_path, steps=120, loopback_weight=3.0)
    apart = [
        terms_of(course, trained(course, tmp_path).network)["loopback"]
        for course in (without, with_it)
    ]
    assert apart[1] < 0.7 * apart[0]


def test_only_the_translator_learns(tmp_path):
    course = make_course(tmp_path, steps=3)
    network = trained(course, tmp_path).network
    assert not network.training
    assert not any(p.requires_grad for p in network.parameters())
    assert float(course.imitated.network.ink) == 1
    assert course.imitated.network.ink.grad is None


@pytest.mark.parametrize(("every", "looks"), [(4, 9), (1, 0), (0, 12)])
def test_the_content_rests_every_few_steps(tmp_path, every, looks):
    course = make_course(tmp_path, content_rest=every)
    lesson = Lesson(make_translator(SPEC, OPTIONS, 0), course, Silent())
    course.judge.terms["content"].calls = 0
    for step in range(12):
        lesson(step)
    assert course.judge.terms["content"].calls == looks


def test_the_content_is_left_out_where_it_has_no_weight(tmp_path):
    course = make_course(tmp_path)
    course = replace(course, faces=replace(course.faces, content=None))
    lesson = Lesson(make_translator(SPEC, OPTIONS, 0), course, Silent())
    assert set(lesson.terms(ALL, content=True)) == {"identity", "loopback"}


def test_the_loss_weighs_its_terms(tmp_path):
    weights = WEIGHTS.model_copy(update={"content_weight": 2.0})
    course = make_course(tmp_path, weights=weights, loopback_weight=3.0)
    progress = Noted()
    network = make_translator(SPEC, OPTIONS, 0)
    loss = float(Lesson(network, course, progress)(0).detach())
    ((_, terms),) = progress.figures
    named = {name.removeprefix("tiny translator/"): v for name, v in terms.items()}
    expected = 0.1 * named["identity"] + 2 * named["content"] + 3 * named["loopback"]
    assert loss == pytest.approx(expected, rel=1e-5)


def test_the_loopback_is_a_sum_over_what_is_shown():
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
            make_course(tmp_path, loopback_reduction=reduction),
            make_translator(SPEC, OPTIONS, 0),
        )["loopback"]
        for reduction in ("sum", "mean")
    ]
    assert values[0] == pytest.approx(SPEC.flat_size * values[1], rel=1e-5)


def test_a_warm_start_learns_from_renders_alone(tmp_path):
    course = make_course(tmp_path, steps=0, warm_steps=150)
    found = predicted(course, trained(course, tmp_path).network)
    truth = AvatarVectors.sample(SPEC, 40, seed=1)
    assert (found.discrete == truth.discrete)[truth.active().discrete].mean() > 0.9
    assert np.abs(found.continuous - truth.continuous).mean() < 0.1


def test_steps_on_faces_have_their_own_rate(tmp_path):
    course = make_course(tmp_path, steps=40, warm_steps=400, schedule="cosine")
    cold = make_course(tmp_path, steps=40, schedule="cosine")
    faces = "identity_predicted"
    warm = replace(course, options=course.options.model_copy(update={"steps": 0}))
    measured = {
        name: trained(each, tmp_path).measures[faces]
        for name, each in (("both", course), ("cold", cold), ("warm", warm))
    }
    # Few steps after many: they still learn, as fast as those that start alone.
    assert measured["both"] < measured["cold"]
    networks = [trained(each, tmp_path).network for each in (course, warm)]
    apart = [
        float((one - other).abs().max())
        for one, other in zip(
            networks[0].parameters(), networks[1].parameters(), strict=True
        )
    ]
    # Adam's steps are about the rate: 40 of up to 0.003 move some number this far.
    assert max(apart) > 0.01


def test_variants_share_a_warm_start(tmp_path):
    course = make_course(tmp_path, steps=2, warm_steps=3)
    more = replace(course, options=course.options.model_copy(update={"steps": 3}))
    trained(course, tmp_path)
    trained(more, tmp_path)
    assert len(list((tmp_path / "warm-start").glob("*/translator.safetensors"))) == 1
    assert len(list((tmp_path / "translator").glob("*/translator.safetensors"))) == 2


def test_its_normalisation_is_that_of_the_faces(tmp_path):
    course = make_course(tmp_path, steps=5)
    network = trained(course, tmp_path).network
    first = network.blocks[0].layers
    with torch.no_grad():
        entering = first[0](network.entry(course.faces.identity.rows(ALL, "cpu")))
    torch.testing.assert_close(first[1].running_mean, entering.mean(0))
    torch.testing.assert_close(first[1].running_var, entering.var(0))


def test_killed_and_started_again_ends_with_the_same_bytes(tmp_path):
    course = make_course(tmp_path / "faces", steps=20, warm_steps=6)
    whole = trained(course, tmp_path / "whole")
    for steps in (7, 9):
        with pytest.raises(Pulled):
            trained(course, tmp_path / "pieces", Noted(kill_after=steps))
    pieces = trained(course, tmp_path / "pieces")
    assert pieces.digest == whole.digest
    for name, tensor in whole.network.state_dict().items():
        assert torch.equal(tensor, pieces.network.state_dict()[name]), name


def test_every_option_that_counts_makes_another_translator(tmp_path):
    courses = [
        make_course(tmp_path, steps=1),
        make_course(tmp_path, steps=2),
        make_course(tmp_path, steps=1, weights=WEIGHTS.model_copy(
            update={"content_weight": 2.0})),
        make_course(tmp_path, count=30, steps=1),
        replace(make_course(tmp_path, steps=1), seed=1),
    ]  # fmt: skip
    digests = [trained(course, tmp_path).digest for course in courses]
    assert len(set(digests)) == len(courses)
    same = make_course(tmp_path, steps=1, checkpoint_steps=9)
    assert trained(same, tmp_path).digest == digests[0]


def test_is_the_same_when_it_is_read_again(tmp_path):
    course = make_course(tmp_path, steps=5)
    network = trained(course, tmp_path).network
    tensors = {k: v.clone() for k, v in network.state_dict().items()}
    again = restored(SPEC, course.options, tensors, "cpu")
    faces = course.faces.identity.rows(ALL, "cpu")
    assert torch.equal(again(faces), network(faces))
    x = relaxed(SPEC, again(faces), 1.0)
    assert bool(((x >= 0) & (x <= 1)).all())


def test_wants_two_faces(tmp_path):
    with pytest.raises(MethodError, match="two train faces or more, got 1"):
        trained(make_course(tmp_path, count=1), tmp_path)
