import pytest
import torch

from benchmark import weights
from methods.networks.backbones import WeightMismatch
from methods.networks.projected_discriminator import ProjectedDiscriminator

MAPS = 3


@pytest.fixture(scope="module")
def network():
    torch.manual_seed(0)
    return ProjectedDiscriminator(MAPS, width=4, head_widths=(4, 4, 4))


def pictures(count=4, side=32, seed=0):
    draws = torch.Generator().manual_seed(seed)
    return torch.rand(count, 3, side, side, generator=draws) * 2 - 1


def test_four_scales_and_one_logit_a_scale(network):
    scales = network.features(pictures())
    assert [tuple(x.shape) for x in scales] == [
        (4, 4, side, side) for side in (32, 16, 8, 4)
    ]
    maps = torch.ones(4, MAPS, 32, 32)
    assert network(scales, maps).shape == (4, 4)


def test_without_maps_heads_read_features_only():
    network = ProjectedDiscriminator(0, width=4, head_widths=(4, 4, 4))
    assert network(network.features(pictures())).shape == (4, 4)


def test_logits_depend_on_the_maps(network):
    scales = network.features(pictures())
    draws = torch.Generator().manual_seed(1)
    maps = torch.rand(4, MAPS, 32, 32, generator=draws)
    network.eval()
    same = network(scales, maps), network(scales, -maps)
    network.train()
    assert not torch.allclose(*same)


def test_only_heads_can_be_trained(network):
    network.requires_grad_(False)
    assert not any(p.requires_grad for p in network.parameters())
    network.requires_grad_(True)
    trained = {
        n.split(".")[0] for n, p in network.named_parameters() if p.requires_grad
    }
    assert trained == {"heads"}


def test_the_backbone_is_frozen_and_not_in_the_state_dict(network):
    network.train()
    backbone = network.features.backbone
    assert not backbone.training
    assert not any(p.requires_grad for p in backbone.parameters())
    assert {key.split(".")[0] for key in network.state_dict()} == {"features", "heads"}
    largest = max(v.numel() for v in network.state_dict().values())
    assert largest < 10_000


def test_the_backbone_follows_the_type_of_the_network():
    network = ProjectedDiscriminator(0, width=4, head_widths=(4, 4, 4)).double()
    scales = network.features(pictures().double())
    assert {x.dtype for x in scales} == {torch.float64}


def test_pictures_get_a_gradient_through_the_frozen_features(network):
    shown = pictures().requires_grad_(True)
    network(network.features(shown), torch.ones(4, MAPS, 32, 32)).sum().backward()
    assert shown.grad is not None
    assert shown.grad.abs().flatten(1).amax(1).min() > 0


def test_the_backbone_gets_the_published_weights(network):
    before = network.features(pictures())
    file = weights.require(weights.EFFICIENTNET_LITE0, "tests")
    network.load_backbone(file)
    assert not torch.allclose(before[0], network.features(pictures())[0])


def test_another_weight_file_is_refused(network, tmp_path):
    torch.save({"x": torch.zeros(1)}, tmp_path / "file.pth")
    with pytest.raises(WeightMismatch, match="does not hold the weights of eff"):
        network.load_backbone(tmp_path / "file.pth")
