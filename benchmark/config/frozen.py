"""The embedded world under one name and digest: what scores on it depend on.

Its parts are the portraits that are scored, the designers' truths, the engines, the
metrics and the Baseline's recipe. A world is frozen before the method of the paper is
first scored, so that nothing is tuned to it; a change makes another world, in which
every row is measured again.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from importlib.resources import files
from pathlib import Path
from typing import Any

from benchmark import weights
from benchmark.config.option_merge import choices, wanted_options
from benchmark.config.suite import load_suite, suite_names
from benchmark.engines.base import engine_digest
from benchmark.faces.faceset import FaceSet, embedded_portraits
from benchmark.registry import ENGINES, METHODS, METRICS, Unavailable
from benchmark.storage.digests import digest_of
from benchmark.storage.store import atomic_write

VERSIONS = Path(str(files("benchmark.versions")))
SPLITS = ("heldout", "validation")
RECIPES = ("quick", "standard")
"""Suites whose Baseline every other row is compared with."""


class VersionError(ValueError):
    """A world cannot be read or frozen; the message says why."""


Parts = Mapping[str, str | None]
"""SHA-256 (hex) by part; None for one that cannot be had here."""


@dataclass(frozen=True)
class FrozenBenchmark:
    """A frozen world: its name (v1, v2, …), the day, the digest of each part."""

    name: str
    date: str
    parts: Parts

    @property
    def digest(self) -> str:
        """SHA-256 (hex) over the parts' digests."""
        return digest_of(dict(self.parts))

    def to_json(self) -> dict[str, Any]:
        """What its file holds."""
        return {
            "name": self.name,
            "date": self.date,
            "digest": self.digest,
            "parts": dict(self.parts),
        }


@dataclass(frozen=True)
class CurrentVersion:
    """The world that this code makes, beside the one that was frozen last."""

    frozen: FrozenBenchmark
    parts: Parts

    @property
    def digest(self) -> str:
        """SHA-256 (hex) over the parts' digests; equal worlds have equal ones."""
        return digest_of(dict(self.parts))

    @property
    def changed(self) -> tuple[str, ...]:
        """Names of the parts that are not as they were frozen, new or lost ones too."""
        names = sorted({*self.parts, *self.frozen.parts})
        return tuple(n for n in names if self.parts.get(n) != self.frozen.parts.get(n))

    def to_data(self) -> dict[str, Any]:
        """What runs and trials record; `changed` is empty where nothing is."""
        return {
            "name": self.frozen.name,
            "digest": self.digest,
            "frozen_digest": self.frozen.digest,
            "changed": list(self.changed),
        }


def current_version(folder: Path = VERSIONS) -> CurrentVersion:
    """The world as it is now; raises VersionError where none was ever frozen."""
    worlds = frozen_versions(folder)
    if not worlds:
        raise VersionError(
            f"{folder} holds no world: `avatarbench world --freeze v1` makes the first"
        )
    return CurrentVersion(worlds[-1], parts_here())


def frozen_versions(folder: Path = VERSIONS) -> list[FrozenBenchmark]:
    """Every world that was frozen, the first one first."""
    found = [_read(path) for path in folder.glob("v*.json")]
    return sorted(found, key=lambda world: _number(world.name))


def freeze(name: str, folder: Path = VERSIONS) -> FrozenBenchmark:
    """Write down the world as it is now, under the next name.

    Raises VersionError where the name is not the next one, where nothing changed since
    the last, and where a part cannot be had here.
    """
    worlds = frozen_versions(folder)
    expected = f"v{_number(worlds[-1].name) + 1 if worlds else 1}"
    if name != expected:
        raise VersionError(f"{name} cannot be frozen: the next world is {expected}")
    world = FrozenBenchmark(name, date.today().isoformat(), parts_here())
    lacking = [part for part, digest in world.parts.items() if digest is None]
    if lacking:
        raise VersionError(
            f"{name} cannot be frozen: {', '.join(lacking)} cannot be had here (see "
            "`avatarbench list`)"
        )
    if worlds and worlds[-1].parts == world.parts:
        raise VersionError(f"nothing changed since {worlds[-1].name}: it is the world")
    text = json.dumps(world.to_json(), indent=2) + "\n"
    atomic_write(folder / f"{name}.json", text.encode())
    return world


def _read(path: Path) -> FrozenBenchmark:
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        world = FrozenBenchmark(data["name"], data["date"], data["parts"])
        if (world.name, world.digest) == (path.stem, data["digest"]):
            return world
    except (ValueError, KeyError, TypeError):
        pass
    raise VersionError(
        f"{path} is not as `avatarbench world --freeze` wrote it: restore it with "
        f"git checkout -- {path}"
    )


def _number(name: str) -> int:
    found = re.fullmatch(r"v([1-9]\d*)", name)
    if found is None:
        raise VersionError(f"{name!r} names no world: they are v1, v2, …")
    return int(found[1])


def parts_here() -> dict[str, str | None]:
    """The digest of every part as this code and these packages make it."""
    faces = embedded_portraits()
    return {
        **{split: faces.split(split).digest for split in SPLITS},
        **dict(_truths(faces)),
        **{f"engine.{name}": _engine(name) for name in sorted(faces.truths)},
        **{f"metric.{name}": _metric(name) for name in _metric_names()},
        "baseline.method": _baseline_method(),
        **{f"baseline.{suite}": _baseline_options(suite) for suite in RECIPES},
    }


def _truths(faces: FaceSet) -> Iterator[tuple[str, str]]:
    for engine in sorted(faces.truths):
        for designer in faces.designers(engine):
            name = f"truth.{engine}.{designer}"
            yield name, faces.truth_digest(engine, designer)


def _engine(name: str) -> str | None:
    """Name, version and spec; a test holds the pictures against the version."""
    try:
        return engine_digest(ENGINES.load(name)())
    except (Unavailable, OSError):
        return None


def _metric_names() -> list[str]:
    """The metrics of the suites that come with the package."""
    return sorted({m for name in suite_names() for m in load_suite(name).metrics})


def _metric(name: str) -> str | None:
    """All that a number depends on, the published digests of its weights too."""
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


def _baseline_method() -> str:
    meta = METHODS.load("baseline").meta
    return digest_of([meta.name, meta.version, meta.revision])


def _baseline_options(suite_name: str) -> str:
    """The options of a suite's Baseline, with the published digests of its weights."""
    suite, method = load_suite(suite_name), METHODS.load("baseline")
    (section,) = (v for v in suite.variants if v.name == "baseline")
    fields = method.Options.model_fields
    recipe = []
    for chosen in choices(wanted_options(suite, section, fields)):
        options = method.Options.model_validate(chosen)
        needs = method.required_weights(options)
        digests = {need: weights.describe(need).sha256 for need in needs}
        recipe.append([options.model_dump(mode="json"), digests])
    return digest_of(recipe)
