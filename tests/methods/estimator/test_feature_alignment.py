"""Alignment of the features of faces with those of the training pictures."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from pydantic import ValidationError
from safetensors.torch import load_file
from simulated_kill import KillAt, SimulatedKill

from benchmark import weights
from benchmark.avatars import AvatarVectors
from benchmark.storage.store import Store
from benchmark.system.progress import Silent
from methods.base import MethodError, Pictures
from methods.baseline import Baseline
from methods.controls import Supervised
from methods.estimator.estimation import make_estimator, training_stage
from methods.networks.backbones import STAGE_COUNTS
from methods.shared.pictures import as_tensor
from methods.shared.saving import WEIGHTS_FILE

NAME = "efficientnet-lite0"
SMALL = {
    "input_size": 64,
    "backbone": "efficientnet_lite0",
    "backbone_stages": 3,
    "frozen_stages": 3,
    "reading": "grid",
    "grid_channels": 4,
    "head_width": 16,
    "batch_size": 16,
    "samples": 64,
    "steps": 9,
    "learning_rate": 3e-3,
}
STILL = dict.fromkeys(("light", "blur", "crop", "colour"), False)
ON = {"feature_alignment": "position"}
KINDS = [{"cached_views": 64}, {"cached_views": 0}]


@pytest.fixture
def imagenet(monkeypatch):
    file = weights.find(NAME)
    if file is None:
        pytest.skip(f"{NAME} was not fetched")
    monkeypatch.setattr("methods.estimator.feature_alignment.VIEWS", 100)
    return {NAME: file}


@pytest.fixture
def context_of(mixed_engine, make_context, imagenet):
    """Contexts whose train faces are given pictures."""

    def make(pictures=None, **changes):
        context = make_context(mixed_engine, weights=imagenet, **changes)
        if pictures is None:
            return context
        return replace(context, faces=Pictures(pictures, f"faces {pictures.sum()}"))

    return make


class KillIn(KillAt):
    """Counts the units of one task only."""

    def __init__(self, label, units):
        super().__init__(units)
        self.label = label

    def task(self, label, total, done=0):
        return self if label == self.label else Silent().task(label, total, done)


def pictures_of(engine, count, seed):
    """Vectors, and their renders as seen in another domain: dark, pale and reddish."""
    vectors = AvatarVectors.sample(engine.spec, count, seed)
    shifted = engine.render(vectors, 64) * np.array([0.5, 0.3, 0.3]) + [60, 40, 20]
    return vectors, shifted.astype(np.uint8)


def fitted(context, method=Baseline, **options):
    made = method(method.Options(**SMALL | options))
    made.fit(context)
    return made


def state_of(store, stage="estimator"):
    (file,) = store.root.rglob(f"{stage}/*/{WEIGHTS_FILE}")
    return file.read_bytes()


def error(method, faces, truth):
    found = method.predict(as_tensor(faces))
    return np.abs(found.continuous - truth.continuous).mean()


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS, ids=["cached", "fresh"])
def test_a_shifted_domain_is_corrected(mixed_engine, context_of, kind):
    _, faces = pictures_of(mixed_engine, 80, 5)
    truth, others = pictures_of(mixed_engine, 60, 6)
    options = {**kind, "augmentation": STILL, "steps": 60, "continuous_weight": 10}
    plain, aligned = (
        error(fitted(context_of(faces), **options, **extra), others, truth)
        for extra in ({}, ON)
    )
    assert aligned < 0.8 * plain


def test_features_of_faces_get_the_moments_of_the_training(mixed_engine, context_of):
    _, faces = pictures_of(mixed_engine, 80, 5)
    context = context_of(faces)
    method = fitted(context, cached_views=64, augmentation=STILL, **ON)
    network = method._fitted
    renders = method.pairs(context).pictures
    found = network.alignment(network.frozen_features(as_tensor(faces)))
    wanted = network.frozen_features(as_tensor(renders[:]))
    torch.testing.assert_close(found.mean(0), wanted.mean(0), atol=1e-3, rtol=1e-3)
    constant = network.frozen_features(as_tensor(faces)).std(0) < 0.05
    shares = (found.std(0) / wanted.std(0))[~constant]
    assert len(shares) > 1000
    assert shares.min() > 0.97
    assert shares.max() < 1.001


@pytest.mark.slow
def test_training_does_not_change(context_of):
    plain, aligned = (fitted(context_of(), **extra)._fitted for extra in ({}, ON))
    tensors = aligned.state_dict()
    added = {name: tensors.pop(name) for name in ("alignment.scale", "alignment.shift")}
    assert not torch.equal(added["alignment.shift"], torch.zeros(1))
    assert tensors.keys() == plain.state_dict().keys()
    for name, tensor in plain.state_dict().items():
        assert torch.equal(tensors[name], tensor), name


def test_faces_count_for_the_key_only_where_they_are_read(mixed_engine, context_of):
    _, faces = pictures_of(mixed_engine, 4, 5)

    def stage(context, **extra):
        options = Baseline.Options(**SMALL, **extra)
        return training_stage(mixed_engine.spec, "pairs", options, context)

    one, other = context_of(), context_of(faces)
    off = stage(one)
    assert off.key == stage(other).key == stage(one, feature_alignment="none").key
    assert "feature_alignment" not in off.options
    assert "faces" not in off.inputs
    assert len({off.key, stage(one, **ON).key, stage(other, **ON).key}) == 3
    assert stage(other, **ON).inputs["faces"] == other.faces.digest


@pytest.mark.slow
def test_what_is_saved_holds_the_alignment(mixed_engine, context_of, tmp_path):
    _, faces = pictures_of(mixed_engine, 20, 5)
    method = fitted(context_of(faces), **ON)
    method.save(tmp_path / "saved")
    loaded = Baseline.load(tmp_path / "saved")
    assert loaded.options.feature_alignment == "position"
    assert loaded.predict(as_tensor(faces)) == method.predict(as_tensor(faces))
    kept = load_file(next((tmp_path / "saved").glob("*.safetensors")))
    assert torch.equal(kept["alignment.scale"], method._fitted.alignment.scale)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("task", "units"), [("tiny-mixed estimator", 5), ("features of train faces", 2)]
)
def test_a_killed_fit_ends_with_the_same_bytes(context_of, tmp_path, task, units):
    options = {"cached_views": 40, "checkpoint_steps": 2, **ON}
    whole, cut = Store(tmp_path / "whole"), Store(tmp_path / "cut")
    fitted(context_of(store=whole), **options)
    with pytest.raises(SimulatedKill):
        fitted(context_of(store=cut, progress=KillIn(task, units)), **options)
    fitted(context_of(store=cut), **options)
    assert state_of(cut) == state_of(whole)


@pytest.mark.slow
def test_more_faces_than_are_read_are_a_seeded_choice(context_of, monkeypatch):
    monkeypatch.setattr("methods.estimator.feature_alignment.FACES", 5)
    rng = np.random.default_rng(0)
    faces = rng.integers(0, 256, (12, 64, 64, 3), np.uint8)
    faces[5:] //= 4
    one, again = (fitted(context_of(faces), **ON)._fitted for _ in range(2))
    first = fitted(context_of(faces[:5]), **ON)._fitted
    assert torch.equal(one.alignment.shift, again.alignment.shift)
    assert not torch.equal(one.alignment.shift, first.alignment.shift)


@pytest.mark.slow
def test_faces_are_read_at_the_effective_resolution(mixed_engine, context_of):
    _, faces = pictures_of(mixed_engine, 20, 5)
    checks = 10 * (-1) ** (np.arange(64)[:, None] + np.arange(64))
    checked = (faces + checks[..., None]).astype(np.uint8)
    options = {**ON, "effective_resolution": 32}
    one, other = (
        fitted(context_of(each), **options)._fitted for each in (faces, checked)
    )
    torch.testing.assert_close(
        one.alignment.shift, other.alignment.shift, atol=0.01, rtol=0.01
    )


def test_faces_of_another_size_are_resized(mixed_engine, context_of):
    _, faces = pictures_of(mixed_engine, 4, 5)
    method = fitted(context_of(faces.repeat(2, axis=1).repeat(2, axis=2)), **ON)
    assert len(method.predict(as_tensor(faces))) == 4


def test_upper_bounds_have_the_option(mixed_engine, make_context, imagenet):
    context = make_context(mixed_engine, labelled=True, weights=imagenet)
    options = {k: v for k, v in SMALL.items() if k != "samples"}
    method = Supervised(Supervised.Options(**options, **ON, augmentation=STILL))
    method.fit(context)
    scale = method._fitted.alignment.scale
    assert 0.8 < scale[scale > 0].median() < 1.1


@pytest.mark.parametrize("count", [0, 1])
def test_too_few_train_faces_are_an_error_before_anything_is_built(
    context_of, tmp_path, count
):
    store = Store(tmp_path / "store")
    context = context_of(np.zeros((count, 64, 64, 3), np.uint8), store=store)
    message = f"feature_alignment needs two or more train faces, got {count}: give a"
    with pytest.raises(MethodError, match=message):
        fitted(context, **ON)
    assert not list(store.root.rglob("stage.json"))


@pytest.mark.slow
@pytest.mark.parametrize("backbone", ["resnet18", "efficientnet_lite0"])
@pytest.mark.parametrize("size", [64, 77])
def test_every_frozen_stage_can_be_aligned(mixed_engine, backbone, size):
    for frozen in range(1, STAGE_COUNTS[backbone] + 1):
        options = Baseline.Options(
            backbone=backbone, input_size=size, frozen_stages=frozen, **ON
        )
        network = make_estimator(mixed_engine.spec, options, seed=0).eval()
        pictures = torch.rand(1, 3, size, size)
        features = network.frozen_features(pictures)
        assert network.alignment.scale.shape == features.shape[1:]
        assert torch.equal(network(pictures), network.predict_from(features))


def test_stages_must_be_frozen():
    message = "feature_alignment: position aligns the features of frozen stages: set "
    with pytest.raises(ValidationError, match=message):
        Baseline.Options(**ON)


def test_other_values_are_refused():
    with pytest.raises(ValidationError, match="feature_alignment"):
        Baseline.Options(frozen_stages=1, feature_alignment="channel")
