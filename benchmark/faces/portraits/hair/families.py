"""Hair families: which heads of hair exist, in which world, and what they imply.

A family is data, one row of ``families.csv``. It fixes the words a designer would use
for it (length, texture, fringe, parting, tie, sides), bounds its scalars, says who
wears it how often, and belongs to exactly one world, so that no training picture shows
a held-out family. Left and right are as seen in the picture.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, cast, get_args

World = Literal["train", "validation", "heldout"]
HairLength = Literal["bald", "buzz", "short", "chin", "shoulder", "long"]
HairTexture = Literal["straight", "wavy", "curly", "coily"]
HairFringe = Literal["none", "full", "side", "curtain"]
HairParting = Literal["none", "left", "centre", "right"]
HairTied = Literal["none", "bun", "top_bun", "ponytail", "braids", "pigtails"]
HairSides = Literal["shaved", "short", "full"]

VERSIONS: tuple[World, ...] = get_args(World)
"""The three worlds: ``train``, the ``validation`` shift, the ``heldout`` shift."""


@dataclass(frozen=True, kw_only=True)
class HairFamily:
    """One family of hair and the attributes that it implies.

    Attributes:
        name: The family's name, as stored in a portrait's ``hair_family``.
        world: The only world whose people wear it.
        hair_length: Where the longest strands end.
        hair_texture: How a single strand bends.
        hair_fringe: What falls over the forehead.
        hair_parting: Side of the parting as seen in the picture.
        hair_tied: How the hair is gathered.
        hair_sides: Length over the ears against the top.
        hair_volume: Inclusive bounds (0-1) of how far hair stands off the head.
        hair_top: Inclusive bounds (0-1) of its height over the crown.
        hair_recession: Inclusive bounds (0-1) of the hairline's retreat.
        male: Relative frequency among men (0: men never wear it).
        female: Relative frequency among women.
        ages: Inclusive bounds, in years, of who wears it.
    """

    name: str
    world: World
    hair_length: HairLength
    hair_texture: HairTexture = "straight"
    hair_fringe: HairFringe = "none"
    hair_parting: HairParting = "none"
    hair_tied: HairTied = "none"
    hair_sides: HairSides = "full"
    hair_volume: tuple[float, float] = (0.3, 0.7)
    hair_top: tuple[float, float] = (0.2, 0.5)
    hair_recession: tuple[float, float] = (0.0, 0.35)
    male: float = 0.0
    female: float = 0.0
    ages: tuple[int, int] = (18, 80)

    def weight(self, sex: str) -> float:
        """Return the family's relative frequency among people of one sex.

        Args:
            sex: ``"female"`` or ``"male"``.

        Raises:
            ValueError: The sex is neither of the two.
        """
        if sex not in ("female", "male"):
            raise ValueError(f"sex is {sex!r}; expected 'female' or 'male'.")
        return self.female if sex == "female" else self.male


_TABLE = Path(__file__).with_name("families.csv")


def _bounds(row: dict[str, str], name: str) -> tuple[float, float]:
    return float(row[f"{name}_low"]), float(row[f"{name}_high"])


def _family(row: dict[str, str]) -> HairFamily:
    return HairFamily(
        name=row["name"],
        world=cast("World", row["world"]),
        hair_length=cast("HairLength", row["hair_length"]),
        hair_texture=cast("HairTexture", row["hair_texture"]),
        hair_fringe=cast("HairFringe", row["hair_fringe"]),
        hair_parting=cast("HairParting", row["hair_parting"]),
        hair_tied=cast("HairTied", row["hair_tied"]),
        hair_sides=cast("HairSides", row["hair_sides"]),
        hair_volume=_bounds(row, "volume"),
        hair_top=_bounds(row, "top"),
        hair_recession=_bounds(row, "recession"),
        male=float(row["male"]),
        female=float(row["female"]),
        ages=(int(row["age_low"]), int(row["age_high"])),
    )


def _read_table() -> dict[str, HairFamily]:
    with _TABLE.open(newline="", encoding="utf-8") as lines:
        return {row["name"]: _family(row) for row in csv.DictReader(lines)}


FAMILIES: dict[str, HairFamily] = _read_table()
"""Every family by name."""


def families(world: str) -> tuple[HairFamily, ...]:
    """Return the families of one world, in a fixed order.

    Args:
        world: ``"train"``, ``"validation"`` (the shifted part of the validation
            split; its in-distribution part wears ``train`` families) or ``"heldout"``.

    Returns:
        The families whose ``world`` it is.

    Raises:
        ValueError: The world is unknown.
    """
    if world not in VERSIONS:
        raise ValueError(f"Unknown world {world!r}; expected one of {VERSIONS}.")
    return tuple(family for family in FAMILIES.values() if family.world == world)
