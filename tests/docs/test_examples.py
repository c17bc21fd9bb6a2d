"""Run the examples in docs/ that are marked as runnable.

The line `<!-- runnable -->` marks the block that follows, or `<!-- runnable: slow -->`.
A block with `file=NAME` in its first line is written to that file. Others are run: `sh`
by bash, `python` by Python. The blocks of a page share a folder and run in order.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
from places import ROOT

PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
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
        assert text.count("<!-- runnable") == len(blocks_of(page)), page


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
