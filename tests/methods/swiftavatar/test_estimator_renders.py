"""SwiftAvatar whose estimator trains on renders besides the realistic faces."""

import numpy as np
import pytest

from benchmark.storage.recording_store import RecordingStore
from benchmark.storage.store import Store
from benchmark.weights.resolver import WeightResolver
from methods.baseline import Baseline
from methods.shared.pictures import resized
from methods.swiftavatar.method import SwiftAvatar


@pytest.fixture
def context(mixed_engine, make_context, tiny_options, tmp_path):
    files, _ = WeightResolver({}).take(SwiftAvatar.required_weights(tiny_options()))
    store = RecordingStore(Store(tmp_path))
    return make_context(mixed_engine, store=store, weights=files, seed=3)


@pytest.mark.slow
def test_renders_follow_the_faces(tiny_options, context):
    faces = SwiftAvatar(tiny_options()).pairs(context)
    both = SwiftAvatar(tiny_options(estimator_renders=5)).pairs(context)
    assert len(both.pictures) == len(both.vectors) == len(faces.vectors) + 5
    count = len(faces.vectors)
    assert np.array_equal(both.pictures[:count], resized(faces.pictures[:], 64))
    for name in faces.vectors.spec.names:
        drawn = both.vectors[:count].column(name)
        assert np.array_equal(drawn, faces.vectors.column(name))
    shown = context.engine.render(both.vectors[count:], 64)
    assert np.array_equal(both.pictures[count:], shown)


@pytest.mark.slow
def test_rows_in_any_order_are_those_of_one_by_one(tiny_options, context):
    pictures = SwiftAvatar(tiny_options(estimator_renders=5)).pairs(context).pictures
    order = np.array([20, 0, 15, 16, 3, 20])
    alone = [pictures[row : row + 1][0] for row in order]
    assert np.array_equal(pictures[order], np.stack(alone))


@pytest.mark.slow
@pytest.mark.parametrize("absent", [None, 0.8])
def test_renders_are_those_of_baseline(tiny_options, context, absent):
    method = SwiftAvatar(tiny_options(estimator_renders=5, absent=absent))
    both = method.pairs(context)
    built = {stage.key for stage in context.store.requested}
    planned = {each.stage.key for each in method.planned_stages(context)}
    ours = Baseline(Baseline.Options(input_size=64, samples=5, absent=absent))
    pairs = ours.pairs(context)
    assert np.array_equal(both.pictures[16:], pairs.pictures)
    assert pairs.digest in built & planned


@pytest.mark.slow
@pytest.mark.parametrize("count", [0, 5])
def test_the_plan_names_every_stage_of_the_fit(tiny_options, context, count):
    method = SwiftAvatar(tiny_options(estimator_renders=count))
    planned = {each.stage.key for each in method.planned_stages(context)}
    method.fit(context)
    assert {stage.key for stage in context.store.requested} == planned


def test_the_option_is_in_the_dump_only_if_it_is_used(tiny_options):
    assert "estimator_renders" not in tiny_options().model_dump()
    assert tiny_options(estimator_renders=5).model_dump()["estimator_renders"] == 5
