"""Ground truth: the avatar vectors that a designer makes from people's attributes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmark.avatars import AvatarError, AvatarSpec, AvatarVectors
from benchmark.avatars.spec import did_you_mean
from benchmark.faces.faceset import OPTIONAL_ENGINES
from benchmark.faces.parquet_set import TRUTH_FOLDER, read_manifest, write_manifest
from benchmark.faces.pictures import FaceSetError
from benchmark.faces.portraits.designer import designer_a, designer_b
from benchmark.faces.portraits.designer.appearance import read_appearance
from benchmark.faces.portraits.designer.rules import ParameterRule
from benchmark.faces.truth_csv import write_truth
from benchmark.registry import ENGINES as ENGINE_CLASSES

TABLES: dict[str, Mapping[str, Mapping[str, ParameterRule]]] = {
    "designer-a": designer_a.TABLES,
    "designer-b": designer_b.TABLES,
}
"""Tables by designer and engine; a table has one rule per parameter."""

DESIGNERS: tuple[str, ...] = tuple(TABLES)
"""The designers; the first is the main one, the second a sensitivity check."""

ENGINES: tuple[str, ...] = tuple(
    n for n in designer_a.TABLES if n not in OPTIONAL_ENGINES
)
"""The engines that both designers have tables for, without `OPTIONAL_ENGINES`."""


def truth(
    engine: str,
    spec: AvatarSpec,
    designer: str,
    attributes: Sequence[Mapping[str, Any]],
) -> AvatarVectors:
    """Apply a designer's table for an engine to people's visible attributes.

    A pure function: the same attributes give the same vectors.

    Args:
        engine: name of the engine; one of `ENGINES` or `OPTIONAL_ENGINES`.
        spec: the engine's spec.
        designer: one of `DESIGNERS`.
        attributes: one mapping per person; an entry `face` names the person in errors.

    Returns:
        One vector per person, in order.

    Raises:
        AvatarError: if engine or designer are unknown, the table does not fit the spec,
            or an attribute is missing or out of vocabulary.
    """
    table = _table(engine, spec, designer)
    appearances = [
        read_appearance(person, str(person.get("face", f"person {row}")))
        for row, person in enumerate(attributes)
    ]
    records = [
        {name: table[name].evaluate(spec[name], appearance) for name in table}
        for appearance in appearances
    ]
    return AvatarVectors.from_records(spec, records)


def load_engine(engine: str) -> Any:
    """Create an engine by its registered name.

    The registry imports the engine, so that faces do not depend on `benchmark.engines`.
    """
    return ENGINE_CLASSES.load(engine)()


def engine_spec(engine: str) -> AvatarSpec:
    """The spec of a registered engine.

    The class of an optional engine has it even where the engine cannot be made.
    """
    if engine in OPTIONAL_ENGINES:
        return ENGINE_CLASSES.load(engine).spec
    return load_engine(engine).spec


def split_attributes(
    folder: Path, split: str
) -> tuple[tuple[str, ...], list[dict[str, Any]]]:
    """Read the face ids and attributes of one split of a Parquet face set.

    Each face's id is added to its attributes as `face`. Raises FaceSetError for an
    unknown split and for faces without attributes.
    """
    splits = read_manifest(folder).splits
    if split not in splits:
        raise FaceSetError(
            f"{folder} has no split {split!r}{did_you_mean(split, splits)}; its splits "
            f"are {', '.join(splits)}"
        )
    faces = splits[split].ids()
    known = splits[split].attributes(faces)
    if known is None:
        raise FaceSetError(
            f"{splits[split].path} has faces without attributes; designers need them"
        )
    return faces, [
        {str(name): value for name, value in person.items()} | {"face": face}
        for face, person in zip(faces, known.to_dict("records"), strict=True)
    ]


def write_truths(folder: Path) -> None:
    """Write truth/ENGINE.DESIGNER.csv for every engine and designer, over all splits.

    `folder` is a Parquet face set with attributes. The files' digests are added to its
    manifest. The same faces give the same bytes.
    """
    manifest = read_manifest(folder)
    faces: list[str] = []
    attributes: list[dict[str, Any]] = []
    for split in manifest.splits:
        ids, known = split_attributes(folder, split)
        faces += ids
        attributes += known
    (folder / TRUTH_FOLDER).mkdir(exist_ok=True)
    for engine in (*ENGINES, *OPTIONAL_ENGINES):
        spec = engine_spec(engine)
        for designer in DESIGNERS:
            path = folder / TRUTH_FOLDER / f"{engine}.{designer}.csv"
            write_truth(path, faces, truth(engine, spec, designer, attributes))
    write_manifest(
        folder,
        manifest.name,
        manifest.version,
        manifest.licence,
        manifest.stand_in,
    )


def _table(engine: str, spec: AvatarSpec, designer: str) -> Mapping[str, ParameterRule]:
    if designer not in TABLES:
        raise AvatarError(
            f"unknown designer {designer!r}{did_you_mean(designer, DESIGNERS)}; the "
            f"designers are {' and '.join(DESIGNERS)}"
        )
    if engine not in TABLES[designer]:
        raise AvatarError(
            f"{designer} has no table for engine {engine!r}"
            f"{did_you_mean(engine, TABLES[designer])}; it has tables for "
            f"{', '.join(TABLES[designer])}"
        )
    table = TABLES[designer][engine]
    unmatched = sorted(set(table) ^ set(spec.names))
    if unmatched:
        raise AvatarError(
            f"{designer}'s table for engine {engine} does not fit the engine's spec: "
            f"only one of them has parameter {unmatched[0]}"
        )
    return table
