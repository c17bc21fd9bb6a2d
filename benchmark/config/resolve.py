"""Resolve a suite: look up every name and decide every fallback."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from benchmark import weights
from benchmark.avatars import AvatarError, AvatarVectors
from benchmark.config.frozen import current_version
from benchmark.config.option_merge import FIRST_OF, choices, may_choose, wanted_options
from benchmark.config.resolved import BoundMetric, ResolvedSuite, Variant
from benchmark.config.suite import Suite, SuiteError, VariantSection, explain
from benchmark.engines.base import Engine
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
from benchmark.weights.folders import PARSER, is_member, shipped_twin
from benchmark.weights.resolver import WeightResolver, lacking

PORTRAITS = "portraits"
"""The name that suites give the embedded face set."""
ANEW = {
    True: "train a parser with `avatarbench train parser --export FOLDER`, then give "
    "its folder with `--set options.similarity.parser=FOLDER`",
    False: "make people with `avatarbench faces crowd`, train a generator on them with "
    "`avatarbench train generator`, then give its folder with `--set "
    "options.generator=FOLDER`",
}
"""How to make what ships anew: a parser, or not a parser."""


def resolve(suite: Suite, lpips_backbone: Path | None = None) -> ResolvedSuite:
    """Look everything up; raises SuiteError with every problem at once.

    `lpips_backbone` is an AlexNet file to use instead of the cached one, as torchvision
    publishes it or as `weights fetch` keeps it; raises WeightsError for another.
    """
    resolver = WeightResolver(
        {} if lpips_backbone is None else _alexnet(lpips_backbone)
    )
    problems: list[str] = []
    device = _device(suite.device, problems)
    engines = _engines(suite, problems)
    variants = _variants(suite, resolver, problems)
    bound_metrics = _bound_metrics(suite, resolver, problems)
    faces = _open_faces(suite, problems)
    if faces is None:
        raise SuiteError(problems)
    oracles = any(v.meta.role == "oracle" for v in variants)
    splits = _splits(suite, faces, problems)
    truths = _truths(suite, faces, splits, engines, oracles, problems)
    if problems:
        raise SuiteError(list(dict.fromkeys(problems)))
    world = current_version().to_data() if suite.faces.set == PORTRAITS else None
    return ResolvedSuite(
        suite, device, faces, splits, engines, variants, bound_metrics, truths, world
    )


def _alexnet(path: Path) -> dict[str, Path]:
    return {weights.ALEXNET: weights.adopt(weights.ALEXNET, path)}


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
    suite: Suite, resolver: WeightResolver, problems: list[str]
) -> tuple[Variant, ...]:
    found = [_variant(suite, section, resolver, problems) for section in suite.variants]
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
    suite: Suite, section: VariantSection, resolver: WeightResolver, problems: list[str]
) -> Variant | None:
    where = f"variants.{section.name}"
    method = _load(METHODS, section.method, where, problems)
    if method is None:
        return None
    wanted = wanted_options(suite, section, method.Options.model_fields)
    unfit = [key for key, value in wanted.items() if not may_choose(value)]
    problems += [
        f"{where}.options: {key}: {FIRST_OF} takes a list, best first" for key in unfit
    ]
    if unfit:
        return None
    needs: Sequence[str] = ()
    missing: Sequence[str] = ()
    for options_data in choices(wanted):
        try:
            options = method.Options.model_validate(options_data)
        except ValidationError as error:
            problems += explain(error, f"{where}.options", options_data, method.Options)
            return None
        needs = method.required_weights(options)
        try:
            missing = resolver.missing(needs)
        except weights.WeightsError as error:
            problems.append(f"{where}: {error}")
            return None
        if not missing:
            title = section.title or _title(suite, section, method.meta.title)
            files = resolver.take(needs)
            problems += _shipped(where, files[0]) if suite.from_scratch else []
            return Variant(section.name, title, method, options, *files)
    problems += [f"{where}: {sentence}" for sentence in lacking(missing)]
    problems += _shipped(where, resolver.take(needs)[0]) if suite.from_scratch else []
    return None


def _title(suite: Suite, section: VariantSection, title: str) -> str:
    """The method's title; with the variant's name where the method has more of them."""
    alone = [v.method for v in suite.variants].count(section.method) == 1
    return title if alone else f"{title} ({section.name})"


def _shipped(where: str, files: Mapping[str, Path]) -> list[str]:
    """A problem for each folder of shipped weights among the files of a variant."""
    folders = {path.parent for name, path in files.items() if is_member(name)}
    twins = {twin for f in folders if (twin := shipped_twin(f)) is not None}
    return [
        f"{where}: a run from scratch takes no weights that ship, and {twin.name} "
        f"ships: {ANEW[(twin / PARSER).is_file()]}"
        for twin in sorted(twins)
    ]


def _bound_metrics(
    suite: Suite, resolver: WeightResolver, problems: list[str]
) -> tuple[BoundMetric, ...]:
    bound_metrics: list[BoundMetric] = []
    for name in suite.metrics:
        metric = _load(METRICS, name, "metrics", problems)
        if metric is None:
            continue
        try:
            missing = resolver.missing(metric.meta.needs)
        except weights.WeightsError as error:
            problems.append(f"metrics.{name}: {error}")
            continue
        skipped = f"{name}: {'; '.join(lacking(missing))}" if missing else None
        bound_metrics.append(
            BoundMetric(metric, *resolver.take(metric.meta.needs), skipped)
        )
    return tuple(bound_metrics)


def _open_faces(suite: Suite, problems: list[str]) -> FaceSet | None:
    section = suite.faces
    try:
        if section.folder is not None:
            return open_folder(section.folder, section.truth, section.splits or None)
        if section.ffhq is not None:
            return open_ffhq(section.ffhq, section.truth)
        if section.packed is not None:
            return open_packed(section.packed)
        if section.set == PORTRAITS:
            return embedded_portraits()
    except (FaceSetError, OSError) as error:
        problems.append(f"faces: {error}")
        return None
    problems.append(
        f"faces.set: unknown face set {section.set!r}; there is {PORTRAITS}"
    )
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
