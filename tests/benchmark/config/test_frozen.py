"""The benchmark version: frozen, compared with the code, recorded by every run."""

import json
from dataclasses import replace

import pytest
import tiny_suite
import yaml

from benchmark.cli import main
from benchmark.config.frozen import (
    VersionError,
    current_parts,
    current_version,
    freeze,
    frozen_versions,
)
from benchmark.config.resolve import resolve
from benchmark.config.suite import SUITES, load_suite, parse_suite
from benchmark.engines.toon import ToonAlter
from benchmark.registry import ENGINES, Unavailable
from benchmark.run.plan import make_plan
from benchmark.run.trial_writer import trial_record
from evaluation.parameters import MacroF1
from methods.baseline import Baseline

ADVICE = (
    "this code differs from the frozen version. Scores can be compared within "
    "one version only: either undo the change, or freeze the next version with "
    "`avatarbench version --freeze vN` and run every row of every published table again"
)


@pytest.fixture(scope="module")
def first(tmp_path_factory):
    """A folder in which the current state is frozen as v1."""
    folder = tmp_path_factory.mktemp("versions")
    freeze("v1", folder)
    return folder


def test_the_code_is_the_frozen_version():
    here = current_version()
    assert here.changed == (), f"{', '.join(here.changed)} changed: {ADVICE}"
    assert here.digest == here.frozen.digest


def test_versions_are_numbered_from_one():
    names = [version.name for version in frozen_versions()]
    assert names == [f"v{n}" for n in range(1, len(names) + 1)]


def test_every_part_that_scores_depend_on_is_there(first):
    parts = current_version(first).parts
    suite = load_suite("standard")
    wanted = {"heldout", "validation", "baseline.method"}
    wanted |= {f"baseline.{name}" for name in ("quick", "standard")}
    wanted |= {f"metric.{name}" for name in suite.metrics}
    for engine in suite.engines:
        wanted |= {f"engine.{engine}"}
        wanted |= {f"truth.{engine}.{designer}" for designer in suite.designers}
    assert wanted <= parts.keys()
    assert all(parts.values())


def engine_of_another_version(patch):
    meta = replace(ToonAlter.meta, version="2")
    patch.setattr(ToonAlter, "meta", meta)


def metric_of_another_identity(patch):
    meta = replace(MacroF1.meta, identity={"version": "2"})
    patch.setattr(MacroF1, "meta", meta)


def baseline_of_another_revision(patch):
    patch.setattr(Baseline, "meta", replace(Baseline.meta, revision="next"))


def engine_that_cannot_be_loaded(patch):
    load = type(ENGINES).load

    def without(registry, name):
        if name == "avataaars":
            raise Unavailable("no dicebear here")
        return load(registry, name)

    patch.setattr(type(ENGINES), "load", without)


@pytest.mark.parametrize(
    ("change", "part"),
    [
        (engine_of_another_version, "engine.toon-alter"),
        (metric_of_another_identity, "metric.macro-f1"),
        (baseline_of_another_revision, "baseline.method"),
        (engine_that_cannot_be_loaded, "engine.avataaars"),
    ],
)
def test_a_change_affects_its_part_only(first, monkeypatch, change, part):
    before = current_version(first)
    assert before.changed == ()
    change(monkeypatch)
    after = current_version(first)
    assert after.changed == (part,)
    assert after.digest != before.digest
    assert after.frozen == before.frozen


def test_the_baselines_options_are_its_recipe(first, monkeypatch, tmp_path):
    for path in SUITES.glob("*.yaml"):
        data = yaml.safe_load(path.read_text())
        if path.stem == "quick":
            data["options"]["steps"] += 1
        (tmp_path / path.name).write_text(yaml.safe_dump(data))
    monkeypatch.setattr("benchmark.config.suite.SUITES", tmp_path)
    assert current_version(first).changed == ("baseline.quick",)


def test_a_part_that_is_new_is_a_change(first, monkeypatch):
    now = {**current_parts(), "engine.other": "0" * 64}
    monkeypatch.setattr("benchmark.config.frozen.current_parts", lambda: now)
    assert current_version(first).changed == ("engine.other",)


def test_only_the_next_version_can_be_frozen_and_only_after_a_change(
    tmp_path, monkeypatch
):
    with pytest.raises(
        VersionError, match=r"holds no benchmark version: .*--freeze v1"
    ):
        current_version(tmp_path)
    for name in ("v2", "v0", "two", "../v1"):
        with pytest.raises(
            VersionError, match=r"next version is v1|is not a name of a"
        ):
            freeze(name, tmp_path)
    freeze("v1", tmp_path)
    with pytest.raises(VersionError, match="next version is v2"):
        freeze("v1", tmp_path)
    with pytest.raises(VersionError, match="nothing changed since v1"):
        freeze("v2", tmp_path)
    engine_of_another_version(monkeypatch)
    second = freeze("v2", tmp_path)
    assert current_version(tmp_path).frozen == second
    assert [version.name for version in frozen_versions(tmp_path)] == ["v1", "v2"]
    engine_that_cannot_be_loaded(monkeypatch)
    with pytest.raises(VersionError, match=r"not available here: engine\.avataaars"):
        freeze("v3", tmp_path)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["v1.json", "v2.json"]


@pytest.mark.parametrize(
    "damage", ["{", "[]", {"digest": "0"}, {"name": "v2"}, {"parts": {}}]
)
def test_an_edited_version_is_refused(first, tmp_path, damage):
    text = (first / "v1.json").read_text()
    if isinstance(damage, dict):
        damage = json.dumps(json.loads(text) | damage)
    (tmp_path / "v1.json").write_text(damage)
    with pytest.raises(VersionError, match=r"v1\.json was edited .*git checkout"):
        current_version(tmp_path)


def resolve_small_suite(tiny, faces):
    data = tiny_suite.suite_data(
        faces=faces,
        engines=["toon-alter"],
        variants=[{"name": "random", "method": "random"}],
        metrics=["discrete-accuracy"],
    )
    return resolve(parse_suite(data, "tiny.yaml", tiny.parent))


def test_runs_on_the_portraits_record_the_version(tiny, monkeypatch):
    faces = {"set": "portraits", "validation_count": 2, "heldout_count": 2}
    before = resolve_small_suite(tiny, faces)
    here = current_version()
    assert before.to_data()["world"]["name"] == here.frozen.name
    assert before.to_data()["world"]["digest"] == here.digest
    baseline_of_another_revision(monkeypatch)
    after = resolve_small_suite(tiny, faces)
    assert "baseline.method" in after.to_data()["world"]["changed"]
    assert after.digest != before.digest
    plan = make_plan(after)
    record = trial_record(plan, plan.trials[0])
    assert record["world"] == after.to_data()["world"]


def test_other_faces_have_no_version(tiny):
    assert resolve(load_suite(str(tiny))).to_data()["world"] is None


@pytest.fixture
def version(monkeypatch, capsys):
    """Runs `avatarbench version`; (status, stdout, stderr)."""

    def call(*words, name="version"):
        monkeypatch.setattr("sys.argv", ["avatarbench", name, *words])
        with pytest.raises(SystemExit) as caught:
            main()
        out, err = capsys.readouterr()
        return caught.value.code or 0, out, err

    return call


def test_the_command_shows_each_part(version, monkeypatch):
    here = current_version()
    status, out, _ = version()
    assert status == 0
    assert f"benchmark version {here.frozen.name}, frozen {here.frozen.date}" in out
    assert len(out.splitlines()) == len(here.parts) + 1
    assert "changed" not in out.replace("unchanged", "")
    engine_of_another_version(monkeypatch)
    engine_that_cannot_be_loaded(monkeypatch)
    status, out, _ = version()
    assert status == 0
    lines = {line.split()[0]: line for line in out.splitlines()}
    before = here.parts["engine.toon-alter"][:8]
    assert f"changed ({here.frozen.name}: {before})" in lines["engine.toon-alter"]
    assert "not available here" in lines["engine.avataaars"]
    assert "unchanged" in lines["engine.toon-tiktok"]
    assert "run every row of every published table again" in out


def test_the_command_freezes(version, monkeypatch, tmp_path):
    monkeypatch.setattr(
        "benchmark.commands.version.freeze", lambda n: freeze(n, tmp_path)
    )
    status, out, _ = version("--freeze", "v1")
    assert status == 0
    assert "benchmark version v1 is frozen" in out
    assert (tmp_path / "v1.json").is_file()
    status, out, err = version("--freeze", "v1")
    assert (status, out) == (2, "")
    assert err == "avatarbench: v1 cannot be frozen: the next version is v2\n"


def test_the_old_name_of_the_command_is_deprecated(version):
    status, out, err = version(name="world")
    assert status == 0
    assert out == version()[1]
    assert "deprecated" in err
