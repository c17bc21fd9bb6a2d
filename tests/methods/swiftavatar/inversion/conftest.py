"""A tiny generator of 32 px, renders for it, and weight files of untrained trunks."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
import tiny_pair
import torch
from safetensors.torch import save_file

from benchmark.storage.store import Store
from benchmark.system.progress import Silent
from benchmark.system.torchvision_ops import declare_missing_operators
from benchmark.weights import ALEXNET, VGG16
from methods.generator.sampling import draw_codes, synthesise
from methods.networks.part_latents import PartLayout
from methods.networks.semantic_stylegan import Synthesis
from methods.shared.renders import Renders
from methods.swiftavatar.mean_codes import mean_codes
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
    """Seven pictures that the generator makes of codes far from each other."""
    codes = 2 * draw_codes(avatar, 7, seed=5)
    pictures = synthesise(avatar, codes).pictures
    vectors = tiny_pair.make_renders(count=7).vectors
    return Renders(vectors, pictures.shape[1], "seven", lambda: pictures)


@pytest.fixture(scope="session")
def start(avatar, tmp_path_factory):
    store = Store(tmp_path_factory.mktemp("start"))
    options = MeanOptions(samples=50, glasses=False)
    return mean_codes(avatar, "tiny", options, 0, store, Silent())


@pytest.fixture(scope="session")
def trunks(tmp_path_factory):
    """Files with the keys and shapes of torchvision's trunks; nothing was learnt."""
    declare_missing_operators()
    from torchvision import models

    folder, files = tmp_path_factory.mktemp("trunks"), {}
    for name, layers in ((ALEXNET, _alexnet), (VGG16, _vgg16)):
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(0)
            state = layers(models).state_dict()
        files[name] = folder / f"{name}.safetensors"
        save_file({f"features.{key}": v for key, v in state.items()}, files[name])
    return files


def _alexnet(models):
    return models.alexnet(weights=None).features


def _vgg16(models):
    # Its published rule would draw a hundred million numbers for the classifier.
    return models.vgg16(weights=None, init_weights=False).features


class Spectacled:
    """Shows glasses in as many of 16 columns as the code's first number says."""

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
        (codes,) = styles
        assert input_is_latent
        assert not randomize_noise
        self.looked_at += len(codes)
        columns = torch.arange(16) < (codes[:, :1] * 16).floor()
        seg = torch.full((len(codes), 13, 16, 16), -1.0)
        seg[:, 10] = columns[:, None].float()
        seg[:, 0] = 0
        image = torch.zeros(len(codes), 3, 16, 16)
        return Synthesis(image, seg, seg, seg, codes)


@pytest.fixture
def spectacled():
    return Spectacled()


@pytest.fixture
def bare_faced():
    return Spectacled(largest=0.1)
