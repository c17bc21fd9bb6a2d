"""When speeds are measured, and when again."""

import json
from dataclasses import replace

import pytest
import tiny_suite
from simulated_kill import SimulatedKill
from tiny_run import ROWS, TinyRun

from benchmark.run import timing
from benchmark.run.cost_estimate import estimate_cost
from benchmark.run.runner import finished_trials
from benchmark.storage.trial_folder import read_record, read_timing


def test_another_machine_measures_only_speed_again(finished):
    before = (finished.trial("one") / "cases.parquet").read_bytes()
    fits = list(finished.store.records("fit"))
    other = {**finished.plan.machine, "name": "another"}
    finished.plan = replace(finished.plan, machine=other)
    for trial in finished.plan.trials:
        trial.speed.inputs["machine"] = "another"
    assert not any(outcome.cached for outcome in finished.run())
    assert read_timing(finished.trial("one"))["hardware"]["name"] == "another"
    assert (finished.trial("one") / "cases.parquet").read_bytes() == before
    assert list(finished.store.records("fit")) == fits


def test_speed_is_measured_again_for_pictures_of_another_size(tiny):
    small, large = (
        TinyRun(tiny.parent, variants=ROWS, render_size=size).plan.trials[0]
        for size in (64, 128)
    )
    assert small.fit.key == large.fit.key
    assert small.speed.key != large.speed.key


@pytest.mark.parametrize("content", ["[]", "{}", "{"])
def test_a_damaged_timing_is_measured_again(finished, content):
    (finished.trial("one") / "timing.json").write_text(content)
    one, *others = finished.run()
    assert not one.cached
    assert all(outcome.cached for outcome in others)
    assert read_timing(finished.trial("one"))["repeats"] >= 5


def test_a_run_killed_while_speeds_are_measured_repeats_only_the_open_round(
    tiny, monkeypatch
):
    resolved = TinyRun(tiny.parent, variants=ROWS)
    loads = []
    load = tiny_suite.TinyMethod.load.__func__

    def counted(cls, folder, device="cpu"):
        loads.append(folder)
        return load(cls, folder, device)

    def kill(*arguments):
        raise SimulatedKill

    def work_again(self, *arguments):
        raise AssertionError("worked again")

    monkeypatch.setattr("benchmark.run.speeds.time_together", kill)
    with pytest.raises(SimulatedKill):
        resolved.run()
    scored = {p: p.stat().st_mtime_ns for p in resolved.folder.rglob("*.parquet")}
    assert len(scored) == len(ROWS)
    assert read_timing(resolved.trial("one")) is None
    open_trials = finished_trials(resolved.plan, resolved.store, resolved.home / "runs")
    assert open_trials == set()
    left = estimate_cost(resolved.plan, resolved.store)
    assert {line.kind: line.todo for line in left if line.todo} == {"speed": len(ROWS)}

    monkeypatch.undo()
    monkeypatch.setattr(tiny_suite.TinyMethod, "load", classmethod(counted))
    monkeypatch.setattr(tiny_suite.TinyMethod, "fit", work_again)
    monkeypatch.setattr(tiny_suite.MouthError, "score", work_again)
    write = timing.atomic_write

    def kill_after_two(path, data):
        write(path, data)
        if len(json.loads(data)["rounds"]) == 2:
            raise SimulatedKill

    monkeypatch.setattr(timing, "atomic_write", kill_after_two)
    with pytest.raises(SimulatedKill):
        resolved.run()
    assert len(loads) == 2 * len(ROWS)
    monkeypatch.setattr(timing, "atomic_write", write)
    loads.clear()
    assert not any(outcome.error for outcome in resolved.run())
    assert len(loads) >= (timing.ROUNDS - 2) * len(ROWS)
    assert len(loads) <= (timing.ROUNDS - 2 + timing.EXTRA_ROUNDS) * len(ROWS)
    assert read_timing(resolved.trial("one"))["model_hz_median"] > 0
    after = {p: p.stat().st_mtime_ns for p in resolved.folder.rglob("*.parquet")}
    assert after == scored
    assert not list(resolved.folder.glob(".speed*"))
    loads.clear()
    assert all(outcome.cached for outcome in resolved.run())
    assert loads == []


def test_methods_of_one_run_are_timed_in_one_session(finished):
    timings = [read_timing(finished.trial(row["name"])) for row in ROWS]
    assert len({each["session"] for each in timings}) == 1
    others = [[r["other_cores"] for r in each["rounds"]] for each in timings]
    assert others[0] == others[1] == others[2]
    assert len(others[0]) == timing.ROUNDS


def test_a_trial_whose_speed_cannot_be_measured_fails_alone(tiny, monkeypatch):
    resolved = TinyRun(tiny.parent, variants=ROWS[:2])
    predict = tiny_suite.TinyMethod.predict

    def fails_on_single_faces(self, faces):
        if len(faces) == 1 and faces.shape[-1] == 65:
            raise ValueError("one face only")
        return predict(self, faces)

    monkeypatch.setattr(tiny_suite.TinyMethod, "predict", fails_on_single_faces)
    one, two = resolved.run()
    assert one.error is None
    assert two.error == "ValueError: one face only"
    assert "fails_on_single_faces" in read_record(two.folder)["traceback"]
    assert read_record(two.folder)["status"] == "failed"
    monkeypatch.undo()
    one, two = resolved.run()
    assert one.cached
    assert two.error is None
    assert read_timing(two.folder) is not None


def test_a_method_that_ends_the_process_while_it_is_timed_fails_alone(
    tiny, monkeypatch
):
    predict = tiny_suite.Oracle.predict

    def end_with_one_face(self, faces):
        return predict(self, faces) if len(faces) > 1 else exit(3)

    monkeypatch.setattr(tiny_suite.Oracle, "predict", end_with_one_face)
    *others, ended = TinyRun(tiny.parent, variants=ROWS).run()
    assert "its code called sys.exit(3)" in (ended.error or "")
    assert not any(outcome.error for outcome in others)


def test_timings_of_earlier_versions_count(finished):
    path = finished.trial("one") / "timing.json"
    old = json.loads(path.read_text())
    for name in ("session", "rounds", "disturbed_rounds", "other_cores"):
        del old[name]
    path.write_text(json.dumps(old))
    assert all(outcome.cached for outcome in finished.run())
    assert read_timing(finished.trial("one")) == old
