"""What an adoption is estimated to cost, stage by stage."""

import numpy as np
import pytest
import tiny_suite

from benchmark.adoption.costs import (
    EARLIER,
    MEASURED,
    ROUGH,
    estimate_stages,
    measure_rate,
)
from benchmark.adoption.suites import adoption_suite
from benchmark.config.resolve import resolve
from benchmark.config.suite import load_suite
from benchmark.run.plan import make_plan
from benchmark.storage.store import Stage, Store
from methods.planning import PlannedStage, planned_renders


@pytest.fixture
def plan(tiny):
    return make_plan(resolve(adoption_suite(load_suite(str(tiny)), "tiny", "tiny")))


def stage(name, seed, **options):
    return Stage(name, "1", options, seed=seed)


def test_renders_are_measured_and_others_are_as_earlier_or_rough(plan, tmp_path):
    store = Store(tmp_path / "store")
    store.get_or_build(stage("train", 0, steps=5), lambda folder, scratch: None, 100.0)
    planned = [
        planned_renders(stage("renders", 1, count=300, size=64)),
        PlannedStage(
            "train", "like an earlier one", 9, 2.0, stage("train", 1, steps=5)
        ),
        PlannedStage("train", "unlike it", 9, 2.0, stage("train", 1, steps=6)),
        PlannedStage("train", "of unknown key", 4, 2.0, None),
    ]
    found = estimate_stages(planned, plan, store, 50.0)
    assert [cost.basis for cost in found[:4]] == [MEASURED, EARLIER, ROUGH, ROUGH]
    assert [round(cost.seconds) for cost in found[:4]] == [6, 100, 18, 8]
    assert found[0].mib == pytest.approx(300 * 64 * 64 * 3 / 2**20)
    assert [cost.name for cost in found[4:]] == ["predict", "render"]


def test_cached_stages_cost_nothing(plan, tmp_path):
    store = Store(tmp_path / "store")
    done = stage("train", 0, steps=5)
    store.get_or_build(done, lambda folder, scratch: None)
    (found, *_) = estimate_stages(
        [PlannedStage("train", "", 9, 2.0, done)], plan, store, 1.0
    )
    assert (found.cached, found.seconds, found.basis) == (True, 0, "")


def test_a_slow_engine_is_measured_on_few_renders(monkeypatch):
    clock = [0.0]
    monkeypatch.setattr("benchmark.adoption.costs.time.perf_counter", lambda: clock[0])

    class Slow(tiny_suite.TinyEngine):
        drawn = 0

        def render(self, vectors, size):
            clock[0] += 20.0 * len(vectors)
            self.drawn += len(vectors)
            return np.zeros((len(vectors), size, size, 3), np.uint8)

    engine = Slow()
    assert measure_rate(engine, 64) == pytest.approx(0.05)
    assert engine.drawn == 2
