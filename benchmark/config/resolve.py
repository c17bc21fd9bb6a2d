"""Resolve a suite: look up every name and choose among fallbacks."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmark import weights
from benchmark.avatars.spec import did_you_mean
from benchmark.config.frozen import current_version
from benchmark.config.option_merge import (
    FALLBACKS,
    expand_fallbacks,
    has_valid_fallbacks,
    merged_options,
    options_on_engine,
)
from benchmark.config.plugin_sources import plugin_sources
from benchmark.config.resolve_faces import (
    PORTRAITS,
    check_pictures,
    check_truth_files,
    open_faces,
    open_splits,
    read_truths,
)
from benchmark.config.resolved import BoundMetric, ResolvedSuite, Variant
from benchmark.config.suite import Suite, SuiteError, VariantSection
from benchmark.engines.base import Engine, engine_digest
from benchmark.registry import (
    ENGINES,
    METHODS,
    METRICS,
    Unavailable,
    UnknownName,
)
from benchmark.storage.yaml_mistakes import explain
from benchmark.system.progress import Progress, Silent
from benchmark.weights.folders import PARSER, is_member, shipped_original
from benchmark.weights.resolver import WeightResolver, explain_missing

if TYPE_CHECKING:
    from evaluation.base import Metric
    from methods.base import Method, MethodOptions

_HOW_TO_REPLACE = {
    True: "train a parser with `avatarbench train parser --export FOLDER`, then give "
    "its folder with `--set options.similarity.parser=FOLDER`",
    False: "make people with `avatarbench faces crowd`, train a generator on them with "
    "`avatarbench train generator`, then give its folder with `--set "
    "options.generator=FOLDER`",
}
"""How to replace shipped weights, by whether they are a face parser's."""


def resolve(
    suite: Suite, lpips_backbone: Path | None = None, progress: Progress | None = None
) -> ResolvedSuite:
    """Look up everything that a suite names, and check every picture that it uses.

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
    faces = open_faces(suite, problems)
    if faces is None:
        raise SuiteError(problems)
    splits = open_splits(suite, faces, variants, problems)
    warnings = check_pictures(suite, splits, progress or Silent(), problems)
    truths = read_truths(suite, faces, splits, engines, variants, problems)
    check_truth_files(suite, faces, engines, problems)
    embedded = suite.faces.set == PORTRAITS
    if problems:
        raise SuiteError(list(dict.fromkeys(problems)))
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
        plugin_sources(suite, variants),
        warnings,
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
    if twice := _options_given_twice(suite, section, old):
        problems += twice
        return None
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
        if wrong := explain(method.Options, options_data):
            problems += [f"{where}.options: {problem}" for problem in wrong]
            return None
        options = method.Options.model_validate(options_data)
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
            own = _engine_options(suite, section, method, options_data, needs, problems)
            others = _other_engines(method, options, where, problems)
            return Variant(section.name, title, method, options, *files, own, others)
    problems += [f"{where}: {sentence}" for sentence in explain_missing(missing)]
    if suite.from_scratch:
        problems += _shipped_weight_problems(where, resolver.take(needs)[0])
    return None


def _engine_options(
    suite: Suite,
    section: VariantSection,
    method: type[Method],
    options_data: Mapping[str, Any],
    needs: Sequence[str],
    problems: list[str],
) -> dict[str, MethodOptions]:
    """The options of a variant on engines for which it has its own, by engine."""
    found: dict[str, MethodOptions] = {}
    if not section.engine_options:
        return found
    where = f"variants.{section.name}.engine_options"
    old = method.Options.old_names()
    others = _engine_names(method, method.Options.model_validate(options_data))
    for engine, own in section.engine_options.items():
        if engine not in suite.engines:
            problems.append(
                f"{where}: {engine} is not an engine of the suite"
                f"{did_you_mean(engine, suite.engines)}"
            )
            continue
        data = options_on_engine(options_data, own, old)
        if wrong := explain(method.Options, data):
            problems += [f"{where}.{engine}: {problem}" for problem in wrong]
            continue
        options = method.Options.model_validate(data)
        if set(_engine_names(method, options)) != set(others):
            problems.append(
                f"{where}.{engine}: these options use renders of other engines than "
                "those of the variant; make two variants"
            )
            continue
        if set(_required_weights(method, options)) != set(needs):
            problems.append(
                f"{where}.{engine}: these options need other weight files than those "
                "of the variant; make two variants"
            )
            continue
        found[engine] = options
    return found


def _other_engines(
    method: type[Method], options: MethodOptions, where: str, problems: list[str]
) -> dict[str, str]:
    """Digests of the engines that a fit uses besides its own, by name."""
    names = _engine_names(method, options)
    found = {n: _load(ENGINES.create, n, f"{where}.options", problems) for n in names}
    return {n: engine_digest(e) for n, e in found.items() if e is not None}


def _engine_names(method: type[Method], options: MethodOptions) -> tuple[str, ...]:
    """The engines that a fit uses besides its own."""
    from methods.base import OtherEngines

    return method.other_engines(options) if issubclass(method, OtherEngines) else ()


def _options_given_twice(
    suite: Suite, section: VariantSection, old_names: Mapping[str, str]
) -> list[str]:
    """One sentence for each option that one place gives under both of its names."""
    places = {
        "options": suite.options,
        f"variants.{section.name}.options": section.options,
    }
    return [
        f"{place}: {old} is another name of {name}, which is given too; remove one"
        for place, options in places.items()
        for old, name in old_names.items()
        if old in options and name in options
    ]


def _required_weights(method: type[Method], options: Any) -> Sequence[str]:
    """Names of weight files; raises WeightsError if the method does not give them."""
    try:
        needs = method.required_weights(options)
        if isinstance(needs, (tuple, list)):
            return needs
        problem = f"returned {needs!r}, not a tuple of names"
    except (weights.WeightsError, KeyboardInterrupt):
        raise
    except BaseException as error:
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
    if bound_metrics and suite.device == "cuda":
        # Days of work need a score in the end.
        problems += [f"metrics.{b.skipped}" for b in bound_metrics if b.skipped]
    return tuple(bound_metrics)
