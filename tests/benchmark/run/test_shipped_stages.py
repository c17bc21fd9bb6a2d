"""Shipped stages are read in place, never written, and found by their exact key."""

import json
import os
from dataclasses import replace

import pytest
import torch

from benchmark.config.resolve import resolve
from benchmark.config.suite import load_suite
from benchmark.run.plan import make_plan
from benchmark.run.runner import run
from benchmark.run.stage_executor import StageExecutor
from benchmark.storage.store import Stage, Store, StoreError
from benchmark.storage.trial_folder import read_timing
from benchmark.system.progress import Silent
from benchmark.weights.folders import SHIPPED_STAGES
from methods.agileavatar.method import AgileAvatar
from methods.agileavatar.stylisation import generators_of
from methods.swiftavatar.method import SwiftAvatar

STAGE = Stage("work", "1", {"a": 1}, {"faces": "f"}, seed=0)


def write(text):
    def build(folder, scratch):
        (folder / "result").write_text(text)

    return build


@pytest.fixture
def shipped(tmp_path):
    """A folder with one finished stage, as the package would ship it."""
    Store(tmp_path / "package").get_or_build(STAGE, write("shipped"))
    return tmp_path / "package"


def files_of(folder):
    return {p: p.stat().st_mtime_ns for p in sorted(folder.rglob("*"))}


def test_a_shipped_stage_is_used_in_place(shipped, tmp_path):
    before = files_of(shipped)
    store = Store(tmp_path / "store", shipped=shipped)
    assert store.has(STAGE)
    folder = store.get_or_build(STAGE, write("built"))
    assert folder == store.folder(STAGE)
    assert folder.is_relative_to(shipped)
    assert (folder / "result").read_text() == "shipped"
    assert store.record(STAGE)["seed"] == 0
    assert files_of(shipped) == before
    assert not (tmp_path / "store").exists()


def test_stages_that_are_not_shipped_are_built_in_the_store(shipped, tmp_path):
    store = Store(tmp_path / "store", shipped=shipped)
    other = replace(STAGE, options={"a": 2})
    before = files_of(shipped)
    assert not store.has(other)
    folder = store.get_or_build(other, write("built"))
    assert folder.is_relative_to(tmp_path / "store")
    assert files_of(shipped) == before
    # The speed of another machine is no estimate for this one.
    assert [r["options"]["a"] for r in store.records("work")] == [2]


def test_a_shipped_stage_is_preferred_to_a_built_one(shipped, tmp_path):
    Store(tmp_path / "store").get_or_build(STAGE, write("built"))
    store = Store(tmp_path / "store", shipped=shipped)
    assert store.folder(STAGE).is_relative_to(shipped)


@pytest.mark.parametrize(
    ("lost", "fault"),
    [("result", "result is missing"), ("stage.json", r"stage\.json is missing")],
)
def test_a_shipped_stage_that_lost_a_file_is_reported(shipped, tmp_path, lost, fault):
    store = Store(tmp_path / "store", shipped=shipped)
    (store.folder(STAGE) / lost).unlink()
    for use in (
        store.has,
        store.folder,
        lambda s: store.get_or_build(s, write("built")),
    ):
        with pytest.raises(StoreError, match=rf"{fault}.*reinstall avatarbench"):
            use(STAGE)
    assert not (tmp_path / "store").exists()


def test_a_cut_shipped_file_is_reported(shipped, tmp_path):
    store = Store(tmp_path / "store", shipped=shipped)
    os.truncate(store.folder(STAGE) / "result", 3)
    with pytest.raises(StoreError, match=r"result has 3 bytes \(expected 7 bytes\)"):
        store.has(STAGE)


@pytest.fixture
def plan(tiny):
    return make_plan(resolve(load_suite(str(tiny))))


@pytest.fixture
def walked(plan, tmp_path):
    """A folder with the inner stage of the tiny method's fit, recorded as one hour."""
    first = Store(tmp_path / "first")
    StageExecutor(plan, first, Silent()).fit(plan.trials[0])
    (tmp_path / "package").mkdir()
    (tmp_path / "first" / "tiny-walk").rename(tmp_path / "package" / "tiny-walk")
    (record,) = (tmp_path / "package").rglob("stage.json")
    record.write_text(json.dumps(json.loads(record.read_text()) | {"seconds": 3600.0}))
    return tmp_path / "package"


def test_a_fit_counts_the_original_time_of_a_shipped_stage(plan, walked, tmp_path):
    store = Store(tmp_path / "store", shipped=walked)
    (outcome,) = run(plan, store, tmp_path / "runs", Silent())
    assert outcome.error is None
    assert not (tmp_path / "store" / "tiny-walk").exists()
    timing = read_timing(outcome.folder)
    assert timing is not None
    assert timing["fit_seconds"] > 3600 > timing["fit_own_seconds"]
    assert timing["fit_shipped"] == ["tiny-walk"]


def test_a_damaged_shipped_stage_ends_the_run(plan, walked, tmp_path):
    next(walked.rglob("walk.json")).unlink()
    store = Store(tmp_path / "store", shipped=walked)
    with pytest.raises(StoreError, match=r"walk\.json is missing"):
        run(plan, store, tmp_path / "runs", Silent())


def test_shipped_stages_are_stored_under_their_own_key():
    """A stage whose folder is not named by its record's hash would never be found."""
    for path in SHIPPED_STAGES.glob("*/*/stage.json"):
        record = json.loads(path.read_text())
        fields = ("name", "version", "options", "inputs", "seed")
        stage = Stage(**{field: record[field] for field in fields})
        assert path.parent == SHIPPED_STAGES / stage.name / stage.key[:32]
        assert Store(path.parent, shipped=SHIPPED_STAGES).has(stage)


class NoLongBuilds(Store):
    """Refuses to build the long stages of SwiftAvatar."""

    def get_or_build(self, stage, build, spent=0.0, share=None):
        if stage.name in {"adaptation", "encoder", "codes"}:
            assert self.ships(stage), f"{stage.name} would be built"
        return super().get_or_build(stage, build, spent, share)


@pytest.fixture
def trials(tmp_path):
    """Gives the trials of a method in a suite, each with the context of its fit."""
    threads = torch.get_num_threads()
    store = NoLongBuilds(tmp_path, shipped=SHIPPED_STAGES)

    def make(name, method):
        plan = make_plan(resolve(load_suite(name, ["seeds=[0]"])))
        executor = StageExecutor(plan, store, Silent())
        for trial in plan.trials:
            if trial.variant.method is method:
                yield trial, executor.fit_context(trial, Silent(), store)

    yield make
    torch.set_num_threads(threads)


@pytest.fixture
def chains(trials):
    """Gives SwiftAvatar's chain on each engine of a suite, and its planned stages."""

    def make(name):
        for trial, context in trials(name, SwiftAvatar):
            method = SwiftAvatar(trial.variant.options)
            yield method.chain(context), method.planned_stages(context)

    return make


def test_suites_find_the_shipped_adaptations(chains):
    """A changed option, seed, version or generator would give another key."""
    shipped = {path.name for path in SHIPPED_STAGES.glob("adaptation/*")}
    quick, standard = (
        {
            stage.stage.key[:32]
            for _, stages in chains(suite)
            for stage in stages
            if stage.name == "adaptation"
        }
        for suite in ("quick", "standard")
    )
    assert quick == shipped
    assert standard > shipped  # that of toon-alter does not ship


def test_quick_finds_the_latent_codes_of_swiftavatar(chains, tmp_path):
    found = set()
    for chain, stages in chains("quick"):
        assert "encoder" not in {stage.name for stage in stages}
        assert len(chain.latents.latents) == chain.inverted
        found.add(chain.latents.digest[:32])
    assert found == {path.name for path in SHIPPED_STAGES.glob("codes/*")}
    assert not (tmp_path / "renders").exists()


def test_agileavatar_draws_with_the_shipped_avatar_generators(trials, tmp_path):
    found = {
        generators_of(trial.variant.options, context).adapted.digest[:32]
        for trial, context in trials("quick-all", AgileAvatar)
    }
    assert found == {path.name for path in SHIPPED_STAGES.glob("adaptation/*")}
    assert not (tmp_path / "renders").exists()
