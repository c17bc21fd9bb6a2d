import math
from types import SimpleNamespace

import pytest
import torch
from torch.nn import functional

from methods.generator.losses import (
    directions_like,
    discriminator_loss,
    generator_loss,
    gradient_penalties,
    mask_entropy,
    mask_loss,
    path_lengths,
)


def normal(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def test_logistic_losses_are_those_of_the_probability():
    real, fake = normal(5, 1, seed=1), normal(5, 1, seed=2)
    right = torch.sigmoid(real).log().mean() + (1 - torch.sigmoid(fake)).log().mean()
    torch.testing.assert_close(discriminator_loss(real, fake), -right)
    torch.testing.assert_close(generator_loss(fake), -torch.sigmoid(fake).log().mean())


def test_the_generator_loss_has_a_gradient_at_low_logits():
    logits = torch.full((3, 1), -50.0, requires_grad=True)
    generator_loss(logits).backward()
    torch.testing.assert_close(logits.grad, torch.full((3, 1), -1 / 3))


def test_penalties_of_a_quadratic_discriminator_are_the_squared_inputs():
    scale = torch.tensor(1.5, requires_grad=True)

    def discriminator(image, seg):
        return (
            image.square().flatten(1).sum(1) / 2
            + scale * seg.square().flatten(1).sum(1) / 2
        )[:, None]

    image, seg = normal(3, 3, 4, 4), normal(3, 5, 4, 4, seed=1)
    on_image, on_seg = gradient_penalties(discriminator, image, seg)
    torch.testing.assert_close(on_image, image.square().sum() / 3)
    torch.testing.assert_close(on_seg, scale**2 * seg.square().sum() / 3)
    on_seg.backward()
    torch.testing.assert_close(scale.grad, 2 * scale.detach() * seg.square().sum() / 3)


def test_without_maps_only_pictures_are_penalised():
    image = normal(2, 3, 4, 4)
    on_image, on_seg = gradient_penalties(
        lambda image: image.mean((1, 2, 3))[:, None], image, None
    )
    torch.testing.assert_close(on_image, torch.tensor(1 / (3 * 4 * 4)))
    assert float(on_seg) == 0


def test_path_lengths_of_a_linear_generator_have_a_closed_form():
    count, rows, width, size = 3, 4, 5, 8
    weight = normal(rows * width, 3 * size * size, seed=1).requires_grad_()

    def generator(styles, *, input_is_latent, randomize_noise):
        assert input_is_latent
        assert randomize_noise
        image = (styles[0].flatten(1) @ weight).view(count, 3, size, size)
        return SimpleNamespace(image=image)

    latents, directions = normal(count, rows, width), normal(count, 3, size, size)
    lengths = path_lengths(generator, latents, directions)
    pulled = (directions.flatten(1) @ weight.T).view(count, rows, width)
    torch.testing.assert_close(lengths, pulled.square().sum(2).mean(1).sqrt())
    lengths.sum().backward()
    assert weight.grad.abs().sum() > 0


def test_directions_have_unit_pixels_over_the_side():
    drawn = directions_like(50, 16, torch.Generator().manual_seed(0))
    assert drawn.shape == (50, 3, 16, 16)
    assert float(drawn.std()) == pytest.approx(1 / math.sqrt(256), rel=0.02)


def test_mask_loss_pools_the_final_map():
    seg = normal(2, 3, 8, 8)
    pooled = seg.view(2, 3, 4, 2, 4, 2).mean((3, 5))
    torch.testing.assert_close(mask_loss(pooled, seg), torch.tensor(0.0))
    torch.testing.assert_close(mask_loss(pooled + 2, seg), torch.tensor(4.0))


def test_mask_entropy_is_least_at_the_pooled_map():
    classes = torch.randint(3, (2, 8, 8), generator=torch.Generator().manual_seed(0))
    seg = functional.one_hot(classes, 3).permute(0, 3, 1, 2).float() * 2 - 1
    shares = (seg.view(2, 3, 4, 2, 4, 2).mean((3, 5)) + 1) / 2
    depths = shares.clamp(min=1e-6).log().requires_grad_(True)
    least = mask_entropy(depths, seg)
    assert float(least.detach()) == pytest.approx(
        float(-(shares * shares.clamp(min=1e-6).log()).sum(1).mean()), abs=1e-4
    )
    least.backward()
    assert depths.grad is not None
    assert float(depths.grad.abs().max()) < 1e-6


def test_mask_entropy_has_a_gradient_for_a_part_without_points():
    seg = torch.full((1, 2, 8, 8), -1.0)
    seg[:, 1] = 1
    depths = torch.zeros(1, 2, 4, 4)
    depths[:, 1] = -30
    depths.requires_grad_(True)
    shares = depths.softmax(1) * 2 - 1
    (saturated,) = torch.autograd.grad(mask_loss(shares, seg), depths)
    (woken,) = torch.autograd.grad(mask_entropy(depths, seg), depths)
    assert float(saturated.abs().max()) < 1e-9
    torch.testing.assert_close(woken[:, 1], torch.full((1, 4, 4), -1 / 16))
