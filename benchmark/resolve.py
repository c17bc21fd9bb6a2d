"""From a suite to a contest: every name looked up, every fallback decided and named."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from benchmark import weights
from benchmark.avatars import AvatarError, AvatarVectors
from benchmark.engines.base import Engine, engine_digest
from benchmark.faces.faceset import (
    FaceSet,
    embedded_portraits,
    open_ffhq,
    open_folder,
    open_packed,
)
from benchmark.faces.folder import check_disjoint
from benchmark.faces.pictures import FaceSetError
from benchmark.faces.split import FaceSplit
from benchmark.registry import (
    ENGINES,
    METHODS,
    METRICS,
    Registry,
    Unavailable,
    UnknownName,
)
from benchmark.stages import digest_of
from benchmark.suite import Suite, SuiteError, VariantSection, explain

if TYPE_CHECKING:
    from evaluation.base import Metric, MetricMeta
    from methods.base import Method, MethodMeta, MethodOptions

FIRST_OF = "first_of"


@dataclass(frozen=True)
class Variant:
    """A row of the contest: a method class, its options and its weight files."""

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
class Judge:
    """A metric of the contest; `skipped` says why it cannot be measured here, if so."""

    metric: type[Metric]
    weights: Mapping[str, Path]
    digests: Mapping[str, str]
    skipped: str | None = None

    @property
    def meta(self) -> MetricMeta:
        """The metric declared as data."""
        return self.metric.meta


@dataclass(frozen=True)
class Contest:
    """A suite with everything looked up: what the plan and the runner work from.

    `truths` holds the vectors by (engine, split, designer); for oracle rows also those
    of the train split under the main designer.
    """

    suite: Suite
    device: str
    faces: FaceSet
    splits: Mapping[str, FaceSplit]
    engines: Mapping[str, Engine]
    variants: tuple[Variant, ...]
    judges: tuple[Judge, ...]
    truths: Mapping[tuple[str, str, str], AvatarVectors] = field(repr=False)

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
            "engines": {n: _engine_data(e) for n, e in self.engines.items()},
            "variants": {v.name: _variant_data(v) for v in self.variants},
            "metrics": {j.meta.name: judge_data(j) for j in self.judges},
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


def judge_data(judge: Judge) -> dict[str, Any]:
    """A metric as data, with `weights` digests and `skipped` (a reason or None)."""
    data = asdict(judge.meta)
    data["identity"], data["needs"] = dict(judge.meta.identity), list(judge.meta.needs)
    return {**data, "weights": dict(judge.digests), "skipped": judge.skipped}


def resolve(suite: Suite, lpips_backbone: Path | None = None) -> Contest:
    """Look everything up; raises SuiteError with every problem at once.

    `lpips_backbone` is an AlexNet file to use instead of the cached one. Raises
    WeightsError where a weight file is damaged.
    """
    shelf = weights.Shelf({} if lpips_backbone is None else _alexnet(lpips_backbone))
    problems: list[str] = []
    device = _device(suite.device, problems)
    engines = _engines(suite, problems)
    variants = _variants(suite, shelf, problems)
    judges = _judges(suite, shelf, problems)
    faces = _open_faces(suite, problems)
    if faces is None:
        raise SuiteError(problems)
    oracles = any(v.meta.role == "oracle" for v in variants)
    splits = _splits(suite, faces, problems)
    truths = _truths(suite, faces, splits, engines, oracles, problems)
    if problems:
        raise SuiteError(list(dict.fromkeys(problems)))
    return Contest(suite, device, faces, splits, engines, variants, judges, truths)


def _alexnet(path: Path) -> dict[str, Path]:
    return {weights.ALEXNET: weights.check(weights.ALEXNET, path)}


def _device(wanted: str, problems: list[str]) -> str:
    if wanted == "cpu":
        return "cpu"
    import torch

    found = {
        "cuda": torch.cuda.is_available(),
        "mps": torch.backends.mps.is_available(),
        "cpu": True,
    }
    if wanted == "auto":
        return next(name for name, here in found.items() if here)
    if not found[wanted]:
        problems.append(f"device: there is no {wanted} device here; use cpu or auto")
    return wanted


def _load(registry: Registry[Any], name: str, where: str, problems: list[str]) -> Any:
    """A registry's entry, or None with the problem noted."""
    try:
        return registry.load(name)
    except (UnknownName, Unavailable) as error:
        problems.append(f"{where}: {error}")
        return None


def _engines(suite: Suite, problems: list[str]) -> dict[str, Engine]:
    engines: dict[str, Engine] = {}
    made = {name: _load(ENGINES, name, "engines", problems) for name in suite.engines}
    for name, make in made.items():
        try:
            if make is not None:
                engines[name] = make()
        except (AvatarError, OSError) as error:
            problems.append(f"engines.{name}: cannot be opened: {error}")
    return engines


def _variants(
    suite: Suite, shelf: weights.Shelf, problems: list[str]
) -> tuple[Variant, ...]:
    found = [_variant(suite, section, shelf, problems) for section in suite.variants]
    titles = [v.title for v in found if v is not None]
    problems += [
        f"variants: {titles.count(title)} have the title {title!r}; give each its own"
        for title in sorted(set(titles))
        if titles.count(title) > 1
    ]
    known = {f for v in found if v is not None for f in type(v.options).model_fields}
    problems += [
        f"options.{key}: no variant's method has an option of that name"
        for key in suite.options
        if key not in known and all(found)
    ]
    return tuple(variant for variant in found if variant is not None)


def _variant(
    suite: Suite, section: VariantSection, shelf: weights.Shelf, problems: list[str]
) -> Variant | None:
    where = f"variants.{section.name}"
    method = _load(METHODS, section.method, where, problems)
    if method is None:
        return None
    fields = method.Options.model_fields
    shared = {key: value for key, value in suite.options.items() if key in fields}
    lacking: Sequence[str] = ()
    wanted = {**shared, **section.options}
    unfit = [key for key, value in wanted.items() if not _may_choose(value)]
    problems += [
        f"{where}.options: {key}: {FIRST_OF} takes a list, best first" for key in unfit
    ]
    if unfit:
        return None
    for options_data in _choices(wanted):
        try:
            options = method.Options.model_validate(options_data)
        except ValidationError as error:
            problems += explain(error, f"{where}.options", options_data, method.Options)
            return None
        needs = method.required_weights(options)
        lacking = shelf.missing(needs)
        if not lacking:
            title = section.title or _title(suite, section, method.meta.title)
            return Variant(section.name, title, method, options, *shelf.take(needs))
    problems.append(_lacking(where, lacking))
    return None


def _title(suite: Suite, section: VariantSection, title: str) -> str:
    """The method's title; with the variant's name where the method has more of them."""
    alone = [v.method for v in suite.variants].count(section.method) == 1
    return title if alone else f"{title} ({section.name})"


def _lacking(where: str, names: Sequence[str]) -> str:
    return (
        f"{where}: the weight file {' and '.join(names)} is not at hand; fetch it with "
        f"`avatarbench weights fetch {' '.join(names)}`"
    )


def _may_choose(value: Any) -> bool:
    """False for a `first_of` that names no candidates."""
    if not isinstance(value, dict) or set(value) != {FIRST_OF}:
        return True
    return isinstance(value[FIRST_OF], list) and bool(value[FIRST_OF])


def _choices(options: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Options with `{first_of: […]}` replaced by each candidate in turn, best first."""
    for key, value in options.items():
        if isinstance(value, dict) and set(value) == {FIRST_OF}:
            for candidate in value[FIRST_OF]:
                yield from _choices({**options, key: candidate})
            return
    yield dict(options)


def _judges(
    suite: Suite, shelf: weights.Shelf, problems: list[str]
) -> tuple[Judge, ...]:
    judges: list[Judge] = []
    for name in suite.metrics:
        metric = _load(METRICS, name, "metrics", problems)
        if metric is None:
            continue
        missing = shelf.missing(metric.meta.needs)
        skipped = _lacking(name, missing) if missing else None
        judges.append(Judge(metric, *shelf.take(metric.meta.needs), skipped))
    return tuple(judges)


def _open_faces(suite: Suite, problems: list[str]) -> FaceSet | None:
    section = suite.faces
    try:
        if section.folder is not None:
            return open_folder(section.folder, section.truth, section.splits or None)
        if section.ffhq is not None:
            return open_ffhq(section.ffhq, section.truth)
        if section.packed is not None:
            return open_packed(section.packed)
        if section.set == "portraits":
            return embedded_portraits()
    except (FaceSetError, OSError) as error:
        problems.append(f"faces: {error}")
        return None
    problems.append(f"faces.set: unknown face set {section.set!r}; there is portraits")
    return None


def _splits(suite: Suite, faces: FaceSet, problems: list[str]) -> dict[str, FaceSplit]:
    splits: dict[str, FaceSplit] = {}
    for name in ("train", *suite.splits):
        count = getattr(suite.faces, f"{name}_count")
        try:
            split = faces.split(name)
            splits[name] = split if count is None else split.subset(count)
        except FaceSetError as error:
            problems.append(f"faces: {error}")
    try:
        check_disjoint({name: split.ids for name, split in splits.items()})
    except FaceSetError as error:
        problems.append(f"faces: {error}")
    return splits


def _truths(
    suite: Suite,
    faces: FaceSet,
    splits: Mapping[str, FaceSplit],
    engines: Mapping[str, Engine],
    oracles: bool,
    problems: list[str],
) -> dict[tuple[str, str, str], AvatarVectors]:
    wanted = [
        (engine, split, designer)
        for engine in engines
        for split in suite.splits
        for designer in suite.designers
    ]
    if oracles:
        wanted += [(engine, "train", suite.designers[0]) for engine in engines]
    truths: dict[tuple[str, str, str], AvatarVectors] = {}
    for engine, split, designer in wanted:
        if split not in splits:
            continue
        try:
            truths[engine, split, designer] = faces.truth(
                engine, engines[engine].spec, splits[split], designer
            )
        except (FaceSetError, AvatarError) as error:
            problems.append(f"faces: {error}")
    return truths
