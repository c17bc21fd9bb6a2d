"""Run the examples in docs/ that are marked as runnable.

The line `<!-- runnable -->` marks the block that follows, or `<!-- runnable: slow -->`.
A block with `file=NAME` in its first line is written to that file. Others are run: `sh`
by bash, `python` by Python. The blocks of a page share a folder and run in order.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
import typer.core
import typer.main
from places import ROOT

from benchmark.cli import command_line

PAGES = [
    *(ROOT / name for name in ("README.md", "CONTRIBUTING.md")),
    *sorted((ROOT / "docs").glob("*.md")),
    *sorted((ROOT / "docs" / "appendix").glob("*.md")),
]
BLOCK = re.compile(
    r"^<!-- runnable(?P<slow>: slow)? -->\n"
    r"```(?P<language>\w+)(?: file=(?P<file>\S+))?\n(?P<text>.*?)^```$",
    re.MULTILINE | re.DOTALL,
)
PIP = """#!/bin/sh
# `pip install -e .` without an index, into a folder of the test.
exec "{python}" -m pip install --quiet --no-deps --no-build-isolation \\
  --target "{site}" .
"""


COMMAND = re.compile(r"^avatarbench ((?:[^\n\\]|\\\n)+)", re.MULTILINE)


@dataclass(frozen=True)
class Block:
    """One marked code block."""

    language: str
    file: str | None
    text: str
    slow: bool


def blocks_of(page: Path) -> list[Block]:
    return [
        Block(m["language"], m["file"], m["text"], m["slow"] is not None)
        for m in BLOCK.finditer(page.read_text(encoding="utf-8"))
    ]


def cases():
    for page in PAGES:
        blocks = blocks_of(page)
        marks = [pytest.mark.slow] if any(block.slow for block in blocks) else []
        if blocks:
            yield pytest.param(blocks, id=page.stem, marks=marks)


def test_every_marker_precedes_a_block():
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        assert len(re.findall("^<!-- runnable", text, re.MULTILINE)) == len(
            blocks_of(page)
        )


def environment(folder: Path) -> dict[str, str]:
    """The tests' Python first on the path, and a `pip` that needs no index."""
    site, bin_folder = folder / "site", folder / "bin"
    bin_folder.mkdir()
    pip = bin_folder / "pip"
    pip.write_text(PIP.format(python=sys.executable, site=site))
    pip.chmod(0o755)
    path = [str(bin_folder), str(Path(sys.executable).parent), os.environ["PATH"]]
    return {
        **os.environ,
        "PATH": os.pathsep.join(path),
        "PYTHONPATH": os.pathsep.join([str(site), str(ROOT)]),
    }


@pytest.mark.parametrize("blocks", list(cases()))
def test_examples_run(blocks, tmp_path):
    work = tmp_path / "work"
    work.mkdir()
    known = environment(tmp_path)
    for block in blocks:
        if block.file is not None:
            (work / block.file).write_text(block.text, encoding="utf-8")
            continue
        command = {
            "sh": ["bash", "-euo", "pipefail", "-c", block.text],
            "python": [sys.executable, "-c", block.text],
        }[block.language]
        done = subprocess.run(
            command, cwd=work, env=known, capture_output=True, text=True
        )
        said = f"{block.text}\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}"
        assert done.returncode == 0, said


def is_option(words: list[str]) -> bool:
    return not words or words[0].startswith("-")


def commands_of(page: Path) -> list[list[str]]:
    """The words of every `avatarbench` command line in a page's code blocks."""
    blocks = re.findall(r"^```sh.*?^```", page.read_text("utf-8"), re.M | re.S)
    text = "\n".join(blocks)
    lines = [m[1].replace("\\\n", " ") for m in COMMAND.finditer(text)]
    return [shlex.split(line, comments=True) for line in lines]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_commands_and_options_in_docs_exist(page):
    for words in commands_of(page):
        command = command_line()
        while isinstance(command, typer.core.TyperGroup) and not is_option(words):
            default = getattr(command, "default", None)
            if default is not None and words[0] not in command.commands:
                words = [default, *words]
            name, *words = words
            assert name in command.commands, f"{page.name}: {name}"
            command = command.commands[name]
        known = {option for param in command.params for option in param.opts}
        known |= {"--help", "--debug"}
        for word in words:
            if word.startswith("-"):
                assert word.partition("=")[0] in known, f"{page.name}: {word}"


def test_no_text_promises_a_release():
    """There is none on a package index; an old name there would be somebody else's."""
    listed = subprocess.run(
        ["git", "ls-files", "*.md", "*.py", "*.yaml", "*.jinja"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    promise = re.compile(r"pip install [^\n`]*['\" ]avatarbench['\"\[ \n`]")
    for name in listed.stdout.splitlines():
        if (ROOT / name).is_file() and Path(name).name != Path(__file__).name:
            text = (ROOT / name).read_text(encoding="utf-8")
            assert promise.search(text) is None, name


def test_every_file_of_the_simulated_study_says_that_it_is_simulated():
    folder = ROOT / "docs" / "results" / "simulated-study"
    pages = [ROOT / "docs" / "simulated-study.md", *folder.iterdir()]
    assert len(pages) > 10
    for path in pages:
        assert path.name == "README.md" or path.name.startswith("simulated-")
        if path.suffix != ".csv":
            assert "imulated" in path.read_text(encoding="utf-8"), path
