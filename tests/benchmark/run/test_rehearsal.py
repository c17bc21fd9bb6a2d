"""A run checks the contracts of plugins on two faces before it begins."""

import plugins
import pytest
import tiny_suite

from benchmark.config.resolve import resolve
from benchmark.config.suite import SuiteError, parse_suite
from benchmark.run import rehearsal
from benchmark.run.plan import make_plan
from benchmark.run.rehearsal import rehearse
from benchmark.run.runner import run
from benchmark.storage.store import Store
from benchmark.system.progress import Silent

ENGINE = """
from pathlib import Path

import numpy as np
import tiny_suite

from benchmark.engines.base import EngineMeta


class Engine(tiny_suite.TinyEngine):
    meta = EngineMeta("drawing", "Drawing", "1", "tests", "CC0-1.0")
    calls = instances = 0

    def __init__(self):
        Engine.instances += 1
        self.number = Engine.instances

    def render(self, vectors, size):
        Engine.calls += 1
        pictures = super().render(vectors, size)
        return CHANGE

    def parts(self, vectors, size):
        return np.full((len(vectors), size, size), PARTS, np.uint8)
"""
METRIC = """
import numpy as np

from evaluation.base import MetricMeta


class Metric:
    meta = MetricMeta("scoring", "Scoring", "", "lower", "LEVEL", {"v": 1})

    def __init__(self, setup):
        pass

    def score(self, cases):
        return CHANGE
"""
METHOD = plugins.METHOD.replace(
    "import json\n", "import itertools\nimport json\nDRAWS = itertools.count()\n"
)
LISTS = "AvatarVectors.sample(self.spec, 1, seed=VALUE)[[0] * len(faces)]"

OTHER = LISTS.replace("self.spec", "type(self.spec)('other', self.spec.parameters)")
ZEROS = "np.zeros(len(cases.truth))"


@pytest.fixture
def plan_with(tmp_path, monkeypatch):
    """Plans of a tiny suite with a plugin of each kind, given their source."""
    tiny_suite.register()
    tiny_suite.make_faces(tmp_path)
    site = tmp_path / "site"
    entries = {
        "methods": {"plugin": "plugin_method:Plugin"},
        "engines": {"drawing": "plugin_engine:Engine"},
        "metrics": {"scoring": "plugin_metric:Metric"},
    }
    plugins.install(site, "my-plugin", entries)
    monkeypatch.syspath_prepend(site)

    def make(
        method=plugins.METHOD, engine="pictures", metric=ZEROS, level="case", parts="12"
    ):
        texts = {
            "plugin_method": method,
            "plugin_engine": ENGINE.replace("CHANGE", engine).replace("PARTS", parts),
            "plugin_metric": METRIC.replace("CHANGE", metric).replace("LEVEL", level),
        }
        for name, text in texts.items():
            (site / f"{name}.py").write_text(text)
        plugins.forget(monkeypatch, *texts)
        data = tiny_suite.suite_data(
            engines=["drawing"],
            variants=[{"name": "mine", "method": "plugin"}],
            metrics=["scoring", "mouth-error"],
        )
        data["faces"]["truth"] = {"drawing": data["faces"]["truth"]["tiny"]}
        return make_plan(resolve(parse_suite(data, "tiny.yaml", tmp_path)))

    return make


def problems_of(plan, tmp_path):
    with pytest.raises(SuiteError) as caught:
        rehearse(plan, Store(tmp_path / "store"), (), lambda line: None)
    return caught.value.problems


def test_plugins_that_keep_their_contracts_pass_and_the_store_stays_empty(
    plan_with, tmp_path
):
    said = []
    rehearse(plan_with(), Store(tmp_path / "store"), (), said.append)
    assert said == ["checks method plugin, on two faces and drawing"]
    assert not (tmp_path / "store").exists()


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (LISTS, "[1, 2]", "predict must return AvatarVectors, but it returned a list"),
        (LISTS, "None", "predict must return AvatarVectors, but it returned nothing"),
        (
            "[[0] * len(faces)]",
            "[[]]",
            "predict must return one vector for each face, but it returned 0 for 2",
        ),
        (
            LISTS,
            OTHER,
            "predict must return vectors of engine tiny, but it returned vectors of "
            "another spec, other",
        ),
        ("return method\n", "pass\n", "load must return a fitted Plugin, but it"),
        ('"spec.json").write', '"other.json").write', "FileNotFoundError: "),
        (
            "def predict(self, faces):",
            "def predict(self, faces):\n        global VALUE; VALUE += 1",
            "the same vectors for the same faces, but they differ when the method is "
            "called again",
        ),
        (
            LISTS,
            LISTS.replace("VALUE", "self.__dict__.setdefault('draw', next(DRAWS))"),
            "the same vectors for the same faces, but they differ when the method is "
            "loaded again",
        ),
        (
            LISTS,
            "exit(4)",
            "SystemExit: its code called sys.exit(4), but it must raise",
        ),
    ],
)
def test_a_method_that_breaks_its_contract_is_refused(
    old, new, expected, plan_with, tmp_path
):
    assert old in METHOD
    (problem,) = problems_of(plan_with(METHOD.replace(old, new)), tmp_path)
    assert problem.startswith("method plugin, on two faces and drawing: ")
    assert expected in problem


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (
            "pictures + np.uint8(Engine.calls)",
            "the same pictures, but 100.0% of the values differ when they are rendered",
        ),
        (
            "pictures + np.uint8(self.number)",
            "100.0% of the values differ when another instance of the engine renders",
        ),
        ("exit()", "SystemExit: its code called sys.exit(None), but it must raise"),
        (
            "pictures.astype(float)",
            "must return uint8 of shape (2, 64, 64, 3), ",
        ),
        ("pictures[:1]", "but it returned uint8 of shape (1, 64, 64, 3)"),
        ("pictures.tolist()", "but it returned a list"),
        ("1 / 0", "ZeroDivisionError: division by zero"),
    ],
)
def test_an_engine_that_breaks_its_contract_is_refused(
    change, expected, plan_with, tmp_path
):
    (problem,) = problems_of(plan_with(engine=change), tmp_path)
    assert problem.startswith("engine drawing: ")
    assert expected in problem


def test_an_engine_with_unknown_part_classes_is_refused_as_in_a_trial(
    plan_with, tmp_path
):
    plan = plan_with(parts="13")
    (problem,) = problems_of(plan, tmp_path)
    sentence = "parts must return part classes 0-12, but it returned 13"
    assert problem == f"engine drawing: {sentence}"
    (outcome,) = run(plan, Store(tmp_path / "store"), tmp_path / "runs", Silent())
    assert outcome.error == f"ContractError: {sentence}"


def test_a_metric_that_ends_the_process_is_refused(plan_with, tmp_path):
    (problem,) = problems_of(plan_with(metric="exit('enough')"), tmp_path)
    assert problem == (
        "metric scoring, on two avatars of drawing: SystemExit: its code called "
        "sys.exit('enough'), but it must raise an error instead"
    )


def test_a_rehearsal_can_be_interrupted(plan_with, tmp_path):
    stop = "(_ for _ in ()).throw(KeyboardInterrupt)"
    for kind, source in (
        ("metric", stop),
        ("engine", stop),
        ("method", plugins.METHOD.replace(LISTS, stop)),
    ):
        plan = plan_with(**{kind: source})
        with pytest.raises(KeyboardInterrupt):
            rehearse(plan, Store(tmp_path / "store"), (), print)


@pytest.mark.parametrize(
    ("change", "level", "expected"),
    [
        (
            "np.zeros(3)",
            "case",
            "2 float64 values (level 'case'), but it",
        ),
        (
            "np.zeros(2)",
            "set",
            "1 float64 value (level 'set'), but it",
        ),
        ("[0.0, 0.0]", "case", "but it returned a list"),
        ("np.full(2, np.inf)", "case", "finite or NaN, but some are infinite"),
    ],
)
def test_a_metric_that_breaks_its_contract_is_refused(
    change, level, expected, plan_with, tmp_path
):
    (problem,) = problems_of(plan_with(metric=change, level=level), tmp_path)
    assert problem.startswith("metric scoring: score must return ")
    assert expected in problem


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        ("ValueError('too few')", "ValueError: too few"),
        (
            "SystemExit(5)",
            "SystemExit: its code called sys.exit(5), but it must raise an error "
            "instead",
        ),
    ],
)
def test_a_fit_that_fails_on_two_faces_is_a_warning_and_fails_its_trial_alone(
    error, expected, plan_with, tmp_path
):
    old = "self.spec = context"
    failing = plugins.METHOD.replace(old, f"raise {error}; {old}")
    plan, store, said = plan_with(failing), Store(tmp_path / "store"), []
    rehearse(plan, store, (), said.append)
    where = "method plugin, on two faces and drawing"
    assert said[1] == f"warning: {where}: fit raised {expected}"
    (outcome,) = run(plan, store, tmp_path / "runs", Silent())
    assert outcome.error == expected


def test_a_long_fit_is_cut_short(plan_with, tmp_path, monkeypatch):
    monkeypatch.setattr(rehearsal, "FIT_SECONDS", -1)
    trained = tmp_path / "trained"
    long = plugins.METHOD.replace(
        "self.spec = context.engine.spec",
        "context.progress.log({'loss': 1.0}, 0)\n"
        f"        open({str(trained)!r}, 'w').close()",
    )
    rehearse(plan_with(long), Store(tmp_path / "store"), (), lambda line: None)
    assert not trained.exists()


def test_finished_trials_and_cached_fits_are_not_rehearsed(plan_with, tmp_path):
    plan, store = plan_with(), Store(tmp_path / "store")
    (outcome,) = run(plan, store, tmp_path / "runs", Silent())
    assert outcome.error is None
    said = []
    rehearse(plan, store, (), said.append)
    rehearse(plan_with(engine="1 / 0"), store, {outcome.name}, said.append)
    assert said == []


def test_a_run_fails_a_trial_with_the_same_sentence(plan_with, tmp_path):
    """Faces after the first two may break the contract too."""
    plan = plan_with(metric="np.zeros(3)")
    (outcome,) = run(plan, Store(tmp_path / "store"), tmp_path / "runs", Silent())
    assert outcome.error is not None
    assert "metric scoring: score must return 4 float64 values" in outcome.error
