"""`avatarbench leaderboard`, from the command line."""

from __future__ import annotations

import json
import os
import re
import shutil
from html.parser import HTMLParser
from pathlib import Path

import pytest
from browser import chromium, find_violations
from command_line import invoke
from typer.testing import Result

from benchmark.config.suite import SuiteError
from reports.trials import ReportError


def leaderboard(*words: object) -> Result:
    return invoke("leaderboard", *words)


@pytest.fixture(scope="module")
def runs(full_run: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with four runs: two of v3, one of v2 and one with other faces."""
    home = tmp_path_factory.mktemp("boards")
    version(copied(full_run, home / "new", 1_790_000_000), "v3")
    version(copied(full_run, home / "old", 1_780_000_000), "v3")
    version(copied(full_run, home / "before", 1_770_000_000), "v2")
    version(copied(full_run, home / "own", 1_760_000_000), None)
    return home


def copied(run: Path, to: Path, time: int) -> Path:
    shutil.copytree(run, to, ignore=shutil.ignore_patterns("report", "truths"))
    for path in to.glob("trials/*/trial.json"):
        os.utime(path, (time, time))
    return to


def version(run: Path, name: str | None) -> None:
    for path in run.glob("trials/*/trial.json"):
        record, stat = json.loads(path.read_text()), path.stat()
        digest = f"{name}" * 20
        frozen = {"name": name, "digest": digest, "frozen_digest": digest}
        record["world"] = frozen | {"changed": []} if name else None
        path.write_text(json.dumps(record))
        os.utime(path, (stat.st_mtime, stat.st_mtime))


@pytest.fixture(scope="module")
def written(runs: Path) -> tuple[str, str]:
    """What the command prints, and the page."""
    path = runs / "page" / "board.html"
    names = ("own", "before", "old", "new")
    done = leaderboard(*(runs / name for name in names), "--out", path)
    assert done.exit_code == 0, done.exception
    return done.stdout, path.read_text(encoding="utf-8")


def boards_of(page: str) -> list[str]:
    return re.split(r'<section class="board', page.split("<main>")[1])[1:]


def test_the_newest_version_comes_first_and_older_ones_are_grey(written):
    printed, page = written
    assert printed.splitlines()[:3] == [
        "Benchmark version v3: 24 held-out stand-in faces of portraits: 2 runs",
        "Benchmark version v2: 24 held-out stand-in faces of portraits (older version)"
        ": 1 run",
        "Own faces: 24 held-out stand-in faces of portraits: 1 run",
    ]
    newest, older, own = boards_of(page)
    assert older.startswith(' old"')
    assert "older version</span>" in older
    assert newest.startswith('"')
    assert own.startswith('"')
    assert "differ in the benchmark version (v3 and v2)" in older


def test_a_board_shows_each_method_once_and_its_results_over_time(written):
    newest, older, _ = boards_of(written[1])
    table, history = newest.split("Results over time", 1)
    assert table.count('<th scope="row">Baseline</th>') == 1
    assert "new</td>" in table  # the newest run of the two
    assert "old</td>" not in table
    assert history.count("<polyline") == 2 * 5  # engines and rows
    assert history.index('<th scope="row">quick, old') < history.index(
        '<th scope="row">quick, new'
    )
    assert "Results over time" not in older


def test_leaders_are_those_of_table_one(written):
    newest = boards_of(written[1])[0]
    assert "toon-tiktok: Baseline has the lowest ST-LPIPS." in newest
    row = newest.split('<th scope="row">Baseline</th>')[1].split("</tr>")[0]
    assert row.count("<strong>") == 2
    oracle = newest.split('<th scope="row">Supervised †</th>')[1].split("</tr>")[0]
    assert "<strong>" not in oracle


def test_other_faces_metrics_and_sizes_are_not_mixed(full_run, tmp_path):
    one = copied(full_run, tmp_path / "one", 1_790_000_000)
    other = copied(full_run, tmp_path / "other", 1_780_000_000)
    for path in other.glob("trials/*/trial.json"):
        record = json.loads(path.read_text())
        record["metrics"][1]["identity"] = {"version": "2"}
        path.write_text(json.dumps(record))
    done = leaderboard(one, other, "--out", tmp_path / "page.html")
    page = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert done.stdout.count("1 run\n") == 2
    assert "differ in the settings of ST-LPIPS" in page


def test_a_run_that_is_named_twice_counts_once(full_run, tmp_path):
    done = leaderboard(full_run, full_run, "--out", tmp_path / "page.html")
    assert "portraits: 1 run\n" in done.stdout


def test_speeds_of_different_machines_are_left_out(make_run, tmp_path):
    other = {"name": "Another CPU", "cores": 64}
    run = make_run(engines=("avataaars",), seeds=(0,), machines={"random": other})
    assert leaderboard(run, "--out", tmp_path / "page.html").exit_code == 0
    page = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert "different machines measured them" in page
    assert "Speed (Hz)" not in page


def test_a_folder_without_a_run_is_named_and_nothing_is_written(full_run, tmp_path):
    path = tmp_path / "page.html"
    done = leaderboard(full_run, tmp_path / "nothing", "--out", path)
    with pytest.raises(SuiteError, match="nothing is neither a run folder nor"):
        raise done.exception or AssertionError
    assert not path.exists()


def test_a_page_that_cannot_be_written_is_named(full_run, tmp_path):
    (tmp_path / "file").write_text("in the way")
    done = leaderboard(full_run, "--out", tmp_path / "file" / "page.html")
    with pytest.raises(ReportError, match=r"cannot write to .*page\.html"):
        raise done.exception or AssertionError


class References(HTMLParser):
    """Ids and references of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.refs: list[str] = []

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        if given.get("id"):
            self.ids.append(str(given["id"]))
        self.refs += [str(given[key]) for key in ("src", "href") if given.get(key)]


def test_the_page_makes_no_requests_and_its_links_lead_somewhere(written):
    found = References()
    found.feed(written[1])
    assert all(ref.startswith(("data:", "#")) for ref in found.refs)
    assert {ref[1:] for ref in found.refs if ref.startswith("#")} <= set(found.ids)
    assert len(found.ids) == len(set(found.ids))
    assert "@import" not in written[1]


@pytest.mark.slow
def test_the_page_is_accessible_and_sorts_dates(written, runs):
    with chromium() as browser:
        page = browser.new_page()
        page.goto((runs / "page" / "board.html").as_uri())
        assert find_violations(page) == []
        date = page.locator("#history-1 th", has_text="Date")
        page.locator("#about-1 ~ details > details > summary").click()  # all numbers
        date.get_by_role("button").click()
        shown = page.locator("#history-1 tbody").first.locator("th[scope=row]")
        assert shown.all_inner_texts() == ["quick, new", "quick, old"]
        assert find_violations(page) == []
