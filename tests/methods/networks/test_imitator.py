import pytest
import torch
from torch import nn

from methods.networks.imitator import Imitator


def counted(network):
    return sum(parameter.numel() for parameter in network.parameters())


@pytest.mark.parametrize(
    ("inputs", "millions"), [(48, 11.61), (132, 12.30), (264, 13.38), (310, 13.76)]
)
def test_has_as_many_parameters_as_the_published_one(inputs, millions):
    assert counted(Imitator(inputs)) / 1e6 == pytest.approx(millions, abs=0.005)


def test_layers_are_those_of_the_papers_table():
    found = [
        (layer.out_channels, layer.kernel_size, layer.stride, layer.padding)
        for layer in Imitator(9).layers
        if isinstance(layer, nn.ConvTranspose2d)
    ]
    filters = (512, 512, 512, 256, 128, 64, 64, 3)
    assert [each[0] for each in found] == list(filters)
    assert found[0][1:] == ((4, 4), (1, 1), (0, 0))
    assert {each[1:] for each in found[1:]} == {((4, 4), (2, 2), (1, 1))}


@pytest.mark.parametrize(("size", "layers"), [(64, 5), (128, 6), (256, 7), (512, 8)])
def test_smaller_sizes_leave_out_layers_nearest_to_the_picture(size, layers):
    network = Imitator(5, size, width=0.02).eval()
    kinds = [layer for layer in network.layers if isinstance(layer, nn.ConvTranspose2d)]
    assert len(kinds) == layers
    with torch.inference_mode():
        pictures = network(torch.rand(2, 5))
    assert pictures.shape == (2, 3, size, size)
    assert float(pictures.abs().max()) <= 1


def test_width_is_a_factor_of_the_filters():
    half = Imitator(5, 64, width=0.5)
    wide = [layer for layer in half.layers if isinstance(layer, nn.BatchNorm2d)]
    assert [layer.num_features for layer in wide] == [256, 256, 256, 128]


def test_weights_start_as_the_option_says():
    deviations = {}
    for start in ("dcgan", "torch"):
        torch.manual_seed(0)
        layer = Imitator(40, 64, start=start).layers[0]
        deviations[start] = float(layer.weight.detach().std())
    assert deviations["dcgan"] == pytest.approx(0.02, rel=0.02)
    assert deviations["torch"] != pytest.approx(0.02, rel=0.1)


@pytest.mark.parametrize("size", [32, 96, 1024])
def test_refuses_sizes_that_it_cannot_draw(size):
    with pytest.raises(ValueError, match="64, 128, 256 or 512"):
        Imitator(5, size)
