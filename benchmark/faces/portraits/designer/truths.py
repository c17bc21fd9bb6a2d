"""Truths: the avatar vectors that a designer makes from people's attributes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmark.avatars import AvatarError, AvatarSpec, AvatarVectors
from benchmark.avatars.spec import nearest
from benchmark.faces.parquet_set import TRUTH_FOLDER, read_manifest, seal
from benchmark.faces.pictures import FaceSetError
from benchmark.faces.portraits.designer import designer_a as first
from benchmark.faces.portraits.designer import designer_b as second
from benchmark.faces.portraits.designer.appearance import read_appearance
from benchmark.faces.portraits.designer.rules import ParameterRule
from benchmark.faces.truth_csv import write_truth
from benchmark.registry import ENGINES as ENGINE_CLASSES

TABLES: dict[str, Mapping[str, Mapping[str, ParameterRule]]] = {
    "designer-a": first.TABLES,
    "designer-b": second.TABLES,
}
"""Tables by designer and engine; a table has one line a parameter."""

DESIGNERS: tuple[str, ...] = tuple(TABLES)
"""The designers, the main one first."""

ENGINES: tuple[str, ...] = tuple(first.TABLES)
"""The engines that both designers know."""


def truth(
    engine: str,
    spec: AvatarSpec,
    designer: str,
    attributes: Sequence[Mapping[str, Any]],
) -> AvatarVectors:
    """The vectors that `designer` makes on `engine`, a person each, from what is seen.

    Pure: the same attributes give the same vectors. Raises AvatarError for an unknown
    engine or designer, a spec that the designer has no table for, and an attribute that
    is missing or out of vocabulary.
    """
    table = _table(engine, spec, designer)
    looks = [
        read_appearance(person, str(person.get("face", f"person {row}")))
        for row, person in enumerate(attributes)
    ]
    return AvatarVectors.from_records(
        spec,
        [
            {name: table[name].read(spec[name], appearance) for name in table}
            for appearance in looks
        ],
    )


def engine_spec(engine: str) -> AvatarSpec:
    """The spec of a registered engine."""
    return ENGINE_CLASSES.load(engine)().spec


def split_attributes(
    folder: Path, split: str
) -> tuple[tuple[str, ...], list[dict[str, Any]]]:
    """The ids of a packed face set's split, and what is known of each face.

    Raises FaceSetError for an unknown split and for faces without attributes.
    """
    splits = read_manifest(folder).splits
    if split not in splits:
        raise FaceSetError(
            f"{folder} has no split {split!r}{nearest(split, splits)}; it has "
            f"{', '.join(splits)}"
        )
    faces = splits[split].ids()
    known = splits[split].attributes(faces)
    if known is None:
        raise FaceSetError(
            f"{splits[split].path}: a face has no attributes; designers need them"
        )
    return faces, [
        {str(name): value for name, value in person.items()} | {"face": face}
        for face, person in zip(faces, known.to_dict("records"), strict=True)
    ]


def write_truths(folder: Path) -> None:
    """Write every designer's truth for every engine over all splits, and seal them.

    `folder` is a sealed face set with attributes; it gets truth/ENGINE.DESIGNER.csv,
    whose digests go into its manifest. The same faces give the same bytes.
    """
    manifest = read_manifest(folder)
    faces: list[str] = []
    attributes: list[dict[str, Any]] = []
    for split in manifest.splits:
        ids, known = split_attributes(folder, split)
        faces += ids
        attributes += known
    (folder / TRUTH_FOLDER).mkdir(exist_ok=True)
    for engine in ENGINES:
        spec = engine_spec(engine)
        for designer in DESIGNERS:
            path = folder / TRUTH_FOLDER / f"{engine}.{designer}.csv"
            write_truth(path, faces, truth(engine, spec, designer, attributes))
    seal(
        folder,
        manifest.name,
        manifest.version,
        manifest.licence,
        manifest.stand_in,
    )


def _table(engine: str, spec: AvatarSpec, designer: str) -> Mapping[str, ParameterRule]:
    if designer not in TABLES:
        raise AvatarError(
            f"there is no designer {designer!r}{nearest(designer, DESIGNERS)}; there "
            f"are {' and '.join(DESIGNERS)}"
        )
    if engine not in TABLES[designer]:
        raise AvatarError(
            f"{designer} has no table for engine {engine!r}{nearest(engine, ENGINES)}; "
            f"the built-in engines are {', '.join(ENGINES)}"
        )
    table = TABLES[designer][engine]
    strange = sorted(set(table) ^ set(spec.names))
    if strange:
        raise AvatarError(
            f"{designer}'s table for engine {engine} does not fit its spec: only one "
            f"of the two has {strange[0]}"
        )
    return table
