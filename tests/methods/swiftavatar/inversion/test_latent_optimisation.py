from dataclasses import replace

import pytest
import torch

from methods.generator.sampling import draw_latents, render
from methods.shared.pictures import as_tensor
from methods.swiftavatar.inversion import starts_of
from methods.swiftavatar.latent_optimisation import (
    TERMS,
    LatentOptimiser,
    learning_rate_at,
)
from methods.swiftavatar.options import InversionOptions
from methods.swiftavatar.perceptual import Perceptual

STEPS = 8


class Edges(Perceptual):
    """Compares colours and differences of neighbouring pixels."""

    def _layers(self, pictures):
        return [pictures, pictures.diff(dim=2), pictures.diff(dim=3)]

    def _weights(self):
        return [None, torch.full((3, 1, 1), 0.5), None]


@pytest.fixture(scope="module")
def net():
    return Edges("lite0-features", 32)


@pytest.fixture(scope="module")
def targets(renders):
    return as_tensor(renders.pictures[:3])


def inverted(avatar, net, start, targets, **options):
    options = InversionOptions(**{"steps": STEPS, **options})
    starts = starts_of(start, options.space == "w", "cpu")
    return LatentOptimiser(avatar, net, starts, options).invert(targets)


def rates(schedule, steps=200):
    options = InversionOptions(steps=steps, learning_rate=0.1, schedule=schedule)
    return [learning_rate_at(step, options) for step in range(steps)]


def test_the_cosine_schedule_decays_to_zero():
    found = rates("cosine")
    assert found[0] == pytest.approx(0.1)
    assert found[100] == pytest.approx(0.05)
    assert found == sorted(found, reverse=True)
    assert 0 < found[-1] < 1e-5


def test_the_ramped_schedule_rises_and_falls():
    found = rates("ramped")
    assert found[0] == 0
    assert found[5] == pytest.approx(0.05)
    assert found[10:151] == pytest.approx([0.1] * 141)
    assert found[175] == pytest.approx(0.05)
    assert 0 < found[-1] < 1e-4


@pytest.mark.parametrize("schedule", ["cosine", "ramped"])
def test_a_single_step_has_a_learning_rate(schedule):
    assert len(rates(schedule, steps=1)) == 1


@pytest.mark.parametrize(("space", "schedule"), [("w+", "cosine"), ("w", "ramped")])
def test_batched_equals_one_at_a_time(avatar, net, start, targets, space, schedule):
    options = {"space": space, "schedule": schedule}
    together = inverted(avatar, net, start, targets, **options)
    apart = [inverted(avatar, net, start, one[None], **options) for one in targets]
    single = torch.cat([found.latents for found in apart])
    moved = (together.latents - start.start).abs().max()
    assert moved > 0.05
    torch.testing.assert_close(together.latents, single, rtol=0, atol=2e-3)
    terms = torch.cat([found.terms for found in apart])
    torch.testing.assert_close(together.terms, terms, rtol=1e-3, atol=1e-5)
    curve = torch.stack([found.curve for found in apart]).sum(0)
    torch.testing.assert_close(together.curve, curve, rtol=1e-3, atol=1e-5)


@pytest.mark.parametrize("space", ["w+", "w"])
def test_only_w_plus_starts_at_the_mean_with_glasses(
    avatar, net, start, targets, space
):
    """The latent term of equation 5 pulls w to its start; in W that is w_mean."""
    rows = torch.arange(len(start.mean))[:, None]
    apart = replace(start, start=start.mean + rows)
    expected = apart.start if space == "w+" else apart.mean
    options = {"space": space, "learning_rate": 1e-6, "schedule": "cosine"}
    found = inverted(avatar, net, apart, targets, **options)
    torch.testing.assert_close(
        found.latents.float(), expected.expand_as(found.latents), rtol=1e-3, atol=1e-3
    )
    assert found.curve[0, TERMS.index("latent")] == 0


def test_pictures_of_the_generator_are_reconstructed(avatar, start):
    targets = render(avatar, draw_latents(avatar, 2, seed=5)).image.clone()
    options = {"steps": 80, "perceptual_weight": 0, "latent_weight": 0}
    found = inverted(avatar, None, start, targets, **options)
    pixel = TERMS.index("pixel")
    assert found.curve[-1, pixel] < 0.1 * found.curve[0, pixel]
    again = render(avatar, found.latents.float()).image
    error = (again - targets).square().mean((1, 2, 3))
    torch.testing.assert_close(found.terms[:, pixel], error, rtol=0.05, atol=1e-4)


def test_each_term_decreases_if_only_it_has_weight(avatar, net, start, targets):
    for index, name in enumerate(TERMS[:2]):
        weights = {f"{term}_weight": float(term == name) for term in TERMS}
        curve = inverted(avatar, net, start, targets, **weights).curve[:, index]
        assert curve[-1] < 0.97 * curve[0], name
    bound = inverted(avatar, net, start, targets, latent_weight=1e6)
    free = inverted(avatar, net, start, targets, latent_weight=0)
    latent = TERMS.index("latent")
    assert bound.terms[:, latent].max() < 0.1 * free.terms[:, latent].min()


def test_bfloat16_is_near_32_bits_and_its_result_is_measured_in_32(
    avatar, net, start, targets
):
    exact = inverted(avatar, net, start, targets)
    rough = inverted(avatar, net, start, targets, precision="bf16-mixed")
    assert not torch.equal(rough.latents, exact.latents)
    torch.testing.assert_close(rough.terms, exact.terms, rtol=0.1, atol=0.01)
    drawn = render(avatar, rough.latents.float()).image
    error = (drawn - targets).square().mean((1, 2, 3))
    torch.testing.assert_close(rough.terms[:, TERMS.index("pixel")], error)


def test_in_w_all_rows_are_equal(avatar, net, start, targets):
    latents = inverted(avatar, net, start, targets, space="w").latents
    assert latents.shape == (len(targets), *start.start.shape)
    assert (latents == latents[:, :1]).all()


def test_the_curve_has_every_step_and_the_end(avatar, net, start, targets):
    found = inverted(avatar, net, start, targets)
    assert found.curve.shape == (STEPS + 1, 3)
    assert found.curve[0, TERMS.index("latent")] == 0
    assert found.latents.dtype == torch.float16
    # Half precision changes pictures far less than the inversion error.
    assert (found.rounding > 0).all()
    assert (found.rounding < 1e-3 * found.terms[:, TERMS.index("pixel")]).all()
    ends = found.terms.double().sum(0)
    torch.testing.assert_close(found.curve[-1], ends, rtol=2e-3, atol=1e-4)


def test_a_perceptual_weight_of_zero_needs_no_network(avatar, net, start, targets):
    found = inverted(avatar, None, start, targets, perceptual_weight=0)
    assert (found.terms[:, 0] == 0).all()
    same = inverted(avatar, net, start, targets, perceptual_weight=0)
    assert torch.equal(found.latents, same.latents)


def test_the_generator_keeps_its_weights_and_gradients(avatar, start, targets):
    before = {k: v.clone() for k, v in avatar.state_dict().items()}
    inverted(avatar, None, start, targets, perceptual_weight=0)
    assert all(p.requires_grad and p.grad is None for p in avatar.parameters())
    assert all(torch.equal(v, before[k]) for k, v in avatar.state_dict().items())


def test_a_loss_that_is_not_finite_is_reported(avatar, start, targets):
    with pytest.raises(FloatingPointError, match="learning_rate"):
        inverted(avatar, None, start, targets * float("nan"), perceptual_weight=0)
