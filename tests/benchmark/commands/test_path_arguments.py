from pathlib import Path

import pytest

from benchmark.commands.path_arguments import expand_path


@pytest.fixture(autouse=True)
def _home(monkeypatch):
    monkeypatch.setenv("HOME", "/home/ann")


@pytest.mark.parametrize(
    ("argument", "expanded"),
    [
        ("~/runs", "/home/ann/runs"),
        ("~", "/home/ann"),
        ("--out=~/a b", "--out=/home/ann/a b"),
        ("--store=~", "--store=/home/ann"),
        ("a~b", "a~b"),
        ("--out=./~", "--out=./~"),
        ("seeds=[0,1]", "seeds=[0,1]"),
        ("notes=~ 5 minutes", "notes=~ 5 minutes"),
        ("~ 5 minutes", "~ 5 minutes"),
        ("runs/quick/latest", "runs/quick/latest"),
        ("--public-url=https://x.org/latest/", "--public-url=https://x.org/latest/"),
        ("x" * 5000, "x" * 5000),
        ("a\0/latest", "a\0/latest"),
    ],
)
def test_home_is_expanded_in_paths_only(argument, expanded):
    assert expand_path(argument) == expanded


def test_a_text_file_latest_is_followed(tmp_path):
    (tmp_path / "latest").write_text("abc\n")
    assert expand_path(f"{tmp_path}/latest/study") == f"{tmp_path}/abc/study"
    assert expand_path(f"--study={tmp_path}/latest") == f"--study={tmp_path}/abc"
    (tmp_path / "what?x=1").mkdir()
    (tmp_path / "what?x=1" / "latest").write_text("abc\n")
    assert expand_path(f"{tmp_path}/what?x=1/latest") == f"{tmp_path}/what?x=1/abc"
    assert Path(tmp_path / "latest").is_file()
