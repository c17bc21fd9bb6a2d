"""`avatarbench store` on the store of two runs of the tiny suite."""

import json
import os
import shutil
import sys

import pytest
import tiny_suite
from fsspec.implementations.memory import MemoryFileSystem
from tiny_run import TinyRun

from benchmark.cli import main
from benchmark.storage.archive import export_entries
from benchmark.storage.archive_import import import_entries
from benchmark.storage.entries import entries

ROWS = [
    {"name": "one", "method": "tiny"},
    {"name": "two", "method": "tiny", "options": {"steps": 5}},
]


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A folder with a run of both rows and a run of the first only."""
    tiny_suite.register()
    home = tmp_path_factory.mktemp("made")
    tiny_suite.make_faces(home)
    runs = [TinyRun(home, variants=ROWS), TinyRun(home, variants=ROWS[:1])]
    for each in runs:
        assert not any(outcome.error for outcome in each.run())
    (home / "folders.json").write_text(json.dumps([str(r.folder) for r in runs]))
    return home


@pytest.fixture
def call(made, tmp_path, monkeypatch, capsys):
    """Runs `avatarbench store` in a copy; returns status and all output."""
    shutil.copytree(made / "runs", tmp_path / "runs", symlinks=True)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "120")

    def call(*words):
        monkeypatch.setattr(sys, "argv", ["avatarbench", "store", *map(str, words)])
        with pytest.raises(SystemExit) as caught:
            main()
        shown = capsys.readouterr()
        return caught.value.code or 0, shown.out + shown.err

    return call


@pytest.fixture
def only_one(made):
    """The name of the run with the first row only."""
    folder = json.loads((made / "folders.json").read_text())[1]
    return os.path.join("runs", "tiny", os.path.basename(folder))


def table(text):
    """The cells of a printed table, by the first of their row."""
    rows = [line.split() for line in text.splitlines() if line.strip()]
    return {first: cells for first, *cells in rows}


def test_list_shows_stages_and_entries(call, tmp_path):
    status, text = call("list")
    assert status == 0
    rows = table(text)
    assert (rows["fit"][0], rows["tiny-walk"][0]) == ("2", "2")
    assert "unfinished" not in rows
    entries = json.loads(call("list", "fit", "--json")[1])
    assert [each["digests"] for each in entries] == [True, True]
    assert all(each["name"] in call("list", "fit")[1] for each in entries)
    status, text = call("list", "fitt")
    assert status == 2
    assert (
        "runs/store has no stage 'fitt' (did you mean fit?); it has fit, pred" in text
    )


def test_a_store_that_is_not_there_is_named(call):
    for words in (["list"], ["verify"], ["gc"], ["export", "x.tar"]):
        status, text = call(*words, "--store", "nowhere")
        assert status == 2
        assert text == (
            "avatarbench: there is no store at nowhere; name its folder with --store\n"
        )


@pytest.mark.slow
def test_verify_finds_a_changed_file_and_moves_it_aside(call, tmp_path):
    status, text = call("verify", "--quiet")
    assert status == 0
    assert "damaged: 0 entries" in text
    (walk, _) = sorted((tmp_path / "runs" / "store" / "tiny-walk").glob("*/walk.json"))
    walk.write_text(walk.read_text().replace("0.", "1.", 1))
    status, text = call("verify", "--quiet")
    assert status == 1
    assert f"tiny-walk/{walk.parent.name}: the content of walk.json has changed" in text
    assert "move them aside with --quarantine" in text
    assert walk.exists()
    status, text = call("verify", "--quiet", "--quarantine")
    assert status == 1
    assert "; moved to runs/store/quarantine/tiny-walk/" in text
    assert not walk.exists()
    assert call("verify", "--quiet")[0] == 0
    assert "quarantined" in call("list")[1]


def test_gc_lists_first_and_removes_with_yes(call, only_one, tmp_path):
    status, text = call("gc", only_one)
    assert status == 0
    rows = {name: cells[:3] for name, cells in table(text).items()}
    assert rows["fit"] == rows["tiny-walk"] == ["not", "used", "1"]
    assert rows["score"][2] == "4"  # two splits, two metrics
    assert text.endswith("nothing is removed yet: repeat the command with --yes\n")
    assert len(json.loads(call("list", "fit", "--json")[1])) == 2
    assert call("gc", only_one, "--yes")[0] == 0
    assert len(json.loads(call("list", "fit", "--json")[1])) == 1
    assert call("gc", only_one)[1] == "nothing to remove\n"


def test_gc_warns_of_trials_without_results(call, only_one, tmp_path):
    shutil.rmtree(tmp_path / only_one / "trials" / "one__tiny__s0")
    status, text = call("gc", only_one)
    assert status == 0
    assert "has no results of one__tiny__s0; stages that only these need" in text


def test_a_run_needs_only_what_gc_keeps(made, call, only_one, tmp_path):
    call("gc", only_one, "--yes")
    shutil.copytree(made, tmp_path, dirs_exist_ok=True, ignore=lambda *_: ["runs"])
    records = {p: p.read_bytes() for p in tmp_path.glob("runs/store/*/*/stage.json")}
    shutil.rmtree(tmp_path / "runs" / "tiny")
    (outcome,) = TinyRun(tmp_path, variants=ROWS[:1]).run()
    assert outcome.error is None
    after = {p: p.read_bytes() for p in tmp_path.glob("runs/store/*/*/stage.json")}
    assert after == records


def test_export_and_import_move_what_a_run_uses(call, only_one, tmp_path):
    status, text = call("export", "one.tar", only_one, "--quiet")
    assert status == 0
    assert "written: one.tar (" in text
    status, text = call("import", "one.tar", "--store", "other", "--quiet")
    assert status == 0
    assert "imported to other: " in text
    assert len(json.loads(call("list", "fit", "--json", "--store", "other")[1])) == 1
    assert call("verify", "--store", "other", "--quiet")[0] == 0
    assert "in the store before: " in call("import", "one.tar", "--quiet")[1]
    status, text = call("export", "one.tar", "--quiet")
    assert status == 2
    assert text == "avatarbench: one.tar exists already; name another file\n"


def test_machines_exchange_stages_through_a_url(call, only_one, tmp_path):
    MemoryFileSystem.store.clear()
    url = "memory://bucket/one.tar"
    status, text = call("export", url, only_one, "--quiet")
    assert status == 0
    assert f"written: {url} (" in text
    status, text = call("import", url, "--store", "other", "--quiet")
    assert status == 0
    assert call("verify", "--store", "other", "--quiet")[0] == 0
    MemoryFileSystem.store.clear()


def test_a_run_builds_nothing_that_other_machines_built(tmp_path):
    tiny_suite.register()
    for machine in ("a", "b", "c"):
        tiny_suite.make_faces(tmp_path / machine)
    for seed, machine in enumerate("ab"):
        part = TinyRun(tmp_path / machine, variants=ROWS, seeds=[seed])
        assert not any(outcome.error for outcome in part.run())
        export_entries(list(entries(part.store.root)), tmp_path / f"{machine}.tar")
    whole = TinyRun(tmp_path / "c", variants=ROWS, seeds=[0, 1])
    for machine in "ab":
        import_entries(f"file://{tmp_path}/{machine}.tar", whole.store.root)
    imported = {entry.name for entry in entries(whole.store.root)}
    assert [outcome.error for outcome in whole.run()] == [None] * 4
    built = {entry.name for entry in entries(whole.store.root)} - imported
    assert {name.partition("/")[0] for name in built} == {"speed"}


def test_a_store_at_a_url_is_refused(call, tmp_path):
    for option in ("--store", "--out"):
        status, text = call("export", "x.tar", option, "s3://bucket/runs")
        assert status == 2
        said = " ".join(text.replace("│", " ").split())
        assert "s3://bucket/runs is a URL, but a run needs a folder with" in said
        assert "avatarbench store export URL" in said
    assert not (tmp_path / "s3:").exists()
