from __future__ import annotations

import copy

import pytest
import torch
from torch import nn

from methods.networks.backbones import STAGE_COUNTS, make_backbone
from methods.networks.folding import fold


def with_statistics(name):
    """A backbone whose normalisations have random statistics and weights."""
    torch.manual_seed(0)
    backbone = make_backbone(name).eval().requires_grad_(False)
    for module in backbone.modules():
        if isinstance(module, nn.BatchNorm2d):
            nn.init.uniform_(module.running_mean, -0.2, 0.2)
            nn.init.uniform_(module.running_var, 0.5, 2)
            nn.init.uniform_(module.weight, 0.8, 1.2)
            nn.init.uniform_(module.bias, -0.2, 0.2)
    return backbone


@pytest.mark.parametrize("side", [64, 128])
def test_a_folded_backbone_gives_the_same_features(side):
    backbone = with_statistics("efficientnet_lite0")
    folded = copy.deepcopy(backbone)
    fold(folded)
    assert not any(isinstance(m, nn.BatchNorm2d) for m in folded.modules())
    x = y = backbone.normalise(torch.rand(2, 3, side, side) * 2 - 1)
    for stage in range(STAGE_COUNTS["efficientnet_lite0"]):
        x, y = backbone.stages[stage](x), folded.stages[stage](y)
        torch.testing.assert_close(y, x, rtol=1e-3, atol=1e-4)


def test_gradients_to_the_picture_are_the_same():
    backbone = with_statistics("efficientnet_lite0")
    folded = copy.deepcopy(backbone)
    fold(folded)
    picture = (torch.rand(1, 3, 64, 64) * 2 - 1).requires_grad_()
    ours, theirs = (
        torch.autograd.grad(network(picture).square().sum(), picture)[0]
        for network in (folded, backbone)
    )
    torch.testing.assert_close(ours, theirs, rtol=1e-2, atol=1e-4)
