"""The commands that follow an adoption."""

from __future__ import annotations

import shlex
from pathlib import Path

from benchmark.adoption.results import MODEL, SUITE_FILE
from benchmark.adoption.suites import SPLIT, labelled_count
from benchmark.config.resolved import ResolvedSuite
from reports.adoption.page import Command


def use_commands(engine: str, out: Path) -> list[Command]:
    """Commands that use the model in `out`."""
    model = f"--engine {engine} --model {shlex.quote(str(out / MODEL))}"
    return [
        Command("Avatars of your photographs", f"avatarbench create PHOTO {model}"),
        Command("A web page that does it", f"avatarbench create serve {model}"),
    ]


def score_commands(adopted: ResolvedSuite, engine: str, out: Path) -> list[Command]:
    """Commands from no ground truth to scores."""
    quoted = [shlex.quote(str(out / name)) for name in ("desk", "truths", SUITE_FILE)]
    desk, truths, suite = quoted
    count, faces = labelled_count(adopted), adopted.suite.faces
    own = faces.folder or faces.ffhq
    found: list[Command] = []
    if own is None:
        source = shlex.quote(str(faces.set or faces.packed))
        export = f"avatarbench faces export {source} --split {SPLIT} --count {count}"
        found.append(Command("Pictures of the faces", f"{export} --out {desk}"))
    place = desk if own is None else shlex.quote(str(own))
    serve = f"avatarbench studio serve --faces {place} --engine {engine}"
    export = f"avatarbench studio export runs/studio/{engine} {truths}"
    return [
        *found,
        Command("Ground truth: enter as “me” and make an avatar of each face", serve),
        Command("Ground truth as a file", export),
        Command(
            "Scores; what is fitted is not fitted again", f"avatarbench run {suite}"
        ),
    ]
