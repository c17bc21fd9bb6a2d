"""Runs: each trial once, alone where it fails, with the same bytes again."""

import shutil
from contextlib import contextmanager

import numpy as np
import pytest
import tiny_suite
from PIL import Image
from tiny_run import ROWS, TinyRun

from benchmark.avatars import AvatarVectors
from benchmark.engines.base import Engine, PartMapped
from benchmark.run.stage_executor import StageExecutor
from benchmark.storage.trial_folder import read_record, read_timing
from benchmark.system.progress import Silent


class Gone(BaseException):
    pass


def test_a_second_run_does_nothing(finished):
    before = {p: p.stat().st_mtime_ns for p in finished.folder.rglob("*.parquet")}
    assert all(outcome.cached for outcome in finished.run())
    after = {p: p.stat().st_mtime_ns for p in finished.folder.rglob("*.parquet")}
    assert before == after


class CountingProgress(Silent):
    """Keeps the total, the start and the advances of the task of all trials."""

    def __init__(self):
        self.tasks = []

    @contextmanager
    def task(self, label, total, done=0):
        counts = [total, done, 0]
        if label == "trials":
            self.tasks.append(counts)

        class Counter:
            def advance(self, count=1):
                counts[2] += count

        yield Counter()


def test_only_trials_without_scores_advance_the_progress(finished):
    progress = CountingProgress()
    (finished.trial("one") / "timing.json").unlink()  # as if the run had been killed
    shutil.rmtree(finished.trial("two"))
    assert len(finished.run(progress=progress)) == 3
    assert progress.tasks == [[3, 2, 1]]
    finished.run(progress=progress)
    assert len(progress.tasks) == 1


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


def test_a_method_that_renders_while_it_predicts_gets_the_engine(tiny):
    resolved = TinyRun(tiny.parent, variants=[{"name": "a", "method": "rendering"}])
    (outcome,) = resolved.run()
    assert outcome.error is None


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
    resolved = TinyRun(tiny.parent, variants=ROWS)
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
    resolved = TinyRun(tiny.parent, variants=rows)
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
    resolved = TinyRun(tiny.parent, variants=ROWS)
    *others, ended = resolved.run()
    assert ended.error == expected
    assert read_record(resolved.trial("oracle"))["error"] == expected
    assert not any(outcome.error for outcome in others)


def test_ctrl_c_in_a_plugin_ends_the_run(tiny, monkeypatch):
    def interrupt(*arguments):
        raise KeyboardInterrupt

    monkeypatch.setattr(tiny_suite.TinyMethod, "fit", interrupt)
    with pytest.raises(KeyboardInterrupt):
        TinyRun(tiny.parent).run()


def test_listeners_hear_of_every_trial(tiny):
    heard = []

    class Listener:
        def started(self, run):
            heard.append((run / "resolved.yaml").is_file())

        def finished_trial(self, outcome, model):
            heard.append((outcome.name, (model / "tiny.json").is_file()))

        def timed_trial(self, outcome):
            heard.append((outcome.name, read_timing(outcome.folder) is not None))

    TinyRun(tiny.parent).run([Listener()])
    assert heard == [True, ("one__tiny__s0", True), ("one__tiny__s0", True)]


def test_an_oracle_is_fitted_again_on_new_faces_with_the_same_truth(tiny, monkeypatch):
    digests = []

    def fit(self, context):
        digests.append(context.labelled.digest)

    monkeypatch.setattr(tiny_suite.Oracle, "fit", fit)
    TinyRun(tiny.parent, variants=ROWS[2:]).run()
    Image.new("RGB", (64, 64), "red").save(tiny.parent / "faces" / "face00.png")
    TinyRun(tiny.parent, variants=ROWS[2:]).run()
    first, second = digests
    assert first != second
