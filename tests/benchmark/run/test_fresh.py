"""Changed code of a plugin is noticed, and `run --fresh NAME` rebuilds its stages."""

import json
import os
from types import SimpleNamespace

import plugins
import pytest
import tiny_suite

from benchmark.commands.rescore import rescore_run
from benchmark.commands.run import run_suite, validate_suite
from benchmark.config.suite import SuiteError
from benchmark.storage.trial_folder import read_cases

ROWS = [{"name": "one", "method": "tiny"}, {"name": "mine", "method": "plugin"}]
NEW = plugins.METHOD.replace("VALUE = 1\n", "VALUE = 1234\n")
BROKEN = NEW.replace("self.spec = context.engine.spec", "raise OSError('no')")


REVISED = NEW.replace('"CC0-1.0")', '"CC0-1.0", revision="2")')


class Home:
    """A suite with a plugin, the runs, and what was printed."""

    def __init__(self, folder, monkeypatch, capsys):
        self.folder, self.monkeypatch, self.capsys = folder, monkeypatch, capsys
        self.suite = tiny_suite.make_suite(folder, variants=ROWS)
        self.write(plugins.METHOD)

    def write(self, text):
        (self.folder / "site" / "plugin_module.py").write_text(text)
        plugins.forget(self.monkeypatch, "plugin_module")

    def run(self, *fresh, dry_run=False):
        self.status = run_suite(
            str(self.suite),
            out=self.folder / "runs",
            store_folder=self.folder / "runs" / "store",
            overrides=(),
            lpips_backbone=None,
            fresh=fresh,
            dry_run=dry_run,
            track=False,
            quiet=False,
        )
        return self.capsys.readouterr()

    def predictions(self, variant):
        trials = self.folder / "runs" / "tiny" / "latest" / "trials"
        return list(read_cases(trials / f"{variant}__tiny__s0")["predicted"])


@pytest.fixture
def home(tmp_path, monkeypatch, capsys):
    tiny_suite.register()
    files = SimpleNamespace(folder=tmp_path, page=tmp_path)
    monkeypatch.setattr("reports.write.write_reports", lambda folder: files)
    study = "benchmark.commands.study_create.create_default_study"
    monkeypatch.setattr(study, lambda folder: [])
    framing = "benchmark.config.resolve_faces.unaligned_splits"
    monkeypatch.setattr(framing, lambda splits: [])
    site = tmp_path / "site"
    plugins.install(site, "my-plugin", {"methods": {"plugin": "plugin_module:Plugin"}})
    monkeypatch.syspath_prepend(site)
    home = Home(tmp_path, monkeypatch, capsys)
    assert "warning" not in home.run().err
    assert home.status == 0
    return home


def stage_files(home, name):
    return sorted((home.folder / "runs" / "store" / name).glob("*/stage.json"))


def test_stage_records_name_the_source_without_changing_the_key(home):
    records = [json.loads(path.read_text()) for path in stage_files(home, "fit")]
    sources = [record["made_with"].get("sources", {}) for record in records]
    assert sorted(map(list, sources)) == [[], ["method plugin"]]


@pytest.mark.parametrize("dry_run", [False, True])
def test_changed_code_is_said_with_the_remedy(home, dry_run):
    assert "warning" not in home.run(dry_run=dry_run).err
    home.write(NEW)
    (line,) = [x for x in home.run(dry_run=dry_run).err.splitlines() if "warning" in x]
    assert line.startswith("warning: the code of method plugin changed since it made ")
    assert "`run --fresh plugin`" in line


def test_validate_says_it_too(home):
    store = home.folder / "runs" / "store"
    arguments = (str(home.suite), (), None, store)
    validate_suite(*arguments)
    assert "warning" not in home.capsys.readouterr().out
    home.write(NEW)
    validate_suite(*arguments)
    said = home.capsys.readouterr().out
    assert "warning: the code of method plugin changed since it made " in said
    validate_suite(*arguments[:3], home.folder / "nowhere")
    assert "warning" not in home.capsys.readouterr().out
    assert not (home.folder / "nowhere").exists()


def test_rescore_says_which_code_made_other_predictions(home):
    def rescore():
        rescore_run(
            "tiny",
            str(home.suite),
            out=home.folder / "runs",
            overrides=(),
            lpips_backbone=None,
            quiet=True,
        )
        return home.capsys.readouterr().err

    assert "warning" not in rescore()
    home.write(NEW)
    assert rescore() == (
        "warning: the code of method plugin changed since the predictions were made, "
        "which are scored as they are; make new ones with `run --fresh plugin`\n"
    )


def test_fresh_rebuilds_the_stages_of_a_method_and_no_others(home):
    before = home.predictions("mine")
    fits = {path: path.stat().st_mtime_ns for path in stage_files(home, "fit")}
    home.write(NEW)
    shown = home.run("plugin", dry_run=True)
    assert "mine__tiny__s0: to do: fit, speed, predict, render, score" in shown.out
    assert "one__tiny__s0: to do: nothing" in shown.out
    assert "rebuilds the stages of plugin" in shown.err
    assert home.predictions("mine") == before
    shown = home.run("plugin")
    assert "one__tiny__s0: already finished" in shown.err
    assert home.predictions("mine") != before
    changed = [p for p, time in fits.items() if p.stat().st_mtime_ns != time]
    assert len(changed) == 1
    shown = home.run()
    assert "warning" not in shown.err
    assert shown.out.count("(2 cached, 0 failed)") == 1


def test_a_rebuild_that_failed_goes_on_without_its_name(home):
    before = home.predictions("mine")
    home.write(BROKEN)
    assert "mine__tiny__s0: failed: OSError: no" in home.run("plugin").err
    assert home.status == 1
    home.write(NEW)
    assert "goes on rebuilding the stages of plugin" in home.run().err
    assert home.status == 0
    assert home.predictions("mine") != before
    assert "rebuilding" not in home.run().err


def test_fresh_engines_and_metrics_rebuild_what_depends_on_them(home):
    shown = home.run("skin-share", dry_run=True)
    assert shown.out.count("to do: score\n") == 2
    old = {
        p: p.stat().st_mtime_ns
        for p in home.folder.glob("runs/tiny/latest/truths/**/*.webp")
    }
    assert old
    for path in old:
        os.utime(path, (1, 1))
    shown = home.run("tiny", dry_run=True)
    assert shown.out.count("to do: fit, speed, predict, render, score") == 2
    home.run("tiny")
    assert all(path.stat().st_mtime > 1 for path in old)


def test_an_unknown_name_is_refused(home):
    with pytest.raises(SuiteError) as caught:
        home.run("plugn")
    assert (
        "--fresh plugn: the suite uses no method, engine or metric of this name"
        in str(caught.value)
    )
    assert "did you mean plugin?" in str(caught.value)


def test_a_cached_stage_of_a_revised_method_is_said_and_rebuilt(home):
    (old,) = stage_files(home, "plugin-training")
    before = old.stat().st_mtime_ns
    home.write(REVISED)
    assert (
        "warning: mine__tiny__s0 uses a cached stage plugin-training that an earlier "
        "version of method plugin made; rebuild it with `run --fresh plugin`"
    ) in home.run().err
    assert old.stat().st_mtime_ns == before
    assert "warning" not in home.run("plugin").err
    assert old.stat().st_mtime_ns != before


@pytest.mark.parametrize("year", [1971, 2099])
def test_clocks_that_are_wrong_change_nothing(home, year):
    """Times of files say nothing: another machine may have written them."""

    def shift_clock():
        for path in (home.folder / "runs").rglob("*"):
            os.utime(path, ((year - 1970) * 31_556_952,) * 2)

    before = home.predictions("mine")
    shift_clock()
    home.write(BROKEN)
    home.run("plugin")
    shift_clock()
    home.write(NEW)
    assert "goes on rebuilding the stages of plugin" in home.run().err
    assert home.predictions("mine") != before
    fits = {path: path.read_bytes() for path in stage_files(home, "fit")}
    shift_clock()
    assert home.run().out.count("(2 cached, 0 failed)") == 1
    assert {path: path.read_bytes() for path in stage_files(home, "fit")} == fits
