import pytest
import torch

from methods.networks.masked_autoencoder import (
    MaskedAutoencoder,
    PictureEncoder,
    as_patches,
    as_pictures,
    normalised,
    sine_cosine_positions,
)


def make_encoder(size=16, patch=2):
    torch.manual_seed(0)
    return PictureEncoder(size, patch, width=16, depth=2, heads=2)


def make_autoencoder(hidden_share=0.75):
    return MaskedAutoencoder(make_encoder(), 8, 1, 2, hidden_share)


@pytest.fixture
def pictures():
    return torch.rand(3, 3, 16, 16, generator=torch.Generator().manual_seed(1)) * 2 - 1


@pytest.fixture
def orders():
    return make_autoencoder().orders(3, torch.Generator().manual_seed(2))


def test_patches_are_joined_to_the_same_pictures(pictures):
    patches = as_patches(pictures, 4)
    assert patches.shape == (3, 16, 48)
    first = pictures[:, :, :4, 4:8].reshape(3, -1)
    torch.testing.assert_close(patches[:, 1], first)  # row by row
    torch.testing.assert_close(as_pictures(patches, 4, 16), pictures)


def test_normalised_patches_have_mean_0_and_deviation_1(pictures):
    found, mean, deviation = normalised(as_patches(pictures, 4))
    torch.testing.assert_close(found.mean(2), torch.zeros(3, 16), atol=1e-5, rtol=0)
    torch.testing.assert_close(found.std(2), torch.ones(3, 16), atol=1e-3, rtol=0)
    torch.testing.assert_close(found * deviation + mean, as_patches(pictures, 4))
    flat, *_ = normalised(torch.ones(1, 1, 12))
    assert not flat.any()


def test_every_place_has_its_own_position():
    positions = sine_cosine_positions(8, 16)
    assert positions.shape == (64, 16)
    apart = torch.cdist(positions, positions) + torch.eye(64)
    assert apart.min() > 0.1
    rows, columns = positions.view(8, 8, 2, 8).unbind(2)
    assert torch.equal(rows[3], rows[3, :1].expand(8, -1))
    assert torch.equal(columns[:, 3], columns[:1, 3].expand(8, -1))


@pytest.mark.parametrize("share", [0.25, 0.75])
def test_a_share_of_the_patches_is_hidden(share):
    network = make_autoencoder(share)
    assert network.visible == 64 * (1 - share)
    orders = network.orders(5, torch.Generator().manual_seed(0))
    assert torch.equal(orders.sort(dim=1).values, torch.arange(64).expand(5, -1))
    assert not torch.equal(orders[0], orders[1])


def test_drawings_depend_on_visible_patches_alone(pictures, orders):
    network = make_autoencoder()

    def changed(patch):
        patches = as_patches(pictures, 2).clone()
        patches.scatter_add_(
            1,
            orders[:, patch : patch + 1, None].expand(-1, -1, 12),
            torch.ones(3, 1, 12),
        )
        return as_pictures(patches, 2, 16)

    drawn = network(pictures, orders)
    assert drawn.shape == (3, 64, 12)
    hidden, visible = changed(network.visible), changed(network.visible - 1)
    assert torch.equal(network(hidden, orders), drawn)
    assert not torch.equal(network(visible, orders), drawn)


def test_tokens_of_visible_patches_stand_at_their_places(pictures, orders):
    network = make_autoencoder()
    network.blocks = network.norm = network.draw = torch.nn.Identity()
    kept = orders[:, : network.visible]
    tokens = network(pictures, orders) - network.positions
    found = tokens.gather(1, kept[:, :, None].expand(-1, -1, 8))
    torch.testing.assert_close(found, network.enter(network.encoder(pictures, kept)))
    hidden = orders[:, network.visible :, None].expand(-1, -1, 8)
    rest = tokens.gather(1, hidden)
    torch.testing.assert_close(rest, network.hidden_token.expand_as(rest))


def test_only_hidden_patches_count(pictures, orders, monkeypatch):
    network = make_autoencoder()
    truth = normalised(as_patches(pictures, 2))[0]
    wrong = truth.clone()
    wrong.scatter_(
        1, orders[:, : network.visible, None].expand(-1, -1, 12), torch.zeros(3, 64, 12)
    )
    monkeypatch.setattr(network, "forward", lambda *given: wrong)
    assert not network.loss(pictures, orders).any()
    monkeypatch.setattr(network, "forward", lambda *given: torch.zeros_like(truth))
    # A drawing of the mean of every patch has the error 1 (11/12 in 12 numbers).
    expected = torch.full((3,), 11 / 12)
    torch.testing.assert_close(
        network.loss(pictures, orders), expected, atol=1e-3, rtol=0
    )


def test_features_are_tokens_averaged_on_a_grid(pictures):
    network = make_encoder()
    features = network.features(pictures)
    assert features.shape == (3, network.feature_size) == (3, 16 * 17)
    tokens = network(pictures)
    torch.testing.assert_close(features[:, :16], tokens.mean(1))
    corner = tokens[:, [0, 1, 8, 9]].mean(1)
    torch.testing.assert_close(features[:, 16:].view(3, 16, 16)[:, :, 0], corner)


@pytest.mark.slow
def test_hidden_patches_of_one_picture_are_learned(pictures):
    """Every patch differs, so each must be drawn at its own place."""
    torch.manual_seed(0)
    encoder = PictureEncoder(16, 4, width=32, depth=1, heads=2)
    network = MaskedAutoencoder(encoder, 32, 1, 2, hidden_share=0.5)
    same = pictures[:1].expand(8, -1, -1, -1)
    generator = torch.Generator().manual_seed(0)
    optimiser = torch.optim.Adam(network.parameters(), lr=0.01)
    losses = []
    for _ in range(200):
        loss = network.loss(same, network.orders(8, generator)).mean()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(float(loss.detach()))
    assert losses[0] > 0.8
    assert losses[-1] < 0.1


def test_the_encoder_knows_the_places_of_patches(pictures):
    network = make_encoder()
    orders = torch.randperm(64, generator=torch.Generator().manual_seed(0))
    patches = as_patches(pictures, 2)
    moved = as_pictures(patches[:, orders], 2, 16)
    kept = torch.arange(64).expand(3, -1)
    tokens = network(pictures, kept)
    torch.testing.assert_close(network(pictures), tokens)  # all patches, in order
    torch.testing.assert_close(network(pictures, kept[:, orders]), tokens[:, orders])
    assert float((network(moved) - tokens[:, orders]).detach().abs().mean()) > 0.1
