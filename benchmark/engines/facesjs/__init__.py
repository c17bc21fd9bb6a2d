"""The engine `facesjs`: zengm's cartoon faces, drawn by a node program.

It is the example of the engine protocol: `draw.mjs` could be anyone's program. Node and
the npm package are not part of this package. `avatarbench engines install facesjs`
fetches the npm package.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from importlib.resources import files
from pathlib import Path
from typing import Any

from benchmark.avatars import AvatarSpec
from benchmark.engines.protocol.engine import ProtocolEngine
from benchmark.engines.protocol.engine_file import EngineFile, make_spec
from benchmark.engines.protocol.errors import EngineUnavailable
from benchmark.storage.store import atomic_write

FOLDER = Path(str(files("benchmark.engines.facesjs")))
PACKAGE = "5.0.3"
"""Version of the npm package; `package-lock.json` has the digests."""
INSTALL = "avatarbench engines install facesjs"

_DESCRIPTION: dict[str, Any] = json.loads((FOLDER / "spec.json").read_text("utf-8"))
"""What `draw.mjs` tells of itself."""


class Facesjs(ProtocolEngine):
    """facesjs without hats, jerseys and lines in the face, cropped to the head.

    Each feature is painted in one colour for `parts`, so part maps are exact to the
    pixel. Beards count as skin; shadows of shaved beards are no facial hair in
    `beards`.

    Raises:
        EngineUnavailable: if node or the npm package is missing.
    """

    spec: AvatarSpec = make_spec("facesjs", _DESCRIPTION["parameters"])

    def __init__(self) -> None:
        from benchmark.engines.rasterize import RASTERIZER

        node, folder = find_node(), npm_folder()
        if not (folder / "node_modules" / "facesjs").is_dir():
            raise EngineUnavailable(
                f"its npm package is not installed: run `{INSTALL}`"
            )
        keys = {key: value for key, value in _DESCRIPTION.items() if key != "protocol"}
        version = f"{keys['version']} (facesjs {PACKAGE}, {RASTERIZER})"
        own = {
            "version": version,
            "command": [node, "draw.mjs", str(folder)],
            "ask_spec": False,
        }
        file = EngineFile.model_validate(keys | own)
        super().__init__("facesjs", Facesjs.spec, file, FOLDER)


def npm_folder() -> Path:
    """The folder in the cache that holds `node_modules` with the npm package.

    Its name has the version, so that another version is another folder. Raises
    WeightsError if there is no home directory.
    """
    from benchmark.weights.folders import cache_folder

    return cache_folder() / f"facesjs-{PACKAGE}"


def find_node() -> str:
    """The path of node; raises EngineUnavailable if it is not installed."""
    node = shutil.which("node")
    if node is None:
        raise EngineUnavailable(
            "it needs the program node, which is not installed here: install Node.js "
            f"18 or newer, then run `{INSTALL}`"
        )
    return node


def install() -> Path:
    """Fetch the npm package into the cache, with npm; returns its folder.

    npm checks the digests in `package-lock.json`, and runs no script of a package.
    Raises EngineUnavailable if node or npm is missing, or if npm fails.
    """
    find_node()
    npm = shutil.which("npm")
    if npm is None:
        raise EngineUnavailable(
            "npm is not installed here: install it, on Debian with `apt install npm`"
        )
    folder = npm_folder()
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("package.json", "package-lock.json"):
        atomic_write(folder / name, (FOLDER / name).read_bytes())
    command = (npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund")
    done = subprocess.run(
        command, cwd=folder, stdin=subprocess.DEVNULL, capture_output=True, text=True
    )
    if done.returncode:
        shutil.rmtree(folder, ignore_errors=True)
        words = done.stderr.strip().splitlines()
        raise EngineUnavailable(
            f"npm could not install facesjs {PACKAGE} "
            f"({words[0] if words else f'exit status {done.returncode}'}): check the "
            "connection to registry.npmjs.org, then try again"
        )
    return folder
