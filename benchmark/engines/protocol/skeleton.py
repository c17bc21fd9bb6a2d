"""Write the engine file and the suite of a new engine."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from benchmark.avatars import AvatarError
from benchmark.engines.protocol.engine import ask_spec, connect
from benchmark.engines.protocol.engine_file import SUFFIX, EngineFile, make_spec
from benchmark.engines.protocol.errors import EngineError
from benchmark.storage.store import atomic_write

PLACEHOLDERS: list[dict[str, Any]] = [
    {"type": "continuous", "name": "head_width", "component": "head", "default": 0.5},
    {
        "type": "discrete",
        "name": "skin_tone",
        "component": "head",
        "options": ["light", "brown", "dark"],
        "colours": ["#f0c8a0", "#a86c40", "#5a3a24"],
    },
    {
        "type": "discrete",
        "name": "glasses",
        "component": "glasses",
        "options": ["none", "round"],
    },
]
"""Parameters to replace, for a program that does not tell its own."""

SUITE = """\
# A suite for the engine {name}.
#   1. Look at the engine:      avatarbench engines show {name} --sheet {name}.png
#   2. Check it:                avatarbench engines check {name}
#   3. Export 20 faces:         avatarbench faces export portraits --split validation \\
#                                 --count 20 --out desk
#   4. Make ground truth:       avatarbench studio serve --faces desk --engine {name}
#      and export it:           avatarbench studio export runs/studio/{name} truths
#   5. Run it:                  avatarbench run {file}
# Without ground truth:         avatarbench engines adopt {name}
name: {suite}
title: {title}
faces:
  set: portraits
  validation_count: 20
  truth:
    {name}: {{me: truths/{name}.me.csv}}
designers: [me]
splits: [validation]
engines: [{name}]
variants:
  - {{name: random, method: random}}
  - {{name: constant, method: constant}}
  - {{name: baseline, method: baseline}}
options:
  input_size: 128
  backbone: efficientnet_lite0
  backbone_stages: 4
  frozen_stages: 4
  reading: grid
  grid_channels: 16
  head_width: 64
  samples: 2500
  absent: 0.8
  steps: 500
  batch_size: 64
  schedule: cosine
  continuous_weight: 200
metrics: [st-lpips, {metrics}]
"""


def ask_engine(file: dict[str, Any], folder: Path) -> tuple[dict[str, Any], str | None]:
    """The keys of an engine file, completed by what its program says of itself.

    Args:
        file: keys with `command` or `url`; they take precedence over the program's,
            except the version and the parameters.
        folder: where the command runs.

    Returns:
        The keys, and why the program did not tell its parameters, or None. In that
        case the parameters are `PLACEHOLDERS`, and `ask_spec` is false.

    Raises:
        EngineUnavailable: if the program does not exist.
    """
    basis = {"title": "?", "version": "1", "parameters": PLACEHOLDERS}
    setup = EngineFile.model_validate(basis | file)
    connection = connect(setup, folder)
    try:
        answer = ask_spec(connection, setup.startup_timeout)
        make_spec("new", answer["parameters"])
    except (EngineError, AvatarError) as error:
        silent = {"ask_spec": False, "parameters": file.get("parameters", PLACEHOLDERS)}
        return basis | file | silent, str(error)
    finally:
        connection.stop()
    told = {
        key: answer[key]
        for key in ("title", "source", "licence", "format", "draws")
        if key in answer
    }
    if "version" in answer:
        told["version"] = str(answer["version"])
    own = {"parameters": answer["parameters"], "ask_spec": True}
    return basis | file | told | own, None


def write_engine_file(path: Path, keys: dict[str, Any]) -> None:
    """Write an engine file, its keys in the order of `EngineFile`."""
    ordered = {key: keys[key] for key in EngineFile.model_fields if key in keys}
    text = yaml.safe_dump(ordered, sort_keys=False, allow_unicode=True, width=88)
    atomic_write(path, text.encode())


def write_suite(path: Path, name: str, keys: dict[str, Any]) -> None:
    """Write a suite for an engine, with the steps to its first result as comments."""
    kinds = {parameter["type"] for parameter in keys["parameters"]}
    metrics = []
    if "discrete" in kinds:
        metrics += ["discrete-accuracy", "macro-f1"]
    if "continuous" in kinds:
        metrics.append("continuous-mae")
    title = yaml.safe_dump(f"First run of {keys['title']}", width=1000).partition("\n")[
        0
    ]
    text = SUITE.format(
        name=name,
        suite=path.stem,
        title=title,
        file=path.name,
        metrics=", ".join(metrics),
    )
    atomic_write(path, text.encode())


def engine_file_path(folder: Path, name: str) -> Path:
    """Where the engine file of a new engine is written."""
    return folder / f"{name}{SUFFIX}"
