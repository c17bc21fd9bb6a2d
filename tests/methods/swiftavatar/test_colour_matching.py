import copy

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmark.avatars.part_classes import PART_IDS, PART_NAMES
from methods.networks.semantic_stylegan import Synthesis
from methods.swiftavatar.colour_matching import (
    ColourMatching,
    colour_distance,
    region_colours,
)
from methods.swiftavatar.realistic_faces import RealisticFaces

HAIR, SKIN, CLOTH = PART_IDS["hair"], PART_IDS["skin"], PART_IDS["cloth"]
SIDE = 4


def synthesis(image, parts):
    """The output of a generator for these pictures and part ids."""
    seg = torch.nn.functional.one_hot(parts, len(PART_NAMES)).movedim(3, 1).float()
    return Synthesis(image, seg, seg, seg, torch.zeros(len(image), 2, 1))


def picture(hair, skin, hair_rows=1):
    """Rows of hair at the top, of skin below, the last row of cloth."""
    image = torch.zeros(3, SIDE, SIDE)
    parts = torch.full((SIDE, SIDE), CLOTH)
    image[:, :hair_rows] = torch.tensor(hair)[:, None, None]
    parts[:hair_rows] = HAIR
    image[:, hair_rows : SIDE - 1] = torch.tensor(skin)[:, None, None]
    parts[hair_rows : SIDE - 1] = SKIN
    return image, parts


def stack(*pictures):
    images, parts = zip(*pictures, strict=True)
    return synthesis(torch.stack(images), torch.stack(parts))


def test_the_loss_equals_a_computation_by_hand():
    avatar = stack(
        picture((1.0, 0.0, 0.0), (0.5, 0.5, 0.5)),
        picture((0.0, 0.0, 0.0), (0.2, 0.0, 0.0)),
    )
    # The hair of the second face covers two rows; only its mean counts.
    face = stack(
        picture((0.0, 0.0, 0.0), (0.5, 0.5, 0.0)),
        picture((0.0, 0.6, 0.0), (0.0, 0.0, 0.0), hair_rows=2),
    )
    hair = (1.0 + 0.36) / 2
    skin = (0.25 + 0.04) / 2
    found = colour_distance(avatar, face, least_share=0.0)
    assert float(found) == pytest.approx(hair + skin, rel=1e-6)
    of_hair = colour_distance(avatar, face, 0.0, regions=["hair", "glasses"])
    assert float(of_hair) == pytest.approx(hair, rel=1e-6)


@pytest.mark.parametrize(
    ("hair_rows", "least_share", "expected"),
    [((1, 1), 0.25, 1), ((1, 1), 0.26, 0), ((1, 3), 0.5, 0), ((0, 1), 0, 0)],
)
def test_regions_that_are_small_in_either_picture_are_left_out(
    hair_rows, least_share, expected
):
    one, other = hair_rows
    avatar = stack(picture((1.0, 0.0, 0.0), (0.0, 0.0, 0.0), one))
    face = stack(picture((0.0, 0.0, 0.0), (0.0, 0.0, 0.0), other))
    for pair in ((avatar, face), (face, avatar)):
        assert float(colour_distance(*pair, least_share)) == pytest.approx(expected)


def test_the_mean_ignores_latents_below_the_least_share():
    avatar = stack(
        picture((1.0, 0.0, 0.0), (0.0, 0.0, 0.0)),
        picture((1.0, 1.0, 1.0), (0.0, 0.0, 0.0), hair_rows=0),
    )
    face = stack(*[picture((0.0, 0.0, 0.0), (0.0, 0.0, 0.0))] * 2)
    assert float(colour_distance(avatar, face, 0.01)) == pytest.approx(1)


@settings(max_examples=30)
@given(seed=st.integers(0, 2**32 - 1), part=st.integers(0, 12))
def test_region_colours_are_means_over_the_region(seed, part):
    draws = torch.Generator().manual_seed(seed)
    image = torch.rand(3, 3, SIDE, SIDE, generator=draws) * 2 - 1
    parts = torch.randint(0, 13, (3, SIDE, SIDE), generator=draws)
    colours, shares = region_colours(image, parts, part)
    for row in range(3):
        own = image[row][:, parts[row] == part].numpy()
        wanted = own.mean(axis=1) if own.size else np.zeros(3)
        np.testing.assert_allclose(colours[row], wanted, atol=1e-6)
        assert float(shares[row]) == pytest.approx(own.shape[1] / SIDE**2)


def made_by(generator, count=8):
    draws = torch.Generator().manual_seed(3)
    z = torch.randn(count, generator.config.style_dim, generator=draws)
    return generator([z], randomize_noise=False)


def test_only_the_avatar_generator_gets_gradients(pair):
    realistic = copy.deepcopy(pair.realistic).requires_grad_(True)
    avatar = copy.deepcopy(pair.realistic).requires_grad_(True)
    with torch.no_grad():
        avatar.render_net.to_rgbs[1].bias.add_(0.5)
    ColourMatching(RealisticFaces(realistic), 1.0, 0.005)(made_by(avatar)).backward()
    assert all(p.grad is None for p in realistic.parameters())
    modules = {
        name.split(".")[0]
        for name, p in avatar.named_parameters()
        if p.grad is not None and bool(p.grad.abs().sum() > 0)
    }
    assert modules == {"style", "pos_embed", "local_nets", "render_net"}
    # Masks are an argmax, so layers of the segmentation alone get no gradient.
    assert all(p.grad is None for p in avatar.render_net.to_segs.parameters())


def test_the_realistic_generator_gets_the_same_latents_and_its_own_noise(pair):
    rendered = []

    def realistic(latents, *, input_is_latent, randomize_noise=False):
        assert input_is_latent
        assert not randomize_noise
        assert not torch.is_grad_enabled()
        rendered.extend(latents)
        return made

    made = made_by(pair.realistic)
    loss = ColourMatching(RealisticFaces(realistic), 1.0, 0.005)(made)
    (latents,) = rendered
    assert latents.shape == (8, pair.realistic.layout.expanded_rows, 4)
    assert torch.equal(latents, made.latents)
    assert float(loss) == 0


def test_training_on_the_loss_reduces_the_colour_distance(pair):
    avatar = copy.deepcopy(pair.realistic).requires_grad_(True)
    with torch.no_grad():
        avatar.render_net.to_rgbs[1].bias.add_(0.5)
    term = ColourMatching(RealisticFaces(pair.realistic), 1.0, 0.005)
    adam = torch.optim.Adam(avatar.parameters(), lr=0.03)
    losses = []
    for _ in range(20):
        loss = term(made_by(avatar))
        losses.append(float(loss.detach()))
        adam.zero_grad()
        loss.backward()
        adam.step()
    assert losses[0] > 0.5
    assert losses[-1] < losses[0] / 20
