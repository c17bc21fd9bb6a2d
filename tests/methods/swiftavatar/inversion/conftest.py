"""A tiny generator of 32 px, renders for it, and untrained weight files."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
import tiny_pair
import torch
from safetensors.torch import save_file
from torch import nn

from benchmark.storage.store import Store
from benchmark.system.progress import Silent
from benchmark.system.torchvision_ops import declare_missing_operators
from benchmark.weights import ALEXNET, VGG16
from methods.generator.sampling import draw_latents, synthesise
from methods.networks.part_latents import PartLayout
from methods.networks.semantic_stylegan import Synthesis
from methods.shared.renders import Renders
from methods.swiftavatar.mean_latents import mean_latents
from methods.swiftavatar.options import MeanOptions

SIZE = 32
GENERATOR = {
    **tiny_pair.GENERATOR,
    "size": SIZE,
    "channels": {4: 4, 8: 4, 16: 4, 32: 4},
}


@pytest.fixture(scope="session")
def avatar():
    generator, _ = tiny_pair.make_networks(generator=GENERATOR)
    return generator.eval()


@pytest.fixture(scope="session")
def renders(avatar):
    """Seven pictures of the generator, from latents far from each other."""
    latents = 2 * draw_latents(avatar, 7, seed=5)
    pictures = synthesise(avatar, latents).pictures
    vectors = tiny_pair.make_renders(count=7).vectors
    return Renders(vectors, pictures.shape[1], "seven", lambda: pictures)


@pytest.fixture(scope="session")
def start(avatar, tmp_path_factory):
    store = Store(tmp_path_factory.mktemp("start"))
    options = MeanOptions(samples=50, glasses=False)
    return mean_latents(avatar, "tiny", options, 0, store, Silent())


@pytest.fixture(scope="session")
def trunks(tmp_path_factory):
    """Untrained files with the keys and shapes of torchvision's backbones."""
    declare_missing_operators()
    from torchvision import models

    folder, files = tmp_path_factory.mktemp("trunks"), {}
    for name, network in ((ALEXNET, models.alexnet), (VGG16, models.vgg16)):
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(0)
            state = _convolutions(network).state_dict()
        files[name] = folder / f"{name}.safetensors"
        save_file({f"features.{key}": v for key, v in state.items()}, files[name])
    return files


def _convolutions(network):
    """The features of a network; no memory or time goes to its large classifier."""
    with torch.device("meta"):
        features = network(weights=None).features
    features = features.to_empty(device="cpu")
    for layer in features:
        if isinstance(layer, nn.Conv2d):
            layer.reset_parameters()
    return features


class Spectacled:
    """Shows glasses in a share of 16 columns, the first number of the latent."""

    def __init__(self, largest=0.5):
        self.layout = PartLayout(
            parts=13, base_layers=2, depth_layers=3, local_layers=4
        )
        self.config = SimpleNamespace(style_dim=4, size=16, seg_dim=13)
        self.grid, self.largest, self.looked_at = torch.zeros(1), largest, 0

    def style(self, z):
        return z.sigmoid() * self.largest

    def mean_latent(self, count, generator):
        return self.style(torch.randn(count, 4, generator=generator)).mean(0)

    def __call__(self, styles, *, input_is_latent, randomize_noise):
        (latents,) = styles
        assert input_is_latent
        assert not randomize_noise
        self.looked_at += len(latents)
        columns = torch.arange(16) < (latents[:, :1] * 16).floor()
        seg = torch.full((len(latents), 13, 16, 16), -1.0)
        seg[:, 10] = columns[:, None].float()
        seg[:, 0] = 0
        image = torch.zeros(len(latents), 3, 16, 16)
        return Synthesis(image, seg, seg, seg, latents)


@pytest.fixture
def spectacled():
    return Spectacled()


@pytest.fixture
def bare_faced():
    return Spectacled(largest=0.1)
