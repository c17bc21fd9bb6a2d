"""Small programs that speak the engine protocol, with and without faults."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import yaml

PARAMETERS: list[dict[str, Any]] = [
    {"type": "continuous", "name": "shade", "component": "head"},
    {"type": "discrete", "name": "hat", "options": ["none", "cap"]},
]

PROGRAM = '''
import base64, json, os, subprocess, sys, time

PARAMETERS = {parameters!r}
SPEC = {{"protocol": 1, "title": "Blocks", "version": "1", "format": "rgb",
         "licence": "CC0-1.0", "source": "tests", "parameters": PARAMETERS}}

def say(answer):
    sys.stdout.write(json.dumps(answer) + "\\n")
    sys.stdout.flush()

def picture(avatar, size):
    shade = round(255 * avatar["shade"])
    row = bytes((shade, shade, shade)) * size
    top = size // 4 if avatar["hat"] == "cap" else 0
    pixels = bytes((200, 0, 0)) * size * top + row * (size - top)
    return base64.b64encode(pixels).decode()

def once(name):
    """True the first time, whatever process asks."""
    try:
        os.close(os.open(name, os.O_CREAT | os.O_EXCL))
    except FileExistsError:
        return False
    return True

{before}
for line in sys.stdin:
    request = json.loads(line)
    if request["type"] == "spec":
        say(SPEC)
        continue
    size = request["size"]
    pictures = [picture(avatar, size) for avatar in request["avatars"]]
    answer = {{"id": request["id"], "pictures": pictures}}
{each}
    say(answer)
'''


def write_engine(
    folder: Path, before: str = "", each: str = "    pass", **keys: Any
) -> Path:
    """Write a program and its engine file `blocks`; returns the engine file.

    `before` runs when the program starts, `each` (indented) before each answer.
    """
    program = PROGRAM.format(parameters=PARAMETERS, before=before, each=each)
    (folder / "blocks.py").write_text(program)
    data = {
        "title": "Blocks",
        "version": "1",
        "command": [sys.executable, "-I", "-S", "blocks.py"],
        "format": "rgb",
        "parameters": PARAMETERS,
    }
    path = folder / "blocks.engine.yaml"
    path.write_text(yaml.safe_dump(data | keys))
    return path
