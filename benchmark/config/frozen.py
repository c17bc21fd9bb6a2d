"""The benchmark version: everything that scores on the embedded portraits depend on.

Its parts are the scored portraits, the ground truth of both designers, the engines, the
metrics and the recipe of Baseline. A version is frozen before the paper's method is
first scored, so that nothing is tuned to it. Any change makes a new version, in which
every row is measured again.
"""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from importlib.resources import files
from pathlib import Path
from typing import Any

from benchmark import weights
from benchmark.config.option_merge import expand_fallbacks, merged_options
from benchmark.config.suite import load_suite, suite_names
from benchmark.engines.base import engine_digest
from benchmark.faces.faceset import (
    OPTIONAL_ENGINES,
    FaceSet,
    embedded_portraits,
)
from benchmark.registry import ENGINES, METHODS, METRICS, Unavailable
from benchmark.storage.digests import digest_of
from benchmark.storage.store import atomic_write

VERSIONS = Path(str(files("benchmark.versions")))
SPLITS = ("heldout", "validation")
BASELINE_SUITES = ("quick", "standard")
"""Suites whose Baseline recipe belongs to the version: other rows compare with it."""


class VersionError(ValueError):
    """A benchmark version cannot be read or frozen; the message says why."""


Parts = Mapping[str, str | None]
"""SHA-256 (hex) of each part; None for a part that is not available here."""


@dataclass(frozen=True)
class FrozenBenchmark:
    """A frozen benchmark version.

    Attributes:
        name: v1, v2, …
        date: the day on which it was frozen, in ISO format.
        parts: the digest of each part.
    """

    name: str
    date: str
    parts: Parts

    @property
    def digest(self) -> str:
        """SHA-256 (hex) over the digests of the parts."""
        return digest_of(dict(self.parts))

    def to_json(self) -> dict[str, Any]:
        """The content of the version's file."""
        return {
            "name": self.name,
            "date": self.date,
            "digest": self.digest,
            "parts": dict(self.parts),
        }


@dataclass(frozen=True)
class CurrentVersion:
    """The parts as this code makes them, next to the latest frozen version."""

    frozen: FrozenBenchmark
    parts: Parts

    @property
    def digest(self) -> str:
        """SHA-256 (hex) over the digests of the parts."""
        return digest_of(dict(self.parts))

    @property
    def changed(self) -> tuple[str, ...]:
        """Names of the parts that differ from the frozen version, added or removed."""
        names = sorted({*self.parts, *self.frozen.parts})
        return tuple(n for n in names if self.parts.get(n) != self.frozen.parts.get(n))

    def to_data(self) -> dict[str, Any]:
        """What runs and trials record; `changed` is empty if nothing changed."""
        return {
            "name": self.frozen.name,
            "digest": self.digest,
            "frozen_digest": self.frozen.digest,
            "changed": list(self.changed),
        }


def current_version(folder: Path = VERSIONS) -> CurrentVersion:
    """Compare this code with the latest version in `folder`.

    Raises VersionError if no version is frozen there.
    """
    versions = frozen_versions(folder)
    if not versions:
        raise VersionError(
            f"{folder} holds no benchmark version: freeze the first with "
            "`avatarbench version --freeze v1`"
        )
    return CurrentVersion(versions[-1], current_parts())


def frozen_versions(folder: Path = VERSIONS) -> list[FrozenBenchmark]:
    """Every frozen version, oldest first."""
    found = [_read_version(path) for path in folder.glob("v*.json")]
    return sorted(found, key=lambda version: _version_number(version.name))


def freeze(name: str, folder: Path = VERSIONS) -> FrozenBenchmark:
    """Write the current parts to `folder` as the next version.

    Raises VersionError if `name` is not the next name, if nothing has changed since the
    last version, or if a part is not available here.
    """
    versions = frozen_versions(folder)
    expected = f"v{_version_number(versions[-1].name) + 1 if versions else 1}"
    if name != expected:
        raise VersionError(f"{name} cannot be frozen: the next version is {expected}")
    frozen = FrozenBenchmark(name, date.today().isoformat(), current_parts())
    missing = [part for part, digest in frozen.parts.items() if digest is None]
    if missing:
        raise VersionError(
            f"{name} cannot be frozen: not available here: {', '.join(missing)} (see "
            "`avatarbench list`)"
        )
    if versions and versions[-1].parts == frozen.parts:
        raise VersionError(
            f"{name} cannot be frozen: nothing changed since {versions[-1].name}"
        )
    text = json.dumps(frozen.to_json(), indent=2) + "\n"
    atomic_write(folder / f"{name}.json", text.encode())
    return frozen


def _read_version(path: Path) -> FrozenBenchmark:
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        version = FrozenBenchmark(data["name"], data["date"], data["parts"])
        if (version.name, version.digest) == (path.stem, data["digest"]):
            return version
    except (ValueError, KeyError, TypeError):
        pass
    raise VersionError(
        f"{path} was edited after `avatarbench version --freeze` wrote it: restore it "
        f"with git checkout -- {shlex.quote(str(path))}"
    )


def _version_number(name: str) -> int:
    found = re.fullmatch(r"v([1-9]\d*)", name)
    if found is None:
        raise VersionError(
            f"{name!r} is not a name of a benchmark version: they are v1, v2, …"
        )
    return int(found[1])


def current_parts() -> dict[str, str | None]:
    """The digest of every part, as this code and the installed packages make it."""
    faces = embedded_portraits()
    engines = sorted(faces.truths.keys() - OPTIONAL_ENGINES)
    return {
        **{split: faces.split(split).digest for split in SPLITS},
        **dict(_truth_digests(faces, engines)),
        **{f"engine.{name}": _engine_digest(name) for name in engines},
        **{f"metric.{name}": _metric_digest(name) for name in _metric_names()},
        "baseline.method": _baseline_method_digest(),
        **{f"baseline.{s}": _baseline_options_digest(s) for s in BASELINE_SUITES},
    }


def _truth_digests(faces: FaceSet, engines: Sequence[str]) -> Iterator[tuple[str, str]]:
    for engine in engines:
        for designer in faces.designers(engine):
            name = f"truth.{engine}.{designer}"
            yield name, faces.truth_digest(engine, designer)


def _engine_digest(name: str) -> str | None:
    """Digest of name, version and spec; a test checks pictures against the version."""
    try:
        return engine_digest(ENGINES.create(name))
    except Unavailable:
        return None


def _metric_names() -> list[str]:
    """Every metric of a built-in suite."""
    return sorted({m for name in suite_names() for m in load_suite(name).metrics})


def _metric_digest(name: str) -> str | None:
    """Digest of all that a score depends on, including the published weight digests."""
    try:
        meta = METRICS.load(name).meta
    except Unavailable:
        return None
    facts = {
        "unit": meta.unit,
        "direction": meta.direction,
        "level": meta.level,
        "identity": dict(meta.identity),
        "weights": {need: weights.describe(need).sha256 for need in meta.needs},
    }
    return digest_of(facts)


def _baseline_method_digest() -> str:
    meta = METHODS.load("baseline").meta
    return digest_of([meta.name, meta.version, meta.revision])


def _baseline_options_digest(suite_name: str) -> str:
    """Digest of the options of a suite's Baseline and of its published weights."""
    suite, method = load_suite(suite_name), METHODS.load("baseline")
    (section,) = (v for v in suite.variants if v.name == "baseline")
    fields = method.Options.accepted_names()
    recipe = []
    old = method.Options.old_names()
    for chosen in expand_fallbacks(merged_options(suite, section, fields, old)):
        options = method.Options.model_validate(chosen)
        needs = method.required_weights(options)
        digests = {need: weights.describe(need).sha256 for need in needs}
        recipe.append([options.model_dump(mode="json"), digests])
    return digest_of(recipe)
