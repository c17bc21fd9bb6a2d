"""A resolved: a suite with every name looked up and every fallback decided."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmark.avatars import AvatarVectors
from benchmark.config.suite import Suite
from benchmark.engines.base import Engine, engine_digest
from benchmark.faces.faceset import FaceSet
from benchmark.faces.split import FaceSplit
from benchmark.storage.digests import digest_of

if TYPE_CHECKING:
    from evaluation.base import Metric, MetricMeta
    from methods.base import Method, MethodMeta, MethodOptions


@dataclass(frozen=True)
class Variant:
    """A row of the resolved: a method class, its options and its weight files."""

    name: str
    title: str
    method: type[Method]
    options: MethodOptions
    weights: Mapping[str, Path]
    digests: Mapping[str, str]

    @property
    def meta(self) -> MethodMeta:
        """The method declared as data."""
        return self.method.meta


@dataclass(frozen=True)
class BoundMetric:
    """A metric of a suite; `skipped` says why it cannot be measured here, if so."""

    metric: type[Metric]
    weights: Mapping[str, Path]
    digests: Mapping[str, str]
    skipped: str | None = None

    @property
    def meta(self) -> MetricMeta:
        """The metric declared as data."""
        return self.metric.meta


@dataclass(frozen=True)
class ResolvedSuite:
    """A suite with everything looked up: what the plan and the runner work from.

    `truths` holds the vectors by (engine, split, designer); for oracle rows also those
    of the train split under the main designer. `world` says on which embedded world
    the scores stand (CurrentVersion.to_data); None for other faces.
    """

    suite: Suite
    device: str
    faces: FaceSet
    splits: Mapping[str, FaceSplit]
    engines: Mapping[str, Engine]
    variants: tuple[Variant, ...]
    bound_metrics: tuple[BoundMetric, ...]
    truths: Mapping[tuple[str, str, str], AvatarVectors] = field(repr=False)
    world: Mapping[str, Any] | None

    @property
    def compute(self) -> dict[str, Any]:
        """What floating point depends on: device and number of threads."""
        return {"device": self.device, "threads": self.suite.threads}

    def truth_digest(self, engine: str, split: str, designer: str) -> str:
        """Digest of the true vectors of a split, as records by names."""
        return digest_of(self.truths[engine, split, designer].to_records())

    def to_data(self) -> dict[str, Any]:
        """The resolved configuration: JSON-able, equal for equal runs."""
        suite = self.suite.model_dump(mode="json", exclude={"variants", "options"})
        return {
            **suite,
            "device": self.device,
            "faces": self._faces_data(),
            "world": self.world,
            "engines": {n: _engine_data(e) for n, e in self.engines.items()},
            "variants": {v.name: _variant_data(v) for v in self.variants},
            "metrics": {j.meta.name: metric_data(j) for j in self.bound_metrics},
        }

    @property
    def digest(self) -> str:
        """SHA-256 (hex) of the resolved configuration; run folders are named by it."""
        return digest_of(self.to_data())

    def faces_record(self) -> dict[str, Any]:
        """The face set as a trial names it."""
        return {
            "name": self.faces.name,
            "version": self.faces.version,
            "digest": self.faces.digest,
            "stand_in": self.faces.stand_in,
            "licence": self.faces.licence,
        }

    def _faces_data(self) -> dict[str, Any]:
        splits = {
            name: {"faces": len(split), "digest": split.digest}
            for name, split in self.splits.items()
        }
        truths = {"/".join(key): self.truth_digest(*key) for key in sorted(self.truths)}
        return {**self.faces_record(), "splits": splits, "truths": truths}


def _engine_data(engine: Engine) -> dict[str, Any]:
    return {"version": engine.meta.version, "digest": engine_digest(engine)}


def _variant_data(variant: Variant) -> dict[str, Any]:
    meta = variant.meta
    return {
        "title": variant.title,
        "method": meta.name,
        "version": meta.version,
        "revision": meta.revision,
        "role": meta.role,
        "options": variant.options.model_dump(mode="json"),
        "weights": dict(variant.digests),
    }


def metric_data(bound: BoundMetric) -> dict[str, Any]:
    """A metric as data, with `weights` digests and `skipped` (a reason or None)."""
    data = asdict(bound.meta)
    data["identity"], data["needs"] = dict(bound.meta.identity), list(bound.meta.needs)
    return {**data, "weights": dict(bound.digests), "skipped": bound.skipped}
