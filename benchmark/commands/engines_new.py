"""`avatarbench engines init` and `engines check`."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Any

from benchmark.avatars.names import check_plain_name
from benchmark.registry import ENGINES


class InitError(ValueError):
    """An engine file cannot be written; the message says why."""


def init_engine(
    name: str, command: str | None, url: str | None, *, force: bool
) -> None:
    """Write NAME.engine.yaml and NAME.yaml to the current folder."""
    from benchmark.engines.protocol.skeleton import (
        ask_engine,
        engine_file_path,
        write_engine_file,
        write_suite,
    )

    folder = Path.cwd()
    path, suite = engine_file_path(folder, name), folder / f"{name.lower()}.yaml"
    keys = _start_of_file(name, path, command, url, force=force)
    keys, problem = ask_engine(keys, folder)
    write_engine_file(path, {"title": name} | keys | _title(keys, name))
    print(f"engine file: {path.name}")
    if problem is not None:
        print(
            f"The program did not tell its parameters: {problem}.\nThe parameters in "
            f"{path.name} are placeholders: write the program's own there."
        )
    if suite.exists():
        print(f"{suite.name} exists already and is unchanged")
    else:
        write_suite(suite, name, keys | _title(keys, name))
        print(f"suite: {suite.name}, with the next steps as comments")
    print(f"Next: avatarbench engines check {name}")


def install_facesjs(name: str) -> None:
    """Fetch the npm package of facesjs."""
    if name != "facesjs":
        raise InitError(f"{name}: only facesjs needs `avatarbench engines install`")
    from benchmark.engines.facesjs import install

    print(f"facesjs is installed in {install()}")


def check_one_engine(name: str, sheet: Path) -> int:
    """Print the verdict and draw the faults; returns the exit status."""
    from benchmark.engines.conformance import check_engine
    from benchmark.engines.findings_sheet import describe_findings, draw_findings

    engine = ENGINES.create(name)
    print(f"checking {name}; this takes some hundred renders", flush=True)
    findings = check_engine(engine, ENGINES.create(name))
    for line in describe_findings(name, findings):
        print(line)
    if draw_findings(findings, sheet):
        print(f"\npictures of the faults: {sheet}")
    if not findings:
        print(f"Next: avatarbench engines adopt {name}")
    return 1 if findings else 0


def _start_of_file(
    name: str, path: Path, command: str | None, url: str | None, *, force: bool
) -> dict[str, Any]:
    """The keys that are known before the program is asked."""
    check_plain_name(name)
    if ENGINES.file(name) is None and name in ENGINES.names():
        raise InitError(f"there is an engine {name} already: choose another name")
    if path.exists() and not force:
        raise InitError(
            f"{path.name} exists already: add --force to write it again, or choose "
            "another name"
        )
    if command is not None and url is not None:
        raise InitError("give either --command or --url")
    if url is not None:
        if not url.startswith(("http://", "https://")):
            raise InitError(f"--url {url}: expected http://… or https://…")
        return {"url": url}
    if command is not None:
        words = shlex.split(command)
        if not words:
            raise InitError("--command is empty: give a program, as in 'node draw.mjs'")
        return {"command": words}
    if not path.exists():
        raise InitError(
            f"give --command with the program that draws {name}, or --url with the "
            "address of a service"
        )
    from benchmark.engines.protocol.engine_file import read_engine_file

    file, _ = read_engine_file(path)
    return file.model_dump(mode="json", exclude_defaults=True)


def _title(keys: dict[str, Any], name: str) -> dict[str, Any]:
    return {"title": name} if keys["title"] == "?" else {}
