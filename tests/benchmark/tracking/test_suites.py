"""Runs of suites in MLflow."""

import base64
import json
from dataclasses import replace

import pytest
import tiny_suite
from simulated_kill import SimulatedKill
from tracked_runs import runs, track

from benchmark.config.resolve import resolve
from benchmark.config.suite import load_suite
from benchmark.run.plan import make_plan
from benchmark.run.runner import run, run_folder
from benchmark.storage.store import Store
from benchmark.system.progress import Silent
from benchmark.tracking import Summary, TrackingError, open_tracker
from reports.write import write_reports

pytestmark = pytest.mark.filterwarnings("ignore::Warning")


def test_everything_is_tracked_once(tiny, database):
    tiny_suite.register()
    plan = make_plan(resolve(load_suite(str(tiny))))
    tracker = track(plan, tiny.parent, database)
    (parent,) = runs(tracker, "invocation")
    (child,) = runs(tracker, "trial")
    assert parent.info.status == child.info.status == "FINISHED"
    assert child.data.tags["mlflow.parentRunId"] == parent.info.run_id
    assert parent.data.tags["avatarbench.trial.one__tiny__s0"] == child.info.run_id
    assert parent.data.params["variants.one.options.steps"] == "3"
    assert child.data.metrics["heldout.designer-a.skin-share"] >= 0
    assert child.data.metrics["speed.model_hz_median"] > 0
    own, chain = (child.data.metrics[f"speed.fit{n}_seconds"] for n in ("", "_chain"))
    assert 0 < own <= chain
    assert child.data.metrics["training.loss"] > 0
    tracked = {i.dataset.digest for i in child.inputs.dataset_inputs}
    splits = [plan.resolved.splits[name] for name in plan.resolved.suite.splits]
    assert tracked == {split.digest[:32] for split in splits}
    assert len(tracked) == 2
    artifacts = {f.path for f in tracker._client.list_artifacts(child.info.run_id)}
    assert {"cases.json", "cases.parquet", "trial.json"} <= artifacts
    shown = tracker._client.list_artifacts(child.info.run_id, "pictures")
    assert [f.path for f in shown] == ["pictures/validation.png"]
    assert child.info.run_name == "Tiny · tiny"
    scored = child.data.metrics
    assert scored["tiny/skin-share"] == scored["heldout.designer-a.skin-share"]
    (model,) = tracker._client.search_logged_models([tracker._experiment])
    assert model.source_run_id == child.info.run_id
    assert [each.model_id for each in child.outputs.model_outputs] == [model.model_id]
    assert child.data.tags["avatarbench.model_uri"] == model.model_uri
    artifacts = {f.path for f in tracker._client.list_artifacts(parent.info.run_id)}
    assert {"resolved.yaml", "environment.json", "reports"} <= artifacts
    assert child.info.artifact_uri.startswith(database.as_uri())

    again = track(plan, tiny.parent, database)
    assert len(runs(again, "trial")) == 1
    newest = runs(again, "invocation")[0]
    assert newest.data.tags["avatarbench.trial.one__tiny__s0"] == child.info.run_id


def test_the_dataset_is_the_face_set(tiny, database):
    tiny_suite.register()
    plan = make_plan(resolve(load_suite(str(tiny), ("name=faces",))))
    tracker = track(plan, tiny.parent, database)
    for run_kind in ("invocation", "trial"):
        (found,) = runs(tracker, run_kind)
        datasets = [each.dataset for each in found.inputs.dataset_inputs]
        faces = plan.resolved.faces
        whole = f"avatarbench:faces/{faces.name}@{faces.version}#{faces.digest}"
        assert {json.loads(each.source)["uri"] for each in datasets} == {whole}
        for each in datasets:
            split = plan.resolved.splits[each.name.rpartition("/")[2]]
            assert json.loads(each.profile)["split_digest"] == split.digest
            assert json.loads(each.profile)["faces"] == len(split)
            columns = json.loads(each.schema)["mlflow_colspec"]
            assert [c["name"] for c in columns][:3] == ["face", "part", "picture"]


def test_the_parent_run_shows_verdict_scores_and_origin(tiny, database):
    tiny_suite.register()
    plan = make_plan(resolve(load_suite(str(tiny), ("name=shown",))))
    tracker = open_tracker(database, "shown")
    folder = run_folder(plan.resolved, tiny.parent / "runs")
    store = Store(tiny.parent / "store")
    run(plan, store, tiny.parent / "runs", Silent(), [tracker])
    columns = [{"name": "tiny/skin-share", "direction": "higher"}]
    tracker.summarise(Summary("One leads.", {"tiny/skin-share/one": 0.5}, columns))
    tracker.close("FINISHED")
    (parent,) = runs(tracker, "invocation")
    (child,) = runs(tracker, "trial")
    assert parent.data.metrics == {"tiny/skin-share/one": 0.5}
    machine = json.loads((folder / "environment.json").read_text())
    tags = parent.data.tags
    assert tags["mlflow.note.content"] == "One leads."
    assert tags["mlflow.source.name"] == "avatarbench run shown"
    assert tags.get("mlflow.source.git.commit") == machine["git"]["sha"]
    dirty = tags.get("mlflow.source.git.dirty")
    assert dirty == str(machine["git"]["dirty"]).lower()
    assert tags["avatarbench.hardware"] == machine["hardware"]["name"]
    experiment = tracker._client.get_experiment(tracker._experiment).tags
    view = json.loads(experiment["mlflow.sharedViewState.avatarbench"])
    assert view["searchFilter"] == f"attributes.run_id IN ('{child.info.run_id}')"
    assert view["orderByKey"] == "metrics.`tiny/skin-share`"
    assert view["orderByAsc"] is False
    shown = tracker._client.search_runs([tracker._experiment], view["searchFilter"])
    assert [each.info.run_id for each in shown] == [child.info.run_id]
    assert experiment["mlflow.experiment.primaryMetric.greaterIsBetter"] == "true"
    assert f"#/experiments/{tracker._experiment}/runs?" in tracker.page
    assert "viewStateShareKey=avatarbench" in tracker.page


@pytest.mark.slow
def test_a_trial_in_an_older_layout_is_logged_again(tiny, database):
    tiny_suite.register()
    plan = make_plan(resolve(load_suite(str(tiny), ("name=older",))))
    tracker = track(plan, tiny.parent, database)
    (child,) = runs(tracker, "trial")
    tracker._client.delete_tag(child.info.run_id, "avatarbench.layout")
    assert len(runs(track(plan, tiny.parent, database), "trial")) == 2


def test_results_without_a_model_are_logged_without_it(tiny, database):
    tiny_suite.register()
    plan = make_plan(resolve(load_suite(str(tiny), ("name=unmodelled",))))
    run(plan, Store(tiny.parent / "elsewhere"), tiny.parent / "runs", Silent())
    tracker = track(plan, tiny.parent, database)
    (child,) = runs(tracker, "trial")
    assert child.info.status == "FINISHED"
    assert child.data.metrics["heldout.designer-a.skin-share"] >= 0
    artifacts = {f.path for f in tracker._client.list_artifacts(child.info.run_id)}
    assert "cases.parquet" in artifacts
    assert "avatarbench.model_uri" not in child.data.tags


def test_a_failed_trial_is_tracked_as_failed(tmp_path, database):
    tiny_suite.register()
    rows = [{"name": "bad", "method": "failing"}]
    path = tiny_suite.make_suite(tmp_path, name="failing", variants=rows)
    (tmp_path / "broken").touch()
    plan = make_plan(resolve(load_suite(str(path))))
    tracker = track(plan, tmp_path, database)
    (child,) = runs(tracker, "trial")
    assert child.info.status == "FAILED"
    assert child.data.tags["avatarbench.error"] == "RuntimeError: the sky fell"


def test_no_held_out_picture_is_logged(tiny, database):
    tiny_suite.register()
    plan = make_plan(resolve(load_suite(str(tiny), ("name=unseen",))))
    folder = run_folder(plan.resolved, tiny.parent / "runs")
    tracker = open_tracker(database, "unseen")
    run(plan, Store(tiny.parent / "store"), tiny.parent / "runs", Silent(), [tracker])
    tracker.add_reports(write_reports(folder).folder)
    tracker.close("FINISHED")
    heldout = plan.resolved.splits["heldout"].ids
    logged = list((database / "mlartifacts" / "avatarbench" / "unseen").rglob("*"))
    assert not [path for path in logged if path.name.split(".")[0] in heldout]
    seen = {path.read_bytes() for path in folder.rglob("heldout/*.webp")}
    assert seen
    assert not [p for p in logged if p.is_file() and p.read_bytes() in seen]
    page = next(path for path in logged if path.name == "page.html").read_text()
    assert not [p for p in seen if base64.b64encode(p).decode() in page]


def test_results_are_kept_if_the_tracker_stops_answering(tiny, database, monkeypatch):
    plan = make_plan(resolve(load_suite(str(tiny), ["notes=never tracked"])))
    tracker = open_tracker(database, plan.resolved.suite.name)

    def gone(*arguments, **named):
        raise ConnectionError("connection refused\nmore of it")

    monkeypatch.setattr(tracker._client, "log_table", gone)
    home = tiny.parent
    with pytest.raises(TrackingError, match="refused; all results so far are kept"):
        run(plan, Store(home / "store"), home / "runs", Silent(), [tracker])
    folder = run_folder(plan.resolved, home / "runs")
    assert (folder / "trials" / "one__tiny__s0" / "cases.parquet").is_file()
    tracker.close("FAILED")


@pytest.mark.slow
def test_the_speed_of_a_killed_run_is_tracked_by_the_next(tiny, database, monkeypatch):
    plan = make_plan(resolve(load_suite(str(tiny), ["notes=killed"])))

    def kill(*arguments):
        raise SimulatedKill

    tracker = open_tracker(database, plan.resolved.suite.name)
    before = {child.info.run_id for child in runs(tracker, "trial")}
    monkeypatch.setattr("benchmark.run.speeds.time_together", kill)
    store, out = Store(tiny.parent / "store"), tiny.parent / "runs"
    with pytest.raises(SimulatedKill):
        run(plan, store, out, Silent(), [tracker])
    monkeypatch.undo()
    killed = {child.info.run_id for child in runs(tracker, "trial")}
    for _ in range(2):
        tracker = track(plan, tiny.parent, database)
        assert {child.info.run_id for child in runs(tracker, "trial")} == killed
    (child,) = killed - before
    history = tracker._client.get_metric_history(child, "speed.model_hz_median")
    assert [metric.value > 0 for metric in history] == [True]


@pytest.mark.slow
def test_speeds_of_another_machine_are_tracked_too(tiny, database):
    plan = make_plan(resolve(load_suite(str(tiny), ["notes=two machines"])))
    tracker = track(plan, tiny.parent, database)
    before = len(runs(tracker, "trial"))
    other = replace(plan, machine={**plan.machine, "waiting": "otherwise"})
    tracker = track(other, tiny.parent, database)
    assert len(runs(tracker, "trial")) == before + 1
