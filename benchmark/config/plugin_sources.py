"""Digests of the source code of plugins, to notice code that changed."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.metadata import EntryPoint
from importlib.util import find_spec
from pathlib import Path

from benchmark.config.suite import Suite
from benchmark.registry import ENGINES, METHODS, METRICS
from benchmark.storage.digests import digest_of, file_digest

MAX_BYTES = 16 * 2**20
"""Larger files are taken for data and left out."""


def plugin_sources(suite: Suite) -> dict[str, str]:
    """SHA-256 (hex) of the source of each plugin of a suite, by `kind name`.

    Built-in entries are left out: their versions, revisions and identities are kept by
    this repository's tests.
    """
    used = (
        (ENGINES, suite.engines),
        (METHODS, tuple(variant.method for variant in suite.variants)),
        (METRICS, suite.metrics),
    )
    entries = {
        f"{registry.kind} {name}": registry.plugin(name)
        for registry, names in used
        for name in names
    }
    found = {label: _digest(e) for label, e in entries.items() if e is not None}
    return {label: digest for label, digest in found.items() if digest is not None}


def _digest(entry: EntryPoint) -> str | None:
    """Digest of the plugin's module or package, and of its distribution's others.

    None if Python does not know the files.
    """
    own = entry.module.partition(".")[0]
    listed = (entry.dist.read_text("top_level.txt") if entry.dist else None) or ""
    home = _location(own)
    if home is None:
        return None
    places = {home, *filter(None, map(_location, listed.split()))}
    files = {
        path.relative_to(home.parent).as_posix(): file_digest(path)
        for place in places
        if place.parent == home.parent
        for path in _files(place)
    }
    return digest_of(files)


def _location(module: str) -> Path | None:
    """The file or the folder of a top-level module."""
    try:
        spec = find_spec(module)
    except (ImportError, ValueError):
        return None
    if spec is None:
        return None
    if spec.submodule_search_locations:
        return Path(next(iter(spec.submodule_search_locations)))
    return Path(spec.origin) if spec.origin else None


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
