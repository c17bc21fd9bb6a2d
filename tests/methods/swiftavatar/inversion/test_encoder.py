"""The encoder that gives the inversion its start."""

from contextlib import contextmanager

import pytest
import torch

from benchmark import weights
from benchmark.storage.store import Store
from benchmark.system.progress import Silent
from methods.base import MethodError
from methods.generator.sampling import centre
from methods.shared.pictures import as_tensor
from methods.swiftavatar.encoder import ENCODER, encoder_stage, trained_encoder
from methods.swiftavatar.inversion import inverted_latents
from methods.swiftavatar.options import InversionOptions

LITE0 = weights.EFFICIENTNET_LITE0


@pytest.fixture(scope="module")
def files():
    return {LITE0: weights.require(LITE0, "tests")}


def options_of(**changes):
    own = {"steps": 6, "batch": 4, **changes}
    return InversionOptions(
        start="encoder", steps=2, perceptual_weight=0, pixel_weight=1, encoder=own
    )


class Killed(Exception):
    pass


class Kill(Silent):
    """Raises after some iterations."""

    def __init__(self, alive):
        self.alive = alive

    @contextmanager
    def task(self, label, total, done=0):
        self.began = done
        yield self

    def advance(self, count=1):
        self.alive -= count
        if self.alive < 0:
            raise Killed


@pytest.fixture
def train(avatar, renders, files):
    def train(root, options, progress=None, seed=0):
        return trained_encoder(
            renders,
            avatar,
            "avatar",
            None,
            options,
            files,
            seed,
            Store(root),
            progress or Silent(),
            "cpu",
        )

    return train


def test_an_untrained_encoder_predicts_the_centre(train, avatar, renders, tmp_path):
    encoder = train(tmp_path, options_of(steps=1, learning_rate=1e-12))
    found = encoder(as_tensor(renders.pictures))
    assert found.shape == (7, avatar.layout.rows, 4)
    torch.testing.assert_close(found, centre(avatar).expand_as(found))


@pytest.mark.slow
def test_training_brings_predictions_nearer_to_the_renders(train, tmp_path):
    fresh = train(tmp_path, options_of(steps=1, learning_rate=1e-12, renders=1))
    trained = train(tmp_path, options_of(steps=60, learning_rate=0.003, renders=1))
    assert trained.measures["pixel"] < 0.9 * fresh.measures["pixel"]
    assert trained.measures["perceptual"] == 0


@pytest.mark.parametrize(
    "share",
    [0.5, *(pytest.param(share, marks=pytest.mark.slow) for share in (0, 1))],
)
def test_the_same_bytes_again_and_after_a_kill(train, tmp_path, share, monkeypatch):
    monkeypatch.setattr("methods.estimator.training.CHECKPOINT_SECONDS", -1)
    options = options_of(renders=share)
    whole = train(tmp_path / "whole", options)
    assert whole.network
    with pytest.raises(Killed):
        assert train(tmp_path / "cut", options, Kill(3)).network
    again = Kill(99)
    cut = train(tmp_path / "cut", options, again)
    assert cut.network
    assert again.began == 3
    assert cut.digest == whole.digest
    one, other = (
        next((tmp_path / name).rglob(ENCODER)).read_bytes() for name in ("whole", "cut")
    )
    assert one == other


def test_an_encoder_that_is_not_used_is_not_trained(train, tmp_path):
    assert train(tmp_path, options_of(), Kill(0)).digest
    assert not list(tmp_path.rglob(ENCODER))


def test_the_encoder_is_frozen_and_stored(train, tmp_path):
    first = train(tmp_path, options_of())
    assert not any(p.requires_grad for p in first.network.parameters())
    again = train(tmp_path, options_of(), Kill(0))
    for ours, theirs in zip(
        first.network.state_dict().values(),
        again.network.state_dict().values(),
        strict=True,
    ):
        assert torch.equal(ours, theirs)


def test_the_key_covers_what_the_training_reads(renders, files):
    def key(seed=0, digest="avatar", **changes):
        options = options_of(**changes.pop("encoder", {})).model_copy(update=changes)
        return encoder_stage(renders, digest, options, files, seed, "cpu").key

    assert key() == key(latent_weight=0) == key(space="w")
    others = [
        key(seed=1),
        key(digest="x"),
        key(pixel_weight=2.0),
        key(encoder={"steps": 9}),
        key(encoder={"renders": 0}),
    ]
    assert len({key(), *others}) == 6


def test_without_its_backbone_the_encoder_is_refused(renders):
    with pytest.raises(MethodError, match=r"set another inversion\.start"):
        encoder_stage(renders, "avatar", options_of(), {}, 0, "cpu")


@pytest.mark.slow
@pytest.mark.parametrize("space", ["w+", "w"])
def test_inversion_starts_at_the_predictions(
    train, avatar, renders, files, tmp_path, space
):
    encoder = train(tmp_path, options_of(steps=30, renders=1, learning_rate=0.003))
    options = options_of().model_copy(
        update={"space": space, "steps": 1, "learning_rate": 1e-9}
    )
    found = inverted_latents(
        renders,
        7,
        avatar,
        "avatar",
        avatar,
        encoder,
        options,
        files,
        0,
        Store(tmp_path),
        Silent(),
        "cpu",
    )
    wanted = encoder(as_tensor(renders.pictures))
    if space == "w":
        wanted = wanted.mean(1, keepdim=True).expand_as(wanted)
    torch.testing.assert_close(found.latents.float(), wanted, atol=2e-3, rtol=2e-3)
    assert found.measures["latent"] < 1e-6
