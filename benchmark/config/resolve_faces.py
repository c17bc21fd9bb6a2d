"""Resolve the faces of a suite: the face set, its splits and the ground truth."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from benchmark.avatars import AvatarError, AvatarVectors
from benchmark.config.resolved import Variant
from benchmark.config.suite import Suite
from benchmark.engines.base import Engine
from benchmark.faces.faceset import (
    FaceSet,
    embedded_portraits,
    open_ffhq,
    open_folder,
    open_parquet_set,
)
from benchmark.faces.folder import check_disjoint
from benchmark.faces.own_truths import with_own_truths
from benchmark.faces.picture_checks import check_splits
from benchmark.faces.pictures import FaceSetError
from benchmark.faces.split import FaceSplit
from benchmark.system.progress import Progress

PORTRAITS = "portraits"
"""The name of the embedded face set in suites."""


def open_faces(suite: Suite, problems: list[str]) -> FaceSet | None:
    """The face set of a suite; None, with the problem added, if it cannot be opened."""
    section = suite.faces
    try:
        if section.folder is not None:
            return open_folder(section.folder, section.truth, section.splits or None)
        if section.ffhq is not None:
            return open_ffhq(section.ffhq, section.truth, section.splits or None)
        if section.packed is not None:
            packed = open_parquet_set(section.packed)
            return with_own_truths(packed, section.truth, section.splits)
        if section.set == PORTRAITS:
            portraits = embedded_portraits()
            return with_own_truths(portraits, section.truth, section.splits)
    except (FaceSetError, OSError) as error:
        problems.append(f"faces: {error}")
        return None
    problems.append(
        f"faces.set: unknown face set {section.set!r}; the only one is {PORTRAITS}"
    )
    return None


def open_splits(
    suite: Suite, faces: FaceSet, variants: Sequence[Variant], problems: list[str]
) -> dict[str, FaceSplit]:
    """The splits that are scored, and `train` if there is one.

    Controls learn nothing, so a suite of controls needs no train faces.
    """
    trained = [v.name for v in variants if v.meta.role != "control"]
    splits: dict[str, FaceSplit] = {}
    names = suite.splits
    if "train" in faces.splits:
        names = ("train", *names)
    elif trained:
        problems.append(
            f"faces: {faces.name} has no train faces, which {', '.join(trained)} "
            f"need{'s' if len(trained) == 1 else ''}: add pictures without ground "
            "truth, or list train faces under `splits` in `faces`"
        )
    for name in names:
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


def check_pictures(
    suite: Suite,
    splits: Mapping[str, FaceSplit],
    progress: Progress,
    problems: list[str],
) -> tuple[str, ...]:
    """Check every picture of the splits; returns warnings.

    Embedded pictures are not checked, since reading them verifies their digests.
    """
    checked = {} if suite.faces.set == PORTRAITS else splits
    wrong, warnings = check_splits(checked, progress)
    problems += [f"faces: {sentence}" for sentence in wrong]
    return tuple(f"faces: {sentence}" for sentence in warnings)


def read_truths(
    suite: Suite,
    faces: FaceSet,
    splits: Mapping[str, FaceSplit],
    engines: Mapping[str, Engine],
    variants: Sequence[Variant],
    problems: list[str],
) -> dict[tuple[str, str, str], AvatarVectors]:
    """Ground truth by (engine, split, designer), as `ResolvedSuite.truths` has it."""
    wanted = [
        (engine, split, designer)
        for engine in engines
        for split in suite.splits
        for designer in suite.designers
    ]
    if any(variant.meta.role == "oracle" for variant in variants):
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
