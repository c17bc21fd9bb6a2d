"""Resolve the faces of a suite: the face set, its splits and the ground truth."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from benchmark.avatars import AvatarError, AvatarVectors
from benchmark.avatars.names import same_but_case
from benchmark.avatars.spec import did_you_mean
from benchmark.config.resolved import Variant
from benchmark.config.schema import FacesSection
from benchmark.config.suite import Suite
from benchmark.engines.base import Engine
from benchmark.faces.faceset import (
    FaceSet,
    embedded_portraits,
    open_parquet_set,
)
from benchmark.faces.ffhq import metadata_problems
from benchmark.faces.folder import overlaps
from benchmark.faces.framing_checks import unaligned_splits
from benchmark.faces.own_truths import with_own_truths
from benchmark.faces.photos.face_set import open_photographs
from benchmark.faces.photos.manifest import NAME as PHOTOGRAPHS
from benchmark.faces.picture_checks import check_splits, shorten
from benchmark.faces.picture_sets import open_ffhq, open_folder
from benchmark.faces.pictures import FaceSetError
from benchmark.faces.portraits.iid import NAME as PORTRAITS_IID
from benchmark.faces.portraits.iid import open_portraits_iid
from benchmark.faces.split import FaceSplit
from benchmark.registry import ENGINES, Unavailable, UnknownName
from benchmark.system.progress import Progress

PORTRAITS = "portraits"
"""The name of the embedded face set in suites."""
SETS = {
    PORTRAITS: embedded_portraits,
    PORTRAITS_IID: open_portraits_iid,
    PHOTOGRAPHS: open_photographs,
}
"""The functions that open the face sets that have a name."""


def open_faces(suite: Suite, problems: list[str]) -> FaceSet | None:
    """The face set of a suite, without splits and truth files that cannot be used.

    Problems are added; None if the face set cannot be opened at all.
    """
    section = suite.faces
    found: list[str] = []
    faces: FaceSet | None = None
    truths, splits = _present_truths(section, found), section.splits
    try:
        if section.folder is not None:
            faces = open_folder(section.folder, truths, splits or None, problems=found)
        elif section.ffhq is not None and not section.ffhq.exists():
            found.append(
                f"{section.ffhq} does not exist: download FFHQ as "
                "github.com/NVlabs/ffhq-dataset says, with its metadata, then give its "
                "folder with `--set faces.ffhq=FOLDER`"
            )
        elif section.ffhq is not None:
            faces = open_ffhq(section.ffhq, truths, splits or None, found)
        elif section.packed is not None:
            packed = open_parquet_set(section.packed)
            faces = with_own_truths(packed, truths, splits, found)
        elif section.set in SETS:
            faces = with_own_truths(SETS[section.set](), truths, splits, found)
        else:
            problems.append(
                f"faces.set: unknown face set {section.set!r}"
                f"{did_you_mean(str(section.set), SETS)}; the face sets are "
                f"{', '.join(SETS)}"
            )
    except (FaceSetError, OSError) as error:
        found.append(str(error))
    problems += [f"faces: {sentence}" for sentence in found]
    return faces


def _present_truths(
    section: FacesSection, found: list[str]
) -> dict[str, dict[str, Path]]:
    """The truth files that exist; one sentence for each other one is added."""
    present: dict[str, dict[str, Path]] = {}
    for engine, designers in section.truth.items():
        for designer, path in designers.items():
            if path.exists():
                present.setdefault(engine, {})[designer] = path
                continue
            found.append(
                f"{path} cannot be read: No such file or directory; make the ground "
                "truth with `avatarbench "
                f"studio serve --faces FOLDER --engine {engine}` and `avatarbench "
                "studio export`, or give the file with `--set "
                f"faces.truth.{engine}.{designer}=FILE`"
            )
    return present


def open_splits(
    suite: Suite, faces: FaceSet, variants: Sequence[Variant], problems: list[str]
) -> dict[str, FaceSplit]:
    """The splits that are scored, and `train` if there is one.

    Controls learn nothing, so a suite of controls needs no train faces.
    """
    trained = [v.name for v in variants if v.meta.role != "control"]
    lost = set[str]()
    if any(problem.startswith("faces: ") for problem in problems):
        # Their lists have a problem that is reported already.
        lost = suite.faces.splits.keys() - faces.splits.keys()
    splits: dict[str, FaceSplit] = {}
    names = suite.splits
    if "train" in faces.splits:
        names = ("train", *names)
    elif trained and "train" not in lost:
        problems.append(
            f"faces: {faces.name} has no train faces, which {', '.join(trained)} "
            f"need{'s' if len(trained) == 1 else ''}: add pictures without ground "
            "truth, or list train faces under `splits` in `faces`"
        )
    for name in names:
        if name in lost:
            continue
        count = getattr(suite.faces, f"{name}_count")
        try:
            splits[name] = faces.split(name)
            if count is not None:
                splits[name] = splits[name].subset(count)
        except FaceSetError as error:
            problems.append(f"faces: {error}")
    common = overlaps({name: split.ids for name, split in splits.items()})
    problems += [f"faces: {sentence}" for sentence in common]
    scored = [
        face for name in suite.splits if name in splits for face in splits[name].ids
    ]
    problems += [
        f"faces: face {one} and face {other} differ only in case, and many file "
        "systems take them for one name; rename one"
        for one, other in same_but_case(scored)
    ]
    return splits


def check_pictures(
    suite: Suite,
    splits: Mapping[str, FaceSplit],
    progress: Progress,
    problems: list[str],
) -> tuple[str, ...]:
    """Check every picture of the splits, and FFHQ's metadata; returns warnings.

    Pictures of sets with a name are not checked, since reading them verifies their
    digests.
    """
    checked = {} if suite.faces.set in SETS else splits
    wrong, warnings = check_splits(checked, progress)
    if suite.faces.ffhq is not None:
        faces = dict.fromkeys(face for split in splits.values() for face in split.ids)
        wrong += shorten(metadata_problems(suite.faces.ffhq, faces))
    problems += [f"faces: {sentence}" for sentence in wrong]
    if not wrong:
        warnings += unaligned_splits(checked)
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
        refused = designer in suite.faces.truth.get(engine, {})
        if split not in splits or (refused and designer not in faces.designers(engine)):
            continue
        try:
            truths[engine, split, designer] = faces.truth(
                engine, engines[engine].spec, splits[split], designer
            )
        except (FaceSetError, AvatarError) as error:
            problems.append(f"faces: {error}")
    return truths


def check_truth_files(
    suite: Suite, faces: FaceSet, engines: Mapping[str, Engine], problems: list[str]
) -> None:
    """Check the whole of every truth file that a suite names.

    This includes those of engines and designers that the suite does not use. Truth
    files of installed engines that cannot be used are not checked.
    """
    for engine, designers in suite.faces.truth.items():
        try:
            if engine in engines:
                spec = engines[engine].spec
            elif engine in suite.engines:
                continue
            else:
                spec = ENGINES.create(engine).spec
        except UnknownName as error:
            problems.append(f"faces.truth: {error}")
            continue
        except Unavailable:
            continue
        for designer in designers:
            if designer not in faces.designers(engine):
                continue
            try:
                faces.truths[engine][designer].read(spec, ())
            except (FaceSetError, AvatarError) as error:
                problems.append(f"faces: {error}")
