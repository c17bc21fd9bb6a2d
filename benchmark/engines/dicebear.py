"""The engine `avataaars`: Pablo Stanley's avatars, drawn by DiceBear."""

from __future__ import annotations

import json
from functools import cache
from importlib.metadata import version
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from benchmark.avatars import AvatarVectors
from benchmark.avatars.spec import NONE, AvatarSpec, Condition, Discrete
from benchmark.engines.base import EngineMeta, check_request
from benchmark.engines.dicebear_parts import beard_document, part_document
from benchmark.engines.rasterize import RASTERIZER, rasterize_each

if TYPE_CHECKING:
    from dicebear import Style

BALD = "bald"

SKINS = {
    "pale": "#ffdbb4",
    "light": "#edb98a",
    "tan": "#d08b5b",
    "brown": "#ae5d29",
    "dark_brown": "#614335",
}
"""The style's skin colours, without orange and yellow."""

HAIR_COLOURS = {
    "black": "#2c1b18",
    "dark_brown": "#4a312c",
    "brown": "#724133",
    "auburn": "#a55728",
    "red": "#c93305",
    "blond": "#b58143",
    "golden_blond": "#d6b370",
    "platinum": "#ecdcbf",
    "silver_grey": "#e8e1e1",
}
"""The style's hair colours, without pastel pink."""

HAIRS = (
    "shortFlat",
    "shortRound",
    "shortWaved",
    "shortCurly",
    "theCaesar",
    "sides",
    "frizzle",
    "dreads01",
    "dreads02",
    "shaggy",
    "shaggyMullet",
    "bun",
    "bob",
    "miaWallace",
    "longButNotTooLong",
    "straight01",
    "straight02",
    "straightAndStrand",
    "shavedSides",
    "bigHair",
    "curvy",
    "curly",
    "dreads",
    "fro",
)
"""The style's tops without headwear, short hair first.

`theCaesarAndSidePart` is omitted, since it differs from `theCaesar` in a few pixels.
"""

BROWS = (
    "default",
    "defaultNatural",
    "flatNatural",
    "raisedExcited",
    "raisedExcitedNatural",
    "angryNatural",
    "sadConcernedNatural",
)
EYES = ("default", "happy", "squint", "surprised", "closed")
MOUTHS = ("serious", "twinkle", "smile", "grimace", "concerned")
GLASSES = ("prescription01", "prescription02", "round", "sunglasses", "wayfarers")
BEARDS = (
    "beardLight",
    "beardMedium",
    "beardMajestic",
    "moustacheFancy",
    "moustacheMagnum",
)

SPEC = AvatarSpec(
    "avataaars",
    (
        Discrete("skin_tone", "head", tuple(SKINS), colours=tuple(SKINS.values())),
        Discrete("hair_type", "hair", (*HAIRS, BALD)),
        Discrete(
            "hair_colour",
            "hair",
            tuple(HAIR_COLOURS),
            colours=tuple(HAIR_COLOURS.values()),
            active_when=Condition("hair_type", HAIRS),
        ),
        Discrete("brow_type", "brow", BROWS),
        Discrete("eye_type", "eye", EYES),
        Discrete("mouth_type", "mouth", MOUTHS),
        Discrete("glasses", "glasses", (NONE, *GLASSES), optional=True),
        Discrete("facial_hair", "facial hair", (NONE, *BEARDS), optional=True),
        Discrete(
            "facial_hair_colour",
            "facial hair",
            tuple(HAIR_COLOURS),
            colours=tuple(HAIR_COLOURS.values()),
            active_when=Condition("facial_hair", BEARDS),
        ),
    ),
)
"""Shape options are named as DiceBear's variants; colour options have our names."""

_CANVAS = 'viewBox="0 0 280 280"'
_PORTRAIT = 'viewBox="40 10 200 200"'
"""Crop to the framing of aligned portraits, with the eyes in the middle."""

_FIXED: dict[str, Any] = {
    "seed": "avatarbench",
    "idRandomization": False,
    "noseVariant": "default",
    "clothesVariant": "shirtCrewNeck",
    "clothesColor": "#3c6e9f",
    "accessoriesColor": "#262e33",
    "backgroundColor": "#e8eef2",
}


class Avataaars:
    """DiceBear's avataaars, without headwear and comical variants.

    Clothes and background are fixed, and pictures are cropped to the head. `parts`
    paints each drawn component in one colour, so part maps are exact to the pixel.
    Beards count as skin.
    """

    meta = EngineMeta(
        name="avataaars",
        title="Avataaars",
        version=(
            f"1 (dicebear-core {version('dicebear-core')}, "
            f"dicebear-styles {version('dicebear-styles')}, {RASTERIZER})"
        ),
        source="https://www.dicebear.com/styles/avataaars/",
        licence=(
            "MIT (DiceBear); avataaars by Pablo Stanley, free for personal and "
            "commercial use"
        ),
    )
    spec = SPEC

    def render(self, vectors: AvatarVectors, size: int) -> NDArray[np.uint8]:
        """Render (n, size, size, 3) uint8 RGB; see `benchmark.engines.base.Engine`."""
        check_request(self.spec, vectors, size)
        return rasterize_each(_documents(vectors, size), size)

    def parts(self, vectors: AvatarVectors, size: int) -> NDArray[np.uint8]:
        """(n, size, size) uint8 class ids, exact to the pixel."""
        check_request(self.spec, vectors, size)
        documents = [part_document(drawing) for drawing in _documents(vectors, size)]
        return rasterize_each(documents, size)[..., 0].copy()

    def beards(self, vectors: AvatarVectors, size: int) -> NDArray[np.bool_]:
        """(n, size, size) bool maps of facial hair, exact to the pixel."""
        check_request(self.spec, vectors, size)
        documents = [beard_document(drawing) for drawing in _documents(vectors, size)]
        return rasterize_each(documents, size)[..., 0] == 255


@cache
def _style() -> Style:
    # Cached, since validation takes a second or more.
    from dicebear import Style

    definition = files("dicebear_styles").joinpath("avataaars.json").read_text("utf-8")
    return Style(json.loads(definition))


def _documents(vectors: AvatarVectors, size: int) -> list[str]:
    from dicebear import Avatar

    drawings = [
        str(Avatar(_style(), {**_options(record), "size": size}))
        for record in vectors.to_records()
    ]
    return [drawing.replace(_CANVAS, _PORTRAIT, 1) for drawing in drawings]


def _options(record: dict[str, Any]) -> dict[str, Any]:
    """DiceBear's options for one vector; unset ones would be random, so all are set."""
    chosen = {
        "skinColor": SKINS[record["skin_tone"]],
        "hairColor": HAIR_COLOURS[record["hair_colour"]],
        "facialHairColor": HAIR_COLOURS[record["facial_hair_colour"]],
        "eyebrowsVariant": record["brow_type"],
        "eyesVariant": record["eye_type"],
        "mouthVariant": record["mouth_type"],
    }
    return {
        **_FIXED,
        **chosen,
        **_optional_component("top", record["hair_type"], absent=BALD),
        **_optional_component("accessories", record["glasses"], absent=NONE),
        **_optional_component("facialHair", record["facial_hair"], absent=NONE),
    }


def _optional_component(component: str, variant: str, absent: str) -> dict[str, Any]:
    if variant == absent:
        return {f"{component}Probability": 0}
    return {f"{component}Probability": 100, f"{component}Variant": variant}
