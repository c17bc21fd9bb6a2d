from __future__ import annotations

import json

import pytest
import tiny_contest

from benchmark import outlook as outlook_module
from benchmark.outlook import GUESSED, HERE, Costs, list_costs, listed_costs, outlook
from benchmark.plan import make_plan
from benchmark.progress import Silent
from benchmark.resolve import resolve
from benchmark.runner import run
from benchmark.store import Store
from benchmark.suite import load_suite, parse_suite


@pytest.fixture
def plan(tiny):
    return make_plan(resolve(load_suite(str(tiny))))


@pytest.fixture
def unlisted(monkeypatch):
    costs = Costs("another machine", {})
    monkeypatch.setattr(outlook_module, "listed_costs", lambda: costs)
    return costs


def by_kind(plan, store):
    return {line.kind: line for line in outlook(plan, store)}


def test_what_is_left_is_counted(plan, tmp_path, unlisted):
    lines = by_kind(plan, Store(tmp_path / "store"))
    assert lines["fit"].todo == 1
    assert lines["predict"].todo == 2
    # The two designers agree here, so that their scores are the same stages.
    assert lines["score"].todo == 4
    assert {line.basis for line in lines.values()} == {GUESSED}


def test_finished_work_tells_what_like_work_costs(plan, tiny, unlisted):
    store = Store(tiny.parent / "store")
    run(plan, store, tiny.parent / "runs", Silent())
    assert sum(line.todo for line in outlook(plan, store)) == 0
    data = tiny_contest.suite_data(seeds=[0, 1])
    more = make_plan(resolve(parse_suite(data, "tiny.yaml", tiny.parent)))
    lines = by_kind(more, store)
    assert (lines["fit"].done, lines["fit"].todo) == (1, 1)
    assert lines["fit"].basis == HERE
    (record,) = store.records("fit")
    assert lines["fit"].seconds == record["seconds"]


def test_the_list_that_ships_stands_in_for_what_was_never_done_here(
    plan, tiny, tmp_path, monkeypatch, unlisted
):
    store = Store(tmp_path / "there")
    run(plan, store, tmp_path / "runs", Silent())
    written = json.loads(list_costs(store, "a fast machine"))
    costs = Costs(written["machine"], written["seconds"])
    monkeypatch.setattr(outlook_module, "listed_costs", lambda: costs)
    lines = by_kind(plan, Store(tmp_path / "here"))
    assert {line.basis for line in lines.values()} == {"measured on a fast machine"}


def test_one_unknown_cost_makes_a_line_a_guess(plan, tiny, monkeypatch, unlisted):
    store = Store(tiny.parent / "store")
    run(plan, store, tiny.parent / "runs", Silent())
    rows = [{"name": "one", "method": "tiny"}]
    rows += [{"name": "two", "method": "tiny", "options": {"steps": 7}}]
    data = tiny_contest.suite_data(variants=rows, seeds=[1])
    more = make_plan(resolve(parse_suite(data, "tiny.yaml", tiny.parent)))
    assert by_kind(more, store)["fit"].basis == GUESSED


def test_the_suites_costs_are_listed():
    costs = listed_costs()
    assert costs.machine
    assert len(costs.seconds) > 20
    assert all(seconds >= 0 for seconds in costs.seconds.values())
