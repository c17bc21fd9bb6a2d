"""Digests of the source code of plugins, to notice code that changed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from importlib.metadata import EntryPoint
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import yaml

from benchmark.config.resolved import Variant
from benchmark.config.suite import Suite
from benchmark.registry import ENGINES, METHODS, METRICS
from benchmark.storage.digests import digest_of, file_digest
from benchmark.storage.yaml_files import load_yaml

MAX_BYTES = 16 * 2**20
"""Larger files are taken for data and left out."""


def plugin_sources(suite: Suite, variants: Sequence[Variant]) -> dict[str, str]:
    """SHA-256 (hex) of the source of each plugin of a suite, by `kind name`.

    Plugins are engines, those that fits use besides their own, methods and metrics.

    For an engine file, they are its own digest and that of its program. Built-in
    entries are left out: their versions, revisions and identities are kept by
    this repository's tests.
    """
    others = [name for variant in variants for name in variant.other_engines]
    engines = tuple(dict.fromkeys((*suite.engines, *others)))
    used = (
        (ENGINES, engines),
        (METHODS, tuple(variant.method for variant in suite.variants)),
        (METRICS, suite.metrics),
    )
    entries = {
        f"{registry.kind} {name}": registry.plugin(name)
        for registry, names in used
        for name in names
    }
    found = {label: _digest(e) for label, e in entries.items() if e is not None}
    for name in engines:
        if (path := ENGINES.file(name)) is not None:
            found[f"{ENGINES.kind} {name}"] = _digest_of_program(path)
    return {label: digest for label, digest in found.items() if digest is not None}


def _digest(entry: EntryPoint) -> str | None:
    """Digest of the plugin's module or package, and of its distribution's others.

    None if Python does not know the files.
    """
    own = entry.module.partition(".")[0]
    listed = (entry.dist.read_text("top_level.txt") if entry.dist else None) or ""
    homes = _locations(own)
    if not homes:
        return None
    parents = {home.parent for home in homes}
    others = [place for name in listed.split() for place in _locations(name)]
    files: dict[str, str] = {}
    for place in dict.fromkeys((*homes, *others)):
        if place.parent in parents:
            for path in _files(place):
                name = path.relative_to(place.parent).as_posix()
                if name not in files:  # Python imports the first
                    files[name] = file_digest(path)
    return digest_of(files)


def _digest_of_program(path: Path) -> str:
    """Digest of an engine file and of the files beside it that its command names."""
    try:
        data: Any = load_yaml(path.read_text(encoding="utf-8"))
        words = [str(word) for word in data["command"]]
    except (OSError, ValueError, yaml.YAMLError, LookupError, TypeError):
        words = []
    files = [path, *(p for word in words if (p := path.parent / word).is_file())]
    return digest_of({file.name: file_digest(file) for file in files})


def _locations(module: str) -> list[Path]:
    """The file or the folder of a top-level module; every folder of a namespace."""
    try:
        spec = find_spec(module)
    except (ImportError, ValueError):
        return []
    if spec is None:
        return []
    if spec.submodule_search_locations:
        return [Path(place) for place in spec.submodule_search_locations]
    return [Path(spec.origin)] if spec.origin else []


def _files(place: Path) -> Iterator[Path]:
    """A module's file, or the files of a package without caches and large data."""
    if place.is_file():
        yield place
    for path in sorted(place.rglob("*")):
        inside = path.relative_to(place).parts
        if any(part.startswith(".") or part == "__pycache__" for part in inside):
            continue
        if path.is_file() and path.stat().st_size <= MAX_BYTES:
            yield path
