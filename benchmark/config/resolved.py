"""A resolved suite: every name is looked up and every fallback is chosen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
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
    """A method under one configuration: one row of the tables.

    Attributes:
        name: unique in the suite.
        title: shown in tables, unique too.
        method: the class.
        options: validated.
        weights: weight files by name.
        digests: their SHA-256 (hex) by name.
        engine_options: the options on engines that have their own, by engine.
        other_engines: digests of the engines that a fit uses besides the one it learns
            (methods.base.OtherEngines), by name.
    """

    name: str
    title: str
    method: type[Method]
    options: MethodOptions
    weights: Mapping[str, Path]
    digests: Mapping[str, str]
    engine_options: Mapping[str, MethodOptions] = field(default_factory=dict)
    other_engines: Mapping[str, str] = field(default_factory=dict)

    @property
    def meta(self) -> MethodMeta:
        """The method declared as data."""
        return self.method.meta

    def on_engine(self, engine: str) -> Variant:
        """The variant with its options on one engine."""
        options = self.engine_options.get(engine, self.options)
        return replace(self, options=options, engine_options={})


@dataclass(frozen=True)
class BoundMetric:
    """A metric with its weight files; `skipped` is the reason it is not measured."""

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
    """A suite with every name looked up: the input of the plan and the runner.

    Attributes:
        suite: as read from YAML.
        device: a torch device.
        faces: the face set.
        splits: faces by split, cut to the counts of the suite.
        engines: by name.
        variants: in the order of the suite.
        bound_metrics: in the order of the suite.
        truths: ground-truth vectors by (engine, split, designer). If the suite has
            oracle rows, the train split of the main designer is included.
        version: the benchmark version (`CurrentVersion.to_data`); None for other faces
            than the embedded portraits.
        sources: digests of the source code of plugins (`plugin_sources`). They are not
            part of the configuration.
        warnings: what is strange about the faces, one sentence each.
    """

    suite: Suite
    device: str
    faces: FaceSet
    splits: Mapping[str, FaceSplit]
    engines: Mapping[str, Engine]
    variants: tuple[Variant, ...]
    bound_metrics: tuple[BoundMetric, ...]
    truths: Mapping[tuple[str, str, str], AvatarVectors] = field(repr=False)
    version: Mapping[str, Any] | None
    sources: Mapping[str, str] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()

    @property
    def compute(self) -> dict[str, Any]:
        """Device and number of threads, on which floating-point results depend."""
        return {"device": self.device, "threads": self.suite.threads}

    def truth_digest(self, engine: str, split: str, designer: str) -> str:
        """SHA-256 (hex) of the ground-truth vectors of a split."""
        return digest_of(self.truths[engine, split, designer].to_records())

    def to_data(self) -> dict[str, Any]:
        """The resolved configuration as JSON data; equal runs have equal data."""
        suite = self.suite.model_dump(
            mode="json", exclude={"variants", "options"}, by_alias=True
        )
        return {
            **suite,
            "device": self.device,
            "faces": self._faces_data(),
            "world": self.version,
            "engines": {n: _engine_data(e) for n, e in self.engines.items()},
            "variants": {v.name: _variant_data(v) for v in self.variants},
            "metrics": {m.meta.name: metric_data(m) for m in self.bound_metrics},
        }

    @property
    def digest(self) -> str:
        """SHA-256 (hex) of the resolved configuration, which names the run folder."""
        return digest_of(self.to_data())

    def faces_record(self) -> dict[str, Any]:
        """The face set as `trial.json` records it."""
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
    own = {e: o.model_dump(mode="json") for e, o in variant.engine_options.items()}
    others = dict(variant.other_engines)
    return {
        "title": variant.title,
        "method": meta.name,
        "version": meta.version,
        "revision": meta.revision,
        "role": meta.role,
        "options": variant.options.model_dump(mode="json"),
        "weights": dict(variant.digests),
        **({"engine_options": own} if own else {}),
        **({"other_engines": others} if others else {}),
    }


def metric_data(bound: BoundMetric) -> dict[str, Any]:
    """A metric as JSON data, with weight digests and the reason if it is skipped."""
    data = asdict(bound.meta)
    data["identity"], data["needs"] = dict(bound.meta.identity), list(bound.meta.needs)
    return {**data, "weights": dict(bound.digests), "skipped": bound.skipped}
