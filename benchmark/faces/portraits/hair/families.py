"""Hair families and the attributes that they imply.

A family is a row of ``families.csv``. It sets the categorical hair attributes (length,
texture, fringe, parting, tie, sides), the ranges of the numeric ones, and its frequency
by sex and age. It belongs to exactly one domain, so no training picture shows a
held-out family. Left and right are as seen in the picture.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, cast, get_args

Domain = Literal["train", "validation", "heldout"]
HairLength = Literal["bald", "buzz", "short", "chin", "shoulder", "long"]
HairTexture = Literal["straight", "wavy", "curly", "coily"]
HairFringe = Literal["none", "full", "side", "curtain"]
HairParting = Literal["none", "left", "centre", "right"]
HairTied = Literal["none", "bun", "top_bun", "ponytail", "braids", "pigtails"]
HairSides = Literal["shaved", "short", "full"]

DOMAINS: tuple[Domain, ...] = get_args(Domain)
"""Domains of hair families; people of ``validation-shifted`` use ``validation``."""


@dataclass(frozen=True, kw_only=True)
class HairFamily:
    """One hair family and the attributes that it implies.

    Attributes:
        name: Name of the family, recorded as ``hair_family``.
        domain: The only domain in which it occurs.
        hair_length: Where the longest strands end.
        hair_texture: Shape of a single strand.
        hair_fringe: Hair over the forehead.
        hair_parting: Side of the parting as seen in the picture.
        hair_tied: How the hair is gathered.
        hair_sides: Length over the ears relative to the top.
        hair_volume: Bounds (0-1) of the distance of hair from the head.
        hair_top: Bounds (0-1) of the height of hair over the crown.
        hair_recession: Bounds (0-1) of how far the hairline recedes.
        male: Relative frequency among men; 0 for never.
        female: Relative frequency among women; 0 for never.
        ages: Minimum and maximum age in years.
    """

    name: str
    domain: Domain
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
            ValueError: If ``sex`` is neither of the two.
        """
        if sex not in ("female", "male"):
            raise ValueError(f"sex is {sex!r}; expected 'female' or 'male'")
        return self.female if sex == "female" else self.male


_TABLE = Path(__file__).with_name("families.csv")


def _bounds(row: dict[str, str], name: str) -> tuple[float, float]:
    return float(row[f"{name}_low"]), float(row[f"{name}_high"])


def _family(row: dict[str, str]) -> HairFamily:
    return HairFamily(
        name=row["name"],
        domain=cast("Domain", row["domain"]),
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


def families(domain: str) -> tuple[HairFamily, ...]:
    """Return the families of one domain, in a fixed order.

    Args:
        domain: ``"train"``, ``"validation"`` (the shifted part of the validation
            split; the in-distribution part uses ``"train"``) or ``"heldout"``.

    Returns:
        The families of the domain.

    Raises:
        ValueError: If the domain is unknown.
    """
    if domain not in DOMAINS:
        raise ValueError(f"domain {domain!r} is unknown; expected one of {DOMAINS}")
    return tuple(family for family in FAMILIES.values() if family.domain == domain)
