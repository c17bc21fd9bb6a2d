import errno
import json
import shutil
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import tiny_suite
from PIL import Image
from simulated_kill import SimulatedKill

from benchmark.avatars import AvatarVectors
from benchmark.config.resolve import resolve
from benchmark.config.suite import parse_suite
from benchmark.engines.base import Engine, PartMapped
from benchmark.run import timing
from benchmark.run.cost_estimate import estimate_cost
from benchmark.run.plan import make_plan
from benchmark.run.runner import (
    RunError,
    check_out_folder,
    create_out_folder,
    finished_trials,
    run,
    run_folder,
)
from benchmark.run.stage_executor import StageExecutor
from benchmark.storage.locks import Busy
from benchmark.storage.store import Store, StoreError
from benchmark.storage.trial_folder import (
    TrialError,
    read_cases,
    read_record,
    read_timing,
    trial_folders,
)
from benchmark.system.progress import Silent

ROWS = [
    {"name": "one", "method": "tiny"},
    {"name": "two", "method": "tiny", "options": {"input_size": 65}},
    {"name": "oracle", "method": "oracle"},
]


class ResolvedSuite:
    """A tiny suite, its store and its run folder."""

    def __init__(self, tiny, **changes):
        data = tiny_suite.suite_data(**changes)
        self.home = tiny.parent
        self.plan = make_plan(resolve(parse_suite(data, "tiny.yaml", tiny.parent)))
        self.store = Store(self.home / "runs" / "store")
        self.folder = run_folder(self.plan.resolved, self.home / "runs")

    def run(self, listeners=()):
        return run(self.plan, self.store, self.home / "runs", Silent(), listeners)

    def trial(self, variant):
        return self.folder / "trials" / f"{variant}__tiny__s0"


@pytest.fixture
def finished(tiny):
    resolved = ResolvedSuite(tiny, variants=ROWS)
    assert not any(outcome.error for outcome in resolved.run())
    return resolved


def test_a_trial_folder_holds_what_reports_need(finished):
    folder = finished.trial("one")
    record = read_record(folder)
    assert record["status"] == "done"
    assert record["error"] is None
    assert record["role"] == "method"
    assert record["faces"]["stand_in"] is False
    assert set(record["set_scores"]["heldout/designer-a"]) == {"skin-share"}
    assert [metric["name"] for metric in record["metrics"]] == [
        "mouth-error",
        "skin-share",
    ]
    timing = read_timing(folder)
    assert timing["model_hz_median"] > 0
    assert timing["hardware"]["threads"] == 2
    cases = read_cases(folder)
    assert list(cases.columns) == [
        "split",
        "part",
        "designer",
        "face",
        "mouth-error",
        "predicted",
        "truth",
    ]
    assert len(cases) == 2 * 2 * 4
    assert set(json.loads(cases["predicted"][0])) == {"mouth", "skin"}


def test_pictures_are_stored_next_to_the_scores(finished):
    folder = finished.trial("one") / "pictures" / "heldout"
    assert len(list(folder.iterdir())) == 8
    with Image.open(folder / "face08.face.webp") as face:
        assert face.size == (64, 64)
    truths = finished.folder / "truths" / "tiny" / "designer-b" / "validation"
    assert len(list(truths.iterdir())) == 4


def test_scores_are_those_of_the_records(finished):
    cases = read_cases(finished.trial("two"))
    both = cases[["predicted", "truth"]].map(lambda text: json.loads(text)["mouth"])
    expected = (both["predicted"] - both["truth"]).abs()
    assert np.allclose(cases["mouth-error"], expected, atol=1e-6)


def test_run_folder_describes_itself(finished):
    assert (finished.folder / "resolved.yaml").is_file()
    machine = json.loads((finished.folder / "environment.json").read_text())
    assert machine["packages"]["numpy"] == np.__version__
    latest = finished.folder.parent / "latest"
    assert latest.resolve() == finished.folder.resolve()
    assert len(trial_folders(finished.folder)) == 3


def test_a_second_run_does_nothing(finished):
    before = {p: p.stat().st_mtime_ns for p in finished.folder.rglob("*.parquet")}
    assert all(outcome.cached for outcome in finished.run())
    after = {p: p.stat().st_mtime_ns for p in finished.folder.rglob("*.parquet")}
    assert before == after


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
        ResolvedSuite(tiny, variants=ROWS, render_size=size).plan.trials[0]
        for size in (64, 128)
    )
    assert small.fit.key == large.fit.key
    assert small.speed.key != large.speed.key


def test_results_are_the_same_bytes_from_a_new_store(finished):
    before = (finished.trial("one") / "cases.parquet").read_bytes()
    shutil.rmtree(finished.home / "runs")
    finished.run()
    assert (finished.trial("one") / "cases.parquet").read_bytes() == before


def test_variants_share_inner_stages(finished):
    assert len(list(finished.store.records("tiny-walk"))) == 1
    assert len(list(finished.store.records("fit"))) == 3
    timing = read_timing(finished.trial("two"))
    (walk,) = finished.store.records("tiny-walk")
    assert timing["fit_seconds"] == timing["fit_own_seconds"] + walk["seconds"]


def test_training_figures_are_kept_with_the_fit(finished):
    fit = finished.store.folder(finished.plan.trials[0].fit)
    text = (fit / "curves.jsonl").read_text()
    lines = [json.loads(line) for line in text.splitlines()]
    assert [line["step"] for line in lines] == [0, 1, 2]


def test_methods_get_renders_and_faces_but_no_part_maps_or_ground_truth(
    tiny, monkeypatch
):
    seen = {}
    for method in (tiny_suite.TinyMethod, tiny_suite.Oracle):

        def spy(self, context, fit=method.fit):
            seen[self.meta.name] = context
            fit(self, context)

        monkeypatch.setattr(method, "fit", spy)
    engine = tiny_suite.TinyEngine
    monkeypatch.setattr(engine, "parts", lambda *_: None, raising=False)
    resolved = ResolvedSuite(tiny, variants=ROWS)
    for trial in resolved.plan.trials:
        StageExecutor(resolved.plan, resolved.store, Silent()).fit(trial)
    assert isinstance(resolved.plan.resolved.engines["tiny"], PartMapped)
    for context in seen.values():
        assert isinstance(context.engine, Engine)
        assert not isinstance(context.engine, PartMapped)
        vectors = AvatarVectors.sample(context.engine.spec, 3, seed=0)
        expected = engine().render(vectors, 64)
        np.testing.assert_array_equal(context.engine.render(vectors, 64), expected)
        assert len(context.faces.images) == 4
    assert seen["tiny"].labelled is None
    assert len(seen["oracle"].labelled.truth) == 4


def test_a_failing_trial_is_reported_retried_and_alone(tiny):
    rows = [{"name": "bad", "method": "failing"}, *ROWS]
    resolved = ResolvedSuite(tiny, variants=rows)
    broken = resolved.home / "runs" / "broken"
    broken.parent.mkdir()
    broken.touch()
    bad, *others = resolved.run()
    assert bad.error == "RuntimeError: the sky fell"
    assert not any(outcome.error for outcome in others)
    record = read_record(resolved.trial("bad"))
    assert record["status"] == "failed"
    assert record["error"] == bad.error
    assert not (resolved.trial("bad") / "cases.parquet").exists()
    assert not resolved.store.has(resolved.plan.trials[0].fit)
    broken.unlink()
    bad, *others = resolved.run()
    assert bad.error is None
    assert not bad.cached
    assert all(outcome.cached for outcome in others)
    assert read_record(resolved.trial("bad"))["status"] == "done"


class Gone(BaseException):
    pass


@pytest.mark.parametrize("function", ["fit", "predict", "load"])
@pytest.mark.parametrize(
    ("raised", "expected"),
    [
        (
            SystemExit(3),
            "SystemExit: its code called sys.exit(3), but it must raise an error "
            "instead",
        ),
        (Gone("away"), "Gone: away"),
    ],
)
def test_a_plugin_that_ends_the_process_fails_its_trial_only(
    tiny, monkeypatch, function, raised, expected
):
    def end(*arguments):
        raise raised

    ending = classmethod(end) if function == "load" else end
    monkeypatch.setattr(tiny_suite.Oracle, function, ending)
    resolved = ResolvedSuite(tiny, variants=ROWS)
    *others, ended = resolved.run()
    assert ended.error == expected
    assert read_record(resolved.trial("oracle"))["error"] == expected
    assert not any(outcome.error for outcome in others)


def test_a_method_that_ends_the_process_while_it_is_timed_fails_alone(
    tiny, monkeypatch
):
    predict = tiny_suite.Oracle.predict

    def end_with_one_face(self, faces):
        return predict(self, faces) if len(faces) > 1 else exit(3)

    monkeypatch.setattr(tiny_suite.Oracle, "predict", end_with_one_face)
    *others, ended = ResolvedSuite(tiny, variants=ROWS).run()
    assert "its code called sys.exit(3)" in (ended.error or "")
    assert not any(outcome.error for outcome in others)


def test_ctrl_c_in_a_plugin_ends_the_run(tiny, monkeypatch):
    def interrupt(*arguments):
        raise KeyboardInterrupt

    monkeypatch.setattr(tiny_suite.TinyMethod, "fit", interrupt)
    with pytest.raises(KeyboardInterrupt):
        ResolvedSuite(tiny).run()


def test_missing_scores_are_null_in_the_cases(tiny, monkeypatch):
    nan = np.array([np.nan, 0.5, 0.5, 0.5])
    monkeypatch.setattr(tiny_suite.MouthError, "score", lambda self, cases: nan)
    resolved = ResolvedSuite(tiny)
    resolved.run()
    cases = pd.read_parquet(resolved.trial("one") / "cases.parquet")
    assert cases["mouth-error"].isna().sum() == 4


def test_a_metric_of_the_wrong_shape_fails_the_trial(tiny, monkeypatch):
    monkeypatch.setattr(tiny_suite.MouthError, "score", lambda self, cases: np.zeros(1))
    (outcome,) = ResolvedSuite(tiny).run()
    assert "metric mouth-error: score must return 4 float64 values" in outcome.error


def test_listeners_hear_of_every_trial(tiny):
    heard = []

    class Listener:
        def started(self, run):
            heard.append((run / "resolved.yaml").is_file())

        def finished_trial(self, outcome, model):
            heard.append((outcome.name, (model / "tiny.json").is_file()))

        def timed_trial(self, outcome):
            heard.append((outcome.name, read_timing(outcome.folder) is not None))

    ResolvedSuite(tiny).run([Listener()])
    assert heard == [True, ("one__tiny__s0", True), ("one__tiny__s0", True)]


def test_an_output_folder_that_cannot_be_written_is_named(tiny):
    resolved = ResolvedSuite(tiny)
    (resolved.home / "runs").write_text("a file")
    with pytest.raises(RunError, match=r"cannot write to .*--out"):
        resolved.run()


def test_a_second_process_on_the_same_run_is_reported(tiny, monkeypatch):
    resolved = ResolvedSuite(tiny)

    def held(path, purpose, on_wait=None):
        raise Busy(f"{purpose}: process 1 on here is using it")

    monkeypatch.setattr("benchmark.run.runner.lock", held)
    with pytest.raises(Busy, match=r"run folder .*tiny"):
        resolved.run()


def test_an_unusable_store_ends_the_run_before_it_writes(tiny):
    resolved = ResolvedSuite(tiny)
    (resolved.home / "file").touch()
    resolved.store = Store(resolved.home / "file" / "store")
    with pytest.raises(StoreError, match="--store"):
        resolved.run()
    assert not resolved.folder.exists()


def test_a_full_disk_ends_the_run_with_a_sentence(tiny, monkeypatch):
    def full(*arguments):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("benchmark.run.runner.publish", full)
    monkeypatch.setattr("benchmark.run.trial_writer.publish", full)
    with pytest.raises(RunError, match=r"No space left on device; .*--out"):
        ResolvedSuite(tiny).run()


def test_a_trial_folder_that_lost_its_cases_is_made_again(finished):
    cases = finished.trial("one") / "cases.parquet"
    before = cases.read_bytes()
    cases.unlink()
    one, *others = finished.run()
    assert not one.cached
    assert all(outcome.cached for outcome in others)
    assert cases.read_bytes() == before


def test_results_without_pictures_are_rendered_and_not_fitted_again(
    finished, monkeypatch
):
    pictures = {
        path.relative_to(finished.folder): path.read_bytes()
        for path in finished.folder.rglob("*.webp")
    }
    for place in ("truths", "trials/one__tiny__s0/pictures"):
        shutil.rmtree(finished.folder / place)
    shutil.rmtree(finished.store.root)

    def fit(self, context):
        raise AssertionError("fitted again")

    monkeypatch.setattr(tiny_suite.TinyMethod, "fit", fit)
    heard = []

    class Listener:
        def started(self, run):
            pass

        def finished_trial(self, outcome, model):
            heard.append((outcome.error, model))

    left = estimate_cost(
        finished.plan,
        finished.store,
        finished_trials(finished.plan, finished.store, finished.folder.parent.parent),
    )
    assert sum(line.todo for line in left) == 0
    assert sum(line.todo for line in estimate_cost(finished.plan, finished.store)) > 0
    assert all(outcome.cached for outcome in finished.run([Listener()]))
    assert heard == [(None, None)] * 3
    for path, content in pictures.items():
        assert (finished.folder / path).read_bytes() == content


def test_incomplete_pictures_are_rendered_again(finished):
    lost = finished.trial("one") / "pictures" / "heldout" / "face08.prediction.webp"
    truths = finished.folder / "truths" / "tiny" / "designer-b"
    before = lost.read_bytes()
    lost.unlink()
    shutil.rmtree(truths)
    assert all(outcome.cached for outcome in finished.run())
    assert lost.read_bytes() == before
    assert len(list((truths / "heldout").iterdir())) == 4


def test_a_trial_that_cannot_be_rendered_again_stops_no_other(finished):
    folder = finished.trial("one")
    cases = read_cases(folder)
    cases[cases["face"] != "face08"].to_parquet(folder / "cases.parquet")
    shutil.rmtree(folder / "pictures")
    one, *others = finished.run()
    assert "lacks predictions for faces of" in (one.error or "")
    assert all(outcome.cached for outcome in others)
    assert read_record(folder)["status"] == "done"


@pytest.mark.parametrize("content", ["[]", "{}", "{"])
def test_a_damaged_timing_is_measured_again(finished, content):
    (finished.trial("one") / "timing.json").write_text(content)
    one, *others = finished.run()
    assert not one.cached
    assert all(outcome.cached for outcome in others)
    assert read_timing(finished.trial("one"))["repeats"] >= 5


def test_damaged_cases_are_named(finished):
    path = finished.trial("one") / "cases.parquet"
    path.write_bytes(path.read_bytes()[:300])
    with pytest.raises(TrialError, match=r"cases\.parquet .*run the suite again"):
        read_cases(finished.trial("one"))


def test_an_oracle_is_fitted_again_on_new_faces_with_the_same_truth(tiny, monkeypatch):
    digests = []

    def fit(self, context):
        digests.append(context.labelled.digest)

    monkeypatch.setattr(tiny_suite.Oracle, "fit", fit)
    ResolvedSuite(tiny, variants=ROWS[2:]).run()
    Image.new("RGB", (64, 64), "red").save(tiny.parent / "faces" / "face00.png")
    ResolvedSuite(tiny, variants=ROWS[2:]).run()
    first, second = digests
    assert first != second


def test_a_run_killed_while_speeds_are_measured_repeats_only_the_open_round(
    tiny, monkeypatch
):
    resolved = ResolvedSuite(tiny, variants=ROWS)
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
    resolved = ResolvedSuite(tiny, variants=ROWS[:2])
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


def test_timings_of_earlier_versions_count(finished):
    path = finished.trial("one") / "timing.json"
    old = json.loads(path.read_text())
    for name in ("session", "rounds", "disturbed_rounds", "other_cores"):
        del old[name]
    path.write_text(json.dumps(old))
    assert all(outcome.cached for outcome in finished.run())
    assert read_timing(finished.trial("one")) == old


def test_a_folder_whose_name_is_not_utf8_is_refused_at_once(tmp_path):
    out = tmp_path / "n\udcff"
    for check in (check_out_folder, create_out_folder):
        with pytest.raises(RunError, match=r"n\\xff is not UTF-8; give another"):
            check(out)
    assert list(tmp_path.iterdir()) == []
