"""SwiftAvatar with a sampling prior from its own first round."""

import numpy as np
import pytest

from benchmark.storage.recording_store import RecordingStore
from benchmark.storage.store import Store
from benchmark.weights.resolver import WeightResolver
from methods.shared.pictures import as_tensor, resized
from methods.swiftavatar.method import SwiftAvatar


@pytest.fixture
def context_in(mixed_engine, make_context, tiny_options):
    def make(store):
        names = SwiftAvatar.required_weights(tiny_options())
        files, _ = WeightResolver({}).take(names)
        return make_context(mixed_engine, store=store, weights=files)

    return make


@pytest.mark.slow
def test_the_second_round_inverts_avatars_of_the_first_rounds_predictions(
    tiny_options, context_in, tmp_path
):
    context = context_in(Store(tmp_path))
    second = SwiftAvatar(tiny_options(prior={"uniform": 0, "spread": 0}))
    second.fit(context)
    first = SwiftAvatar(tiny_options())
    first.fit(context)
    predicted = first.predict(as_tensor(resized(context.faces.images, 64)))
    renders = second.chain(context).inverted_renders
    assert len(renders.vectors) == 8
    for name in renders.vectors.spec.names:
        drawn = np.unique(renders.vectors.column(name))
        assert np.isin(drawn, predicted.column(name)).all()


@pytest.mark.slow
def test_both_rounds_share_the_avatar_generator(tiny_options, context_in, tmp_path):
    store = RecordingStore(Store(tmp_path))
    SwiftAvatar(tiny_options(prior={})).fit(context_in(store))
    names = [stage.name for stage in store.requested]
    counted = {name: names.count(name) for name in names}
    assert counted["adaptation"] == 1
    assert counted["codes"] == counted["pairs"] == counted["estimator"] == 2


def test_the_prior_is_in_the_options_only_if_it_is_used(tiny_options):
    assert "prior" not in tiny_options().model_dump()
    dumped = tiny_options(prior={"uniform": 0.5}).model_dump()
    assert dumped["prior"] == {"uniform": 0.5, "spread": 0.1}
