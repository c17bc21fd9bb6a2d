"""Cost estimates from the store's history and from defaults."""

from __future__ import annotations

import pytest
import tiny_suite

from benchmark.config.resolve import resolve
from benchmark.config.suite import load_suite, parse_suite
from benchmark.run.cost_estimate import DEFAULT_SECONDS, estimate_cost
from benchmark.run.plan import make_plan
from benchmark.run.runner import run
from benchmark.storage.store import Store
from benchmark.system.progress import Silent


@pytest.fixture
def plan(tiny):
    return make_plan(resolve(load_suite(str(tiny))))


def changed(tiny, **changes):
    data = tiny_suite.suite_data(**changes)
    return make_plan(resolve(parse_suite(data, "tiny.yaml", tiny.parent)))


def by_kind(plan, store):
    return {line.kind: line for line in estimate_cost(plan, store)}


def test_remaining_stages_are_counted(plan, tmp_path):
    lines = by_kind(plan, Store(tmp_path / "store"))
    assert lines["fit"].todo == 1
    assert lines["predict"].todo == 2
    # The two designers agree here, so that their scores are the same stages.
    assert lines["score"].todo == 4
    assert not any(line.measured for line in lines.values())


def test_finished_trials_need_no_stages(plan, tmp_path):
    names = {trial.name for trial in plan.trials}
    lines = estimate_cost(plan, Store(tmp_path / "store"), names)
    assert sum(line.todo for line in lines) == 0


def test_like_stages_in_the_store_give_the_estimate(plan, tiny):
    store = Store(tiny.parent / "store")
    run(plan, store, tiny.parent / "runs", Silent())
    assert sum(line.todo for line in estimate_cost(plan, store)) == 0
    lines = by_kind(changed(tiny, seeds=[0, 1]), store)
    assert (lines["fit"].done, lines["fit"].todo) == (1, 1)
    assert lines["fit"].measured
    (record,) = store.records("fit")
    assert lines["fit"].seconds == record["seconds"]


def test_one_default_makes_the_line_not_measured(plan, tiny):
    store = Store(tiny.parent / "store")
    run(plan, store, tiny.parent / "runs", Silent())
    rows = [{"name": "one", "method": "tiny"}]
    rows += [{"name": "two", "method": "tiny", "options": {"steps": 7}}]
    assert not by_kind(changed(tiny, variants=rows, seeds=[1]), store)["fit"].measured


def test_a_stage_without_history_takes_its_default(plan, tmp_path):
    for line in estimate_cost(plan, Store(tmp_path / "store")):
        assert line.seconds == line.todo * DEFAULT_SECONDS[line.kind]


def test_predictions_of_another_fit_are_not_like_stages(plan, tiny):
    store = Store(tiny.parent / "store")
    run(plan, store, tiny.parent / "runs", Silent())
    assert by_kind(changed(tiny, seeds=[1]), store)["predict"].measured
    rows = [{"name": "one", "method": "tiny", "options": {"steps": 7}}]
    assert not by_kind(changed(tiny, variants=rows), store)["predict"].measured
