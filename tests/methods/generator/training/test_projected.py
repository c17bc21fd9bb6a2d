"""Training with the projected discriminator."""

import json

import pytest
import torch
from tiny_training import PARTS, SIZE, make_faces, make_recipe, train

from benchmark import weights
from methods.generator import training
from methods.generator.adversarial import AdversarialStep
from methods.generator.curves import CURVES, read_curves
from methods.generator.differentiable_augmentation import augment_alike
from methods.generator.projected import (
    hard_maps,
    hinge_discriminator_loss,
    hinge_generator_loss,
)
from methods.generator.recipe import DifferentiableAugmentation, RecipeError
from methods.generator.state import TrainingState
from methods.generator.training import CHECKPOINT, open_fabric

OBJECTIVE = {"r1_image": 0, "r1_seg": 0, "path": 0, "mask": 10, "mask_entropy": 1}
HEADS = {"width": 4, "head_widths": (4, 4, 4)}


def recipe_of(**changes):
    options = {"objective": OBJECTIVE, "projected": HEADS, "images": 16, **changes}
    plain = make_recipe().model_dump(exclude={"discriminator", "projected"})
    return type(make_recipe())(**{**plain, **options})


def test_hinge_losses_by_hand():
    real, fake = torch.tensor([[2.0, 0.5]]), torch.tensor([[-3.0, 0.5]])
    assert float(hinge_discriminator_loss(real, fake)) == pytest.approx(0.5 + 1.5)
    assert float(hinge_generator_loss(fake)) == pytest.approx(3 - 0.5)


def test_hard_maps_are_one_hot_with_the_gradient_of_a_softmax():
    draws = torch.Generator().manual_seed(0)
    seg = torch.randn(2, PARTS, 8, 8, generator=draws, requires_grad=True)
    hard = hard_maps(seg)
    torch.testing.assert_close(hard.detach().max(1).values, torch.ones(2, 8, 8))
    torch.testing.assert_close(hard.detach().sum(1), torch.full((2, 8, 8), 2.0 - PARTS))
    assert torch.equal(hard.argmax(1), seg.argmax(1))
    (ours,) = torch.autograd.grad(hard[:, 0].sum(), seg)
    (theirs,) = torch.autograd.grad(2 * (4 * seg).softmax(1)[:, 0].sum(), seg)
    torch.testing.assert_close(ours, theirs)


def one_step(recipe, with_maps=True, frozen=()):
    """The losses of an iteration, and the names of changed parameters."""
    state = TrainingState(recipe, torch.device("cpu"))
    for name in frozen:
        state.generator.get_submodule(name).requires_grad_(False)
    networks = {"g": state.generator, "d": state.discriminator}
    old = {
        f"{n}.{k}": p.clone()
        for n, w in networks.items()
        for k, p in w.named_parameters()
    }
    draws = torch.Generator().manual_seed(0)
    picture = torch.rand(4, 3, SIZE, SIZE, generator=draws) * 2 - 1
    seg = hard_maps(torch.rand(4, PARTS, SIZE, SIZE)) if with_maps else None
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        step = AdversarialStep(recipe, state, open_fabric(recipe, "cpu"))
        losses = step.take(picture, seg, draws)
    moved = {
        f"{n}.{k}"
        for n, w in networks.items()
        for k, p in w.named_parameters()
        if not torch.equal(p, old[f"{n}.{k}"])
    }
    return losses, moved


def test_one_iteration_changes_generator_and_heads_only():
    losses, moved = one_step(recipe_of())
    assert {"train/loss_d", "train/loss_g", "train/mask", "train/mask_entropy"} <= set(
        losses
    )
    assert not {"train/r1_img", "train/r1_seg", "train/path"} & set(losses)
    assert {name.split(".")[1] for name in moved if name.startswith("d.")} == {"heads"}
    assert {"g.style.1.weight", "g.pos_embed.weights"} <= moved


def test_frozen_modules_of_the_generator_do_not_change():
    _, moved = one_step(recipe_of(), frozen=("local_nets", "pos_embed"))
    modules = {name.split(".")[1] for name in moved if name.startswith("g.")}
    assert modules == {"style", "render_net"}


@pytest.mark.slow
def test_the_discriminator_learns_to_tell_samples_from_faces(tmp_path, monkeypatch):
    monkeypatch.setattr(training, "LOG_EVERY", 4)
    heads = {**HEADS, "learning_rate": 0.002}
    recipe = recipe_of(images=64, learning_rate=1e-9, projected=heads)
    train(recipe, make_faces(), tmp_path)
    losses = [r["train/loss_d"] for r in read_curves(tmp_path) if "train/loss_d" in r]
    assert losses[-1] < losses[0]


@pytest.mark.slow
def test_a_training_in_pieces_equals_an_uninterrupted_one(tmp_path, monkeypatch):
    monkeypatch.setattr(training, "LOG_EVERY", 2)
    recipe, faces = recipe_of(), make_faces()
    train(recipe, faces, tmp_path / "whole")
    while not train(recipe, faces, tmp_path / "pieces", minutes=0).finished:
        pass
    ours, theirs = (
        (tmp_path / name / CHECKPOINT).read_bytes() for name in ("whole", "pieces")
    )
    assert ours == theirs
    curves = [
        [
            {k: v for k, v in json.loads(line).items() if k != "train/hours"}
            for line in (tmp_path / name / CURVES).read_text().splitlines()
        ]
        for name in ("whole", "pieces")
    ]
    assert curves[0] == curves[1]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"objective": {"path": 0}}, "r1_image and objective.r1_seg must be 0"),
        ({"discriminator": {"channels": {4: 4}}}, "either discriminator or projected"),
        ({"projected": {"width": 0}}, "width"),
    ],
)
def test_options_that_do_not_go_together_are_refused(changes, message):
    with pytest.raises(ValueError, match=message):
        recipe_of(**changes)


def test_missing_backbone_weights_are_an_error(monkeypatch, tmp_path):
    monkeypatch.setenv("AVATARBENCH_CACHE", str(tmp_path))
    with pytest.raises(weights.WeightsError, match="avatarbench weights fetch"):
        recipe_of().make_discriminator()


def test_nothing_changes_with_all_strengths_at_0():
    off = DifferentiableAugmentation(shift=0, brightness=0, saturation=0, contrast=0)
    picture, seg = torch.rand(2, 3, 16, 16), torch.rand(2, 5, 16, 16)
    changed, maps = augment_alike(picture, seg, off)
    torch.testing.assert_close(changed, picture)
    assert maps is seg


def test_maps_move_with_their_pictures():
    torch.manual_seed(0)
    seg = torch.rand(50, 3, 24, 24)
    off = DifferentiableAugmentation(brightness=0, saturation=0, contrast=0)
    picture, maps = augment_alike(seg, seg, off)
    torch.testing.assert_close(picture, maps)
    moved = (picture != seg).flatten(1).any(1)
    assert 0.8 < float(moved.float().mean()) <= 1
    inner = picture[:, :, 2:-2, 2:-2]
    found = [
        any(
            torch.equal(inner[i], seg[i, :, 2 + y : 22 + y, 2 + x : 22 + x])
            for y in range(-2, 3)
            for x in range(-2, 3)
        )
        for i in range(len(seg))
    ]
    assert all(found)


def test_colours_change_and_stay_differentiable():
    torch.manual_seed(0)
    picture = torch.rand(8, 3, 8, 8, requires_grad=True)
    only = DifferentiableAugmentation(shift=0)
    changed, _ = augment_alike(picture, None, only)
    assert not torch.allclose(changed, picture)
    changed.sum().backward()
    assert picture.grad is not None
    assert float((changed - picture).detach().abs().max()) < 1


def test_a_recipe_with_projected_options_is_built_in():
    from methods.generator.recipe import read_recipe

    recipe = read_recipe("portraits64-projected")
    assert recipe.exported_discriminator is None
    assert recipe.config == read_recipe("portraits64").config
    with pytest.raises(RecipeError, match="projected"):
        read_recipe("portraits64-projected", projected={"wide": 1})
