"""Resolve a suite: look up every name and choose among fallbacks."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from benchmark import weights
from benchmark.avatars import AvatarError, AvatarVectors
from benchmark.avatars.spec import did_you_mean
from benchmark.config.explain import explain, explain_truth_values
from benchmark.config.frozen import current_version
from benchmark.config.option_merge import (
    FALLBACKS,
    expand_fallbacks,
    has_valid_fallbacks,
    merged_options,
)
from benchmark.config.plugin_sources import plugin_sources
from benchmark.config.resolved import BoundMetric, ResolvedSuite, Variant
from benchmark.config.suite import Suite, SuiteError, VariantSection
from benchmark.engines.base import Engine
from benchmark.faces.faceset import (
    FaceSet,
    embedded_portraits,
    open_ffhq,
    open_folder,
    open_parquet_set,
)
from benchmark.faces.folder import check_disjoint
from benchmark.faces.pictures import FaceSetError
from benchmark.faces.split import FaceSplit
from benchmark.registry import (
    ENGINES,
    METHODS,
    METRICS,
    Unavailable,
    UnknownName,
)
from benchmark.weights.folders import PARSER, is_member, shipped_original
from benchmark.weights.resolver import WeightResolver, explain_missing

if TYPE_CHECKING:
    from evaluation.base import Metric
    from methods.base import Method

PORTRAITS = "portraits"
"""The name of the embedded face set in suites."""
_HOW_TO_REPLACE = {
    True: "train a parser with `avatarbench train parser --export FOLDER`, then give "
    "its folder with `--set options.similarity.parser=FOLDER`",
    False: "make people with `avatarbench faces crowd`, train a generator on them with "
    "`avatarbench train generator`, then give its folder with `--set "
    "options.generator=FOLDER`",
}
"""How to replace shipped weights, by whether they are a face parser's."""


def resolve(suite: Suite, lpips_backbone: Path | None = None) -> ResolvedSuite:
    """Look up everything that a suite names.

    Raises SuiteError with all problems at once. `lpips_backbone` is an AlexNet file to
    use instead of the fetched one: torchvision's own file, or the one that `weights
    fetch` keeps. Raises WeightsError for any other file.
    """
    given = {}
    if lpips_backbone is not None:
        given[weights.ALEXNET] = weights.adopt(weights.ALEXNET, lpips_backbone)
    resolver = WeightResolver(given)
    problems: list[str] = []
    device = _choose_device(suite.device, problems)
    engines = _load_engines(suite, problems)
    variants = _resolve_variants(suite, resolver, problems)
    bound_metrics = _bind_metrics(suite, resolver, problems)
    faces = _open_faces(suite, problems)
    if faces is None:
        raise SuiteError(problems)
    oracles = any(v.meta.role == "oracle" for v in variants)
    splits = _open_splits(suite, faces, problems)
    truths = _read_truths(suite, faces, splits, engines, oracles, problems)
    if problems:
        raise SuiteError(list(dict.fromkeys(problems)))
    embedded = suite.faces.set == PORTRAITS
    return ResolvedSuite(
        suite,
        device,
        faces,
        splits,
        engines,
        variants,
        bound_metrics,
        truths,
        current_version().to_data() if embedded else None,
        plugin_sources(suite),
    )


def _choose_device(wanted: str, problems: list[str]) -> str:
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
        problems.append(f"device: no {wanted} device is available; use cpu or auto")
    return wanted


def _load(
    load: Callable[[str], Any], name: str, where: str, problems: list[str]
) -> Any:
    """An entry of a registry; None, with the problem added, if it cannot be loaded."""
    try:
        return load(name)
    except (UnknownName, Unavailable) as error:
        problems.append(f"{where}: {error}")
        return None


def _load_engines(suite: Suite, problems: list[str]) -> dict[str, Engine]:
    found = {n: _load(ENGINES.create, n, "engines", problems) for n in suite.engines}
    return {name: engine for name, engine in found.items() if engine is not None}


def _resolve_variants(
    suite: Suite, resolver: WeightResolver, problems: list[str]
) -> tuple[Variant, ...]:
    found = [
        _resolve_variant(suite, section, resolver, problems)
        for section in suite.variants
    ]
    titles = [v.title for v in found if v is not None]
    problems += [
        f"variants: {titles.count(title)} have the title {title!r}; titles must differ"
        for title in sorted(set(titles))
        if titles.count(title) > 1
    ]
    known = {n for v in found if v for n in type(v.options).accepted_names()}
    problems += [
        f"options.{key}: no variant's method has an option of this name"
        f"{did_you_mean(key, known)}"
        for key in suite.options
        if key not in known and all(found)
    ]
    return tuple(variant for variant in found if variant is not None)


def _resolve_variant(
    suite: Suite, section: VariantSection, resolver: WeightResolver, problems: list[str]
) -> Variant | None:
    where = f"variants.{section.name}"
    method = _load(METHODS.load, section.method, where, problems)
    if method is None:
        return None
    accepted, old = method.Options.accepted_names(), method.Options.old_names()
    wanted = merged_options(suite, section, accepted, old)
    wrong = [key for key, value in wanted.items() if not has_valid_fallbacks(value)]
    problems += [
        f"{where}.options: {key}: {FALLBACKS} must be a list with at least one item, "
        "preferred ones first"
        for key in wrong
    ]
    if wrong:
        return None
    needs: Sequence[str] = ()
    missing: Sequence[str] = ()
    for options_data in expand_fallbacks(wanted):
        try:
            options = method.Options.model_validate(options_data)
        except ValidationError as error:
            problems += explain(error, f"{where}.options", options_data, method.Options)
            return None
        if wrong := explain_truth_values(options_data, options, f"{where}.options"):
            problems += wrong
            return None
        try:
            needs = _required_weights(method, options)
            missing = resolver.missing(needs)
        except weights.WeightsError as error:
            problems.append(f"{where}: {error}")
            return None
        if not missing:
            title = section.title or _default_title(suite, section, method.meta.title)
            files = resolver.take(needs)
            if suite.from_scratch:
                problems += _shipped_weight_problems(where, files[0])
            return Variant(section.name, title, method, options, *files)
    problems += [f"{where}: {sentence}" for sentence in explain_missing(missing)]
    if suite.from_scratch:
        problems += _shipped_weight_problems(where, resolver.take(needs)[0])
    return None


def _required_weights(method: type[Method], options: Any) -> Sequence[str]:
    """Names of weight files; raises WeightsError if the method does not give them."""
    try:
        needs = method.required_weights(options)
        if isinstance(needs, (tuple, list)):
            return needs
        problem = f"returned {needs!r}, not a tuple of names"
    except weights.WeightsError:
        raise
    except Exception as error:
        problem = f"raised {type(error).__name__}: {error}"
    raise weights.WeightsError(f"required_weights of {method.meta.name} {problem}")


def _default_title(suite: Suite, section: VariantSection, title: str) -> str:
    """The method's title, plus the variant's name if several variants share it."""
    alone = [v.method for v in suite.variants].count(section.method) == 1
    return title if alone else f"{title} ({section.name})"


def _shipped_weight_problems(where: str, files: Mapping[str, Path]) -> list[str]:
    """One problem for each folder of shipped weights among a variant's files."""
    folders = {path.parent for name, path in files.items() if is_member(name)}
    twins = {twin for f in folders if (twin := shipped_original(f)) is not None}
    return [
        f"{where}: a run from scratch must not use shipped weights, and {twin.name} "
        f"is shipped: {_HOW_TO_REPLACE[(twin / PARSER).is_file()]}"
        for twin in sorted(twins)
    ]


def bind_metric(metric: type[Metric], resolver: WeightResolver) -> BoundMetric:
    """A metric with its weight files; skipped, with the reason, if any is missing.

    Raises WeightsError for a damaged file.
    """
    missing = resolver.missing(metric.meta.needs)
    name = metric.meta.name
    skipped = f"{name}: {'; '.join(explain_missing(missing))}" if missing else None
    return BoundMetric(metric, *resolver.take(metric.meta.needs), skipped)


def _bind_metrics(
    suite: Suite, resolver: WeightResolver, problems: list[str]
) -> tuple[BoundMetric, ...]:
    bound_metrics: list[BoundMetric] = []
    for name in suite.metrics:
        metric = _load(METRICS.load, name, "metrics", problems)
        if metric is None:
            continue
        try:
            bound_metrics.append(bind_metric(metric, resolver))
        except weights.WeightsError as error:
            problems.append(f"metrics.{name}: {error}")
    return tuple(bound_metrics)


def _open_faces(suite: Suite, problems: list[str]) -> FaceSet | None:
    section = suite.faces
    try:
        if section.folder is not None:
            return open_folder(section.folder, section.truth, section.splits or None)
        if section.ffhq is not None:
            return open_ffhq(section.ffhq, section.truth)
        if section.packed is not None:
            return open_parquet_set(section.packed)
        if section.set == PORTRAITS:
            return embedded_portraits()
    except (FaceSetError, OSError) as error:
        problems.append(f"faces: {error}")
        return None
    problems.append(
        f"faces.set: unknown face set {section.set!r}; the only one is {PORTRAITS}"
    )
    return None


def _open_splits(
    suite: Suite, faces: FaceSet, problems: list[str]
) -> dict[str, FaceSplit]:
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


def _read_truths(
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
