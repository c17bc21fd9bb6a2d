"""Quantised weights: nearest values, bounded errors, the same numbers again."""

import pytest
import torch
from torch import nn

from methods.product.quantisation import (
    BITS,
    SCALE,
    SMALL,
    SMALL_BITS,
    TINY,
    dequantised,
    quantised_state,
)


@pytest.fixture
def network():
    """Tensors of each size; some channels are tiny or zero."""
    torch.manual_seed(0)
    layers = [nn.Linear(400, 200), nn.Conv2d(400, 400, 5, groups=400), nn.Linear(9, 9)]
    with torch.no_grad():
        for layer in layers:
            layer.weight[3] *= 1e-7
            layer.weight[4] = 0
    return nn.Sequential(*layers, nn.BatchNorm2d(4))


@pytest.mark.parametrize(("layer", "bits"), [(0, BITS), (1, SMALL_BITS)])
def test_the_error_of_each_channel_is_bounded(network, layer, bits):
    stored = quantised_state(network)
    name, top = f"{layer}.weight", 2 ** (bits - 1) - 1
    weight = network[layer].weight.detach().flatten(1)
    values, scales = stored[name].flatten(1), stored[name + SCALE].float()[:, None]
    assert (bits == BITS) == (weight.numel() >= SMALL)
    assert values.dtype == torch.int8
    assert values.abs().amax() == top
    restored = dequantised(stored)[name].flatten(1)
    assert torch.equal(restored, values * scales)
    error = restored - weight
    assert (error.abs() <= scales).all()
    nearest = (error.abs() <= scales * 0.501).float().mean()
    assert nearest > 0.9
    assert (error.sum(1).abs() <= scales[:, 0] * 0.501).all()
    largest = weight.abs().amax(1)
    assert (scales[:, 0] <= largest.clamp(min=1e-30) / top * (1 + 2**-8)).all()


def test_small_weights_and_all_else_have_half_precision_and_integers_stay(network):
    stored = quantised_state(network)
    assert network[2].weight.numel() < TINY
    for name in ("2.weight", "0.bias", "3.running_var"):
        assert stored[name].dtype == torch.float16
        assert name + SCALE not in stored
    assert stored["3.num_batches_tracked"].dtype == torch.int64
    state = dequantised(stored)
    assert set(state) == set(network.state_dict())
    assert state["0.weight"].dtype == torch.float32


def test_a_quantised_network_gives_the_same_numbers_again(network):
    stored = quantised_state(network)
    network.load_state_dict(dequantised(stored))
    again = quantised_state(network)
    assert set(again) == set(stored)
    for name, value in stored.items():
        assert torch.equal(value, again[name]), name
