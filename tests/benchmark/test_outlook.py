from __future__ import annotations

import pytest
import tiny_contest

from benchmark.outlook import outlook
from benchmark.plan import make_plan
from benchmark.progress import Silent
from benchmark.resolve import resolve
from benchmark.runner import run
from benchmark.store import Store
from benchmark.suite import load_suite, parse_suite


@pytest.fixture
def plan(tiny):
    return make_plan(resolve(load_suite(str(tiny))))


def changed(tiny, **changes):
    data = tiny_contest.suite_data(**changes)
    return make_plan(resolve(parse_suite(data, "tiny.yaml", tiny.parent)))


def by_kind(plan, store):
    return {line.kind: line for line in outlook(plan, store)}


def test_what_is_left_is_counted(plan, tmp_path):
    lines = by_kind(plan, Store(tmp_path / "store"))
    assert lines["fit"].todo == 1
    assert lines["predict"].todo == 2
    # The two designers agree here, so that their scores are the same stages.
    assert lines["score"].todo == 4
    assert not any(line.measured for line in lines.values())


def test_of_finished_trials_nothing_is_needed(plan, tmp_path):
    names = {trial.name for trial in plan.trials}
    lines = outlook(plan, Store(tmp_path / "store"), names)
    assert sum(line.todo for line in lines) == 0


def test_finished_work_tells_what_like_work_costs(plan, tiny):
    store = Store(tiny.parent / "store")
    run(plan, store, tiny.parent / "runs", Silent())
    assert sum(line.todo for line in outlook(plan, store)) == 0
    lines = by_kind(changed(tiny, seeds=[0, 1]), store)
    assert (lines["fit"].done, lines["fit"].todo) == (1, 1)
    assert lines["fit"].measured
    (record,) = store.records("fit")
    assert lines["fit"].seconds == record["seconds"]


def test_one_unknown_cost_makes_a_line_a_guess(plan, tiny):
    store = Store(tiny.parent / "store")
    run(plan, store, tiny.parent / "runs", Silent())
    rows = [{"name": "one", "method": "tiny"}]
    rows += [{"name": "two", "method": "tiny", "options": {"steps": 7}}]
    assert not by_kind(changed(tiny, variants=rows, seeds=[1]), store)["fit"].measured
