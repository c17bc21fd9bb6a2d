"""The joint training of TOS, with a painter as emulator and columns as descriptor."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from simulated_kill import KillAt, SimulatedKill
from tiny_tied_setup import OPTIONS, SIDE, SPEC, drawn, make_setup

from benchmark.avatars import AvatarVectors
from benchmark.storage.store import Store
from benchmark.system.progress import Silent
from methods.f2p.relaxed import strict
from methods.networks.tied_output import PictureDiscriminator
from methods.shared.pictures import as_tensor
from methods.tos.training import (
    TiedTraining,
    TosNetworks,
    tied_stage,
    trained_tos,
    variation,
)

PEOPLE = AvatarVectors.sample(SPEC, 40, seed=2)


class Noted(KillAt):
    """Records logged values, and simulates a kill during the training."""

    def __init__(self, kill_after=0):
        super().__init__(kill_after)
        self.figures = {}

    def log(self, metrics, step):
        self.figures.setdefault(step, {}).update(metrics)


def trained(setup, root, progress=None):
    return trained_tos(setup, Store(root), progress or Silent())


def files_of(root):
    (folder,) = (Path(root) / "tied-output").iterdir()
    return [
        (folder / n).read_bytes() for n in ("networks.safetensors", "measures.json")
    ]


def make_training(setup, progress=None):
    torch.manual_seed(0)
    options = setup.options.tied
    networks = TosNetworks(SPEC, setup.descriptor.length, SIDE, options)
    discriminator = PictureDiscriminator(SIDE, options.width)
    return TiedTraining(networks, discriminator, setup, progress or Silent())


def inputs(setup):
    """Descriptors of two faces, and two renders with their descriptors."""
    rows = torch.arange(2)
    renders = as_tensor(setup.renders.pictures[:2])
    return setup.faces(0)[:2], renders, setup.described.rows(rows, "cpu")


def gradients(training, name, setup):
    """Names of the networks that a term's gradient reaches."""
    faces, renders, described = inputs(setup)
    generated = training.networks.decoder(faces)
    terms = training.terms(faces, generated, renders, described)
    training.networks.zero_grad(set_to_none=True)
    terms[name].backward()
    return {
        own.split(".")[0]
        for own, parameter in training.networks.named_parameters()
        if parameter.grad is not None and bool(parameter.grad.abs().sum() > 0)
    }


@pytest.fixture(scope="module")
def fitted(tmp_path_factory):
    """A setup, and networks that were trained until they can draw and read."""
    root = tmp_path_factory.mktemp("fitted")
    setup = make_setup(root, PEOPLE, steps=120, batch=8)
    return setup, trained(setup, root)


def test_vectors_of_faces_are_found_without_pairs(fitted):
    setup, result = fitted
    faces = setup.descriptor.of(drawn(PEOPLE), setup.avatars)
    found = strict(SPEC, result.networks.reader(result.networks.decoder(faces)))
    shown = PEOPLE.active().discrete
    assert (found.discrete == PEOPLE.discrete)[shown].mean() > 0.8


def test_drawings_show_the_faces_and_can_be_drawn_by_the_emulator(fitted):
    measures = fitted[1].measures
    assert measures["descriptor_generated"] < 0.2 * measures["descriptor_renders"]
    assert measures["descriptor_emulated"] < 0.5 * measures["descriptor_renders"]
    assert measures["tie_faces"] < 0.15
    assert measures["identity_renders"] < 0.15


@pytest.mark.parametrize(
    ("term", "reached"),
    [
        ("entropy", {"decoder", "reader"}),
        ("tie", {"decoder", "reader"}),
        ("adversarial", {"decoder"}),
        ("descriptor", {"decoder"}),
        ("identity", {"decoder"}),
        ("variation", {"decoder"}),
    ],
)
def test_gradients_reach_only_the_networks_of_a_term(tmp_path, term, reached):
    setup = make_setup(tmp_path, PEOPLE, entropy_weight=1.0)
    assert gradients(make_training(setup), term, setup) == reached


def test_a_step_trains_g_and_c_and_d_and_nothing_else(tmp_path):
    setup = make_setup(tmp_path, PEOPLE)
    training = make_training(setup)
    before = [p.detach().clone() for p in training.networks.parameters()]
    opponent = [p.detach().clone() for p in training.discriminator.parameters()]
    training.step(0)
    for old, new in zip(before, training.networks.parameters(), strict=True):
        assert not torch.equal(old, new)
    moved = zip(opponent, training.discriminator.parameters(), strict=True)
    assert all(not torch.equal(old, new) for old, new in moved)
    ink = setup.emulator.network.ink
    assert float(ink) == 1
    assert ink.grad is None


def test_losses_are_finite_and_logged(tmp_path):
    setup, progress = make_setup(tmp_path, PEOPLE, steps=25), Noted()
    measures = trained(setup, tmp_path, progress).measures
    names = {"tie", "adversarial", "descriptor", "identity", "variation"}
    names |= {"discriminator", "loss"}
    for step in (0, 20):
        figures = progress.figures[step]
        assert set(figures) == {f"tiny tied output/{name}" for name in names}
    values = [v for each in progress.figures.values() for v in each.values()]
    assert torch.tensor([*values, *measures.values()]).isfinite().all()


def test_a_killed_training_ends_with_the_same_bytes(tmp_path):
    setup = make_setup(tmp_path / "renders", PEOPLE)
    trained(setup, tmp_path / "whole")
    for kill_after in (2, 4):
        with pytest.raises(SimulatedKill):
            trained(setup, tmp_path / "pieces", KillAt(kill_after))
    progress = KillAt()
    trained(setup, tmp_path / "pieces", progress)
    assert progress.done == 3  # of 8: it was resumed
    assert files_of(tmp_path / "pieces") == files_of(tmp_path / "whole")


def test_an_infinite_loss_ends_the_training(tmp_path):
    setup = make_setup(tmp_path, PEOPLE, variation_weight=1e38, learning_rate=1e30)
    with pytest.raises(FloatingPointError, match="not finite"):
        trained(setup, tmp_path)


def test_trained_networks_are_frozen(fitted):
    networks = fitted[1].networks
    assert not networks.training
    assert not any(p.requires_grad for p in networks.parameters())


def test_the_key_covers_every_option_but_the_checkpoints(tmp_path):
    def key(**changes):
        return tied_stage(make_setup(tmp_path, PEOPLE, **changes)).key

    changed = {
        name: value + 1
        for name, value in OPTIONS.model_dump(exclude={"checkpoint_steps"}).items()
        if isinstance(value, int | float)
    }
    keys = {key(), *(key(**{name: value}) for name, value in changed.items())}
    assert len(keys) == 1 + len(changed)
    assert key(schedule="cosine") not in keys
    assert key(checkpoint_steps=99) == key()


def test_variation_is_the_mean_difference_of_neighbours():
    pictures = torch.zeros(1, 3, 4, 4)
    pictures[..., 2:] = 1.0  # one edge of three between columns, none between rows
    assert float(variation(pictures)) == pytest.approx(1 / 3)
