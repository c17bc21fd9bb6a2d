"""Tables of looks, and the avatar vectors that they mean."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from pathlib import Path

from benchmark.avatars import AvatarError, AvatarSpec, AvatarVectors
from benchmark.avatars.spec import did_you_mean
from benchmark.faces.photos import options
from benchmark.faces.pictures import FaceSetError
from benchmark.faces.truth_csv import FACE_COLUMN, read_checked
from benchmark.storage.csv_reader import CsvError, parse_csv

Looks = Mapping[str, str]
"""One row of a table of looks: cells by column."""

EYES = ("round", "almond", "hooded", "droopy")
HEADS = ("round", "square", "oval", "heart", "diamond", "pear")
UNDERTONES = ("cool", "neutral", "warm")
NOSES = ("straight", "button", "hooked", "broad", "pointed")
RATINGS = (
    *("eye_size", "eye_spacing", "eye_rotation"),
    *("mouth_width", "mouth_volume", "mouth_position"),
    *("nose_width", "nose_height", "nose_position", "head_width", "head_length"),
)
"""Columns with a rating from 1 to 5, named as the parameters of toon-tiktok."""

WORDS: Mapping[str, Collection[str]] = {
    "hair_colour": options.HAIR_COLOURS,
    "skin_depth": tuple(map(str, options.SKIN)),
    "skin_undertone": UNDERTONES,
    "glasses": options.GLASSES,
    "facial_hair": options.FACIAL_HAIR,
    "facial_hair_colour": ("", *options.HAIR_COLOURS),
    "brows": options.BROWS,
    "gaze": options.GAZES,
    "mouth": options.MOUTHS,
    "nose": NOSES,
    **dict.fromkeys(RATINGS, tuple(map(str, options.STEPS))),
}
"""The words that a column may hold. Columns of hair hold options of an engine."""
SHAPES: Mapping[str, Collection[str]] = {"eyes": EYES, "head": HEADS}
"""The words of columns that may hold two of them, joined by `/`."""
COLUMNS = (
    *(FACE_COLUMN, "hair", "hair_avataaars", "hair_colour"),
    *("skin_depth", "skin_undertone", "glasses", "facial_hair", "facial_hair_colour"),
    *("brows", "eyes", "gaze", "mouth", "nose", "head", *RATINGS, "flags"),
)
"""The columns of a table of looks. `flags` is free text: what no option shows."""


def read_looks(path: Path, sha256: str | None = None) -> dict[str, Looks]:
    """Read a table of looks; rows by face, in the order of the file.

    Args:
        path: a CSV with the columns `COLUMNS`, in any order.
        sha256: expected SHA-256 (hex) of the file, or None to accept any.

    Raises:
        FaceSetError: if a column is missing or unknown, a face has two rows, or a cell
            holds an unknown word; the message names the line.
    """
    try:
        table = parse_csv(read_checked(path, sha256), str(path))
    except CsvError as error:
        raise FaceSetError(str(error)) from error
    if wrong := sorted(set(table.header) ^ set(COLUMNS)):
        state = "is unknown" if wrong[0] in table.header else "is missing"
        raise FaceSetError(
            f"{path}: column {wrong[0]!r} {state}; a table of looks has the columns "
            f"{', '.join(COLUMNS)}"
        )
    rows: dict[str, Looks] = {}
    for line, cells in table.rows:
        face = cells.pop(FACE_COLUMN)
        if face in rows:
            raise FaceSetError(
                f"{path}, line {line}: face {face} has a row already; keep one"
            )
        for column, words in {**WORDS, **SHAPES}.items():
            _check(f"{path}, line {line}", column, cells[column], words)
        rows[face] = cells
    return rows


def _check(place: str, column: str, cell: str, words: Collection[str]) -> None:
    parts = cell.split("/") if column in SHAPES else [cell]
    for part in parts:
        if part not in words:
            raise FaceSetError(
                f"{place}, column {column}: {part!r} is not one of "
                f"{', '.join(words)}{did_you_mean(part, list(words))}"
            )
    if len(parts) > 2 or len(set(parts)) != len(parts):
        raise FaceSetError(
            f"{place}, column {column}: {cell!r} must be one shape, or two different "
            "ones joined by /"
        )


def looks_to_vectors(
    engine: str, spec: AvatarSpec, looks: Mapping[str, Looks]
) -> AvatarVectors:
    """The avatar vector of each row, in order.

    Args:
        engine: one of `ENGINES`.
        spec: the engine's spec.
        looks: rows by face, as from `read_looks`.

    Raises:
        FaceSetError: for an engine without an option guide, and for hair that the
            engine does not have; the message names the face.
    """
    if engine not in ENGINES:
        raise FaceSetError(
            f"engine {engine} has no option guide; it covers {', '.join(ENGINES)}"
        )
    records = {face: ENGINES[engine](row) for face, row in looks.items()}
    try:
        return AvatarVectors.from_records(spec, list(records.values()))
    except AvatarError:
        for face, record in records.items():
            try:
                AvatarVectors.from_records(spec, [record])
            except AvatarError as error:
                raise FaceSetError(
                    f"looks of face {face} on engine {engine}: {error}"
                ) from error
        raise


def _toon_tiktok(look: Looks) -> dict[str, float | str]:
    return {
        **_weights("head", HEADS, look["head"]),
        **_weights("eye", EYES, look["eyes"]),
        **{name: options.STEPS[int(look[name])] for name in RATINGS},
        "skin_tone": f"d{int(look['skin_depth']):02d}_{look['skin_undertone']}",
        "mouth_type": look["mouth"],
        "nose_type": look["nose"],
        "hair_type": look["hair"],
        "hair_colour": options.HAIR_COLOURS[look["hair_colour"]][0],
        "brow_type": look["brows"],
        "facial_hair": options.FACIAL_HAIR[look["facial_hair"]][0],
        "glasses": options.GLASSES[look["glasses"]][0],
    }


def _toon_alter(look: Looks) -> dict[str, float | str]:
    return {
        "head_type": look["head"].split("/")[0],
        "skin_tone": options.SKIN[int(look["skin_depth"])][0],
        "hair_type": options.HAIR_ALTER.get(look["hair"], look["hair"]),
        "hair_colour": options.HAIR_COLOURS[look["hair_colour"]][1],
        "brow_type": options.BROWS[look["brows"]][0],
        "glasses": options.GLASSES[look["glasses"]][0],
    }


def _avataaars(look: Looks) -> dict[str, float | str]:
    beard = look["facial_hair_colour"] or look["hair_colour"]
    return {
        "skin_tone": options.SKIN[int(look["skin_depth"])][1],
        "hair_type": look["hair_avataaars"],
        "hair_colour": options.HAIR_COLOURS[look["hair_colour"]][2],
        "brow_type": options.BROWS[look["brows"]][1],
        "eye_type": options.GAZES[look["gaze"]],
        "mouth_type": options.MOUTHS[look["mouth"]],
        "glasses": options.GLASSES[look["glasses"]][1],
        "facial_hair": options.FACIAL_HAIR[look["facial_hair"]][1],
        "facial_hair_colour": options.HAIR_COLOURS[beard][2],
    }


ENGINES: Mapping[str, Callable[[Looks], dict[str, float | str]]] = {
    "toon-tiktok": _toon_tiktok,
    "toon-alter": _toon_alter,
    "avataaars": _avataaars,
}
"""The option guide by engine: parameters by name for a row of looks."""


def _weights(part: str, shapes: Collection[str], cell: str) -> dict[str, float | str]:
    """Blend weights of shapes: the first named, the second named, all others."""
    first, _, second = cell.partition("/")
    named = {first: options.FIRST, second: options.SECOND}
    return {f"{part}_{shape}": named.get(shape, options.OTHER) for shape in shapes}
