from dataclasses import replace

import numpy as np
import pytest
import torch

from benchmark import weights
from benchmark.avatars import AvatarVectors
from benchmark.system.progress import Silent
from methods.base import MethodError
from methods.baseline import Baseline
from methods.controls import Supervised, SupervisedShuffled
from methods.estimator import view_features
from methods.estimator.estimation import training_stage
from methods.shared.pictures import as_tensor, resized

NAME = "efficientnet-lite0"
SMALL = {
    "input_size": 64,
    "backbone": "efficientnet_lite0",
    "backbone_stages": 3,
    "reading": "grid",
    "grid_channels": 4,
    "head_width": 16,
    "batch_size": 16,
    "schedule": "cosine",
}
CACHED = SMALL | {"frozen_stages": 3, "cached_views": 40, "steps": 9}


@pytest.fixture
def imagenet():
    file = weights.find(NAME)
    if file is None:
        pytest.skip(f"{NAME} was not fetched")
    return {NAME: file}


class Recorder(Silent):
    """Records the losses that a training logs."""

    def __init__(self):
        self.losses = []

    def log(self, metrics, step):
        self.losses += metrics.values()


def test_baseline_learns_to_read_renders(mixed_engine, make_context):
    options = Baseline.Options(
        **SMALL | {"backbone_stages": 2},
        pretrained=False,
        augmentation=dict.fromkeys(("light", "blur", "crop", "colour"), False),
        samples=96,
        steps=40,
        learning_rate=3e-3,
        continuous_weight=10,
        discrete_weight=1,
    )
    method = Baseline(options)
    recorder = Recorder()
    method.fit(make_context(mixed_engine, progress=recorder))
    truth = AvatarVectors.sample(mixed_engine.spec, 40, seed=123)
    found = method.predict(as_tensor(mixed_engine.render(truth, 64)))
    assert recorder.losses[-1] < recorder.losses[0] / 2
    assert (found.column("beard") == truth.column("beard")).mean() > 0.9
    for column in range(2):
        pair = found.continuous[:, column], truth.continuous[:, column]
        assert np.corrcoef(*pair)[0, 1] > 0.3


def test_cached_views_are_deterministic(mixed_engine, make_context, imagenet):
    faces = as_tensor(np.full((3, 64, 64, 3), 90, np.uint8))
    rows = []
    for _ in range(2):
        method = Supervised(Supervised.Options(**CACHED))
        method.fit(make_context(mixed_engine, labelled=True, weights=imagenet))
        rows.append(method.predict(faces))
    assert rows[0] == rows[1]


def test_oracles_share_the_features_of_their_faces(
    mixed_engine, make_context, imagenet, monkeypatch
):
    class Alone(Supervised):
        """Keeps no features."""

        def pairs(self, context):
            return replace(super().pairs(context), pictures_digest=None)

    context = make_context(mixed_engine, labelled=True, weights=imagenet)
    options = Supervised.Options(**CACHED)
    shuffled = SupervisedShuffled(options)
    shuffled.fit(context)
    monkeypatch.setattr(view_features, "view_features", None)
    shared = Supervised(options)
    shared.fit(context)
    monkeypatch.undo()
    alone = Alone(options)
    alone.fit(make_context(mixed_engine, labelled=True, weights=imagenet))
    found, wanted, other = (
        each._fitted.state_dict() for each in (shared, alone, shuffled)
    )
    assert all(torch.equal(found[name], wanted[name]) for name in wanted)
    assert any(not torch.equal(found[name], other[name]) for name in wanted)


def test_shuffled_truths_give_another_training(mixed_engine, make_context):
    context = make_context(mixed_engine, labelled=True)
    options = Supervised.Options(**SMALL, pretrained=False)
    straight = Supervised(options).pairs(context)
    shuffled = SupervisedShuffled(options).pairs(context)
    assert straight.digest != shuffled.digest
    assert straight.vectors != shuffled.vectors
    rows = [sorted(p.vectors.continuous[:, 0]) for p in (straight, shuffled)]
    assert rows[0] == rows[1]


def test_a_missing_weight_file_is_named(mixed_engine, make_context):
    method = Supervised(Supervised.Options(**CACHED))
    with pytest.raises(MethodError, match=f"avatarbench weights fetch {NAME}"):
        method.fit(make_context(mixed_engine, labelled=True))


def test_weights_are_required_only_where_wanted():
    assert Baseline.required_weights(Baseline.Options()) == ("torchvision-resnet18",)
    assert Baseline.required_weights(Baseline.Options(**CACHED)) == (NAME,)
    assert Baseline.required_weights(Baseline.Options(pretrained=False)) == ()


def test_checkpoint_steps_do_not_change_the_result(mixed_engine, make_context):
    context = make_context(mixed_engine)
    often, seldom, longer = (
        Baseline.Options(pretrained=False, **extra)
        for extra in ({"checkpoint_steps": 1}, {}, {"steps": 7})
    )

    def key(options):
        return training_stage(mixed_engine.spec, "pairs", options, context).key

    assert key(often) == key(seldom) != key(longer)


def test_pictures_of_another_size_are_resized():
    images = np.zeros((2, 128, 128, 3), np.uint8)
    images[:, :, 64:] = 255
    small = resized(images, 64)
    assert small.shape == (2, 64, 64, 3)
    assert small[0, 0, 0].max() == 0
    assert small[0, 0, -1].min() == 255
    assert resized(images[:0], 64).shape == (0, 64, 64, 3)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "default", "other"),
    [("logit_adjustment", 0.0, 1.0), ("precision", "32-true", "bf16-mixed")],
)
def test_newer_options_change_the_training_and_are_dumped_only_if_used(
    mixed_engine, make_context, name, default, other
):
    context = make_context(mixed_engine)
    plain = {**SMALL, "pretrained": False, "samples": 32, "steps": 1}
    found = []
    for value in (default, other):
        options = Baseline.Options(**plain, **{name: value})
        method = Baseline(options)
        method.fit(context)
        found.append(method._fitted.state_dict())
        assert (name in options.model_dump()) == (value == other)
    assert any(not torch.equal(v, found[1][k]) for k, v in found[0].items())
