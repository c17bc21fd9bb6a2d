"""One iteration as in the adaptation: no maps, additional terms, frozen modules."""

from dataclasses import dataclass

import pytest
import torch
from tiny_training import PARTS, SIZE, make_recipe

from methods.generator.adversarial import AdversarialStep
from methods.generator.state import TrainingState
from methods.generator.training import open_fabric

MAP_LOSSES = {"train/mask", "train/mask_entropy", "train/r1_seg"}


@dataclass
class Brightness:
    """A term that rewards dark pictures and records its input."""

    weight: float
    name: str = "brightness"

    def __call__(self, made):
        self.made = made
        return made.image.mean()


@pytest.fixture
def recipe():
    return make_recipe(objective={"r1_every": 1, "path_every": 1, "mask_entropy": 1})


def before_and_after(recipe, with_maps, terms=(), frozen=()):
    """Losses of an iteration, and the changes of the parameters that it changed."""
    state = TrainingState(recipe, torch.device("cpu"))
    for name in frozen:
        state.generator.get_submodule(name).requires_grad_(False)
    networks = {"g": state.generator, "d": state.discriminator}
    named = {
        f"{n}.{k}": p for n, w in networks.items() for k, p in w.named_parameters()
    }
    old = {name: parameter.clone() for name, parameter in named.items()}
    draws = torch.Generator().manual_seed(0)
    picture = torch.rand(4, 3, SIZE, SIZE, generator=draws)
    seg = torch.rand(4, PARTS, SIZE, SIZE, generator=draws) if with_maps else None
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        step = AdversarialStep(recipe, state, open_fabric(recipe, "cpu"), terms)
        losses = step.take(picture, seg, draws)
    moved = {name: parameter.detach() - old[name] for name, parameter in named.items()}
    return losses, {name: change for name, change in moved.items() if change.any()}


def test_without_maps_the_discriminators_map_branch_is_not_trained(recipe):
    losses, moved = before_and_after(recipe, with_maps=False)
    assert "train/r1_seg" not in losses
    assert {"train/r1_img", "train/path", "train/loss_g"} <= set(losses)
    assert not any(name.startswith("d.convs_seg") for name in moved)
    assert any(name.startswith("d.convs_img") for name in moved)


def test_with_maps_the_map_branch_is_trained(recipe):
    losses, moved = before_and_after(recipe, with_maps=True)
    assert set(losses) >= MAP_LOSSES
    assert any(name.startswith("d.convs_seg") for name in moved)


@pytest.mark.parametrize("weight", [1e4, -1e4])
def test_an_additional_term_is_added_with_its_weight(recipe, weight):
    term = Brightness(weight)
    losses, moved = before_and_after(recipe, with_maps=False, terms=(term,))
    assert losses["train/brightness"] == pytest.approx(
        float(term.made.image.mean().detach())
    )
    assert (moved["g.render_net.to_rgbs.1.bias"] * weight < 0).all()
    bare, _ = before_and_after(recipe, with_maps=False)
    # The adversarial loss is logged without the additional term.
    assert losses["train/loss_g"] == bare["train/loss_g"]
    assert "train/brightness" not in bare


def test_frozen_modules_do_not_change(recipe):
    _, moved = before_and_after(
        recipe, with_maps=False, frozen=("local_nets", "pos_embed")
    )
    modules = {name.split(".")[1] for name in moved if name.startswith("g.")}
    assert modules == {"style", "render_net"}


def test_the_average_of_selected_modules_is_updated():
    state = TrainingState(make_recipe(), torch.device("cpu"))
    start = {k: p.clone() for k, p in state.average.named_parameters()}
    with torch.no_grad():
        for parameter in state.generator.parameters():
            parameter.add_(1)
    state.update_average(0.9, only=("style", "render_net"))
    for name, mean in state.average.named_parameters():
        moves = name.startswith(("style.", "render_net."))
        torch.testing.assert_close(mean, start[name] + (0.1 if moves else 0))
