"""Classes that avatars of different engines share, and how often they are right."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from benchmark.avatars import AvatarSpec, AvatarVectors
from benchmark.faces.photos import options
from benchmark.faces.photos.looks import ENGINES, Looks
from benchmark.faces.pictures import FaceSetError
from benchmark.faces.portraits.designer.avataaars_hair import AVATAAARS_HAIRS
from benchmark.faces.portraits.designer.hair import HairShape
from benchmark.faces.portraits.designer.toon_hair import TOON_HAIRS

SKIN_STEPS = 2
"""Skin is right within so many of the 13 depths."""

LENGTHS: Mapping[str, str] = {
    "bald": "bald or buzz",
    "buzz": "bald or buzz",
    "short": "short",
    "chin": "chin or shoulder",
    "shoulder": "chin or shoulder",
    "long": "long",
}
"""Length classes of hair by the length of `HairShape`. Tied hair is `tied`."""

COLOURS: Mapping[str, str] = {
    "black": "dark",
    "dark_brown": "dark",
    "brown": "brown",
    "light_brown": "brown",
    "auburn": "brown",
    "dark_blond": "blond",
    "blond": "blond",
    "platinum": "blond",
    "ginger": "red",
    "red": "red",
    "grey": "grey",
    "white": "grey",
}
"""Colour classes of hair by the colour in a table of looks."""


@dataclass(frozen=True)
class ClassRate:
    """How often one class is right.

    Attributes:
        name: glasses, beard, hair length, skin or hair colour.
        right: number of faces for which the avatar has the class of the looks.
        faces: number of faces for which the class can be judged; 0 if the engine has
            no such part.
    """

    name: str
    right: int
    faces: int

    @property
    def rate(self) -> float:
        """Share of right faces in [0, 1]; NaN without faces."""
        return self.right / self.faces if self.faces else float("nan")


def class_rates(
    engine: str, spec: AvatarSpec, avatars: AvatarVectors, looks: Sequence[Looks]
) -> list[ClassRate]:
    """How often avatars show what tables of looks say of their faces.

    Glasses and beards are there or not; stubble may be either. Skin is right within
    `SKIN_STEPS` depths. An option that several colours of hair mean has the classes of
    all of them. A bald head has no colour of hair.

    Args:
        engine: an engine of the option guide; it need not be `avatars.spec.name`.
        spec: the engine's spec.
        avatars: n vectors.
        looks: the looks of the same n faces, in the same order.

    Raises:
        FaceSetError: if the engine has no option guide, or the numbers differ.
    """
    if engine not in ENGINES:
        raise FaceSetError(
            f"engine {engine} has no option guide; it covers {', '.join(ENGINES)}"
        )
    if len(avatars) != len(looks):
        raise FaceSetError(f"{len(avatars)} avatars, but looks of {len(looks)} faces")
    hairs = AVATAAARS_HAIRS if engine == "avataaars" else TOON_HAIRS
    records = avatars.to_records()
    return [
        _rate(name, judge, records, looks)
        for name, judge in (
            ("glasses", _glasses),
            ("beard", _beard if "facial_hair" in spec.names else _unknown),
            ("hair length", _hair_length(engine, hairs)),
            ("skin", _skin(engine)),
            ("hair colour", _hair_colour(engine)),
        )
    ]


Record = Mapping[str, float | str]
Judge = Callable[[Record, Looks], bool | None]
"""Whether an avatar is right; None if that cannot be judged."""


def _rate(
    name: str, judge: Judge, records: Sequence[Record], looks: Sequence[Looks]
) -> ClassRate:
    verdicts = [judge(*pair) for pair in zip(records, looks, strict=True)]
    judged = [verdict for verdict in verdicts if verdict is not None]
    return ClassRate(name, sum(judged), len(judged))


def _unknown(record: Record, look: Looks) -> bool | None:
    return None


def _glasses(record: Record, look: Looks) -> bool | None:
    return (record["glasses"] != "none") == (look["glasses"] != "none")


def _beard(record: Record, look: Looks) -> bool | None:
    if look["facial_hair"] == "stubble":
        return True
    drawn = record["facial_hair"] not in ("none", "stubble")
    return drawn == (look["facial_hair"] != "none")


def _hair_length(engine: str, hairs: Mapping[str, HairShape]) -> Judge:
    def length_class(option: str) -> str:
        hair = hairs[option]
        return LENGTHS[hair.length] if hair.tied == "none" else "tied"

    def judge(record: Record, look: Looks) -> bool | None:
        meant = ENGINES[engine](look)["hair_type"]
        return length_class(str(record["hair_type"])) == length_class(str(meant))

    return judge


def _skin(engine: str) -> Judge:
    def depths(option: str) -> list[int]:
        if engine == "toon-tiktok":
            return [int(option[1:3])]
        column = 0 if engine == "toon-alter" else 1
        return [depth for depth, row in options.SKIN.items() if row[column] == option]

    def judge(record: Record, look: Looks) -> bool | None:
        true = int(look["skin_depth"])
        return any(
            abs(depth - true) <= SKIN_STEPS
            for depth in depths(str(record["skin_tone"]))
        )

    return judge


def _hair_colour(engine: str) -> Judge:
    column = list(ENGINES).index(engine)

    def judge(record: Record, look: Looks) -> bool | None:
        if "bald" in (look["hair"], look["hair_avataaars"], record["hair_type"]):
            return None
        classes = {
            COLOURS[colour]
            for colour, row in options.HAIR_COLOURS.items()
            if row[column] == record["hair_colour"]
        }
        return COLOURS[look["hair_colour"]] in classes

    return judge
