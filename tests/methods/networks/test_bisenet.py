"""BiSeNet against the names and shapes of the public face-parsing weights."""

import pytest
import torch
from torch.nn import functional

from benchmark.avatars.part_classes import PART_NAMES
from methods.networks.bisenet import CLASSES, BiSeNet
from methods.networks.face_parser import ParserOutput


@pytest.fixture(scope="module")
def network():
    torch.manual_seed(0)
    return BiSeNet().eval().requires_grad_(False)


def test_its_19_classes_belong_to_the_parts_as_semantic_stylegan_merges_them():
    ids = [PART_NAMES.index(part) for _, part in CLASSES]
    assert ids == [0, 1, 3, 3, 2, 2, 10, 6, 6, 12, 5, 4, 4, 4, 8, 8, 9, 7, 11]


def test_reads_features_and_parts_every_8_pixels(network):
    features, probabilities = network.read(torch.rand(2, 3, 64, 96) * 2 - 1)
    assert features.shape == (2, 256, 8, 12)
    assert probabilities.shape == (2, 13, 8, 12)
    torch.testing.assert_close(probabilities.sum(1), torch.ones(2, 8, 12))
    assert isinstance(network.read(torch.zeros(1, 3, 64, 64)), ParserOutput)


def test_scores_have_the_pictures_size_and_the_likeliest_part_first(network):
    picture = torch.rand(1, 3, 64, 64) * 2 - 1
    scores = network(picture)
    assert scores.shape == (1, 13, 64, 64)
    corner = network.read(picture).probabilities[0, :, 0, 0]
    assert scores[0, :, 0, 0].argmax() == corner.argmax()


def test_gradients_reach_the_pixels(network):
    picture = torch.zeros(1, 3, 64, 64, requires_grad=True)
    network.read(picture).features.sum().backward()
    assert picture.grad is not None
    assert picture.grad.abs().max() > 0


def test_both_paths_change_the_output(network):
    one, other = torch.zeros(1, 3, 64, 64), torch.zeros(1, 3, 64, 64)
    other[..., :8, :8] = 1  # only the context path carries it to the far corner
    far = [network.read(each).features[0, :, -1, -1] for each in (one, other)]
    assert (far[0] - far[1]).abs().max() > 0


class Published:
    """The public network from its publication alone, independent of our classes."""

    def __init__(self, state):
        self.state = state

    def convolved(self, x, name, stride=1):
        weight = self.state[f"{name}.weight"]
        return functional.conv2d(x, weight, None, stride, weight.shape[-1] // 2)

    def normed(self, x, name):
        mean, variance, weight, bias = (
            self.state[f"{name}.{part}"][:, None, None]
            for part in ("running_mean", "running_var", "weight", "bias")
        )
        return (x - mean) / (variance + 1e-5).sqrt() * weight + bias

    def unit(self, x, name):
        return self.normed(self.convolved(x, f"{name}.conv"), f"{name}.bn").clamp_min(0)

    def block(self, x, name, stride):
        found = self.normed(self.convolved(x, f"{name}.conv1", stride), f"{name}.bn1")
        found = self.normed(
            self.convolved(found.clamp_min(0), f"{name}.conv2"), f"{name}.bn2"
        )
        if f"{name}.downsample.0.weight" in self.state:
            x = self.normed(
                self.convolved(x, f"{name}.downsample.0", stride),
                f"{name}.downsample.1",
            )
        return (x + found).clamp_min(0)

    def refined(self, x, name):
        found = self.unit(x, f"{name}.conv")
        means = functional.adaptive_avg_pool2d(found, 1)
        gate = self.normed(
            self.convolved(means, f"{name}.conv_atten"), f"{name}.bn_atten"
        )
        return found * torch.sigmoid(gate)

    def read(self, picture):
        mean = torch.tensor([0.485, 0.456, 0.406])[:, None, None]
        deviation = torch.tensor([0.229, 0.224, 0.225])[:, None, None]
        x = (0.5 * picture + 0.5 - mean) / deviation
        net = "cp.resnet"
        x = self.normed(self.convolved(x, f"{net}.conv1", 2), f"{net}.bn1")
        x = functional.max_pool2d(x.clamp_min(0), 3, 2, 1)
        levels = []
        for stage in (1, 2, 3, 4):
            x = self.block(x, f"{net}.layer{stage}.0", 1 if stage == 1 else 2)
            x = self.block(x, f"{net}.layer{stage}.1", 1)
            levels.append(x)
        _, fine, middle, coarse = levels
        glance = self.unit(functional.adaptive_avg_pool2d(coarse, 1), "cp.conv_avg")
        deep = self.refined(coarse, "cp.arm32") + glance
        deep = self.unit(doubled(deep), "cp.conv_head32")
        both = self.refined(middle, "cp.arm16") + deep
        both = self.unit(doubled(both), "cp.conv_head16")
        mixed = self.unit(torch.cat([fine, both], 1), "ffm.convblk")
        gate = functional.adaptive_avg_pool2d(mixed, 1)
        gate = self.convolved(gate, "ffm.conv1").clamp_min(0)
        fused = mixed * (1 + torch.sigmoid(self.convolved(gate, "ffm.conv2")))
        scores = self.convolved(
            self.unit(fused, "conv_out.conv"), "conv_out.conv_out"
        ).softmax(1)
        parts = torch.zeros(len(picture), len(PART_NAMES), *scores.shape[2:])
        for index, (_, part) in enumerate(CLASSES):
            parts[:, PART_NAMES.index(part)] += scores[:, index]
        return fused, parts


def doubled(x):
    return x.repeat_interleave(2, 2).repeat_interleave(2, 3)


def test_is_the_published_network(network):
    torch.manual_seed(1)
    state = {
        name: value * (1 + 0.2 * torch.rand_like(value)) + 0.05 * ("running" in name)
        for name, value in network.state_dict().items()
        if value.is_floating_point()
    }
    other = BiSeNet().eval().requires_grad_(False)
    other.load_state_dict(state, strict=False)
    picture = torch.rand(2, 3, 64, 128) * 2 - 1
    found = other.read(picture)
    fused, parts = Published(state).read(picture)
    torch.testing.assert_close(found.features, fused, rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(found.probabilities, parts, rtol=1e-4, atol=1e-5)
