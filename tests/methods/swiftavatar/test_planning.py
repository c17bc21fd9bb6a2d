"""The planned stages of a fit are those that the fit builds."""

import shutil

import pytest
import tiny_pair

from benchmark.storage.recording_store import RecordingStore
from benchmark.storage.store import Store
from benchmark.weights import EFFICIENTNET_LITE0, find
from benchmark.weights.resolver import WeightResolver
from methods.baseline import Baseline
from methods.planning import Planned
from methods.swiftavatar.method import SwiftAvatar

TRAINING = {
    "input_size": 64,
    "backbone": "efficientnet_lite0",
    "pretrained": False,
    "backbone_stages": 2,
    "head_width": 8,
    "steps": 3,
    "batch_size": 4,
    "samples": 8,
}


ENCODER_START = {
    **TRAINING,
    "inverted": 6,
    "adaptation": {"steps": 1, "batch": 4},
    "inversion": {
        "steps": 2,
        "batch": 4,
        "perceptual_weight": 0,
        "start": "encoder",
        "encoder": {"steps": 1, "batch": 2},
    },
    "semantic": {"copies": 2},
}


@pytest.fixture
def planned_and_built(mixed_engine, make_context, tmp_path):
    """The stages that a method plans, and those that its fit requests."""

    def work(method):
        assert isinstance(method, Planned)
        files, _ = WeightResolver({}).take(method.required_weights(method.options))
        store = RecordingStore(Store(tmp_path / "store"))
        context = make_context(mixed_engine, store=store, weights=files)
        planned = method.planned_stages(context)
        assert not (tmp_path / "store").exists()
        method.fit(context)
        return planned, {(stage.name, stage.key) for stage in store.requested}

    return work


@pytest.mark.slow
@pytest.mark.parametrize("start", ["mean", "nearest", "encoder"])
def test_swiftavatar_plans_what_it_builds(start, planned_and_built, tmp_path):
    if start == "encoder" and find(EFFICIENTNET_LITE0) is None:
        pytest.skip(f"weight file {EFFICIENTNET_LITE0} is not at hand")
    tiny_pair.write(tmp_path / "pair")
    inversion = {"steps": 2, "batch": 4, "perceptual_weight": 0, "start": start}
    options = SwiftAvatar.Options(
        **TRAINING,
        generator=str(tmp_path / "pair"),
        inverted=6,
        adaptation={"steps": 1, "batch": 4},
        mean={"samples": 20, "glasses": False},
        inversion={**inversion, "encoder": {"steps": 1, "batch": 2}},
        semantic={"copies": 2},
    )
    planned, built = planned_and_built(SwiftAvatar(options))
    assert {(each.name, each.stage.key) for each in planned} == built
    units = {each.name: each.units for each in planned}
    assert (units["renders"], units["codes"], units["pairs"]) == (8, 12, 12)
    assert all(each.unit_seconds for each in planned if each.name != "renders")


@pytest.mark.slow
def test_stored_codes_need_no_encoder(mixed_engine, make_context, tmp_path):
    if find(EFFICIENTNET_LITE0) is None:
        pytest.skip(f"weight file {EFFICIENTNET_LITE0} is not at hand")
    tiny_pair.write(tmp_path / "pair")

    def work(**changes):
        """The method, its context and the names of its planned stages."""
        options = {**ENCODER_START, "generator": str(tmp_path / "pair"), **changes}
        method = SwiftAvatar(SwiftAvatar.Options(**options))
        files, _ = WeightResolver({}).take(method.required_weights(method.options))
        store = RecordingStore(Store(tmp_path / "store"))
        context = make_context(mixed_engine, store=store, weights=files)
        names = [stage.name for stage in method.planned_stages(context)]
        return method, context, names

    method, context, names = work()
    assert names.count("encoder") == 1
    assert names.index("encoder") < names.index("codes")
    method.fit(context)
    shutil.rmtree(tmp_path / "store" / "encoder")

    method, context, names = work(steps=4)
    assert "encoder" not in names
    method.fit(context)
    assert "encoder" not in {stage.name for stage in context.store.requested}
    assert not (tmp_path / "store" / "encoder").exists()

    # A second round and another number of renders have other codes.
    for changes in ({"prior": {}}, {"inverted": 5}):
        assert work(**changes)[2].count("encoder") == 1


def test_baseline_plans_what_it_builds(planned_and_built):
    planned, built = planned_and_built(Baseline(Baseline.Options(**TRAINING)))
    assert {(each.name, each.stage.key) for each in planned} == built


def test_the_second_round_has_no_keys_yet(mixed_engine, make_context, tmp_path):
    tiny_pair.write(tmp_path / "pair")
    options = SwiftAvatar.Options(
        **TRAINING,
        generator=str(tmp_path / "pair"),
        inversion={"perceptual_weight": 0},
        prior={},
    )
    method = SwiftAvatar(options)
    files, _ = WeightResolver({}).take(method.required_weights(options))
    context = make_context(mixed_engine, store=Store(tmp_path / "store"), weights=files)
    open_stages = [e.name for e in method.planned_stages(context) if e.stage is None]
    assert open_stages == ["renders", "codes", "pairs", "estimator"]
