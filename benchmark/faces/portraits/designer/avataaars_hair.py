"""Description of each hair option of avataaars, read from DiceBear's artwork."""

from __future__ import annotations

from benchmark.faces.portraits.designer.hair import HairShape

AVATAAARS_HAIRS: dict[str, HairShape] = {
    "shortFlat": HairShape("short", "straight", sides="short", volume=0.3, top=0.3),
    "shortRound": HairShape(
        "short", "straight", "side", "left", sides="short", volume=0.3, top=0.25
    ),
    "shortWaved": HairShape("short", "straight", sides="short", volume=0.5, top=0.65),
    "shortCurly": HairShape(
        "short", "curly", "side", sides="short", volume=0.5, top=0.5
    ),
    "theCaesar": HairShape("buzz", "straight", sides="short", volume=0.1, top=0.1),
    "sides": HairShape(
        "short", "straight", sides="short", volume=0.15, top=0.0, recession=0.9
    ),
    "frizzle": HairShape(
        "short", "straight", "none", "none", sides="shaved", volume=0.5, top=0.7
    ),
    "dreads01": HairShape("short", "coily", sides="short", volume=0.25, top=0.35),
    "dreads02": HairShape("chin", "coily", volume=0.55, top=0.5),
    "shaggy": HairShape(
        "short", "straight", "curtain", "centre", sides="short", volume=0.55, top=0.4
    ),
    "shaggyMullet": HairShape(
        "chin", "straight", "curtain", "centre", sides="short", volume=0.6, top=0.4
    ),
    "bun": HairShape("long", "straight", tied="top_bun", volume=0.15, top=0.6),
    "bob": HairShape("chin", "straight", "side", "right", volume=0.5, top=0.4),
    "miaWallace": HairShape("chin", "straight", "full", volume=0.5, top=0.4),
    "longButNotTooLong": HairShape(
        "shoulder", "straight", "side", "right", volume=0.35, top=0.35
    ),
    "straight01": HairShape("long", "straight", "side", "right", volume=0.5, top=0.45),
    "straight02": HairShape("long", "straight", "none", "centre", volume=0.4, top=0.4),
    "straightAndStrand": HairShape(
        "shoulder", "straight", "full", volume=0.4, top=0.35
    ),
    "shavedSides": HairShape(
        "long", "straight", "none", "none", sides="shaved", volume=0.25, top=0.7
    ),
    "bigHair": HairShape("long", "wavy", "none", "centre", volume=0.85, top=0.6),
    "curvy": HairShape("long", "wavy", "side", "none", volume=0.65, top=0.4),
    "curly": HairShape("chin", "curly", volume=0.7, top=0.55),
    "dreads": HairShape("long", "coily", parting="centre", volume=0.65, top=0.4),
    "fro": HairShape("chin", "coily", volume=0.9, top=0.8),
    "bald": HairShape("bald", "straight", sides="shaved", volume=0.0, top=0.0),
}
"""Description by hair option."""
