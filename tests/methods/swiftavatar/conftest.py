"""Makes the tiny pair available to the tests of SwiftAvatar."""

import pytest
import tiny_pair

from methods.swiftavatar import adaptation_training
from methods.swiftavatar.method import SwiftAvatar


@pytest.fixture(scope="session")
def pair(tmp_path_factory):
    return tiny_pair.make_pair(tmp_path_factory.mktemp("weights") / "tiny")


@pytest.fixture(scope="session")
def renders():
    return tiny_pair.make_renders()


@pytest.fixture
def few_latents(monkeypatch):
    """Trainings measure their agreement with few latent codes."""
    monkeypatch.setattr(adaptation_training, "CHECKED_LATENTS", 16)


@pytest.fixture(scope="session")
def tiny_options(tmp_path_factory):
    """Makes options whose whole chain takes a second."""
    folder = tmp_path_factory.mktemp("weights") / "pair"
    tiny_pair.write(folder)

    def make(**changes):
        return SwiftAvatar.Options(
            input_size=64,
            backbone="efficientnet_lite0",
            pretrained=False,
            backbone_stages=2,
            head_width=8,
            steps=3,
            batch_size=4,
            samples=8,
            generator=str(folder),
            adaptation={"steps": 1, "batch": 4},
            mean={"samples": 20, "glasses": False},
            inversion={"steps": 2, "batch": 4, "perceptual_weight": 0},
            semantic={"copies": 2},
            **changes,
        )

    return make
