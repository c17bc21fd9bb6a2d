from __future__ import annotations

import pytest
import tiny_suite

from benchmark.config.resolve import resolve
from benchmark.config.suite import load_suite, parse_suite
from benchmark.run.cost_estimate import estimate_cost
from benchmark.run.plan import make_plan
from benchmark.run.runner import run
from benchmark.storage.store import Stage, Store
from benchmark.system.progress import Silent
from methods.shared.stage_estimate import Foreseen, Foresight


@pytest.fixture
def plan(tiny):
    return make_plan(resolve(load_suite(str(tiny))))


def changed(tiny, **changes):
    data = tiny_suite.suite_data(**changes)
    return make_plan(resolve(parse_suite(data, "tiny.yaml", tiny.parent)))


def by_kind(plan, store):
    return {line.kind: line for line in estimate_cost(plan, store)}


def test_what_is_left_is_counted(plan, tmp_path):
    lines = by_kind(plan, Store(tmp_path / "store"))
    assert lines["fit"].todo == 1
    assert lines["predict"].todo == 2
    # The two designers agree here, so that their scores are the same stages.
    assert lines["score"].todo == 4
    assert not any(line.measured for line in lines.values())


def test_of_finished_trials_nothing_is_needed(plan, tmp_path):
    names = {trial.name for trial in plan.trials}
    lines = estimate_cost(plan, Store(tmp_path / "store"), names)
    assert sum(line.todo for line in lines) == 0


def test_finished_work_tells_what_like_work_costs(plan, tiny):
    store = Store(tiny.parent / "store")
    run(plan, store, tiny.parent / "runs", Silent())
    assert sum(line.todo for line in estimate_cost(plan, store)) == 0
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


@pytest.fixture
def telling(monkeypatch):
    """The tiny method tells of its walk: a second a step, and ten for a face."""

    def foresee(self, context):
        walk = Stage("tiny-walk", "1", {"steps": self.options.steps}, {}, context.seed)
        return Foresight((Foreseen(walk, self.options.steps),), 2, 10)

    monkeypatch.setattr(tiny_suite.TinyMethod, "foresee", foresee, raising=False)


TWO = [{"name": "one", "method": "tiny"}, {"name": "two", "method": "tiny"}]


@pytest.mark.usefixtures("telling")
def test_a_stage_that_fits_share_is_told_once(tiny, tmp_path):
    # Sizes change the fits and not the walk.
    rows = [
        dict(row, options={"input_size": n})
        for n, row in zip((64, 65), TWO, strict=True)
    ]
    plan = changed(tiny, variants=rows)
    lines = by_kind(plan, Store(tmp_path / "store"))
    assert (lines["tiny-walk"].done, lines["tiny-walk"].todo) == (0, 1)
    assert (lines["tiny-walk"].seconds, lines["tiny-walk"].measured) == (3, False)
    assert (lines["fit"].todo, lines["fit"].seconds) == (2, 4)
    assert lines["predict"].seconds == 2 * 10 * faces_of(plan)
    assert lines["speed"].seconds == 2 * 2 * 10 * (1 + 5)
    finished = {"one__tiny__s0", "two__tiny__s0"}
    assert "tiny-walk" not in {
        o.kind for o in estimate_cost(plan, Store(tmp_path), finished)
    }


def faces_of(plan):
    return sum(len(plan.resolved.splits[name]) for name in plan.resolved.suite.splits)


@pytest.mark.usefixtures("telling")
def test_what_is_there_is_not_to_do_and_tells_the_cost_of_more(tiny):
    store = Store(tiny.parent / "store")
    plan = changed(tiny)
    run(plan, store, tiny.parent / "runs", Silent())
    assert "tiny-walk" not in by_kind(plan, store)
    # Another size makes another fit, on the same walk.
    rows = [{"name": "one", "method": "tiny", "options": {"input_size": 65}}]
    walk = by_kind(changed(tiny, variants=rows, seeds=[0, 1]), store)["tiny-walk"]
    (record,) = store.records("tiny-walk")
    assert (walk.done, walk.todo, walk.measured) == (1, 1, True)
    assert walk.seconds == record["seconds"]


def test_predictions_of_another_fit_tell_nothing(plan, tiny):
    store = Store(tiny.parent / "store")
    run(plan, store, tiny.parent / "runs", Silent())
    assert by_kind(changed(tiny, seeds=[1]), store)["predict"].measured
    rows = [{"name": "one", "method": "tiny", "options": {"steps": 7}}]
    assert not by_kind(changed(tiny, variants=rows), store)["predict"].measured
